"""SenML JSON (RFC 8428): an array of flat records, resolved against base name, time, unit and value.

    pack   = "[" record *( "," record ) "]"
    record = { ["bn"], ["bt"], ["bu"], ["bv"], ["bver"], ["n"], ["u"], ["v" | "vs" | "vb" | "vd"], ["s"], ["t"] }

Base fields hold until a later record changes them (4.1). A time below 2^28 is relative to the arrival (4.5.3). Records
are decoded one at a time, so a pack may have any size; a record is flat, so nothing nests.
"""

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from typing import Any, BinaryIO, Final, NoReturn

from doseway.intake.port import EARLIEST_MS, LATEST_MS, DecodeOptions, Format
from doseway.intake.zones import check, resolve
from doseway.model.errors import FormatError, Place, UnitError
from doseway.model.readings import Device, Note, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import milli, milli_from_kelvin

_CHUNK: Final = 64 * 1024
_RECORD: Final = re.compile(rb'\{[^{}"]*+(?:"(?:[^"\\]|\\.)*+"[^{}"]*+)*+\}', re.DOTALL)
_SPACE: Final = b" \t\r\n"
_SPACES: Final = re.compile(rb"[ \t\r\n]*")
_VERSION: Final = 10
_RELATIVE_BELOW: Final = Decimal(2**28)  # seconds, RFC 8428 4.5.3
_LARGEST: Final = Decimal(10) ** 15
_MAX_SENSORS: Final = 1_000
_LABELS: Final = frozenset({"bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut"})
_NUMBERS: Final = frozenset({"bt", "bv", "bs", "bver", "v", "s", "t", "ut"})
_TEXTS: Final = frozenset({"bn", "bu", "n", "u", "vs", "vd"})
_FACTORS: Final = {  # SenML units registries (RFC 8428 12.1, RFC 8798): quantity and factor to our canonical unit
    "Cel": (Quantity.TEMPERATURE, Decimal(1)),
    "%RH": (Quantity.HUMIDITY, Decimal(1)),
    "Pa": (Quantity.PRESSURE, Decimal("0.01")),
    "hPa": (Quantity.PRESSURE, Decimal(1)),
    "lx": (Quantity.LIGHT, Decimal(1)),
    "m/s2": (Quantity.SHOCK, 1 / Decimal("9.80665")),
    "%EL": (Quantity.BATTERY, Decimal(1)),
}
_START: Final = re.compile(rb'[ \t\r\n]*\[[ \t\r\n]*\{[^{}]{0,4000}?"(?:bn|bt|bu|bver|n|u|v|t)"[ \t\r\n]*:')


class _Records:
    """Gives the records of a pack one at a time, in bounded memory."""

    def __init__(self, stream: BinaryIO, options: DecodeOptions) -> None:
        self._stream = stream
        self._options = options
        self._buffer = b""
        self._start = 0  # of the buffer in the file
        self._at = 0
        self._is_over = False
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        self._stream.seek(0)
        self._expect(b"[")
        if self._peek() == b"]":
            self._expect(b"]")
        else:
            while True:
                yield self._record()
                if self._peek() != b",":
                    break
                self._expect(b",")
            self._expect(b"]")
        if self._peek():
            raise FormatError("there is text after the array", where=self.place())

    @property
    def byte(self) -> int:
        """The offset of what comes next."""
        return self._start + self._at

    def place(self) -> Place:
        """Return the place of what comes next."""
        return Place(self._options.name, byte=self.byte)

    def _fill(self) -> bool:
        """Read on; False at the end."""
        chunk = self._stream.read(_CHUNK)
        self._buffer = self._buffer[self._at :] + chunk
        self._start += self._at
        self._at = 0
        self._options.check_bytes(self._start + len(self._buffer))
        self._is_over = not chunk
        return not self._is_over

    def _peek(self) -> bytes:
        """Return the next byte that is no space, empty at the end."""
        while True:
            found = _SPACES.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at : self._at + 1]
            if not self._fill():
                return b""

    def _expect(self, sign: bytes) -> None:
        found = self._peek()
        if found != sign:
            what = f"{found!r}" if found else "the end of the file"
            after = f" after record {self.number}" if self.number else ""
            raise FormatError(
                f"{what} where {sign.decode()!r} belongs{after}",
                hint="The pack is cut off or no SenML array.",
                where=self.place(),
            )
        self._at += 1

    def _record(self) -> bytes:
        self.number += 1
        if self._peek() != b"{":
            self._expect(b"{")
        while True:
            found = _RECORD.match(self._buffer, self._at)
            if found:
                self._at = found.end()
                return found[0]
            pending = len(self._buffer) - self._at
            if pending > self._options.max_line_bytes or not self._fill():
                raise FormatError(
                    f"record {self.number} is no flat object that ends within {self._options.max_line_bytes:,} bytes",
                    hint="A SenML record holds no further objects.",
                    where=self.place(),
                )


