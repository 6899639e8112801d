"""Which column is what: detected from the first rows, unless declared. Every guess becomes a note."""

import re
from collections import Counter
from typing import Final, NamedTuple

import msgspec

from doseway.intake.tables import words
from doseway.intake.tables.columns import HOW, ColumnPicker, Value, cell_at, column_index
from doseway.intake.tables.mapping import TableMapping
from doseway.intake.tables.times import epoch_unit, kind_of
from doseway.intake.tables.values import is_missing, is_number
from doseway.model.errors import FormatError, Place, UsageError
from doseway.model.readings import Note

Sample = list[tuple[int, list[str]]]
_EPOCH_FROM: Final = 946_684_800  # 2000-01-01; serial numbers must not pass as times
_EPOCH_TO: Final = 4_102_444_800  # 2100-01-01
_SERIAL: Final = re.compile(
    r"(?:serial(?: ?(?:number|no|nr))?|s/n|seriennummer|numero de serie|n° de serie|numero di serie|serienummer"
    r"|logger id|device id)\.? ?[:=]? *([\w.-]{3,40})?",
    re.IGNORECASE,
)
_HEADER_CELLS: Final = 2
_MAX_COLUMNS: Final = 1_024
_MAX_CELL: Final = 200  # what is looked at of a cell, so that no header costs time


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything stands in a table.

    Attributes:
        first: the number of the first row of data.
        width: the number of columns; a row with more filled cells is damaged. None where the user knows better.
        time, clock: the column of the time, and of the time of day where it is separate.
        epoch: `s` or `ms` where times count from 1970.
        zone: the offset that the header states, empty for none.
        sensor: the column that names the sensor of each row.
        serial: the device's serial number, from the lines above the header.
    """

    first: int
    width: int | None
    time: int
    clock: int | None
    epoch: str
    zone: str
    values: tuple[Value, ...]
    sensor: int | None
    serial: str
    notes: tuple[Note, ...]


class TimeColumns(NamedTuple):
    """The columns that tell the time, and how."""

    time: int
    clock: int | None
    epoch: str


def count_data(sample: Sample, mapping: TableMapping) -> tuple[int, int]:
    """Return how many rows look like data when cut this way, and how many cells they have: to choose a delimiter."""
    try:
        sample = _cut(sample)
        header = _declared_header(sample, mapping)
        found = _data_rows(sample, header, mapping)
    except (UsageError, FormatError):
        return 0, 0
    return len(found[1]), max((len(row) for _, row in found[1]), default=0)


def detect(sample: Sample, mapping: TableMapping, name: str) -> Layout:
    """Find out which column is what.

    Raises:
        FormatError: no row has a time and a number, or no column can be told to be readings.
        UnitError: a column of temperatures has no unit.
        UsageError: a declared column does not exist.
    """
    sample = _cut(sample)
    widest = max(sample, key=lambda numbered: len(numbered[1]), default=(1, []))
    if len(widest[1]) > _MAX_COLUMNS:
        raise FormatError(f"more than {_MAX_COLUMNS:,} columns", where=Place(name, widest[0]))
    header_row = _declared_header(sample, mapping)
    columns, data = _data_rows(sample, header_row, mapping)
    if columns is None or not data:
        raise FormatError(
            "no row has a date, a time of day and a number", hint=HOW, where=Place(name, sample[0][0] if sample else 1)
        )
    first = data[0][0]
    header, above = _header(sample, header_row, first, columns)
    picker = ColumnPicker(header, [row for _, row in data], {columns.time, columns.clock}, mapping)
    values, sensor = picker.pick(Place(name, first))
    return Layout(
        first=first,
        width=None if mapping.values else len(header) or max(len(row) for _, row in data),
        time=columns.time,
        clock=columns.clock,
        epoch=mapping.epoch or columns.epoch,
        zone=words.zone_in(cell_at(header, columns.time)) or words.zone_in(cell_at(header, columns.clock)),
        values=values,
        sensor=sensor,
        serial=_serial(above),
        notes=tuple(picker.notes),
    )


def _cut(sample: Sample) -> Sample:
    return [(number, [cell[:_MAX_CELL] for cell in row]) for number, row in sample]


def _declared_header(sample: Sample, mapping: TableMapping) -> tuple[int, list[str]] | None:
    """Return the header row that the mapping points at: by its line, or by the names that it declares."""
    if mapping.header_line is not None:
        for number, row in sample:
            if number == mapping.header_line:
                return number, row
        raise UsageError(f"the table has no line {mapping.header_line} to be its header")
    declared = [mapping.time, mapping.date, mapping.clock, mapping.sensor, *(one.column for one in mapping.values)]
    named = [column for column in declared if isinstance(column, str)]
    if not named:
        return None
    for number, row in sample:
        if all(column_index(column, row) is not None for column in named):
            return number, row
    raise UsageError(
        f"no line of the table has the columns {', '.join(map(repr, named))}", hint="Check their spelling."
    )


def _data_rows(
    sample: Sample, header: tuple[int, list[str]] | None, mapping: TableMapping
) -> tuple[TimeColumns | None, Sample]:
    """Return the columns of time that most rows agree on, and the rows that have them."""
    names = header[1] if header else []
    start = header[0] if header else 0
    found = [(number, row, _time_columns(row, names, mapping)) for number, row in sample if number > start]
    counts = Counter(columns for _, _, columns in found if columns)
    plain = {columns: count for columns, count in counts.items() if not columns.epoch}
    if not counts:
        return None, []
    # A count of seconds is believed only where no row has a written time: serial numbers look like one.
    best = max(plain or counts, key=lambda columns: (counts[columns], -columns.time))
    return best, [(number, row) for number, row, columns in found if columns == best]


def _time_columns(row: list[str], names: list[str], mapping: TableMapping) -> TimeColumns | None:
    columns = _declared_time(names, mapping)
    if columns is None:
        kinds = [kind_of(cell) for cell in row[:64]]
        if "full" in kinds:
            columns = TimeColumns(kinds.index("full"), None, "")
        elif "date" in kinds and "clock" in kinds:
            columns = TimeColumns(kinds.index("date"), kinds.index("clock"), "")
        else:
            columns = next((one for one in map(_epoch_column, range(len(kinds)), kinds, row) if one), None)
    elif not _has_time(row, columns, mapping):
        return None
    if columns is None:
        return None
    others = [cell for index, cell in enumerate(row) if index not in {columns.time, columns.clock}]
    has_reading = any(is_number(cell) for cell in others) or (bool(others) and all(map(is_missing, others)))
    return columns if has_reading else None


def _declared_time(names: list[str], mapping: TableMapping) -> TimeColumns | None:
    time, clock = (mapping.time, None) if mapping.time is not None else (mapping.date, mapping.clock)
    if time is None:
        return None
    index = column_index(time, names)
    clock_index = None if clock is None else column_index(clock, names)
    if index is None or (clock is not None and clock_index is None):
        raise UsageError(f"the table has no column {time!r} or {clock!r}")
    return TimeColumns(index, clock_index, mapping.epoch or "")


def _has_time(row: list[str], columns: TimeColumns, mapping: TableMapping) -> bool:
    kinds = (kind_of(cell_at(row, columns.time)), kind_of(cell_at(row, columns.clock)))
    if mapping.epoch:
        return kinds[0] == "epoch"
    return kinds == ("date", "clock") if columns.clock is not None else kinds[0] == "full"


def _epoch_column(index: int, kind: str, cell: str) -> TimeColumns | None:
    if kind != "epoch":
        return None
    unit = epoch_unit(cell)
    seconds = int(re.split(r"[.,]", cell.strip())[0]) // (1000 if unit == "ms" else 1)
    return TimeColumns(index, None, unit) if _EPOCH_FROM <= seconds < _EPOCH_TO else None


def _header(
    sample: Sample, declared: tuple[int, list[str]] | None, first: int, columns: TimeColumns
) -> tuple[list[str], list[list[str]]]:
    """Return the header, a row of units below it joined in, and the rows above."""
    above = [row for number, row in sample if number < first and any(cell.strip() for cell in row)]
    if declared is not None:
        return declared[1], [row for number, row in sample if number < declared[0]]
    if not above or not _is_header(above[-1], columns):
        return [], above
    header = above.pop()
    cells = [cell for cell in header if cell.strip()]
    if above and _is_header(above[-1], columns) and all(words.unit_of(cell) or len(cell) < 3 for cell in cells):  # noqa: PLR2004  # a row of units
        names = above.pop()
        width = max(len(names), len(header))
        header = [f"{cell_at(names, index)} {cell_at(header, index)}".strip() for index in range(width)]
    return header, above


def _is_header(row: list[str], columns: TimeColumns) -> bool:
    filled = [cell for cell in row if cell.strip()]
    if kind_of(cell_at(row, columns.time)) or (len(filled) < _HEADER_CELLS and not words.unit_of(" ".join(filled))):
        return False
    return not any(is_number(cell) and not words.unit_of(cell) for cell in filled) or words.is_time(
        cell_at(row, columns.time)
    )


def _serial(above: list[list[str]]) -> str:
    """Return the device's serial number from the lines above the header, empty where they do not say it."""
    for row in above:
        for index, cell in enumerate(row):
            found = _SERIAL.fullmatch(words.plain(cell))
            if found:
                # the pattern sees folded text; the number is taken from the cell as written
                return cell.strip()[-len(found[1]) :] if found[1] else cell_at(row, index + 1).strip()[:40]
    return ""
