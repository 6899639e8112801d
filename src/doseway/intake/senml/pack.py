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
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from doseway.intake.port import EARLIEST_MS, LATEST_MS, DecodeOptions
from doseway.model.errors import FormatError, Place, UnitError
from doseway.model.readings import Note, Quantity, Series
from doseway.model.units import milli, milli_from_kelvin

_CHUNK: Final = 64 * 1024
_RECORD: Final = re.compile(rb'\{[^{}"]*+(?:"(?:[^"\\]|\\.)*+"[^{}"]*+)*+\}', re.DOTALL)
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
POSITION_UNITS: Final = frozenset({"lat", "lon"})


class Resolved(NamedTuple):
    """A record with everything that the base fields add: `value` is in thousandths, or in degrees of a position.

    Attributes:
        base: the base name. name: the record's own. quantity: None for a position, whose `unit` is `lat` or `lon`.
    """

    base: str
    name: str
    unit: str
    quantity: Quantity | None
    at_ms: int
    value: int | float


class Records:
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


class Resolver:
    """Resolves records against the base fields.

    Args:
        positions: give the values of `lat` and `lon` too; otherwise they are values that are not judged.
    """

    def __init__(self, options: DecodeOptions, *, positions: bool = False) -> None:
        self._options = options
        self._positions = POSITION_UNITS if positions else frozenset()
        self._base: dict[str, Any] = {}
        self._readings = 0
        self._other: dict[str, int] = {}
        self.first_base_name = ""
        self._byte = 0
        self._number = 0

    def resolve(self, raw: bytes, number: int, byte: int) -> Resolved | None:
        """Read one record that begins at a byte of the pack; None where it holds no value that is judged.

        Raises:
            FormatError: it is no record. UnitError: it has a value and no unit.
        """
        self._byte, self._number = byte, number
        record = self._decode(raw)
        for key in ("bn", "bt", "bu", "bv"):
            if key in record:
                self._base[key] = record[key]
        self.first_base_name = self.first_base_name or self._base.get("bn", "")
        if record.get("bver", _VERSION) != _VERSION:
            self.refuse(f"version {record['bver']} of SenML; only 10 (RFC 8428) is known")
        if "v" in record:
            return self._value(record)
        if record.keys() & {"vs", "vb", "vd", "s"}:
            self._skip("a value that is no number")
        elif record.keys() & {"n", "t", "u"}:
            self.refuse("no value", hint="A record that names something gives its value (RFC 8428 4.2).")
        return None

    def notes(self) -> list[Note]:
        """Return what was left out."""
        return [Note("not-judged", f"{count:,} records were left out: {what}.") for what, count in self._other.items()]

    def _decode(self, raw: bytes) -> dict[str, Any]:
        try:
            pairs = _JSON.decode(raw.decode())
        except (ValueError, RecursionError, DecimalException) as error:
            self.refuse(f"no JSON object: {error}", cause=error)
        record = dict(pairs)
        if len(record) != len(pairs):
            self.refuse("a label is given twice")
        for key, value in record.items():
            if key in _NUMBERS and not isinstance(value, Decimal):
                self.refuse(f"{key!r} is {value!r:.40}, not a number")
            if key in _TEXTS and not isinstance(value, str):
                self.refuse(f"{key!r} is {value!r:.40}, not a text")
            if key.endswith("_") and key not in _LABELS:
                self.refuse(f"label {key!r} must be understood and is not (RFC 8428 4.4)")
        return record

    def _value(self, record: dict[str, Any]) -> Resolved | None:
        unit = record.get("u") or self._base.get("bu", "")
        if not unit:
            raise UnitError(
                f"record {self._number}: a value without a unit",
                hint="Give `u` or `bu`, such as Cel or %RH.",
                where=self._place(),
            )
        if unit != "K" and unit not in _FACTORS and unit not in self._positions:
            self._skip(f"unit {unit[:20]!r} is not one that is judged")
            return None
        base, name = self._base.get("bn", ""), record.get("n", "")
        if not base + name:
            self.refuse("no name", hint="Give `n` or `bn` (RFC 8428 4.5.1).")
        try:
            quantity, value = self._converted(unit, record["v"] + self._base.get("bv", 0))
            at_ms = self._time(self._base.get("bt", Decimal(0)) + record.get("t", Decimal(0)))
        except (DecimalException, UnitError) as error:
            self.refuse(f"{record['v']!s:.40} is no value of a sensor", cause=error)
        self._readings += 1
        if self._readings > self._options.max_readings:
            self._options.check_readings(self._readings, self._place())
        return Resolved(base, name, unit, quantity, at_ms, value)

    def _converted(self, unit: str, value: Decimal) -> tuple[Quantity | None, int | float]:
        if unit in self._positions:
            return None, float(value)
        if unit == "K":
            return Quantity.TEMPERATURE, milli_from_kelvin(value)
        quantity, factor = _FACTORS[unit]
        return quantity, milli(value * factor)

    def _time(self, seconds: Decimal) -> int:
        """Return Unix ms; relative times are counted from the arrival."""
        if abs(seconds) > _LARGEST:
            self.refuse(f"{seconds!s:.40} is no time")
        at_ms = int((seconds * 1000).to_integral_value(ROUND_HALF_EVEN))
        if seconds < _RELATIVE_BELOW:
            if self._options.received_at_ms is None:
                self.refuse(
                    "the time is relative to the arrival, which is not known",
                    hint="Give absolute times (`bt`), or send the pack to a door that notes its arrival.",
                )
            at_ms += self._options.received_at_ms
        if not EARLIEST_MS <= at_ms < LATEST_MS:
            self.refuse(f"{seconds!s:.40} s is no time of a reading")
        return at_ms

    def _skip(self, what: str) -> None:
        if what not in self._other and len(self._other) >= _MAX_SENSORS:
            what = "further units"
        self._other[what] = self._other.get(what, 0) + 1

    def _place(self) -> Place:
        return Place(self._options.name, byte=self._byte)

    def refuse(self, what: str, *, hint: str = "", cause: Exception | None = None) -> NoReturn:
        """Refuse the record that is read, with its number and place."""
        raise FormatError(f"record {self._number}: {what}", hint=hint, where=self._place()) from cause


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=list, parse_int=Decimal, parse_float=Decimal, parse_constant=_no_number
)


class Pack:
    """Sorts the values of a pack into series."""

    def __init__(self, options: DecodeOptions) -> None:
        self._resolver = Resolver(options)
        self._series: dict[tuple[str, Quantity], Series] = {}

    @property
    def first_base_name(self) -> str:
        """The base name that the pack begins with."""
        return self._resolver.first_base_name

    def add(self, raw: bytes, number: int, byte: int) -> None:
        """Take one record that begins at a byte of the pack."""
        found = self._resolver.resolve(raw, number, byte)
        if found is not None and found.quantity is not None:
            self._column(found.base + found.name, found.quantity).add(found.at_ms, int(found.value))

    def series(self) -> tuple[Series, ...]:
        """Return the series in order of first appearance."""
        return tuple(self._series.values())

    def notes(self) -> list[Note]:
        """Return what was left out."""
        return self._resolver.notes()

    def _column(self, name: str, quantity: Quantity) -> Series:
        found = self._series.get((name, quantity))
        if found is None:
            if len(self._series) >= _MAX_SENSORS:
                self._resolver.refuse(f"more than {_MAX_SENSORS} sensors in one pack")
            found = self._series[name, quantity] = Series(name, quantity)
        return found
