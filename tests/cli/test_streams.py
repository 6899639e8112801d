"""Standard output and its end: the same bytes everywhere, and an exit code that never poses as a verdict."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from doseway.cli.talk import explain
from doseway.model.errors import UsageError

Run = Callable[..., Any]


def doseway(
    *arguments: object, stdout: Any = subprocess.PIPE, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command line as its own process, with every warning an error."""
    command = [sys.executable, "-W", "error", "-m", "doseway", *map(str, arguments)]
    around = os.environ | {"COLUMNS": "100"} | dict(environment or {})
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=around, check=False, timeout=60)


def commands(examples: Path) -> list[tuple[object, ...]]:
    good = examples / "good-shipment.txt"
    return [("inspect", good), ("inspect", good, "--json"), ("profile", "list")]


def test_no_command_leaves_a_file_open_or_warns(examples: Path, tmp_path: Path) -> None:
    store = tmp_path / "data"
    calls: list[tuple[object, ...]] = [
        *commands(examples),
        ("import", examples / "good-shipment.txt", "--store", store),
        ("log", "status", "--store", store),
        ("log", "verify", "--store", store),
        ("evidence", "pack", 1, "--out", tmp_path / "p.zip", "--store", store),
        ("doctor", "--store", store),
    ]
    for call in calls:
        ran = doseway(*call)
        assert ran.returncode == 0, (call, ran.stderr)
        assert b"Warning" not in ran.stderr, call


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_behind_the_output_is_no_finding(examples: Path) -> None:
    for call in commands(examples):
        with Path("/dev/full").open("wb") as full:
            ran = doseway(*call, stdout=full)
        assert (ran.returncode, b"No space left" in ran.stderr, b"Traceback" in ran.stderr) == (4, True, False), call


@pytest.mark.skipif(os.name != "posix", reason="POSIX pipes")
def test_a_reader_that_goes_away_is_no_finding(examples: Path) -> None:
    for call in commands(examples):
        read_end, write_end = os.pipe()
        os.close(read_end)
        ran = doseway(*call, stdout=write_end)
        os.close(write_end)
        assert (ran.returncode, ran.stderr) == (141, b""), call


def test_output_is_utf_8_whatever_the_code_page(examples: Path, tmp_path: Path) -> None:
    store, legacy = tmp_path / "data", {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    doseway("import", examples / "good-shipment.txt", "--store", store)
    page = doseway("inspect", examples / "good-shipment.txt", environment=legacy)
    assert "✓ Within label".encode() in page.stdout
    note = doseway("log", "checkpoint", "--store", store, environment=legacy).stdout
    assert "\n— doseway.local/log ".encode() in note  # a signed note, byte for byte


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_errors_are_coloured_for_people_unless_they_ask_for_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], no_color: str, is_coloured: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("click._compat.isatty", lambda _: True)
    explain(UsageError("so not"))
    assert ("\x1b[" in capsys.readouterr().err) == is_coloured


def test_a_fault_of_ours_is_told_from_a_finding(run: Run, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("doseway.app.inspecting.inspect_file", fail)
    ran = run("inspect", examples / "good-shipment.txt")
    assert (ran.code, "fault of Doseway" in ran.err) == (70, True)


@pytest.mark.parametrize("columns", [40, 79, 200])
def test_any_width_of_terminal_shows_signature_and_verdict(
    run: Run, examples: Path, issuer: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = run("inspect", examples, "--issuer", issuer).out
    assert max(map(len, out.splitlines())) <= columns
    assert out.replace("\n", "").replace(" ", "").count("genuine") == 7
    page = run("inspect", examples / "tarmac-excursion.txt", "--issuer", issuer).out
    assert "QA review" in page
    assert max(map(len, page.splitlines())) <= columns
