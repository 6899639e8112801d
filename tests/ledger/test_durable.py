"""Files that are whole or absent."""

from pathlib import Path

import pytest

from doseway.ledger.durable import sync_directory, sync_file, write_whole
from doseway.model.errors import Unavailable


@pytest.mark.parametrize("is_synced", [False, True])
def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path, *, is_synced: bool) -> None:
    path = tmp_path / "file"
    for data in (b"old", b"new and longer", b""):
        write_whole(path, data, is_synced=is_synced)
        assert path.read_bytes() == data
    sync_file(path)
    sync_directory(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "key", b"secret", mode=0o600)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_said_and_the_old_file_is_unharmed(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be written"):
        write_whole(tmp_path / "folder", b"data")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder"]
    with pytest.raises(Unavailable):
        write_whole(tmp_path / "absent" / "file", b"data")


def test_what_is_not_there_cannot_be_synchronised(tmp_path: Path) -> None:
    for sync in (sync_file, sync_directory):
        with pytest.raises(Unavailable):
            sync(tmp_path / "absent")
