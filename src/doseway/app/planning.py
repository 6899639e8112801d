"""Plans and files: networks read and checked, plans kept whole or not at all, reports written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from doseway import __version__
from doseway.ledger.durable import sync_directory, write_whole
from doseway.model.errors import ConflictError, UsageError
from doseway.plan.checks import check
from doseway.plan.example import worked_example, write_example
from doseway.plan.executor import Executor, Threads
from doseway.plan.findings import Finding, require
from doseway.plan.questions.answering import Answer
from doseway.plan.record import Planned, from_bytes, to_bytes
from doseway.plan.seeing.report import Chapter, render
from doseway.plan.seeing.workbook import network_workbook, workbook
from doseway.plan.tables import Network, read

_WIDTH: Final = 2


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


def workers(words: str) -> Executor:
    """Return where scenarios are solved.

    Args:
        words: a number of threads of this process; `ray` or `dask`, `ray:N` or `dask:N`, for N processes on this
            machine; the address of a running cluster, `ray://HOST:PORT` or `dask://HOST:PORT`, or with a number of
            workers `ray://HOST:PORT?N`.

    Raises:
        UsageError: neither a number nor an address.
        Unavailable: Ray or Dask is not installed, or does not answer.
    """
    if words.isdecimal() and int(words) > 0:
        return Threads(int(words))
    address, _, count = words.partition("?")
    engine, is_elsewhere, place = address.partition("://")
    if not is_elsewhere:
        engine, _, count = words.partition(":")
    if engine not in _CLUSTERS or (is_elsewhere and not place):
        raise UsageError(
            f"{words!r} are no workers; at least one is needed",
            hint="Give a number of threads; `ray:4` or `dask:4`; or a cluster's address: `ray://HOST:10001?16`.",
        )
    if count and not (count.isdecimal() and int(count) > 0):
        raise UsageError(f"{count!r} is no number of workers", hint="Write `ray:4` or `ray://HOST:10001?16`.")
    return _CLUSTERS[engine](int(count) if count else _WIDTH, address if is_elsewhere else None)


def _ray(width: int, address: str | None) -> Executor:
    from doseway.engines.ray_team import RayExecutor  # noqa: PLC0415  # only where it is asked for

    return RayExecutor(width, address=address)


def _dask(width: int, address: str | None) -> Executor:
    from doseway.engines.dask_team import DaskExecutor  # noqa: PLC0415  # only where it is asked for

    return DaskExecutor(width, address=address and address.replace("dask://", "tcp://"))


_CLUSTERS: Final[dict[str, Callable[[int, str | None], Executor]]] = {"dask": _dask, "ray": _ray}
