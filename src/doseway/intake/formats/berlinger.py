r"""Berlinger Fridge-tag 2, 2 L, Ultra Low and Q-tag text exports.

    file = header *marker-row "Data:" CRLF column-line *row certificate "Sig Cert: " hex CRLF "Sig: " hex CRLF
    row  = TAB "yyyy-MM-dd hh:mm" TAB ( number | "--.-" ) [ TAB [ "x" ] ] CRLF

The header is an indented tree (`doseway.intake.berlinger.tree`). Times are device-local without a zone. `x` marks a
value strictly outside of the limits, and every row whose sensor was disconnected: such a row is *unknown*. A
Fridge-tag without a log gives its daily records only. The exact bytes are hashed as they stream by.
"""

import re
from typing import BinaryIO, Final

from doseway.intake.berlinger.claims import claims, settings
from doseway.intake.berlinger.signature import SignatureReader
from doseway.intake.berlinger.tree import Block, TreeReader, day_ms, value_of
from doseway.intake.lines import Lines
from doseway.intake.port import DecodeOptions, Format
from doseway.intake.zones import Zone, check, resolve
from doseway.model.errors import FormatError, UnitError
from doseway.model.readings import AlarmSetting, Device, Note, Quantity, Recording, Series
from doseway.model.units import HOUR_MS, INVALID, MINUTE_MS, SECOND_MS

_MARKS: Final = (b"Device: ", b"Fw Vers: ", b"Conf:", b" Serial: ")
_ENOUGH_MARKS: Final = 3
_COLUMNS: Final = b"\tyyyy-MM-dd hh:mm\tT\tOut of limits"
_ROW: Final = re.compile(
    rb"\t(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d)\t([+-]?\d{1,4}(?:\.\d{1,3})?|--\.-)(?:\t(x?))?\r?\n?"
)
_CELLS: Final = (rb"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d", rb"[+-]?\d{1,4}(\.\d{1,3})?|--\.-", rb"x?")
_SHOWN_MARKERS: Final = 10
_CACHE: Final = 20_000


class _Log:
    """The rows of the log as they stream by: readings, and what is odd about them."""

    def __init__(self, lines: Lines, options: DecodeOptions, sensor: str, limits: tuple[AlarmSetting, ...]) -> None:
        self.series = Series(sensor, Quantity.TEMPERATURE)
        self.zone: Zone | None = None
        self.first_local_ms: int | None = None
        self.notes: list[Note] = []
        self._lines = lines
        self._options = options
        self._days: dict[bytes, int] = {}
        self._values: dict[bytes, int] = {}
        self._low = max((one.limit_milli for one in limits if one.side == "low"), default=INVALID + 1)
        self._high = min((one.limit_milli for one in limits if one.side == "high"), default=-INVALID)
        self._has_limits = bool(limits)
        self._odd: dict[str, list[int]] = {"flags-disagree": [], "time-goes-back": []}
        self._counts = dict.fromkeys(self._odd, 0)
        self._last_ms = 0
        self._shift_ms = 0

    def row(self, line: bytes) -> None:
        """Take one row of the log."""
        found = _ROW.fullmatch(line)
        if found is None:
            raise self._broken(line)
        day, hour, minute, text, mark = found.groups()
        start = self._days.get(day)
        if start is None:
            start = self._days[day] = self._new_day(day)
        local = start + int(hour) * HOUR_MS + int(minute) * MINUTE_MS
        value = self._values.get(text)
        if value is None:
            value = self._values[text] = value_of(text.decode())
        if self.zone is None:
            self._begin(local)
        if local < self._last_ms:
            self._count("time-goes-back")
        self._last_ms = local
        is_out = value < self._low or value > self._high  # `--.-` is below every limit: the device flags it too
        if is_out != (mark == b"x") and self._has_limits:
            self._count("flags-disagree")
        self.series.add(local - self._shift_ms, value)
        if len(self.series) > self._options.max_readings:
            self._options.check_readings(len(self.series), self._lines.place())

    def finish(self) -> None:
        """Turn counts into notes."""
        texts = {
            "flags-disagree": "{} rows carry, or lack, the device's out-of-limits mark against its own limits.",
            "time-goes-back": "{} rows are earlier than the row before; readings are judged in the order of time.",
        }
        for code, text in texts.items():
            if self._counts[code]:
                where = f" First on line {self._odd[code][0]}."
                self.notes.append(Note(code, text.format(self._counts[code]) + where))
        invalid = self.series.value_milli.count(INVALID)
        if invalid:
            text = f"{invalid:,} rows have no temperature (`--.-`, probe disconnected): unknown, not an excursion."
            self.notes.append(Note("no-valid-reading", text))

    def _begin(self, local_ms: int) -> None:
        self.zone = resolve(self._options.zone, local_ms)
        self.first_local_ms = local_ms
        self._shift_ms = self.zone.offset_ms

    def _new_day(self, day: bytes) -> int:
        if len(self._days) > _CACHE or len(self._values) > _CACHE:  # only a forged file has as many
            self._days.clear()
            self._values.clear()
        start = day_ms(day.decode())
        if start is None:
            raise FormatError(f"{day.decode()} is no day of the calendar", where=self._lines.place(2))
        return start

    def _count(self, code: str) -> None:
        self._counts[code] += 1
        if not self._odd[code]:
            self._odd[code].append(self._lines.number)

    def _broken(self, line: bytes) -> FormatError:
        """Say which cell of a row is not what it should be."""
        column = 2
        cells = line.rstrip(b"\r\n").removeprefix(b"\t").split(b"\t")
        names = ("a time such as 2022-11-08 04:49", "a temperature such as 4.2 or --.-", "the mark x or nothing")
        for cell, pattern, what in zip(cells, _CELLS, names, strict=False):
            if not re.fullmatch(pattern, cell):
                return FormatError(
                    f"{cell[:40].decode('latin-1')!r} is not {what}",
                    hint="The row is damaged: ask for the original export.",
                    where=self._lines.place(column),
                )
            column += len(cell) + 1
        return FormatError(
            f"a row of {len(cells)} cells where the log has a time, a temperature and perhaps a mark",
            hint="The row is damaged: ask for the original export.",
            where=self._lines.place(1),
        )