class _Pack:
    """Resolves records against the base fields and sorts their values into series."""

    def __init__(self, options: DecodeOptions) -> None:
        self._options = options
        self._base: dict[str, Any] = {}
        self._series: dict[tuple[str, Quantity], Series] = {}
        self._readings = 0
        self._other: dict[str, int] = {}
        self.first_base_name = ""
        self._byte = 0
        self._number = 0

    def add(self, raw: bytes, number: int, byte: int) -> None:
        """Take one record that begins at a byte of the pack."""
        self._byte, self._number = byte, number
        record = self._decode(raw)
        for key in ("bn", "bt", "bu", "bv"):
            if key in record:
                self._base[key] = record[key]
        self.first_base_name = self.first_base_name or self._base.get("bn", "")
        if record.get("bver", _VERSION) != _VERSION:
            self._refuse(f"version {record['bver']} of SenML; only 10 (RFC 8428) is known")
        if "v" in record:
            self._value(record)
        elif record.keys() & {"vs", "vb", "vd", "s"}:
            self._skip("a value that is no number")
        elif record.keys() & {"n", "t", "u"}:
            self._refuse("no value", hint="A record that names something gives its value (RFC 8428 4.2).")

    def series(self) -> tuple[Series, ...]:
        """Return the series in order of first appearance."""
        return tuple(self._series.values())

    def notes(self) -> list[Note]:
        """Return what was left out."""
        return [Note("not-judged", f"{count:,} records were left out: {what}.") for what, count in self._other.items()]

    def _decode(self, raw: bytes) -> dict[str, Any]:
        try:
            pairs = _JSON.decode(raw.decode())
        except (ValueError, RecursionError, DecimalException) as error:
            self._refuse(f"no JSON object: {error}", cause=error)
        record = dict(pairs)
        if len(record) != len(pairs):
            self._refuse("a label is given twice")
        for key, value in record.items():
            if key in _NUMBERS and not isinstance(value, Decimal):
                self._refuse(f"{key!r} is {value!r:.40}, not a number")
            if key in _TEXTS and not isinstance(value, str):
                self._refuse(f"{key!r} is {value!r:.40}, not a text")
            if key.endswith("_") and key not in _LABELS:
                self._refuse(f"label {key!r} must be understood and is not (RFC 8428 4.4)")
        return record

    def _value(self, record: dict[str, Any]) -> None:
        unit = record.get("u") or self._base.get("bu", "")
        if not unit:
            raise UnitError(
                f"record {self._number}: a value without a unit",
                hint="Give `u` or `bu`, such as Cel or %RH.",
                where=self._place(),
            )
        if unit != "K" and unit not in _FACTORS:
            self._skip(f"unit {unit[:20]!r} is not one that is judged")
            return
        name = self._base.get("bn", "") + record.get("n", "")
        if not name:
            self._refuse("no name", hint="Give `n` or `bn` (RFC 8428 4.5.1).")
        try:
            value = record["v"] + self._base.get("bv", 0)
            if unit == "K":
                quantity, thousandths = Quantity.TEMPERATURE, milli_from_kelvin(value)
            else:
                quantity, factor = _FACTORS[unit]
                thousandths = milli(value * factor)
            at_ms = self._time(self._base.get("bt", Decimal(0)) + record.get("t", Decimal(0)))
        except (DecimalException, UnitError) as error:
            self._refuse(f"{record['v']!s:.40} is no value of a sensor", cause=error)
        self._readings += 1
        if self._readings > self._options.max_readings:
            self._options.check_readings(self._readings, self._place())
        self._column(name, quantity).add(at_ms, thousandths)

    def _column(self, name: str, quantity: Quantity) -> Series:
        found = self._series.get((name, quantity))
        if found is None:
            if len(self._series) >= _MAX_SENSORS:
                self._refuse(f"more than {_MAX_SENSORS} sensors in one pack")
            found = self._series[name, quantity] = Series(name, quantity)
        return found

    def _time(self, seconds: Decimal) -> int:
        """Return Unix ms; relative times are counted from the arrival."""
        if abs(seconds) > _LARGEST:
            self._refuse(f"{seconds!s:.40} is no time")
        at_ms = int((seconds * 1000).to_integral_value(ROUND_HALF_EVEN))
        if seconds < _RELATIVE_BELOW:
            if self._options.received_at_ms is None:
                self._refuse(
                    "the time is relative to the arrival, which is not known",
                    hint="Give absolute times (`bt`), or send the pack to a door that notes its arrival.",
                )
            at_ms += self._options.received_at_ms
        if not EARLIEST_MS <= at_ms < LATEST_MS:
            self._refuse(f"{seconds!s:.40} s is no time of a reading")
        return at_ms

    def _skip(self, what: str) -> None:
        if what not in self._other and len(self._other) >= _MAX_SENSORS:
            what = "further units"
        self._other[what] = self._other.get(what, 0) + 1

    def _place(self) -> Place:
        return Place(self._options.name, byte=self._byte)

    def _refuse(self, what: str, *, hint: str = "", cause: Exception | None = None) -> NoReturn:
        raise FormatError(f"record {self._number}: {what}", hint=hint, where=self._place()) from cause


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=list, parse_int=Decimal, parse_float=Decimal, parse_constant=_no_number
)


class SenmlFormat:
    """SenML JSON packs."""

    id = "senml"
    version = 1
    title = "SenML JSON (RFC 8428)"

    def matches(self, head: bytes, name: str) -> bool:
        """Recognise an array of objects with SenML labels."""
        return bool(_START.match(head)) or (name.lower().endswith(".senml") and head.lstrip(_SPACE)[:1] == b"[")

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode record by record; see `Format.decode`."""
        check(options.zone)
        records = _Records(stream, options)
        pack = _Pack(options)
        for raw in records:
            pack.add(raw, records.number, records.byte - len(raw))
        zone = resolve(options.zone or "UTC", min((series.observed_at_ms[0] for series in pack.series()), default=0))
        return Recording(
            format=self.id,
            format_version=self.version,
            device=Device(serial=pack.first_base_name.rstrip(":/-_.")),
            series=pack.series(),
            signature=SignatureCheck(
                status=SignatureStatus.UNSIGNED,
                note="The format carries no signature: nothing shows whether the pack was altered.",
            ),
            zone=zone.label,
            offset_minutes=zone.offset_minutes,
            notes=(*zone.notes, *pack.notes()),
        )


FORMAT: Final[Format] = SenmlFormat()
