"""`doseway import`: put files into the log."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.cli.options import reading_options, settings_at, store_option
from doseway.cli.talk import explain, failed, print_json, say, tell, visible
from doseway.model.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doseway.app.importing import Imported

FINDING = 1

EXAMPLE = """Example:

  doseway import examples/files --issuer examples/issuer.pub --store data
"""


@click.command(name="import", epilog=EXAMPLE)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@reading_options
@store_option
@click.option("--dry-run", is_flag=True, help="Say what would be imported; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file on standard output (NDJSON).")
def import_files(
    paths: tuple[Path, ...],
    *,
    profile: str,
    zone: str,
    issuers: tuple[Path, ...],
    mapping: Path | None,
    format_id: str,
    store: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Put files into the log, decode and judge them, and keep their bytes. Folders are searched.

    "Imported" is said after everything is durable. The same file a second time changes nothing. A file that no format
    can read is kept too, and rejected with the reason. Exit code: 0, 1 with a finding, 3 with a rejected file.
    """
    from doseway.app.importing import import_file  # noqa: PLC0415  # loads the judge and the log
    from doseway.app.inspecting import files_under, how  # noqa: PLC0415
    from doseway.app.logbook import writing  # noqa: PLC0415

    settings = settings_at(store)
    how_to = how(settings, profile=profile, format_id=format_id, zone=zone, issuers=issuers, mapping=mapping)
    files = files_under(paths)
    if not files:
        raise UsageError("there is no file in these folders")
    if dry_run:
        for path in files:
            say(f"would import {visible(path)}")
        return 0
    done: list[Imported | None] = []
    with writing(settings) as sequencer:
        for path in files:
            try:
                one = import_file(sequencer, path, how_to)
            except DataError as error:  # the file cannot be opened: the others are still to be imported
                done.append(None)
                failed(path, error, as_json=as_json)
            else:
                done.append(one)
                _tell(one, as_json=as_json)
        origin, size = sequencer.log.origin, sequencer.log.size
    say(f"The log {origin} has {size} entries in {settings.store}.")
    return _exit_code(done)


def _tell(one: "Imported", *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(one))
        return
    word = "known already" if one.is_duplicate else "imported"
    if one.error is not None:
        tell(f"{visible(one.file)}: {word} as packet {one.packet}, rejected")
        explain(one.error)
    elif one.inspection is not None:
        signature = one.inspection.recording.signature.status.value
        tell(f"{visible(one.file)}: {word} as packet {one.packet}, {signature}, {one.inspection.verdict.value}")


def _plain(one: "Imported") -> dict[str, object]:
    plain: dict[str, object] = {
        "file": one.file,
        "packet": one.packet,
        "is_duplicate": one.is_duplicate,
        "judgement": one.judged,
    }
    if one.error is not None:
        return plain | {"error": one.error.code, "what": one.error.what, "where": str(one.error.where or "")}
    return plain | ({"verdict": one.inspection.verdict.value} if one.inspection else {})


def _exit_code(done: "Sequence[Imported | None]") -> int:
    """Say what the worst file asks for; None stands for one that could not be opened."""
    if any(one is None or one.error is not None for one in done):
        return DataError.exit_code
    return FINDING if any(one and one.inspection and one.inspection.has_finding for one in done) else 0
