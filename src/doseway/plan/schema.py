"""The schema of the network's tables: one file that makes the validation, the documentation and the templates.

`network_schema.csv` has a line for each attribute: table, attribute, key, required, type, unit, default, description.
Everything that knows about attributes reads it; nothing repeats it.
"""

import csv
import io
from functools import cache
from importlib import resources

import msgspec

from doseway.model.errors import UsageError


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One column of one table.

    Attributes:
        is_key: part of what names the row; two rows with equal keys contradict each other.
        type: `text`, `number`, `nonnegative`, `positive`, `share`, `yield`, `date`, `yes/no`, `choice:a|b` or
            `ref:table.attribute|table.attribute`.
        unit: words for humans, such as `money/unit/day`; `money` is in the row's currency.
        default: the text that a blank cell stands for; "" leaves it empty.
    """

    table: str
    name: str
    is_key: bool
    is_required: bool
    type: str
    unit: str
    default: str
    description: str

    @property
    def is_numeric(self) -> bool:
        """Whether its values are kept as numbers: dates are day ordinals, yes/no is 1 or 0."""
        return self.type in {"number", "nonnegative", "positive", "share", "yield", "date", "yes/no"}

    @property
    def is_money(self) -> bool:
        """Whether its values are money, in the row's currency."""
        return self.unit.startswith("money") and self.table != "currencies"

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed; empty unless the type is a choice."""
        kind, _, words = self.type.partition(":")
        return tuple(words.split("|")) if kind == "choice" else ()

    @property
    def references(self) -> tuple[tuple[str, str], ...]:
        """The (table, attribute) pairs of which one must hold the value; empty unless it refers."""
        kind, _, targets = self.type.partition(":")
        if kind != "ref":
            return ()
        return tuple((table, name) for table, _, name in (target.partition(".") for target in targets.split("|")))


@cache
def schema() -> dict[str, dict[str, Attribute]]:
    """Return table → attribute name → attribute, both in the order of the file."""
    text = resources.files("doseway.plan").joinpath("network_schema.csv").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Attribute]] = {}
    for line in csv.DictReader(io.StringIO(text)):
        attribute = Attribute(
            table=line["table"],
            name=line["attribute"],
            is_key=line["key"] == "yes",
            is_required=line["required"] == "yes",
            type=line["type"],
            unit=line["unit"],
            default=line["default"],
            description=line["description"],
        )
        tables.setdefault(attribute.table, {})[attribute.name] = attribute
    return tables


def attributes(table: str) -> dict[str, Attribute]:
    """Return the attributes of a table.

    Raises:
        UsageError: there is no such table.
    """
    try:
        return schema()[table]
    except KeyError as error:
        raise UsageError(f"there is no table {table!r}", hint=f"There are: {', '.join(schema())}.") from error


def template(table: str) -> str:
    """Return an empty CSV of a table: its header only."""
    return ",".join(attributes(table)) + "\n"


def reference() -> str:
    """Return the reference of all tables as Markdown."""
    lines = ["# Tables of the network", ""]
    for table, columns in schema().items():
        lines += [
            f"## {table}",
            "",
            "| attribute | type | unit | default | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_markdown_row(column) for column in columns.values()]
        lines.append("")
    return "\n".join(lines)


def _markdown_row(column: Attribute) -> str:
    """Return one attribute as a row of a Markdown table; keys are bold."""
    name = f"**{column.name}**" if column.is_key else column.name
    default = "required" if column.is_required else column.default
    kind = column.type.replace("|", r"\|")
    return f"| {name} | {kind} | {column.unit} | {default} | {column.description} |"
