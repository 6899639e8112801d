"""`doseway inspect`: judge logger files on the spot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.app.settings import load_settings
from doseway.cli.options import reading_options
from doseway.cli.talk import explain, is_terminal, print_json, say
from doseway.model.errors import DataError, UsageError

if TYPE_CHECKING:
    from doseway.app.inspecting import How
    from doseway.evidence.inspection import Inspection

FINDING = 1
_LONG_LIST = 4
"""With more files than this the charts give way to one table."""

EXAMPLE = """Examples:

  doseway inspect examples/files/good-shipment.txt --issuer examples/issuer.pub

  doseway inspect shipment.csv --profile usp-cct --zone Europe/Zurich --html report.html
"""


@click.command(epilog=EXAMPLE)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file on standard output (NDJSON).")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a report as one HTML page.")
@click.option("--pdf", type=click.Path(path_type=Path), metavar="FILE", help="Write a report as PDF.")
@click.option("--quiet", is_flag=True, help="Say nothing; the exit code tells.")
def inspect(
    paths: tuple[Path, ...],
    *,
    profile: str,
    zone: str,
    issuers: tuple[Path, ...],
    mapping: Path | None,
    format_id: str,
    as_json: bool,
    html: Path | None,
    pdf: Path | None,
    quiet: bool,
) -> int:
    """Tell whether a logger file is genuine and what happened to the product. Folders are searched.

    No set-up, no database, nothing is stored. Without --profile the limits set in the device are used.
    Exit code: 0 nothing to look at, 1 a finding, 3 a file that cannot be read.
    """
    from doseway.app.inspecting import files_under, how  # noqa: PLC0415  # loads the judge

    how_to = how(load_settings(), profile=profile, format_id=format_id, zone=zone, issuers=issuers, mapping=mapping)
    files = files_under(paths)
    if not files:
        raise UsageError("there is no file in these folders")
    show = _shower(files, as_json=as_json, quiet=quiet)
    inspections, failures = [], []
    for path in _with_progress(files, quiet=quiet):
        result = _inspect_one(path, how_to)
        if isinstance(result, DataError):
            failures.append((path, result))
            _report_failure(path, result, as_json=as_json, quiet=quiet)
        else:
            inspections.append(result)
            show.one(result)
    show.end(inspections, failures)
    _write_reports(inspections, html, pdf)
    if failures:
        return DataError.exit_code
    return FINDING if any(one.has_finding for one in inspections) else 0


class _Show:
    """What is printed: nothing, JSON, one page a file, or one table."""

    def one(self, inspection: "Inspection") -> None:
        """Show one file as soon as it is inspected."""

    def end(self, inspections: "Sequence[Inspection]", failures: Sequence[tuple[Path, DataError]]) -> None:
        """Show what is known at the end."""


class _Json(_Show):
    def one(self, inspection: "Inspection") -> None:
        print_json(inspection.to_json())


class _Pages(_Show):
    def one(self, inspection: "Inspection") -> None:
        from doseway.cli.views import print_page  # noqa: PLC0415  # loads rich

        print_page(inspection)


class _Table(_Show):
    def end(self, inspections: "Sequence[Inspection]", failures: Sequence[tuple[Path, DataError]]) -> None:
        from doseway.cli.views import print_table  # noqa: PLC0415  # loads rich

        print_table(inspections, failures)


def _shower(files: Sequence[Path], *, as_json: bool, quiet: bool) -> _Show:
    if quiet:
        return _Show()
    if as_json:
        return _Json()
    return _Table() if len(files) > _LONG_LIST else _Pages()


def _inspect_one(path: Path, how_to: "How") -> "Inspection | DataError":
    from doseway.app.inspecting import inspect_file  # noqa: PLC0415  # loads the judge

    try:
        return inspect_file(path, how_to)
    except DataError as error:
        return error


def _report_failure(path: Path, error: DataError, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        where = str(error.where or "")
        print_json({"file": str(path), "error": error.code, "what": error.what, "where": where, "hint": error.hint})
    if not quiet:
        explain(error)


def _with_progress(files: Sequence[Path], *, quiet: bool) -> Iterator[Path]:
    """Give the files one by one, with a progress bar when there are many and a person is looking."""
    if quiet or len(files) <= _LONG_LIST or not is_terminal():
        yield from files
        return
    from rich.console import Console  # noqa: PLC0415  # only for people
    from rich.progress import track  # noqa: PLC0415

    yield from track(files, description="Inspecting", console=Console(stderr=True), transient=True)


def _write_reports(inspections: "Sequence[Inspection]", html: Path | None, pdf: Path | None) -> None:
    if not inspections or not (html or pdf):
        return
    from doseway.app.reporting import write_reports  # noqa: PLC0415  # loads the report engines

    for path in write_reports(inspections, html, pdf):
        say(f"Wrote {path}.")
