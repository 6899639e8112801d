"""Files that nobody should have to expect: one of them never stops the others, and none draws its own verdict."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ESCAPES = "good\x1b[2J\nVERIFIED\u202e.txt"


@pytest.fixture
def odd(tmp_path: Path, examples: Path) -> Path:
    """A folder with a good file under three hostile names, a pipe, links that lead nowhere, and hidden files."""
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in (b"good\xff.txt", ESCAPES.encode(), b"[bold]good[red].txt"):
        shutil.copy(examples / "good-shipment.txt", folder / os.fsdecode(name))
    os.mkfifo(folder / "pipe.csv")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "self").symlink_to(folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD.txt").touch()
    return folder


def test_inspecting_names_what_it_cannot_read_and_goes_on(run: Run, odd: Path, issuer: Path) -> None:
    ran = run("inspect", odd, "--issuer", issuer, "--json")
    told = {Path(one["file"]).name: one for one in map(json.loads, ran.out.splitlines())}
    assert ran.code == 3
    assert set(told) == {"good\ufffd.txt", ESCAPES, "[bold]good[red].txt", "loop.txt"}
    assert "symbolic links" in told.pop("loop.txt")["what"]
    assert {one["verdict"] for one in told.values()} == {"within-label"}


def test_importing_names_what_it_cannot_open_and_goes_on(run: Run, odd: Path, issuer: Path, tmp_path: Path) -> None:
    store = tmp_path / "data"
    ran = run("import", odd / "pipe.csv", odd, "--issuer", issuer, "--store", store)
    assert ran.code == 3
    assert "pipe.csv: this is no regular file" in ran.err
    assert ran.out.count("within-label") == 3
    assert run("log", "verify", "--store", store).code == 0
    assert run("evidence", "pack", 1, "--out", "p.zip", "--store", store).code == 0


@pytest.mark.parametrize("arguments", [("inspect",), ("import", "--store", "data"), ("profile", "try", "usp-cct")])
def test_a_name_cannot_move_the_cursor_or_pose_as_another_line(run: Run, odd: Path, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, (odd / ESCAPES).relative_to(Path.cwd()))  # short, so that the name is not broken
    assert not {"\x1b", "\u202e"} & set(ran.out + ran.err)
    assert not any(line.startswith("VERIFIED") for line in (ran.out + ran.err).splitlines())
    assert "good\\x1b[2J\\nVERIFIED\\u202e.txt" in ran.out


def test_a_name_in_the_log_is_as_harmless(run: Run, odd: Path) -> None:
    run("import", odd / ESCAPES, "--store", "data")
    assert "good\\x1b[2J\\nVERIFIED\\u202e.txt" in run("log", "status", "--store", "data").out


def test_texts_inside_of_a_file_are_neither_markup_nor_escapes(run: Run, tmp_path: Path) -> None:
    rows = "2024-01-01 00:00,5\n2024-01-01 01:00,6\n"
    (tmp_path / "a.csv").write_text(f"time,[/b]temp[red]\x1b[7m C\n{rows}", encoding="utf-8")
    ran = run("inspect", "a.csv")
    assert ran.code == 1
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "pipe"])
def test_what_may_have_no_end_is_refused_at_once(run: Run, tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    ran = run("inspect", path)
    assert ran.code == 3
    assert "no regular file" in ran.err


def test_a_folder_that_cannot_be_searched_is_told(run: Run, odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (odd / "locked").mkdir()
    search = os.scandir

    def refuse(folder: str) -> Any:
        if folder.endswith("locked"):  # what the system says to everybody but root
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return search(folder)

    monkeypatch.setattr("os.scandir", refuse)
    ran = run("inspect", odd)
    assert (ran.code, "locked" in ran.err) == (2, True)


def test_a_report_is_not_written_over_the_file_that_it_is_about(run: Run, examples: Path, tmp_path: Path) -> None:
    shutil.copy(examples / "good-shipment.txt", tmp_path / "a.txt")
    before = (tmp_path / "a.txt").read_bytes()
    assert run("inspect", "a.txt", "--html", tmp_path / "a.txt").code == 2
    assert (tmp_path / "a.txt").read_bytes() == before
