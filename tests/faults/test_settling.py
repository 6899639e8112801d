"""What a failed write came to is found out, and then the log goes on by itself; what cannot be explained stops it."""

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest
from tests.faults.failing_kit import FailingAnchor, FailingStore, assert_sound
from tests.ledger.log_kit import Place, failure, failures, packet, signer_of

from doseway.engines import anchor_file
from doseway.engines.sqlite import SqliteStore
from doseway.ledger import writer
from doseway.ledger.drafts import Receipt
from doseway.ledger.pool import PoolSettings
from doseway.ledger.ports import Published
from doseway.model.errors import ForkedLog, Unavailable, UsageError


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that failed is asked again by the very next who wants to write."""
    monkeypatch.setattr(writer, "wait_s", lambda *_, **__: 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("is_gone", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failed_commit_is_settled_and_the_log_goes_on(place: Place, when: str, is_gone: bool) -> None:
    """Where the head tells that the batch is in, that is said; while nothing can tell, nobody hears that it is."""
    store = FailingStore(place.log_path)
    with place.open(store=store) as sequencer:
        sequencer.append(failures(range(5)))
        note = sequencer.log.checkpoint()
        store.fails, store.is_gone = when, is_gone
        is_known_to_be_in = when == "after" and not is_gone
        if is_known_to_be_in:
            assert sequencer.append(failures([5])) == [Receipt(6)]
        else:
            for _ in range(3):
                with pytest.raises(Unavailable, match="cable"):
                    sequencer.append(failures([5]))
                assert (sequencer.log.size, sequencer.log.checkpoint()) == (6, note)
        store.fails, store.is_gone = "", False
        again = sequencer.append(failures([5, 3, 50]))
        assert again == [Receipt(6, is_duplicate=when == "after"), Receipt(4, is_duplicate=True), Receipt(7)]
        assert sequencer.log.last_tagged("digit:5") == 6
    with place.open() as sequencer:
        assert sequencer.log.size == 8
        assert sequencer.append(failures([5])) == [Receipt(6, is_duplicate=True)]
    assert_sound(place)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failed_anchor_is_caught_up_before_anything_is_acknowledged(place: Place, when: str, times: int) -> None:
    anchor = FailingAnchor(place.anchor_path)
    with place.open(anchor=anchor) as sequencer:
        sequencer.append(failures(range(5)))
        note = sequencer.log.checkpoint()
        anchor.fails, anchor.times = when, times
        refused = 0
        while anchor.times > 0:
            try:
                receipts = sequencer.append(failures([5]))
            except Unavailable:
                refused += 1
                assert (sequencer.log.size, sequencer.log.checkpoint()) == (6, note)
        if times > 1:
            receipts = sequencer.append(failures([5]))
        assert refused == times - 1
        assert receipts == [Receipt(6, is_duplicate=times > 1)]
        assert sequencer.append(failures([6])) == [Receipt(7)]
        published = anchor.read()
        assert published is not None
        assert published.note == sequencer.log.checkpoint()
    assert_sound(place)


def test_while_the_log_waits_all_are_refused_at_once_and_told_that_it_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    def an_hour(failures: int, **_: float) -> float:
        waits.append(failures)
        return 3_600.0

    monkeypatch.setattr(writer, "wait_s", an_hour)
    store = FailingStore(place.log_path)
    with place.open(store=store) as sequencer:
        store.fails = "before"
        with pytest.raises(Unavailable, match="was pulled"):
            sequencer.append([failure(1)])
        store.fails = ""
        for attempt in (
            lambda: sequencer.append([failure(99)]),
            lambda: sequencer.submit([failure(99)]).result(),
            lambda: sequencer.stage(b"x"),
        ):
            with pytest.raises(Unavailable, match="cannot be written now: the cable was pulled") as caught:
                attempt()
            assert "goes on by itself" in caught.value.hint
        assert waits == [1], "a refusal is no failure of the disk"
        assert [found.index for found in sequencer.log.facts()] == [0], "and it can be read meanwhile"
        monkeypatch.setattr(time, "monotonic", lambda: float("inf"))
        assert sequencer.append([failure(1)]) == [Receipt(1)]
    assert_sound(place)


@pytest.mark.usefixtures("at_once")
def test_a_failed_change_of_key_or_erasure_is_settled_too(place: Place) -> None:
    store, new = FailingStore(place.log_path), signer_of("new")
    with place.open(store=store) as sequencer:
        sequencer.append([packet(sequencer, b"patient Anna")])
        store.fails, store.is_gone = "after", True
        with pytest.raises(Unavailable):
            sequencer.rotate(new, reason="yearly", by="admin")
        store.fails, store.is_gone = "", False
        assert sequencer.append([failure(1)]) == [Receipt(3)]
        with pytest.raises(UsageError, match="must be another one"):
            sequencer.rotate(new, reason="yearly", by="admin")
        store.fails = "before"
        with pytest.raises(Unavailable):
            sequencer.erase(1, reason="asked", by="qa")
        store.fails = ""
        assert b"".join(sequencer.log.blob(1)) == b"patient Anna"
        assert sequencer.erase(1, reason="asked", by="qa") == Receipt(4)
        assert sequencer.append([packet(sequencer, b"patient Anna")]) == [Receipt(5)]
    place.signer = new
    place.open().close()
    assert_sound(place)


def test_a_key_that_cannot_sign_stops_one_batch_and_not_the_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint is signed before anything is written: nothing has to be found out."""

    def broken(*_: object) -> bytes:
        raise Unavailable("the token was pulled")

    with place.open() as sequencer:
        with monkeypatch.context() as patch:
            patch.setattr(writer, "sign_checkpoint", broken)
            with pytest.raises(Unavailable, match="token"):
                sequencer.append([failure(1)])
        assert sequencer.append([failure(2)]) == [Receipt(1)]
    assert_sound(place)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("part", ["store", "anchor"])
