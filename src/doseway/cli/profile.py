"""`doseway profile`: the limits to judge with."""

from pathlib import Path

import rich_click as click

from doseway.cli.talk import print_json, tell, visible


@click.group()
def profile() -> None:
    """Limit profiles: which rules and limits a product is judged by, with their sources."""


@profile.command("list", epilog="Example:\n\n  doseway profile list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a profile on standard output (NDJSON).")
def list_profiles(*, as_json: bool) -> int:
    """List the built-in profiles."""
    from doseway.coldchain.profile import builtin, builtin_ids  # noqa: PLC0415  # loads the rules

    for name in builtin_ids():
        one = builtin(name)
        if as_json:
            print_json({"id": one.id, "title": one.title, "source": one.source, "confidence": one.confidence})
        else:
            click.echo(f"{one.id:<22} {one.title}")
    return 0


@profile.command(epilog="Example:\n\n  doseway profile show usp-cct > own.toml")
@click.argument("name", metavar="ID|FILE")
@click.option("--json", "as_json", is_flag=True, help="The limits as they are logged: integers in thousandths and ms.")
def show(name: str, *, as_json: bool) -> int:
    """Print a profile, ready to be saved as the start of your own. A file is checked first."""
    from doseway.app.inspecting import find_profile  # noqa: PLC0415  # loads the rules
    from doseway.coldchain.profile import builtin_ids, builtin_text, to_plain  # noqa: PLC0415

    found = find_profile(name)
    if as_json:
        print_json(to_plain(found))
    elif name in builtin_ids():
        click.echo(builtin_text(name), nl=False)
    else:
        click.echo(Path(name).read_text(encoding="utf-8"), nl=False)
    return 0


@profile.command("try", epilog="Example:\n\n  doseway profile try usp-cct examples/files/good-shipment.txt")
@click.argument("name", metavar="ID|FILE")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOGGER-FILE...")
@click.option("--zone", default="", metavar="ZONE", help="Zone of device times without one.")
def try_profile(name: str, paths: tuple[Path, ...], *, zone: str) -> int:
    """Say what a profile would find in files, beside what the limits set in the device find. Stores nothing."""
    from doseway.app.inspecting import files_under, how, inspect_file  # noqa: PLC0415  # loads the judge
    from doseway.app.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    tried = how(settings, profile=name, zone=zone)
    own = how(settings, zone=zone)
    findings = 0
    for path in files_under(paths):
        result, device = inspect_file(path, tried), inspect_file(path, own)
        findings += result.has_finding
        tell(f"{visible(path)}: {result.judgement.profile_id} {result.verdict.value}")
        for reason in result.proposal.reasons:
            tell(f"  • {reason}")
        click.echo(f"  ({device.judgement.profile_id}: {device.verdict.value})")
    return 1 if findings else 0
