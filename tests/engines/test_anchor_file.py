"""The anchor file: compare-and-swap, durable, and whole after any torn write."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.engines import anchor_file
from doseway.engines.anchor_file import SLOT_BYTES, FileAnchor, FileAnchorReader
from doseway.ledger.ports import Published
from doseway.model.errors import ConflictError, IntegrityError, Unavailable, UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchor" / "log.anchor"


def record(size: int, mark: bytes = b"r") -> Published:
    return Published(size, mark * 32, b"note %d" % size)


def filled(path: Path, records: int) -> None:
    anchor = FileAnchor(path)
    for size in range(1, records + 1):
        anchor.advance(record(size - 1) if size > 1 else None, record(size))
    anchor.close()


def test_a_new_anchor_holds_nothing(path: Path) -> None:
    anchor = FileAnchor(path)
    assert anchor.read() is None
    assert not path.exists()
    anchor.close()


@pytest.mark.parametrize("records", [1, 2, 3, 7])
def test_the_last_record_survives_reopening(path: Path, records: int) -> None:
    filled(path, records)
    assert FileAnchorReader(path).read() == record(records)


@pytest.mark.parametrize("expected", [None, record(1), record(3), record(2, b"x")])
def test_a_swap_from_another_record_changes_nothing(path: Path, expected: Published | None) -> None:
    filled(path, 2)
    anchor = FileAnchor(path)
    with pytest.raises(ConflictError):
        anchor.advance(expected, record(9))
    assert anchor.read() == record(2)
    anchor.close()


@settings(max_examples=60, deadline=None)
@given(kept=st.integers(0, SLOT_BYTES), rest=st.sampled_from([b"\x00", b"\xff", None]), records=st.integers(2, 5))
def test_a_write_torn_at_any_byte_leaves_the_record_before(
    tmp_path_factory: pytest.TempPathFactory, kept: int, rest: bytes | None, records: int
) -> None:
    path = tmp_path_factory.mktemp("anchor") / "log.anchor"
    filled(path, records - 1)
    before = path.read_bytes()
    filled_anchor = FileAnchor(path)
    filled_anchor.advance(record(records - 1), record(records))
    filled_anchor.close()
    after, at = path.read_bytes(), records % 2 * SLOT_BYTES
    tail = before[at + kept : at + SLOT_BYTES] if rest is None else rest * (SLOT_BYTES - kept)
    torn = after[at : at + kept] + tail
    path.write_bytes(after[:at] + torn + after[at + SLOT_BYTES :])
    assert FileAnchorReader(path).read() in (record(records - 1), record(records))
    anchor = FileAnchor(path)
    anchor.advance(anchor.read(), record(99))
    assert anchor.read() == record(99)
    anchor.close()


def test_two_damaged_slots_are_an_integrity_error_and_not_a_new_beginning(path: Path) -> None:
    filled(path, 3)
    path.write_bytes(bytes(2 * SLOT_BYTES))
    anchor = FileAnchor(path)
    with pytest.raises(IntegrityError, match="damaged"):
        anchor.read()
    with pytest.raises(IntegrityError, match="damaged"):
        anchor.advance(None, record(1))
    anchor.close()


def test_an_empty_file_is_no_new_beginning(path: Path) -> None:
    filled(path, 3)
    path.write_bytes(b"")
    with pytest.raises(IntegrityError):
        FileAnchorReader(path).read()


def test_a_failing_sync_is_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    filled(path, 2)
    anchor = FileAnchor(path)
    monkeypatch.setattr(anchor_file, "_sync", fail)
    with pytest.raises(Unavailable, match="Input/output error"):
        anchor.advance(record(2), record(3))
    anchor.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be made"):
        FileAnchor(tmp_path / "file" / "log.anchor")


def test_a_note_that_does_not_fit_is_refused_before_anything_is_written(path: Path) -> None:
    filled(path, 1)
    anchor = FileAnchor(path)
    with pytest.raises(UsageError, match="too many"):
        anchor.advance(record(1), Published(2, b"r" * 32, b"n" * SLOT_BYTES))
    assert anchor.read() == record(1)
    anchor.close()


def test_only_one_process_may_hold_it(path: Path) -> None:
    anchor = FileAnchor(path)
    with pytest.raises(Unavailable, match="in use"):
        FileAnchor(path)
    anchor.close()
    anchor.close()
    FileAnchor(path).close()


def test_every_record_is_synced_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(anchor_file, "_sync", lambda handle: synced.append(os.fstat(handle).st_size))
    filled(path, 4)
    assert synced == [2 * SLOT_BYTES] * 3