def test_what_is_neither_before_nor_after_a_failed_write_stops_the_log_for_good(place: Place, part: str) -> None:
    store, anchor = FailingStore(place.log_path), FailingAnchor(place.anchor_path)
    with place.open(store=store, anchor=anchor) as sequencer:
        sequencer.append([failure(1)])
        note = sequencer.log.checkpoint()
        if part == "store":
            store.fails, store.is_gone = "after", True
        else:
            anchor.fails, anchor.times = "before", 9
        with pytest.raises(Unavailable, match="was pulled"):
            sequencer.append([failure(2)])
        store.fails, store.is_gone, anchor.fails = "", False, ""
        if part == "store":
            intruder = sqlite3.connect(place.log_path)
            intruder.execute("UPDATE head SET size = size + 1")
            intruder.commit()
            intruder.close()
        else:
            place.anchor_path.write_bytes(
                anchor_file._pack(99, Published(9, b"x" * 32, b"theirs")).ljust(2 * anchor_file.SLOT_BYTES, b"\0")
            )
        with pytest.raises(ForkedLog, match="neither"):
            sequencer.append([failure(3)])
        for _ in range(2):
            with pytest.raises(Unavailable, match="stopped after a failed write"):
                sequencer.append([failure(4)])
        assert sequencer.log.checkpoint() == note


def test_all_who_wait_in_the_pool_hear_of_the_failure(place: Place) -> None:
    store = FailingStore(place.log_path)
    with place.open(store=store, settings=PoolSettings(linger_ms=30)) as sequencer:
        store.fails = "before"
        futures = [sequencer.submit([failure(n)]) for n in range(20)]
        assert all(isinstance(future.exception(timeout=10), Unavailable) for future in futures)


@pytest.mark.usefixtures("at_once")
def test_a_full_disk_refuses_and_goes_on_when_there_is_space(place: Place) -> None:
    store = SqliteStore(place.log_path)
    with place.open(store=store) as sequencer:
        receipts = sequencer.append(failures(range(100)))
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        start, note = 1_000, b""
        with contextlib.suppress(Unavailable):
            while start < 90_000:
                note = sequencer.log.checkpoint()
                receipts += sequencer.append(failures(range(start, start + 1_000)))
                start += 1_000
        with pytest.raises(Unavailable, match="full"):
            sequencer.append(failures(range(start, start + 1_000)))
        assert (sequencer.log.size, sequencer.log.checkpoint()) == (len(receipts) + 1, note)
        store._connection.execute("PRAGMA max_page_count = 1000000")
        assert sequencer.append(failures(range(start, start + 2))) == [Receipt(101), Receipt(102)]
    with place.open() as sequencer:
        assert sequencer.log.size == len(receipts) + 3
    assert_sound(place)
