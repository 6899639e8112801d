"""Plans and files: networks read and checked, plans kept whole or not at all, reports written."""

from collections.abc import Sequence
from pathlib import Path

from doseway import __version__
from doseway.ledger.durable import sync_directory, write_whole
from doseway.model.errors import ConflictError, UsageError
from doseway.plan.checks import check
from doseway.plan.example import worked_example, write_example
from doseway.plan.findings import Finding, require
from doseway.plan.questions.answering import Answer
from doseway.plan.record import Planned, from_bytes, to_bytes
from doseway.plan.seeing.report import Chapter, render
from doseway.plan.seeing.workbook import network_workbook, workbook
from doseway.plan.tables import Network, read


def load(path: Path, *, is_strict: bool = False) -> tuple[Network, list[Finding]]:
    """Read a network and check it; return it with the warnings.

    Raises:
        UsageError: there is nothing at the path.
        DataError: the tables have errors, or in strict mode warnings.
    """
    if not path.exists():
        raise UsageError(f"there is no {path}", hint="Make a worked example with `doseway plan init`.")
    network = read(path)
    return network, require(check(network), is_strict=is_strict)


def begin(path: Path) -> list[Path]:
    """Write the worked example: as one workbook where the path ends in .xlsx, else as a folder of CSV files.

    Raises:
        ConflictError: something is there already; nothing is overwritten.
    """
    if path.suffix.lower() != ".xlsx":
        return write_example(path)
    if path.exists():
        raise ConflictError(f"{path} is there already", hint="Choose another name.")
    write_whole(path, network_workbook(worked_example()))
    return [path]


def keep(path: Path, plan: Planned) -> None:
    """Keep a plan as a file, whole or not at all, also when the power fails."""
    write_whole(path, to_bytes(plan), is_synced=True)
    sync_directory(path.parent)


def kept(path: Path) -> Planned:
    """Read a plan that was kept.

    Raises:
        UsageError: there is no such file.
        DataError: it is no plan.
    """
    if not path.is_file():
        raise UsageError(f"there is no plan {path}", hint="Keep one with `doseway plan solve NETWORK --out FILE`.")
    return from_bytes(path.read_bytes(), path.name)


def write_workbook(path: Path, answer: Answer) -> None:
    """Write an answer as XLSX."""
    write_whole(path, workbook(answer.sheets(), answer.words()))


def write_report(path: Path, title: str, chapters: Sequence[Chapter], network: Network | None = None) -> None:
    """Write a report as one HTML page."""
    write_whole(path, render(title, chapters, network, f"Doseway {__version__}"))
