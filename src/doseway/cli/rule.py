"""`doseway rule`: the rules there are, when one would have fired on history, and which can never fire."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import print_json, tell
from doseway.model.errors import UsageError

if TYPE_CHECKING:
    from doseway.app.trial import Trial, Where

TRY_EXAMPLE = """Examples:

  doseway rule try usp-cct/above-8 --set limit_c=7.5 examples/files/tarmac-excursion.txt

  doseway rule try light --set limit_lux=5 --shipment shp-0001 --store data
"""


@click.group()
def rule() -> None:
    """Rules: list and explain them, try one on history, and find those that can never fire."""


@rule.command("list", epilog="Example:\n\n  doseway rule list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a rule on standard output (NDJSON).")
def list_rules(*, as_json: bool) -> int:
    """List every rule: those of limit profiles (temperature), then those of watches (everything else)."""
    from doseway.app.books import SORTS  # noqa: PLC0415  # loads the rules
    from doseway.app.rule_words import explain  # noqa: PLC0415

    for kind, sort in SORTS.items():
        for name in sort.rule_names():
            one = explain(name)
            if as_json:
                print_json({"rule": name, "kind": kind, "version": one.version, "title": one.title})
            else:
                tell(f"{name:<20} {kind:<8} {one.title}")
    return 0


@rule.command("explain", epilog="Example:\n\n  doseway rule explain light")
@click.argument("name", metavar="RULE|BOOK|BOOK/ENTRY|FILE.toml")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a rule on standard output (NDJSON).")
def explain_rule(name: str, *, as_json: bool) -> int:
    """Say what a rule looks for, where its definition comes from, and its parameters with units and defaults.

    Of a rule book, or of an entry of one, say which limits it sets, and the clause that each comes from.
    """
    from doseway.app.rule_trials import entries_meant  # noqa: PLC0415  # loads the rules
    from doseway.app.rule_words import explain  # noqa: PLC0415
    from doseway.cli.rule_views import print_entry, print_explanation  # noqa: PLC0415

    entries = entries_meant(name)
    rules = dict.fromkeys([one.rule for one in entries] or [name])
    if as_json:
        for one in entries:
            print_json(one)
        for found in map(explain, () if entries else rules):
            print_json(found._asdict() | {"parameters": [one._asdict() for one in found.parameters]})
        return 0
    for one in entries:
        print_entry(one)
    for found in map(explain, rules if len(rules) == 1 else ()):
        print_explanation(found)
    return 0


@rule.command("lint", epilog="Example:\n\n  doseway rule lint shp-0001 --store data")
@click.argument("name", metavar="SHIPMENT|FILE.toml")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding on standard output (NDJSON).")
def lint_rules(name: str, *, store: Path | None, as_json: bool) -> int:
    """Say what is wrong with how a shipment is going to be watched, before it departs.

    Rules that can never fire in its phases, with its devices, on its way; rules that contradict each other; a plan
    later than the promise. SHIPMENT is one of the log's, FILE.toml the papers of one that is in no log yet.
    Exit code: 1 where somebody should look at something; remarks that may be by intent do not count.
    """
    from doseway.app.rule_trials import lint_papers, past_of  # noqa: PLC0415  # loads the rules
    from doseway.cli.rule_views import print_notes  # noqa: PLC0415

    if name.endswith(".toml"):
        notes = lint_papers(Path(name))
    else:
        with past_of(settings_at(store)) as past:
            notes = past.lint(name)
    if as_json:
        for one in notes:
            print_json(one)
    else:
        print_notes(name, notes)
    return 1 if any(not one.is_advice for one in notes) else 0


@rule.command("try", epilog=TRY_EXAMPLE)
@click.argument("name", metavar="RULE|BOOK|BOOK/ENTRY|FILE.toml")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE...]")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="A parameter changed: limit_c=7.5.")
@click.option("--shipment", default="", metavar="ID", help="Try it on a shipment of the log.")
@click.option("--device", default="", metavar="ID", help="Try it on what a device observed, wherever it was.")
@click.option("--from", "first", default="", metavar="TIME", help="Only what it would have found from then on.")
@click.option("--until", "last", default="", metavar="TIME", help="Only what it would have found up to then.")
@store_option
@click.option(
    "--papers",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE.toml",
    help="With files: the shipment's papers, its way, sites and devices.",
)
@click.option("--message", default="", metavar="FORMAT", help="The files hold messages of this format.")
@click.option("--zone", default="", metavar="ZONE", help="Zone of device times without one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a shipment on standard output (NDJSON).")
@click.option("--quiet", is_flag=True, help="Say nothing; the exit code tells.")
def try_rule(
    name: str,
    paths: tuple[Path, ...],
    *,
    changes: tuple[str, ...],
    shipment: str,
    device: str,
    first: str,
    last: str,
    store: Path | None,
    papers: Path | None,
    message: str,
    zone: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say when rules would have fired on history, and how that differs from what did fire. Stores nothing.

    The history is FILEs, or what the log knows: a shipment, a device, or all that was heard in a span of time.
    Files are compared with the same rules unchanged, else with the alarms set in the device or the standard watch; the
    log with the alerts that it has. Exit code: 1 where something would have fired.
    """
    from doseway.app.trial import Where  # noqa: PLC0415  # loads the rules
    from doseway.cli.rule_views import print_trials  # noqa: PLC0415

    where = Where(shipment=shipment, device=device, first_ms=_instant(first), last_ms=_instant(last))
    told = dict(map(_pair, changes))
    if paths:
        trials = [_on_files(name, told, paths, where, papers, message, zone)]
    else:
        trials = _on_log(name, told, where, store)
    if as_json:
        for one in trials:
            print_json(one)
    elif not quiet:
        print_trials(trials)
    return 1 if any(one.fired for one in trials) else 0


def _on_files(
    name: str,
    changes: dict[str, str],
    paths: tuple[Path, ...],
    where: "Where",
    papers: Path | None,
    message: str,
    zone: str,
) -> "Trial":
    from doseway.app.books import builtin  # noqa: PLC0415
    from doseway.app.file_trials import read_files  # noqa: PLC0415
    from doseway.app.inspecting import files_under, how  # noqa: PLC0415
    from doseway.app.logbook import SystemClock  # noqa: PLC0415
    from doseway.app.papers import read_papers  # noqa: PLC0415
    from doseway.app.rule_trials import rules_meant, try_on_files  # noqa: PLC0415
    from doseway.app.settings import load_settings  # noqa: PLC0415

    if where.shipment or where.device:
        raise UsageError("files are tried as one shipment", hint="Leave out --shipment and --device, or the files.")
    book, unchanged = rules_meant(name, changes, builtin)
    read = read_files(files_under(paths), how(load_settings(), zone=zone), message, SystemClock())
    return try_on_files(read, read_papers(papers) if papers else None, book, unchanged, where)


def _on_log(name: str, changes: dict[str, str], where: "Where", store: Path | None) -> "list[Trial]":
    from doseway.app.rule_trials import past_of, rules_meant  # noqa: PLC0415

    if not (where.shipment or where.device or where.first_ms is not None or where.last_ms is not None):
        hint = "Name files, or --shipment, --device, --from or --until for the log's."
        raise UsageError("which history should it be tried on?", hint=hint)
    with past_of(settings_at(store)) as past:
        book, _ = rules_meant(name, changes, past.book)
        return past.try_out(book, where)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is no change of a parameter", hint="Write --set limit_c=7.5.")
    return key.strip(), value


def _instant(text: str) -> int | None:
    from doseway.app.form_fields import read_instant  # noqa: PLC0415

    return read_instant(text) if text else None
