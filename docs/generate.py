"""Writes the reference pages from the code: `python docs/generate.py`. A test fails when a page is out of date."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from doseway.app.settings import Settings
from doseway.cli.main import COMMANDS, cli
from doseway.coldchain import profile as profiles
from doseway.coldchain import registry as rules
from doseway.coldchain.terms import toml_key
from doseway.intake import registry as formats
from doseway.intake.tables import mapping
from doseway.model import errors, facts
from doseway.plan import schema

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
    meanings = _attributes(Settings)
    rows = (
        (f"`{field.name}`", f"`DOSEWAY_{field.name.upper()}`", f"`{_default(field)}`", meanings.get(field.name, ""))
        for field in msgspec.structs.fields(Settings)
    )
    module = __import__("doseway.app.settings", fromlist=["settings"])
    return f"# Settings\n\n{inspect.getdoc(module)}\n\n" + table(("name", "environment", "default", "meaning"), rows)


def _default(field: msgspec.structs.FieldInfo) -> str:
    return "" if field.default in (msgspec.NODEFAULT, None, ()) else str(field.default)


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
    return "\n".join(parts)


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
    "facts": fact_table,
    "errors": error_table,
    "network": network_table,
}


def page(name: str) -> str:
    """Return a page as it should be."""
    return NOTE + PAGES[name]().rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (REFERENCE / f"{name}.md").write_text(page(name), encoding="utf-8")
