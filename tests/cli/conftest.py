"""The command line as a user calls it: arguments in; exit code, data and talk out."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from doseway.cli.main import main


class Ran(NamedTuple):
    """What a call gave."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `doseway` in an empty folder, on a terminal of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("DOSEWAY_STORE", raising=False)

    def call(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(int(stop.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def issuer(examples: Path) -> Path:
    """The key that signed the examples."""
    return examples.parent / "issuer.pub"
