"""Writes the reference pages from the code: `python docs/generate.py`. A test fails when a page is out of date."""

import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from doseway.api.app import make_app
from doseway.api.openapi import description
from doseway.app.accounts import Accounts
from doseway.app.board import Tower
from doseway.app.logbook import SystemClock
from doseway.app.settings import HttpSettings, NotifySettings, PlanSettings, Settings
from doseway.cli.main import COMMANDS, cli
from doseway.coldchain import profile as profiles
from doseway.coldchain import registry as rules
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.intake import message_registry as messages
from doseway.intake import registry as formats
from doseway.intake.door_settings import FolderSettings, MqttRoute, MqttSettings, TiveSettings
from doseway.intake.tables import mapping
from doseway.intake.wire import channels
from doseway.intake.wire import mapping as message_mapping
from doseway.model import errors, facts, watch
from doseway.model.terms import toml_key
from doseway.model.watching import WatchSpec
from doseway.notify import registry as notice_channels
from doseway.plan import schema

SETTINGS_TABLES: tuple[tuple[str, type[msgspec.Struct], str], ...] = (
    ("[doors.http]", HttpSettings, "DOSEWAY_DOORS__HTTP__"),
    ("[[doors.mqtt]]", MqttSettings, ""),
    ("routes of [[doors.mqtt]]", MqttRoute, ""),
    ("[[doors.tive]]", TiveSettings, ""),
    ("[[doors.folder]]", FolderSettings, ""),
    ("[notify]", NotifySettings, "DOSEWAY_NOTIFY__"),
    ("[plan]", PlanSettings, "DOSEWAY_PLAN__"),
)
REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code. Do not edit. -->\n"


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table; line breaks and bars in cells are made harmless."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    cells = ((" ".join(cell.split()).replace("|", "\\|") for cell in row) for row in rows)
    lines += ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join(lines) + "\n"


