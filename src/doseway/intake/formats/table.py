"""Tables of readings: CSV, TSV, semicolons, XLSX; declared by a mapping, or detected and said so in notes.

    table = *preamble [header [units]] 1*row *footer
    row   = time *( reading | other )

Nothing is guessed in silence: delimiter, decimal sign, order of day and month, units, zone and columns are declared or
shown by the table itself, every choice is a note, and what stays open is refused with the way to declare it.
"""

from io import BytesIO
from typing import BinaryIO, Final

from doseway.intake.port import DecodeOptions, Format
from doseway.intake.tables.columns import Value
from doseway.intake.tables.layout import Layout, count_data, detect
from doseway.intake.tables.mapping import DateOrder, TableMapping, from_plain
from doseway.intake.tables.text import Rows, TextRows, sample
from doseway.intake.tables.times import TimeReader, date_parts
from doseway.intake.tables.values import NotANumber, ValueReader
from doseway.intake.tables.workbook import WorkbookRows
from doseway.intake.zones import Zone, check, offset_text, resolve
from doseway.model.errors import DataError, DosewayError, FormatError, Place, UnitError
from doseway.model.readings import Device, Note, Quantity, Recording, Series, SignatureCheck, SignatureStatus

_ZIP: Final = b"PK\x03\x04"
_DELIMITERS: Final = (";", "\t", ",", "|")
_MAX_SENSORS: Final = 1_000
_MOST_DAYS_OR_MONTHS: Final = 12
_SHOWN_FOOTERS: Final = 10
_UNSIGNED: Final = "A table carries no signature: nothing shows whether it was altered."


class _Table:
    """Reads the rows of one table into series."""

    def __init__(self, rows: Rows, layout: Layout, options: DecodeOptions, mapping: TableMapping) -> None:
        self._rows = rows
        self._layout = layout
        self._options = options
        self._zone_declared = mapping.zone or options.zone or layout.zone or None
        self.order = mapping.date_order or _date_order(rows, layout)
        self._times = TimeReader(self.order, layout.epoch)
        self._values = ValueReader(mapping.decimal)
        self._series: dict[tuple[str, Quantity], Series] = {}
        self._readings = 0
        self._unread: list[tuple[Place, str]] = []
        self.zone: Zone | None = None
        self._has_offsets = False
        self.notes: list[Note] = []

    def read(self) -> tuple[Series, ...]:
        """Read everything."""
        for row in self._rows:
            if self._rows.number >= self._layout.first and any(map(str.strip, row)):
                self._row(row)
        if not self._series:
            raise FormatError("no row could be read", where=Place(self._options.name))
        self._tell()
        return tuple(self._series.values())

    def _row(self, row: list[str]) -> None:
        layout = self._layout
        text = row[layout.time] if layout.time < len(row) else ""
        clock = row[layout.clock] if layout.clock is not None and layout.clock < len(row) else ""
        moment = self._times.read(text, clock)
        if moment is None:
            self._no_time(f"{text} {clock}".strip(), self._rows.place(row, layout.time))
            return
        if self._unread:
            where, what = self._unread[0]
            raise FormatError(f"{what[:40]!r} is not a time", hint="The row is damaged.", where=where)
        if layout.width is not None and any(map(str.strip, row[layout.width :])):
            raise FormatError(
                f"a row of {len(row)} cells in a table of {layout.width} columns",
                hint="Decimal commas between commas? Export with semicolons, or declare the columns.",
                where=self._rows.place(row, layout.width),
            )
        at_ms = self._instant(*moment, row)
        sensor = None
        if layout.sensor is not None:
            sensor = (row[layout.sensor].strip() if layout.sensor < len(row) else "") or "unnamed"
        for value in layout.values:
            self._reading(row, value, at_ms, sensor)

    def _reading(self, row: list[str], value: Value, at_ms: int, sensor: str | None) -> None:
        text = row[value.index] if value.index < len(row) else ""
        try:
            thousandths = self._values.read(text, value.unit, value.quantity)
        except (NotANumber, UnitError) as error:
            place = self._rows.place(row, value.index)
            kind = UnitError if isinstance(error, UnitError) else FormatError
            what, hint = (error.what, error.hint) if isinstance(error, DosewayError) else (str(error), "")
            raise kind(what, hint=hint, where=place) from error
        self._readings += 1
        if self._readings > self._options.max_readings:
            self._options.check_readings(self._readings, self._rows.place(row, value.index))
        name = value.sensor
        if sensor is not None:
            name = sensor if len(self._layout.values) == 1 else f"{sensor} {value.sensor}"
        series = self._series.get((name, value.quantity))
        if series is None:
            if len(self._series) >= _MAX_SENSORS:
                raise FormatError(f"more than {_MAX_SENSORS:,} sensors", where=self._rows.place(row, 0))
            series = self._series[name, value.quantity] = Series(name[:200], value.quantity)
        series.add(at_ms, thousandths)

    def _instant(self, at_ms: int, offset: int | None, row: list[str]) -> int:
        if self.zone is None:
            self._has_offsets = offset is not None
            self.zone = self._resolve(at_ms, offset)
        if (offset is not None) != self._has_offsets:
            place = self._rows.place(row, self._layout.time)
            raise FormatError("some times state their offset from UTC and others do not", where=place)
        return at_ms - (self.zone.offset_ms if offset is None else offset * 60_000)

    def _resolve(self, at_ms: int, offset: int | None) -> Zone:
        """Return the zone; times that state their own offset need none, and a declared one only shows them."""
        if offset is None:
            return resolve(self._zone_declared, at_ms)
        if self._zone_declared and self._layout.epoch:
            return resolve(self._zone_declared, at_ms)
        return Zone("UTC" if offset == 0 else offset_text(offset), offset)

    def _no_time(self, text: str, place: Place) -> None:
        """Refuse a damaged row; rows of words below the data are a footer, which is told."""
        if text[:1].isdigit():
            raise FormatError(
                f"{text[:40]!r} is not a time{self._order_hint()}", hint="The row is damaged.", where=place
            )
        if len(self._unread) < _SHOWN_FOOTERS:
            self._unread.append((place, text))

    def _order_hint(self) -> str:
        return f" when dates are read {self.order}" if self.order else ""

    def _tell(self) -> None:
        add = self.notes.append
        if self._layout.zone and self._layout.zone == self._zone_declared:
            add(Note("zone-from-header", f"The header says that times are at {self._layout.zone}."))
        if self._unread:
            lines = ", ".join(str(place.line) for place, _ in self._unread)
            add(Note("footer", f"Rows below the data without a time were left out: {lines}."))
        if self._times.has_short_years:
            add(Note("years-of-two-digits", "Years have two digits; they were read as 20yy."))
        if self._values.decimal == ",":
            add(Note("decimal-comma", "The table writes decimals with a comma."))
        if self._values.missing:
            add(Note("no-valid-reading", f"{self._values.missing:,} cells give no reading: unknown, not an excursion."))
        for what, count in self._values.sentinels.items():
            add(Note("sentinel", f"Cells with {what}: {count:,}. They are unknown, not an excursion."))
        if self._values.power_on:
            text = f"Cells with 85 °C, the power-on value of one-wire sensors: {self._values.power_on:,}. All kept."
            add(Note("power-on-value", text))


