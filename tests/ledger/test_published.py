"""A published log is checked whole, by somebody who has its files and its key and nothing else."""

from pathlib import Path

import pytest
from tests.ledger.published_kit import ORIGIN, GrowingLog, seed

from doseway.ledger.export import export
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner
from doseway.ledger.published import audit, has_tile
from doseway.ledger.static import open_folder
from doseway.ledger.tiles import entry_bundle, tiles_for
from doseway.model.errors import HashMismatch, SignatureInvalid, Unavailable


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 700, 65_536 + 300])
def test_an_honest_log_of_any_size_passes_and_every_entry_is_seen(size: int) -> None:
    log = GrowingLog(size)
    seen: list[bytes] = []
    audited = audit(log, ORIGIN, [log.vkey], on_entry=lambda _index, entry: seen.append(entry))
    assert audited.checkpoint.size == size
    assert seen == log.entries
    assert audited.tiles == len(list(tiles_for(size)))


def test_progress_reaches_the_end() -> None:
    log = GrowingLog(300)
    seen: list[tuple[int, int]] = []
    audit(log, ORIGIN, [log.vkey], progress=lambda done, size: seen.append((done, size)))
    assert seen == [(256, 300), (300, 300)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = GrowingLog(600)
    folder = tmp_path_factory.mktemp("export")
    export(log, folder, ORIGIN, [log.vkey])
    return folder


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("tile/entries/000", "entries/000|tile/0/000"),
        ("tile/entries/001", "entries/001|tile/0/001"),
        ("tile/entries/002.p/88", "entries/002|tile/0/002"),
        ("tile/0/000", "tile/0/000"),
        ("tile/0/001", "tile/0/001"),
        ("tile/0/002.p/88", "tile/0/002"),
        ("tile/1/000.p/2", "tile/1/000"),
    ],
)
def test_any_flipped_byte_of_any_file_is_noticed_and_placed(exported: Path, path: str, names: str) -> None:
    file = exported / path
    good = file.read_bytes()
    vkey = GrowingLog().vkey
    try:
        for position in (0, 1, 2, 31, 32, len(good) // 2, len(good) - 1):
            bad = bytearray(good)
            bad[position] ^= 0x40
            file.write_bytes(bytes(bad))
            with pytest.raises(HashMismatch, match=names):
                audit(open_folder(exported), ORIGIN, [vkey])
        for shape in (b"", good[:-1], good + b"\0"):
            file.write_bytes(shape)
            with pytest.raises(HashMismatch, match=names):
                audit(open_folder(exported), ORIGIN, [vkey])
        file.unlink()
        with pytest.raises(Unavailable, match=path.removesuffix("000")):
            audit(open_folder(exported), ORIGIN, [vkey])
    finally:
        file.write_bytes(good)
    audit(open_folder(exported), ORIGIN, [vkey])


def test_a_consistent_rewrite_of_entries_and_tiles_fails_at_the_signed_root() -> None:
    log = GrowingLog(600)
    forged = log.fork(300).grow(300, "other")

    class Forged(GrowingLog):
        def checkpoint(self) -> bytes:
            return log.note()

    forged.__class__ = Forged
    with pytest.raises(HashMismatch, match="root"):
        audit(forged, ORIGIN, [log.vkey])


def test_an_entry_is_named_by_its_index() -> None:
    log = GrowingLog(600)

    class Edited(GrowingLog):
        def bundle(self, n: int, width: int) -> bytes:
            entries = self.entries[n * 256 : n * 256 + width]
            return entry_bundle([b"edited" if entry == b"entry-517" else entry for entry in entries])

    log.__class__ = Edited
    with pytest.raises(HashMismatch, match="entry 517"):
        audit(log, ORIGIN, [log.vkey])


def test_a_checkpoint_by_a_stranger_is_refused() -> None:
    log = GrowingLog(3)
    with pytest.raises(SignatureInvalid):
        audit(log, ORIGIN, [NoteSigner(ORIGIN, SigningKey.from_seed(seed("stranger"))).vkey])


def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one(tmp_path: Path) -> None:
    log = GrowingLog(300)
    export(log, tmp_path, ORIGIN, [log.vkey])
    old = log.note(200)
    (tmp_path / "checkpoint").write_bytes(old)
    assert audit(open_folder(tmp_path), ORIGIN, [log.vkey]).checkpoint.size == 200


def test_a_folder_that_is_none_and_a_path_that_leads_nowhere_are_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not a folder"):
        open_folder(tmp_path / "absent")
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(Unavailable, match="checkpoint is not there"):
        open_folder(tmp_path).checkpoint()


def test_a_file_that_has_no_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "tile" / "0").mkdir(parents=True)
    (tmp_path / "tile" / "0" / "000").symlink_to("/dev/zero")
    with pytest.raises(HashMismatch, match="larger"):
        open_folder(tmp_path).tile(0, 0, 256)


def test_the_tiles_of_a_tree_are_those_of_the_specification() -> None:
    for size in (0, 1, 255, 256, 70_000):
        for level, n, width in tiles_for(size):
            assert has_tile(size, level, n, width)
            assert not has_tile(size, level, n, width + 1)
    assert has_tile(70_000, 2, 0, 1)
    assert not has_tile(70_000, 2, 0, 2)
    for level, n, width in ((0, 0, 0), (0, -1, 256), (-1, 0, 1), (64, 0, 1), (0, 10**30, 1), (63, 0, 1)):
        assert not has_tile(70_000, level, n, width)