def first_paragraph(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def commands() -> str:
    """Describe every command as its `--help` does."""
    parts = ["# Commands\n", f"{first_paragraph(__import__('doseway.cli.main', fromlist=['main']))}\n"]
    parts.append(
        "Exit codes: 0 ok, 1 a finding, 2 usage, 3 data, 4 unavailable, 5 integrity; 70 a fault of Doseway itself,"
    )
    parts.append("130 stopped by the user, 141 the reader of the output went away.\n")
    context = click.Context(cli, info_name="doseway")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts.extend(_command(command, f"doseway {name}"))
    return "\n".join(parts)


def _command(command: click.Command, path: str) -> Iterator[str]:
    yield f"## `{path}`\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from (text.replace("## ", "### ", 1) for text in _command(command.commands[name], f"{path} {name}"))
        return
    rows = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            rows.append((f"`{parameter.human_readable_name}`", "argument"))
        elif isinstance(parameter, click.Option):
            names = ", ".join(parameter.opts)
            metavar = "" if parameter.is_flag else f" {parameter.metavar or parameter.type.name.upper()}"
            rows.append((f"`{names}{metavar}`", parameter.help or ""))
    if rows:
        yield table(("parameter", "meaning"), iter(rows))


def settings() -> str:
    """Describe the settings from their struct."""
    module = __import__("doseway.app.settings", fromlist=["settings"])
    parts = [f"# Settings\n\n{inspect.getdoc(module)}\n", _settings_table(Settings, "DOSEWAY_")]
    for title, kind, variable in SETTINGS_TABLES:
        parts += [f"## `{title}`\n", f"{first_paragraph(kind)}\n", _settings_table(kind, variable)]
    for name in notice_channels.names():
        one = notice_channels.by_id(name)
        kind = inspect.getmodule(type(one)).__dict__[f"{name.capitalize()}Options"]
        parts += [f"## `[notify.channels.{name}]`\n", f"{one.title}.\n", _settings_table(kind, "")]
    return "\n".join(parts)


def _settings_table(kind: type[msgspec.Struct], variable: str) -> str:
    """Describe one table; without a variable's prefix it is one of several, which the environment does not reach."""
    meanings = _attributes(kind)
    names = {name for _, table_kind, _ in SETTINGS_TABLES for name in (table_kind.__name__,)}
    rows = (
        (
            f"`{field.name}`",
            *([f"`{variable}{field.name.upper()}`"] if variable else []),
            f"`{_default(field)}`",
            meanings.get(field.name, ""),
        )
        for field in msgspec.structs.fields(kind)
        if getattr(field.type, "__name__", "") not in names and field.name != "doors"
    )
    head = ("name", "environment", "default", "meaning") if variable else ("name", "default", "meaning")
    return table(head, rows)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default in (msgspec.NODEFAULT, None, ()):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def _attributes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Read what the `Attributes:` section of a struct's docstring says of each of its fields."""
    section = " ".join((inspect.getdoc(kind) or "").partition("Attributes:\n")[2].split())
    fields = "|".join(field.name for field in msgspec.structs.fields(kind))
    parts = re.split(rf"(?:^| )((?:(?:{fields}), )*(?:{fields})): ", section)
    return {
        name: meaning.rstrip(" ;")
        for names, meaning in zip(parts[1::2], parts[2::2], strict=True)
        for name in names.split(", ")
    }


def format_table() -> str:
    """Describe the formats."""
    head = "# Formats\n\nWhat `doseway inspect` and `doseway import` read. The format is detected from the bytes.\n\n"
    rows = ((f"`{one.id}`", str(one.version), one.title) for one in formats.all_formats())
    parts = [head + table(("id", "version", "reads"), rows)]
    for one in formats.all_formats():
        module = inspect.getmodule(type(one))
        parts.append(f"## `{one.id}`\n\n{_literal(inspect.getdoc(module) or '')}\n")
    parts.append(f"## Declaring the columns of a table: `--mapping`\n\n{_literal(inspect.getdoc(mapping) or '')}\n")
    return "\n".join([*parts, *_message_formats()])


def _message_formats() -> Iterator[str]:
    """Describe the formats of live messages."""
    yield "## Message formats\n\nWhat trackers and platforms send live: `POST /ingest/ID`, and the other doors.\n"
    rows = ((f"`{one.id}`", str(one.version), one.title) for one in messages.all_formats())
    yield table(("id", "version", "reads"), rows)
    yield (inspect.getdoc(channels) or "").partition("\n\n")[2] + "\n"
    for one in messages.all_formats():
        module = inspect.getmodule(type(one))
        yield f"### Message `{one.id}`\n\n{_literal(inspect.getdoc(module) or '')}\n"
    yield f"### Declaring what is in a message\n\n{_literal(inspect.getdoc(message_mapping) or '')}\n"


def _literal(text: str) -> str:
    """Show a module docstring as it stands: wire layouts are drawn in it."""
    return f"```text\n{text}\n```"


def rule_table() -> str:
    """Describe the rules and their parameters."""
    parts = ["# Rules\n\nEach `[[rules]]` table of a profile names one of these. Limits are °C, times are seconds.\n"]
    for name in rules.names():
        rule = rules.rule(name)
        module = inspect.getmodule(type(rule))
        meanings = _attributes(rule.spec)
        rows = (
            (f"`{toml_key(field.name)}`", "" if field.required else f"`{field.default}`", meanings.get(field.name, ""))
            for field in msgspec.structs.fields(rule.spec)
            if field.name not in {"rule", "rule_version", "id", "title", "source", "notes", "effect"}
        )
        parts.append(f"## `{name}` version {rule.version}: {rule.title}\n\n{first_paragraph(module)}\n")
        parts.append(table(("parameter", "default (as stored: thousandths, ms)", "meaning"), rows))
    return "\n".join(parts)


def watch_table() -> str:
    """Describe the watch rules, their parameters, and the standard watch."""
    head = (
        "# Watch rules\n\nEach `[[rules]]` table of a watch names one of these. Every rule has `severity` (`info`,"
        " `warning`, `high`, `critical`) and\n`phases` (`planned`, `at-origin`, `in-transit`, `arrived`, `delivered`,"
        " `closed`; empty: all). Times are seconds, lengths metres.\n"
    )
    parts = [head]
    for name in watch.RULES.names():
        rule = watch.RULES.get(name)
        meanings = {key: value for kind in reversed(rule.spec.__mro__) for key, value in _meanings(kind).items()}
        rows = (
            (f"`{toml_key(field.name)}`", _stored(field), meanings.get(field.name, ""))
            for field in msgspec.structs.fields(rule.spec)
            if field.name not in WatchSpec.__struct_fields__
        )
        what = first_paragraph(inspect.getmodule(type(rule)))
        parts.append(f"## `{name}` version {rule.version}: {rule.title}\n\n{what}\n\nAfter: {rule.source}.\n")
        parts.append(table(("parameter", "default (as stored: thousandths, ms)", "meaning"), rows))
    parts.append(_standard_watch())
    return "\n".join(parts)


def _stored(field: msgspec.structs.FieldInfo) -> str:
    if field.required or field.default is None:
        return ""
    words = field.default if isinstance(field.default, tuple) else (field.default,)
    return f"`{', '.join(map(str, words))}`" if words else ""


def _meanings(kind: type) -> dict[str, str]:
    return _attributes(kind) if issubclass(kind, WatchSpec) else {}


def _standard_watch() -> str:
    """Show the rule set of a shipment that names none."""
    one = watch.builtin()
    head = f"## The watch `{one.id}`\n\n{one.title}. {one.notes}\n\n"
    rows = (
        (f"`{rule.id}`", rule.rule, rule.severity.value, ", ".join(rule.phases) or "all", rule.title, rule.source)
        for rule in one.rules
    )
    return head + table(("rule", "kind", "severity", "phases", "what", "source"), rows)


def profile_table() -> str:
    """Describe the built-in profiles."""
    parts = ["# Profiles\n\n`doseway profile show ID` prints the file.\n"]
    for name in profiles.builtin_ids():
        one = profiles.builtin(name)
        parts.append(f"## `{name}`: {one.title}\n\nSource: {one.source} ({one.confidence or 'own'}).\n\n{one.notes}\n")
        rows = ((f"`{rule.id}`", rule.rule, rule.effect.value, rule.title, rule.source) for rule in one.rules)
        parts.append(table(("rule", "kind", "effect", "what", "source"), rows))
    return "\n".join(parts)


def fact_table() -> str:
    """Describe the closed list of facts."""
    parts = [f"# Facts\n\n{inspect.getdoc(facts)}\n"]
    for name, body in sorted(facts.BODIES.items()):
        fields = ", ".join(f"`{field}`" for field in body.__struct_fields__)
        parts.append(f"## `{name}` v{body.VERSION}\n\n{inspect.getdoc(body)}\n\nMembers: {fields}.\n")
    return "\n".join(parts)


def error_table() -> str:
    """Describe the errors."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DosewayError)]
    rows = ((f"`{kind.code}`", str(kind.exit_code), kind.retry, first_paragraph(kind)) for kind in kinds)
    return "# Errors\n\n" + table(("code", "exit code", "try again", "meaning"), rows)


def network_table() -> str:
    """Describe the tables of a network."""
    head = "# Tables of a network\n\nA folder with one CSV for each table, or one XLSX with a sheet for each."
    head += " Keys are bold. Money is in the row's currency.\n\n"
    return head + schema.reference().removeprefix("# Tables of the network\n").lstrip()


PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "formats": format_table,
    "rules": rule_table,
    "profiles": profile_table,
    "watch-rules": watch_table,
    "facts": fact_table,
    "errors": error_table,
    "network": network_table,
}


def page(name: str) -> str:
    """Return a page as it should be."""
    return NOTE + PAGES[name]().rstrip() + "\n"


def openapi() -> str:
    """Return the description of the API as it is checked in, `reference/openapi.json`."""
    with tempfile.TemporaryDirectory() as folder:
        accounts = Accounts(SqliteAccounts(Path(folder) / "accounts.sqlite"), SystemClock())
        nothing: Any = None  # the description is made from the routes, and asks no tower
        tower = Tower(board=Nowhere(), desk=nothing, changes=nothing, archive=nothing)
        return json.dumps(description(make_app(tower, accounts)), indent=1, ensure_ascii=False) + "\n"


class Nowhere:
    """A board that nobody reads."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: 0


if __name__ == "__main__":
    (REFERENCE / "openapi.json").write_text(openapi(), encoding="utf-8")
    for name in PAGES:
        (REFERENCE / f"{name}.md").write_text(page(name), encoding="utf-8")