class _Decoder:
    """Reads one file from its first line to its last."""

    def __init__(self, stream: BinaryIO, options: DecodeOptions) -> None:
        self._options = options
        self._lines = Lines(stream, options)
        self._tree = TreeReader(options.name)
        self._signature = SignatureReader()
        self._log: _Log | None = None
        self._markers: list[str] = []
        self._marker_count = 0

    def run(self) -> Recording:
        """Read everything and put the recording together."""
        open_block = ""
        for line in self._lines:
            self._signature.feed(line)
            if self._signature.is_complete:
                continue  # nothing after the signature is the device's; the outcome says so
            if line.startswith(b"\t"):
                self._table_row(open_block, line)
                continue
            opened = self._tree.feed(line, self._lines.place())
            open_block = opened or open_block
        return self._recording()

    def _table_row(self, block: str, line: bytes) -> None:
        if block == "Data" and self._log is not None:
            self._log.row(line)
        elif block == "Data":
            self._open_log(line)
        elif block == "Marker":
            self._marker(line)
        else:
            raise FormatError("a row of a table outside of `Data:` and `Marker:`", where=self._lines.place(1))

    def _open_log(self, line: bytes) -> None:
        if line.rstrip(b"\r\n") != _COLUMNS:
            raise FormatError(
                f"the log has the columns {line.strip()[:80].decode('latin-1')!r}, not time, T and `Out of limits`",
                hint="This layout is not known; please send the file to the project.",
                where=self._lines.place(1),
            )
        root = self._tree.root
        sensor = "external" if root.text("Ext Sensor") not in {"", "0"} else "internal"
        self._log = _Log(self._lines, self._options, sensor, settings(root.block("Conf"))[0])

    def _marker(self, line: bytes) -> None:
        cells = line.decode("latin-1").strip("\t\r\n").split("\t")
        if cells[0] == "Number":
            return
        self._marker_count += 1
        if len(self._markers) < _SHOWN_MARKERS:
            self._markers.append(" ".join(cells)[:80])

    def _recording(self) -> Recording:
        root, conf = self._tree.root, self._tree.root.block("Conf")
        self._check_complete(root)
        log = self._log
        if log is not None:
            log.finish()
        zone = log.zone if log and log.zone else resolve(self._options.zone, _activated(root))
        configured, setting_notes = settings(conf)
        delay_s, delay_notes = _start_delay(root, log.first_local_ms if log else None)
        interval = conf.row("Logging Interval").whole("Logging Interval")
        return Recording(
            format=FORMAT.id,
            format_version=FORMAT.version,
            device=Device(
                model=root.text("Device"),
                serial=conf.text("Serial"),
                firmware=root.text("Fw Vers"),
                lot=conf.text("Lot"),
            ),
            series=(log.series,) if log and len(log.series) else (),
            signature=self._signature.check(self._options.issuers),
            interval_s=interval * 60 if interval else None,
            zone=zone.label,
            offset_minutes=zone.offset_minutes,
            settings=configured,
            claims=claims(root, zone.offset_ms),
            start_delay_s=delay_s,
            notes=(*zone.notes, *setting_notes, *delay_notes, *(log.notes if log else ()), *self._other_notes(root)),
        )

    def _check_complete(self, root: Block) -> None:
        """Refuse what has neither a log nor daily records nor results, and values in a unit nobody has seen here."""
        unit = root.block("Conf").row("Temp unit")
        if unit.get("Temp unit") not in {"", "C"}:
            raise UnitError(
                f"the device is set to the unit {unit.get('Temp unit')!r}; only exports in °C are known",
                hint="Set the device to °C and export again, or send the file to the project.",
                where=unit.where("Temp unit"),
            )
        if self._log is None and not {"Hist", "Res"} & root.blocks.keys():
            raise FormatError(
                "the file ends before any log, result or daily record",
                hint="The export is incomplete: export it again.",
                where=self._lines.place(),
            )

    def _other_notes(self, root: Block) -> list[Note]:
        notes: list[Note] = []
        if self._log is None or not len(self._log.series):
            notes.append(Note("no-log", "The file has no log rows; only what the device claims can be shown."))
        errors = root.block("Errors").blocks
        if errors:
            codes = ", ".join(list(errors)[:_SHOWN_MARKERS])
            notes.append(Note("device-errors", f"The device recorded errors of its own: {codes}."))
        if self._marker_count:
            notes.append(Note("markers", f"{self._marker_count} markers were set: {'; '.join(self._markers)}."))
        return notes