def _date_order(rows: Rows, layout: Layout) -> DateOrder | None:
    """Return which number of a date is the day, by evidence only; None where dates say it themselves.

    Raises:
        FormatError: no date of the table tells.
    """
    last, open_at = "", None
    for row in rows:
        if rows.number < layout.first or layout.time >= len(row) or layout.epoch:
            continue
        text = row[layout.time][:10]
        if text == last:
            continue
        last = text
        parts = date_parts(row[layout.time])
        if parts is None:
            continue
        if parts.is_known:
            return None
        if parts.sign == "." or parts.first > _MOST_DAYS_OR_MONTHS:
            return "day-first"
        if parts.second > _MOST_DAYS_OR_MONTHS:
            return "month-first"
        open_at = open_at or (rows.place(row, layout.time), text)
    if open_at is None:
        return None
    raise FormatError(
        f"{open_at[1]!r} may be day first or month first, and no date of the table tells which",
        hint="Declare `date_order` in the table mapping: day-first or month-first.",
        where=open_at[0],
    )


def _text_rows(stream: BinaryIO, options: DecodeOptions, mapping: TableMapping) -> TextRows:
    """Return the rows cut at the declared delimiter, or at the one that gives the most rows of data."""
    rows = TextRows(stream, options, encoding=mapping.encoding, delimiter=mapping.delimiter or _DELIMITERS[0])
    if mapping.delimiter:
        return rows
    best, most = rows, (0, 0)
    for delimiter in _DELIMITERS:
        candidate = rows.with_delimiter(delimiter)
        try:
            found = count_data(sample(candidate), mapping)
        except FormatError:
            continue  # this sign leaves a quotation open; another may not
        if found > most:
            best, most = candidate, found
    return best


def _rows(stream: BinaryIO, options: DecodeOptions, mapping: TableMapping) -> Rows:
    stream.seek(0)
    is_zip = stream.read(len(_ZIP)) == _ZIP
    stream.seek(0)
    return WorkbookRows(stream, options, sheet=mapping.sheet) if is_zip else _text_rows(stream, options, mapping)


class TableFormat:
    """Tables of readings."""

    id = "table"
    version = 1
    title = "table of readings (.csv, .tsv, .xlsx)"

    def matches(self, head: bytes, name: str) -> bool:
        """Recognise a workbook, a text named as a table, or any text whose first lines hold times and numbers."""
        lower = name.lower()
        if head.startswith(_ZIP):
            return lower.endswith(".xlsx") or b"[Content_Types].xml" in head or b"xl/" in head
        if not head or (b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00\x00" in head):
            return False
        if lower.endswith((".csv", ".tsv")):
            return True
        complete = head[: head.rfind(b"\n") + 1] or head
        try:
            rows = _text_rows(BytesIO(complete), DecodeOptions(), TableMapping())
            return count_data(sample(rows), TableMapping())[0] > 0
        except DataError:
            return False

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Detect the layout from the first rows, then read all; see `Format.decode`."""
        mapping = from_plain(options.mapping)
        check(mapping.zone)
        check(options.zone)
        rows = _rows(stream, options, mapping)
        layout = detect(sample(rows), mapping, options.name)
        table = _Table(rows, layout, options, mapping)
        series = table.read()
        zone = table.zone or resolve(None, None)
        order = () if table.order is None or mapping.date_order else (Note("date-order", _ORDER.format(table.order)),)
        return Recording(
            format=self.id,
            format_version=self.version,
            device=Device(serial=layout.serial),
            series=series,
            signature=SignatureCheck(status=SignatureStatus.UNSIGNED, note=_UNSIGNED),
            zone=zone.label,
            offset_minutes=zone.offset_minutes,
            notes=(*rows.notes, *layout.notes, *order, *zone.notes, *table.notes),
        )


_ORDER: Final = "Dates are written {}, as the dates of the table themselves show."
FORMAT: Final[Format] = TableFormat()
