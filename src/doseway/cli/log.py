"""`doseway log`: look at the log, check it, prove entries, publish it."""

from pathlib import Path
from typing import Any

import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.progress import progress_bar
from doseway.cli.talk import print_json, say, tell, visible
from doseway.model.errors import IntegrityError, UsageError


@click.group()
def log() -> None:
    """The tamper-evident log of facts (C2SP tlog-tiles)."""


@log.command(epilog="Example:\n\n  doseway log status --store data")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def status(store: Path | None, *, as_json: bool) -> int:
    """Print origin, key, size, root, cosignatures, and the packets in the log."""
    from doseway.app.status import log_status  # noqa: PLC0415  # loads the log

    found = log_status(settings_at(store))
    if as_json:
        print_json(found)
        return 0
    packets: list[dict[str, Any]] = found.pop("packets")
    for name, value in found.items():
        click.echo(f"{name:<12} {value}")
    click.echo(f"{'packets':<12} {len(packets)}")
    for packet in packets:
        tell(f"  {packet['packet']:>6}  {packet['verdict'] or packet['state']:<14} {visible(packet['name'])}")
    return 0


@log.command(epilog="Example:\n\n  doseway log verify --store data")
@store_option
@click.option("--witnesses", is_flag=True, help="Also compare with what the policy's witnesses hold.")
@click.option("--vkey", "vkeys", multiple=True, metavar="VKEY", help="The log's key as you know it; may be repeated.")
@click.option("--at", "where", default="", metavar="FOLDER|URL", help="Check a published log instead of the store.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def verify(store: Path | None, *, witnesses: bool, vkeys: tuple[str, ...], where: str, as_json: bool) -> int:
    """Check everything again from the raw entries, and name what is wrong and where.

    Exit code: 0 sound, 5 not.
    """
    from doseway.app import verification  # noqa: PLC0415  # loads the log

    with progress_bar("Verifying") as progress:
        if where:
            audited = verification.verify_published(where, vkeys, progress=progress)
            checkpoint = audited.checkpoint
            click.echo(f"sound: {checkpoint.size} entries of {checkpoint.origin}, root {checkpoint.root.hex()}")
            return 0
        if len(vkeys) > 1:
            raise UsageError("the store is checked against one pinned key", hint="Give --vkey once, or --at.")
        report = verification.verify_store(
            settings_at(store), pinned=vkeys[0] if vkeys else "", ask_witnesses=witnesses, progress=progress
        )
    if as_json:
        findings = [{name: getattr(one, name) for name in one.__struct_fields__} for one in report.findings]
        print_json({"size": report.size, "is_sound": report.is_sound, "count": report.count, "findings": findings})
    elif report.is_sound:
        click.echo(f"sound: {report.size} entries")
    else:
        for one in report.findings:
            tell(f"{one.kind.value}: {visible(one.what)}")
        click.echo(f"NOT SOUND: {report.count} finding{'s' * (report.count != 1)} in {report.size} entries")
    return 0 if report.is_sound else IntegrityError.exit_code


@log.command(epilog="Example:\n\n  doseway log prove 1 --out packet-1.tlog-proof --store data")
@click.argument("index", type=click.IntRange(min=0))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the proof to a file.")
@store_option
def prove(index: int, *, out: Path | None, store: Path | None) -> int:
    """Prove that an entry is in the log (C2SP tlog-proof), for whoever holds the policy."""
    from doseway.app.logbook import reading  # noqa: PLC0415  # loads the log
    from doseway.ledger.durable import write_whole  # noqa: PLC0415
    from doseway.ledger.proof import format_proof  # noqa: PLC0415

    with reading(settings_at(store)) as one:
        data = format_proof(one.tlog_proof(index))
    if out is None:
        click.echo(data.decode(), nl=False)
    else:
        write_whole(out, data)
        say(f"Wrote {out}.")
    return 0


@log.command(epilog="Example:\n\n  doseway log checkpoint --store data")
@click.option("--cosigned", is_flag=True, help="The newest that witnesses have cosigned.")
@store_option
def checkpoint(*, cosigned: bool, store: Path | None) -> int:
    """Print the newest checkpoint: a signed note of origin, size and root."""
    from doseway.app.logbook import reading  # noqa: PLC0415  # loads the log

    with reading(settings_at(store)) as one:
        note = one.cosigned() if cosigned else one.checkpoint()
    if note is None:
        say("No checkpoint is cosigned yet: `doseway log cosign`.")
        return 1
    click.echo(note.decode(), nl=False)
    return 0


@log.command("export-tiles", epilog="Example:\n\n  doseway log export-tiles public --store data")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@store_option
def export_tiles(folder: Path, *, store: Path | None) -> int:
    """Write the log as files for any web server: checkpoint, tiles and entries. Run it again to bring it up to date."""
    from doseway.app.logbook import reading  # noqa: PLC0415  # loads the log
    from doseway.ledger.export import export  # noqa: PLC0415

    with reading(settings_at(store)) as one, progress_bar("Exporting") as progress:
        done = export(one, folder, one.origin, one.keys(), progress=progress)
    say(f"{folder} holds {done.size} entries: {done.written} files written, {done.kept} kept.")
    return 0


@log.command(epilog="Example:\n\n  doseway log serve --port 7381 --store data")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535))
@store_option
def serve(*, host: str, port: int, store: Path | None) -> int:
    """Serve the log over HTTP: /checkpoint and /tile/... It shows every fact to whoever can reach it."""
    from doseway.api.serve import serve as serve_app  # noqa: PLC0415  # loads the server
    from doseway.api.tiles import tiles_app  # noqa: PLC0415
    from doseway.app.logbook import reading  # noqa: PLC0415

    with reading(settings_at(store)) as one:
        serve_app(tiles_app(one), host=host, port=port, on_ready=lambda url: say(f"Log {one.origin} at {url}"))
    return 0


