"""Which columns of a table hold readings, and of what: by the words and units of the header, or of the cells."""

import re
from collections import Counter
from typing import Final

import msgspec

from doseway.intake.tables import words
from doseway.intake.tables.mapping import Column, TableMapping, ValueColumn
from doseway.intake.tables.values import is_missing, is_number, unit_in
from doseway.model.errors import FormatError, Place, UnitError, UsageError
from doseway.model.readings import Note, Quantity

_COUNTER: Final = re.compile(r"(#|no|nr|num(ber)?|index|id|records?|rows?|line|zeile|lfd.*|pos|n°|seq\w*)\.?")
_MOST_CHANNELS: Final = 32
HOW: Final = "Declare the columns with a table mapping (`time`, `values`, `unit`)."


class Value(msgspec.Struct, frozen=True):
    """A column of readings; an empty unit means that each cell gives its own."""

    index: int
    quantity: Quantity
    unit: str
    sensor: str


def cell_at(row: list[str], index: int | None) -> str:
    """Return a cell, empty where the row is shorter."""
    return row[index] if index is not None and index < len(row) else ""


def column_index(column: Column, header: list[str]) -> int | None:
    """Return the index of a declared column."""
    if isinstance(column, int):
        return column - 1 if column > 0 else None
    wanted = column.strip().casefold()
    return next((index for index, cell in enumerate(header) if cell.strip().casefold() == wanted), None)