def _activated(root: Block) -> int | None:
    """Return the device-local time at which recording began, as if it were UTC."""
    for block in ("Hist", "Res"):
        row = root.block(block).row("TS Actv")
        if row.get("TS Actv"):
            return row.local_ms("TS Actv")
    return None


def _start_delay(root: Block, first_local_ms: int | None) -> tuple[int, list[Note]]:
    """Return what is left of the configured delay at the first logged row.

    A Q-tag starts its log when the delay is over; applying it again would hide readings.
    """
    conf, result = root.block("Conf"), root.block("Res")
    key = "Start Delay" if "Res" in root.blocks else "Measurement delay"
    minutes = conf.row(key).whole(key) or 0
    triggered = result.row("TS Start Trig").local_ms("TS Start Trig") or _activated(root)
    if not minutes or first_local_ms is None or triggered is None:
        return 0, []
    left_ms = triggered + minutes * MINUTE_MS - first_local_ms
    if left_ms <= 0:
        text = f"The start delay of {minutes} min was over before the log began and is not applied again."
        return 0, [Note("start-delay-over", text)]
    return min(left_ms, minutes * MINUTE_MS) // SECOND_MS, []


class BerlingerFormat:
    """Berlinger Fridge-tag and Q-tag text exports."""

    id = "berlinger"
    version = 1
    title = "Berlinger Fridge-tag / Q-tag text export (.txt)"

    def matches(self, head: bytes, name: str) -> bool:  # noqa: ARG002  # the port's signature
        """Recognise the export by its first keys, even where one of them is damaged."""
        return sum(mark in head for mark in _MARKS) >= _ENOUGH_MARKS

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode and check the signature in one pass; see `Format.decode`."""
        check(options.zone)
        return _Decoder(stream, options).run()


FORMAT: Final[Format] = BerlingerFormat()