@log.command(epilog="Example:\n\n  doseway log cosign --store data")
@store_option
def cosign(store: Path | None) -> int:
    """Ask the policy's witnesses to cosign the newest checkpoint.

    Exit code: 0 the quorum is met, 1 not met, 5 a witness contradicts this log.
    """
    from doseway.app.logbook import writing  # noqa: PLC0415  # loads the log
    from doseway.app.witnessing import cosign as gather  # noqa: PLC0415

    settings = settings_at(store)
    with writing(settings) as sequencer:
        gathered = gather(settings, sequencer)
    for outcome in gathered.outcomes:
        tell(f"{outcome.witness}: {outcome.status}, {visible(outcome.detail)}")
    click.echo(f"quorum {'met' if gathered.is_met else 'NOT met'} for {gathered.checkpoint.size} entries")
    return 0 if gathered.is_met else 1


@log.command("rotate-key", epilog="Example:\n\n  doseway log rotate-key --reason 'yearly' --store data")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is logged.")
@store_option
def rotate_key(*, reason: str, store: Path | None) -> int:
    """Sign with a new key from here on. The first checkpoint that covers the change carries both signatures."""
    from doseway.app.rotation import rotate  # noqa: PLC0415  # loads the log

    rotated = rotate(settings_at(store), reason)
    click.echo(rotated.new_vkey)
    say(f"The log signs with a new key since entry {rotated.index}; the old one is kept as {rotated.old_key}.")
    say("Give the new key to your witnesses and to whoever holds a copy of the policy.")
    return 0


@log.command(epilog="Example:\n\n  doseway log erase 1 --reason 'request 17' --yes --store data")
@click.argument("packet", type=click.IntRange(min=0))
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is logged.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
def erase(packet: int, *, reason: str, yes: bool, store: Path | None) -> int:
    """Destroy the raw bytes of an entry for good. The entry stays, and every proof over it."""
    from doseway.app.logbook import writing  # noqa: PLC0415  # loads the log

    if not yes:
        click.confirm(f"Destroy the raw bytes of entry {packet} for good?", abort=True, err=True)
    with writing(settings_at(store)) as sequencer:
        receipt = sequencer.erase(packet, reason=reason, by="doseway log erase")
    say(f"Erased; logged as entry {receipt.index}.")
    return 0


@log.command("renew-anchor", epilog="Example:\n\n  doseway log renew-anchor --yes --store data")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
def renew_anchor(*, yes: bool, store: Path | None) -> int:
    """Accept the log as it is although its anchor is missing, after a full check, also against the witnesses.

    A missing anchor is what a rollback looks like: find out first why it is missing.
    """
    from doseway.app.verification import renew  # noqa: PLC0415  # loads the log

    if not yes:
        click.confirm("Is it known why the anchor is missing?", abort=True, err=True)
    report = renew(settings_at(store))
    say(f"The anchor is at {report.size} entries again.")
    return 0
