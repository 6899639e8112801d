"""New files: whole under their name, or not there at all."""

import errno
from pathlib import Path

import pytest

from doseway.app.newfile import new_file
from doseway.model.errors import Unavailable, UsageError


def test_a_finished_file_is_there_with_its_bytes_and_nothing_else(tmp_path: Path) -> None:
    with new_file(tmp_path / "pack.zip") as file:
        file.write(b"whole")
        assert not (tmp_path / "pack.zip").exists()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"pack.zip": b"whole"}


def test_a_failure_in_between_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with new_file(tmp_path / "pack.zip") as file:
            file.write(b"ha")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_touched_also_when_it_came_meanwhile(tmp_path: Path) -> None:
    def fill() -> None:
        with new_file(tmp_path / "pack.zip") as file:
            file.write(b"ours")
            (tmp_path / "pack.zip").write_bytes(b"theirs")

    for _ in range(2):  # the second time it is there from the start
        with pytest.raises(UsageError, match="exists already"):
            fill()
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"pack.zip": b"theirs"}


def test_a_disk_without_hard_links_gets_the_file_by_renaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    with new_file(tmp_path / "pack.zip") as file:
        file.write(b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"pack.zip": b"whole"}


def test_a_folder_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"none.pack\.zip"), new_file(tmp_path / "none" / "pack.zip"):
        pytest.fail("the body must not run")
