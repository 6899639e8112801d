"""What a user may declare about a table; everything that is not declared is detected, and said in notes.

[table]                              # an example
time = "Zeitstempel"                 # or date = "Datum" and clock = "Uhrzeit"; a number counts columns from 1
date_order = "day-first"             # or month-first, year-first
decimal = ","
zone = "+01:00"
[[table.values]]
column = "Fühler 1"
unit = "°C"
sensor = "probe"
"""

import tomllib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from doseway.model.errors import UsageError
from doseway.model.readings import Quantity

Column = str | int
"""A column by its header, or by its number from 1."""
DateOrder = Literal["day-first", "month-first", "year-first"]


class ValueColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of readings: what it measures, in which unit, and the sensor's name (else its header)."""

    column: Column
    quantity: Quantity = Quantity.TEMPERATURE
    unit: str = ""
    sensor: str = ""


class TableMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The declared layout of a table.

    Attributes:
        time: the column of date and time together, or of seconds or milliseconds since 1970 with `epoch`.
        date, clock: two columns instead.
        values: the columns of readings; sensor: the column that names the sensor of each row.
        unit: the unit of all value columns that do not declare their own.
        header_line: the line of the header, from 1; data begins after it.
        sheet: the worksheet's name.
    """

    time: Column | None = None
    date: Column | None = None
    clock: Column | None = None
    epoch: Literal["s", "ms"] | None = None
    date_order: DateOrder | None = None
    values: tuple[ValueColumn, ...] = ()
    sensor: Column | None = None
    unit: str = ""
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    zone: str | None = None


def from_plain(plain: Mapping[str, Any] | None) -> TableMapping:
    """Read a mapping from a dict; a `table` member is taken as the mapping.

    Raises:
        UsageError: it has an unknown key or a wrong value; names it.
    """
    if plain is None:
        return TableMapping()
    inner = plain.get("table", plain)
    try:
        mapping = msgspec.convert(dict(inner), TableMapping)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        known = ", ".join(TableMapping.__struct_fields__)
        raise UsageError(f"the table mapping is wrong: {error}", hint=f"Its keys are: {known}.") from error
    if mapping.delimiter is not None and len(mapping.delimiter) != 1:
        raise UsageError("the table mapping is wrong: `delimiter` is one sign", hint='Use "\\t" for a tab.')
    return mapping


def from_toml(data: bytes, source: str) -> TableMapping:
    """Read a mapping from the bytes of a TOML file. Raises as `from_plain` does."""
    try:
        return from_plain(tomllib.loads(data.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{source} is no TOML: {error}") from error
