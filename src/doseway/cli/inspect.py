"""`doseway inspect`: judge logger files on the spot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.app.settings import load_settings
from doseway.cli.options import reading_options
from doseway.cli.talk import failed, is_terminal, print_json, say
from doseway.model.errors import DataError, Place, UsageError

if TYPE_CHECKING:
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
    from doseway.app.inspecting import files_under, how, inspect_file  # noqa: PLC0415  # loads the judge

    how_to = how(load_settings(), profile=profile, format_id=format_id, zone=zone, issuers=issuers, mapping=mapping)
    files = files_under(paths)
    if not files:
        raise UsageError("there is no file in these folders")
    _check_reports(files, html, pdf)
    show = _shower(files, as_json=as_json, quiet=quiet)
    reported: list[Inspection] = []
    code = 0
    for path in _with_progress(files, quiet=quiet):
        try:
            one = inspect_file(path, how_to)
        except DataError as error:
            code = DataError.exit_code
            show.failed(path, error)
        else:
            code = max(code, FINDING if one.has_finding else 0)
            reported += [one] if html or pdf else []  # nothing else needs all readings of all files at once
            show.one(one)
    show.end()
    _write_reports(reported, html, pdf, quiet=quiet)
    return code


class _Show:
    """What is printed: nothing, JSON, one page a file, or one table."""

    def one(self, inspection: "Inspection") -> None:
        """Show one file as soon as it is inspected."""

    def failed(self, path: Path, error: DataError) -> None:
        """Tell of a file that cannot be read."""

    def end(self) -> None:
        """Show what is known at the end."""


class _Json(_Show):
    def one(self, inspection: "Inspection") -> None:
        print_json(inspection.to_json())

    def failed(self, path: Path, error: DataError) -> None:
        failed(path, error, as_json=True)


class _Pages(_Show):
    def one(self, inspection: "Inspection") -> None:
        from doseway.cli.views import print_page  # noqa: PLC0415  # loads rich

        print_page(inspection)

    def failed(self, path: Path, error: DataError) -> None:
        failed(path, error, as_json=False)


class _Table(_Show):
    def __init__(self) -> None:
        from doseway.cli.views import Summary  # noqa: PLC0415  # loads rich

        self._summary = Summary()

    def one(self, inspection: "Inspection") -> None:
        self._summary.add(inspection)

    def failed(self, path: Path, error: DataError) -> None:
        failed(path, error, as_json=False)
        self._summary.add_unreadable(path, error)

    def end(self) -> None:
        self._summary.print()


def _shower(files: Sequence[Path], *, as_json: bool, quiet: bool) -> _Show:
    if quiet:
        return _Show()
    if as_json:
        return _Json()
    return _Table() if len(files) > _LONG_LIST else _Pages()


def _check_reports(files: Sequence[Path], *reports: Path | None) -> None:
    """Refuse to write a report over a file that is inspected: it may be the only copy."""
    for report in reports:
        if report is not None and report.exists() and report.resolve() in {path.resolve() for path in files}:
            raise UsageError("the report would overwrite a file that is inspected", where=Place(str(report)))


def _with_progress(files: Sequence[Path], *, quiet: bool) -> Iterator[Path]:
    """Give the files one by one, with a progress bar when there are many and a person is looking."""
    if quiet or len(files) <= _LONG_LIST or not is_terminal():
        yield from files
        return
    from rich.console import Console  # noqa: PLC0415  # only for people
    from rich.progress import track  # noqa: PLC0415

    yield from track(files, description="Inspecting", console=Console(stderr=True), transient=True)


def _write_reports(inspections: "Sequence[Inspection]", html: Path | None, pdf: Path | None, *, quiet: bool) -> None:
    if not inspections:
        return
    from doseway.app.reporting import write_reports  # noqa: PLC0415  # loads the report engines

    for path in write_reports(inspections, html, pdf):
        if not quiet:
            say(f"Wrote {path}.")
