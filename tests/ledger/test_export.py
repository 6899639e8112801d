"""The log as files: whole at every moment, resumable, and never turned back."""

from pathlib import Path

import pytest
from tests.ledger.published_kit import ORIGIN, GrowingLog

from doseway.ledger.durable import sync_file, write_whole
from doseway.ledger.export import Exported, export
from doseway.ledger.published import audit
from doseway.ledger.static import open_folder
from doseway.model.errors import ForkedLog, RolledBack, SignatureInvalid, Unavailable


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_files_are_those_of_the_specification(tmp_path: Path) -> None:
    log = GrowingLog(600)
    assert export(log, tmp_path / "new" / "folder", ORIGIN, [log.vkey]) == Exported(600, 7, 0)
    files = tree(tmp_path / "new" / "folder")
    assert sorted(files) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ]
    assert files["checkpoint"] == log.note()
    assert files["tile/0/000"] == b"".join(log.leaves[:256])


def test_growing_writes_only_what_is_new_and_drops_what_became_whole(tmp_path: Path) -> None:
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    before = (tmp_path / "tile" / "0" / "000").stat()
    assert export(log, tmp_path, ORIGIN, [log.vkey]) == Exported(300, 0, 5)
    log.grow(300)
    assert export(log, tmp_path, ORIGIN, [log.vkey]).written == 5
    assert (tmp_path / "tile" / "0" / "000").stat().st_mtime_ns == before.st_mtime_ns
    assert not (tmp_path / "tile" / "0" / "001.p").exists()
    audit(open_folder(tmp_path), ORIGIN, [log.vkey])


def test_an_empty_log_is_a_checkpoint_and_nothing_else(tmp_path: Path) -> None:
    log = GrowingLog()
    export(log, tmp_path, ORIGIN, [log.vkey])
    assert sorted(tree(tmp_path)) == ["checkpoint"]
    audit(open_folder(tmp_path), ORIGIN, [log.vkey])


class Stopped(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("after", range(1, 9))
def test_an_export_that_is_cut_off_shows_the_old_log_whole_and_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    log.grow(300)
    writes = 0

    def failing(path: Path, data: bytes, **options: bool) -> None:
        nonlocal writes
        writes += 1
        if writes == after:
            path.write_bytes(data[: len(data) // 2])  # what a loss of power may leave of a file not yet synchronised
            raise Stopped
        write_whole(path, data, **options)

    monkeypatch.setattr("doseway.ledger.export.write_whole", failing)
    if after <= 5:
        with pytest.raises(Stopped):
            export(log, tmp_path, ORIGIN, [log.vkey])
        assert audit(open_folder(tmp_path), ORIGIN, [log.vkey]).checkpoint.size == 300
    monkeypatch.setattr("doseway.ledger.export.write_whole", write_whole)
    export(log, tmp_path, ORIGIN, [log.vkey])
    assert audit(open_folder(tmp_path), ORIGIN, [log.vkey]).checkpoint.size == 600
    export(log, tmp_path / "fresh", ORIGIN, [log.vkey])
    fresh = tree(tmp_path / "fresh")
    # The partial tile of a checkpoint that was published stays until the full one is there.
    earlier = {"tile/1/000.p/1": log.read(8, 0)}
    assert {name: data for name, data in tree(tmp_path).items() if not name.startswith("fresh")} == fresh | earlier


def test_the_checkpoint_is_written_after_everything_that_it_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def watched(path: Path, data: bytes, **options: bool) -> None:
        order.append(f"write {path.name}")
        write_whole(path, data, **options)

    def watched_sync(path: Path) -> None:
        order.append("sync")
        sync_file(path)

    monkeypatch.setattr("doseway.ledger.export.write_whole", watched)
    monkeypatch.setattr("doseway.ledger.export.sync_file", watched_sync)
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    assert order[-1] == "write checkpoint"
    assert order.count("sync") == 5


def test_a_smaller_log_does_not_replace_a_larger_export(tmp_path: Path) -> None:
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    before = tree(tmp_path)
    with pytest.raises(RolledBack, match="300"):
        export(GrowingLog(299), tmp_path, ORIGIN, [log.vkey])
    assert tree(tmp_path) == before


def test_another_history_does_not_replace_an_export(tmp_path: Path) -> None:
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    before = tree(tmp_path)
    for forked in (log.fork(299).grow(1, "other"), log.fork(10).grow(500, "other")):
        with pytest.raises(ForkedLog):
            export(forked, tmp_path, ORIGIN, [log.vkey])
    assert tree(tmp_path) == before


def test_somebody_elses_checkpoint_in_the_folder_is_not_overwritten(tmp_path: Path) -> None:
    other = GrowingLog(5, key="stranger")
    export(other, tmp_path, ORIGIN, [other.vkey])
    log = GrowingLog(300)
    with pytest.raises(SignatureInvalid):
        export(log, tmp_path, ORIGIN, [log.vkey])


def test_leftovers_of_another_log_without_a_checkpoint_are_replaced(tmp_path: Path) -> None:
    other = GrowingLog().grow(600, "other")
    export(other, tmp_path, ORIGIN, [other.vkey])
    (tmp_path / "checkpoint").unlink()
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    audit(open_folder(tmp_path), ORIGIN, [log.vkey])


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "tile").write_bytes(b"in the way")
    log = GrowingLog(3)
    with pytest.raises(Unavailable, match="tile"):
        export(log, tmp_path, ORIGIN, [log.vkey])