class ColumnPicker:
    """Chooses the columns of readings.

    Args:
        header: empty where the table has none.
        data: rows of the sample.
        taken: the columns that tell the time.
        mapping: what the user declared.
    """

    def __init__(self, header: list[str], data: list[list[str]], taken: set[int | None], mapping: TableMapping) -> None:
        self._header = header
        self._data = data
        self._mapping = mapping
        self._taken = taken
        self._width = max(len(header), *map(len, data))
        self.notes: list[Note] = []

    def pick(self, where: Place) -> tuple[tuple[Value, ...], int | None]:
        """Return the columns of readings and the column that names the sensor."""
        sensor = self._sensor_column()
        if self._mapping.values:
            return tuple(self._declared(one, where) for one in self._mapping.values), sensor
        taken = {*self._taken, sensor}
        free = [index for index in range(self._width) if index not in taken]
        chosen = [
            (index, quantity)
            for index in free
            if (quantity := words.quantity_of(cell_at(self._header, index))) and self._is_numeric(index)
        ]
        if not chosen:
            chosen = self._by_content(free, where)
        values = tuple(self._value(index, quantity, where) for index, quantity in chosen)
        self._tell(values, free)
        return _distinct(values), sensor

    def _declared(self, one: ValueColumn, where: Place) -> Value:
        index = self._find(one.column)
        unit = words.unit_of(one.unit) if one.unit else ""
        if one.unit and not words.fits(unit, one.quantity):
            raise UsageError(f"{one.unit!r} is no unit of {one.quantity.value}")
        value = self._value(index, one.quantity, where, unit)
        return msgspec.structs.replace(value, sensor=one.sensor or value.sensor)

    def _find(self, column: Column) -> int:
        index = column_index(column, self._header)
        if index is None or index >= self._width:
            raise UsageError(f"the table has no column {column!r}")
        return index

    def _sensor_column(self) -> int | None:
        if self._mapping.sensor is not None:
            return self._find(self._mapping.sensor)
        for index, header in enumerate(self._header):
            if index in self._taken or not words.is_sensor(header):
                continue
            cells = {cell.strip() for cell in self._cells(index)}
            named = not any(is_number(cell) for cell in cells)
            numbered = all(cell.isdigit() for cell in cells) and len(cells) <= _MOST_CHANNELS
            if not words.unit_of(header) and (named or (numbered and self._others_are_named(index))):
                self.notes.append(Note("sensor-column", f"The column {header.strip()!r} names the sensor of each row."))
                return index
        return None

    def _others_are_named(self, sensor: int) -> bool:
        return any(words.quantity_of(header) for index, header in enumerate(self._header) if index != sensor)

    def _is_numeric(self, index: int) -> bool:
        return all(is_number(cell) or is_missing(cell) for cell in self._cells(index))

    def _cells(self, index: int) -> list[str]:
        return [cell_at(row, index) for row in self._data]

    def _by_content(self, free: list[int], where: Place) -> list[tuple[int, Quantity]]:
        """Choose columns of numbers whose header says nothing, if there is but one, or if their cells have units."""
        numeric = [
            index
            for index in free
            if self._is_numeric(index)
            and any(map(is_number, self._cells(index)))
            and not _COUNTER.fullmatch(words.plain(cell_at(self._header, index)))
            and (words.quantity_of(cell_at(self._header, index) or "t") is not None or not cell_at(self._header, index))
        ]
        with_units = [index for index in numeric if self._cell_unit(index) in {"C", "F", "K"}]
        chosen = with_units or numeric or [index for index in free if self._is_lone_number(index)]
        if not with_units and len(chosen) != 1:
            shown = ", ".join(repr(header.strip()) for header in self._header[:20]) or "none"
            raise FormatError(
                f"it is not clear which column holds the readings; the header has {shown}", hint=HOW, where=where
            )
        return [(index, Quantity.TEMPERATURE) for index in chosen]

    def _is_lone_number(self, index: int) -> bool:
        header = words.plain(cell_at(self._header, index))
        return self._is_numeric(index) and header in {"value", "wert", "valeur", "valor", "valore", "waarde", "reading"}

    def _value(self, index: int, quantity: Quantity, where: Place, unit: str = "") -> Value:
        header = cell_at(self._header, index)
        unit = unit or words.unit_of(header)
        unit = unit if words.fits(unit, quantity) else ""
        declared = words.unit_of(self._mapping.unit) if self._mapping.unit else ""
        if not unit and not self._cell_unit(index):
            unit = declared if words.fits(declared, quantity) else words.default_unit(quantity)
            if not unit:
                raise UnitError(
                    f"the column {header.strip() or index + 1!r} does not say its unit",
                    hint="Declare it: `unit` in the table mapping, such as °C, °F or K.",
                    where=where,
                )
        return Value(index, quantity, unit, _sensor_name(header) or f"column {index + 1}")

    def _cell_unit(self, index: int) -> str:
        return next((unit for cell in self._cells(index) if (unit := unit_in(cell))), "")

    def _tell(self, values: tuple[Value, ...], free: list[int]) -> None:
        told = ", ".join(
            f"{one.sensor!r} as {one.quantity.value} in {_shown(one.unit) if one.unit else 'the unit of each cell'}"
            for one in values
        )
        self.notes.append(Note("columns-detected", f"The columns were detected: {told}."))
        used = {one.index for one in values}
        ignored = [cell_at(self._header, index).strip() for index in free if index not in used]
        shown = ", ".join(repr(header) for header in ignored[:12] if header)
        if shown:
            self.notes.append(Note("columns-ignored", f"These columns are no readings that are judged: {shown}."))


def _shown(unit: str) -> str:
    return f"°{unit}" if unit in {"C", "F"} else unit


def _sensor_name(header: str) -> str:
    """Return a header without its unit: the sensor's name."""
    bare = re.sub(r"[(\[][^)\]]*[)\]]|[°º]\s*[CFcf]\b|%(\s*[rR]\.?[hHfF])?", " ", header)
    return " ".join(re.sub(r"[_ ]+[CFcf]$", "", bare.strip()).replace("_", " ").split())[:80]


def _distinct(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Give columns of one name and quantity their number, so that two sensors are not one."""
    counts = Counter((one.sensor, one.quantity) for one in values)
    return tuple(
        msgspec.structs.replace(one, sensor=f"{one.sensor} (column {one.index + 1})")
        if counts[one.sensor, one.quantity] > 1
        else one
        for one in values
    )
