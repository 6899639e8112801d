"""Rules in words: an entry's parameters with their units, what a rule's worst value measures, and what a rule is."""

import inspect
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from doseway.app.books import SORTS, builtin, sort_of_rule
from doseway.model.documents import ProfileBook
from doseway.model.readings import Quantity
from doseway.model.rulebook import Entry, entry_table
from doseway.model.terms import outside, toml_key, words_of
from doseway.model.units import SECOND_MS, decimal_text
from doseway.model.wording import duration

_UNITS: Final[Mapping[str, str]] = {
    "c": "°C",
    "percent": "%",
    "lux": "lx",
    "g": "g",
    "degree": "°",
    "m": "m",
    "kmh": "km/h",
    "s": "s",
    "mol": "kJ/mol",
}
_MEASURES: Final[Mapping[str, Quantity]] = {
    "battery": Quantity.BATTERY,
    "door_open": Quantity.LIGHT,
    "humidity": Quantity.HUMIDITY,
    "light": Quantity.LIGHT,
    "shock": Quantity.SHOCK,
    "tilt": Quantity.TILT,
}
_VALUE_UNITS: Final[Mapping[Quantity, str]] = {
    Quantity.TEMPERATURE: "°C",
    Quantity.BATTERY: "%",
    Quantity.HUMIDITY: "%",
    Quantity.LIGHT: "lx",
    Quantity.SHOCK: "g",
    Quantity.TILT: "°",
}
_HEAD: Final = frozenset({"rule", "id", "title", "source", "notes"})
_TOLD: Final = frozenset({"effect", "severity", "phases"})


class Meaning(NamedTuple):
    """One parameter of a rule: its key, its unit, its default as it would be typed, its words, and what it means."""

    key: str
    unit: str
    default: str
    is_needed: bool
    words: tuple[str, ...]
    text: str


class Explanation(NamedTuple):
    """What a rule is.

    Attributes:
        kind: of the books that hold it. text: its definition. source: where that comes from.
        needs: what it cannot do without, in the words of the linter.
    """

    rule: str
    kind: str
    version: int
    title: str
    text: str
    source: str
    needs: tuple[tuple[str, ...], ...]
    parameters: tuple[Meaning, ...]


def explain(rule: str) -> Explanation:
    """Return what a rule is, from its code. Raises UsageError where there is none of that name."""
    kind = sort_of_rule(rule)
    found: Any = SORTS[kind].rule(rule, "")
    meanings = {name: text for part in reversed(found.spec.__mro__) for name, text in _attributes(part).items()}
    module = inspect.getmodule(type(found))
    return Explanation(
        rule=rule,
        kind=kind,
        version=found.version,
        title=found.title,
        text=inspect.getdoc(module) or "",
        source=getattr(found, "source", ""),
        needs=getattr(found, "needs", (("temperature",),) if kind == ProfileBook.KIND else ()),
        parameters=tuple(
            _meaning(field, meanings.get(field.name, ""))
            for field in msgspec.structs.fields(found.spec)
            if field.name not in _HEAD and field.name != "rule_version"
        ),
    )


def sources_of(rule: str) -> Iterator[tuple[str, str]]:
    """Yield (book/entry, clause) of the built-in books that use a rule: where the limits there come from."""
    kind = sort_of_rule(rule)
    for name in SORTS[kind].shelf.ids():
        entries = (one for one in builtin(kind, name).rules if one.rule == rule and one.source)
        yield from ((f"{name}/{one.id}", one.source) for one in entries)


def terms_of(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return the parameters of an entry that are not left at their default, each with its unit."""
    return tuple((plain_key(key), written(key, value)) for key, value in entry_table(entry).items() if key not in _HEAD)


def limits_text(limits: Mapping[str, Any]) -> str:
    """Write the parameters of a logged entry as they would be typed: `side high, limit_c 8, raise_after_s 1800`."""
    spec = SORTS[sort_of_rule(str(limits["rule"]))].rule(str(limits["rule"]), "").spec
    entry: Entry = msgspec.convert(dict(limits), spec)
    left_out = _HEAD | _TOLD
    return ", ".join(f"{key} {_typed(value)}" for key, value in entry_table(entry).items() if key not in left_out)


def quantity_of(rule: str) -> Quantity | None:
    """Return what the worst value of a rule's findings measures; None for rules without values."""
    if rule in SORTS[ProfileBook.KIND].rule_names():
        return Quantity.TEMPERATURE
    return _MEASURES.get(rule)


def value_text(rule: str, value_milli: int | None) -> str:
    """Write the worst value of a finding; empty where there is none."""
    quantity = quantity_of(rule)
    if value_milli is None or quantity is None:
        return ""
    return f"{decimal_text(value_milli)} {_VALUE_UNITS[quantity]}"


def written(key: str, value: Any) -> str:
    """Write a parameter's value with its unit; times as people say them."""
    unit = unit_of(key)
    if unit == "s" and isinstance(value, int | Decimal):
        return duration(int(value * SECOND_MS))
    return f"{_typed(value)} {unit}".rstrip()


def unit_of(key: str) -> str:
    """Return the unit of a TOML key, from its last word; empty where it has none."""
    return _UNITS.get(key.rpartition("_")[2], "") if "_" in key else ""


def _meaning(field: msgspec.structs.FieldInfo, text: str) -> Meaning:
    key = toml_key(field.name)
    default = "" if field.required else default_text(field)
    return Meaning(key, unit_of(key), default, field.required, words_of(field.type), text)


def default_text(field: msgspec.structs.FieldInfo) -> str:
    """Write the default of a parameter as it would be typed; empty for none."""
    if field.default in (None, "", (), msgspec.NODEFAULT):
        return ""
    holder = msgspec.defstruct("Holder", [(field.name, Any)])(field.default)
    return _typed(next(iter(outside(holder).values())))


def plain_key(key: str) -> str:
    """Return a TOML key in words, without its unit: `raise_after_s` is `raise after`."""
    unit = unit_of(key)
    return (key.rpartition("_")[0] if unit else key).replace("_", " ")


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(getattr(value, "value", value))


_SECTION: Final = "Attributes:\n"


def _attributes(kind: type) -> dict[str, str]:
    """Read what the `Attributes:` section of a struct's docstring says of each of its fields."""
    names = getattr(kind, "__struct_fields__", ())
    section = " ".join((inspect.getdoc(kind) or "").partition(_SECTION)[2].split())
    if not names or not section:
        return {}
    fields = "|".join(names)
    parts = re.split(rf"(?:^| )((?:(?:{fields}), )*(?:{fields})): ", section)
    return {
        name: meaning.rstrip(" ;")
        for names_text, meaning in zip(parts[1::2], parts[2::2], strict=True)
        for name in names_text.split(", ")
    }
