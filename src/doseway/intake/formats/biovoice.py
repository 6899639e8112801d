r"""biovoice `.bv` recordings.

One **nibble per byte** (each byte 0 ... 15), least significant first: 4 bytes are 16 bits, 8 bytes are 32. Texts are
ASCII padded with 0x00. Instants are Unix seconds.

      0  8 customer's serial number      141  4 average (0.1 degree)       253 22 logger's name (text)
      8  8 manufacturer's serial         145  4 MKT (0.1 degree)           275 10 offset from GMT (text)
     28  8 start    36  8 stop           149  8 time in high B, then       401  8 number of points
     44  8 start-up delay (s)                   high A, 2-8, low A, low B  409    points, then the text `dataend`
     52  8 interval (s)                  221  8 longest time in high B,
     60  1 unit: 12 = C, 15 = F                 high A, low A, low B

A point is a **signed** 16-bit temperature in tenths, followed by humidity in tenths where points have 8 bytes; point i
was taken at start + i * interval. The file carries no signature.
"""

import re
from os import SEEK_END
from typing import BinaryIO, Final

import msgspec

from doseway.intake.port import LATEST_MS, DecodeOptions, Format
from doseway.intake.zones import check, offset_text, parse_offset, resolve
from doseway.model.errors import FormatError, Place
from doseway.model.readings import (
    Device,
    DeviceClaims,
    Note,
    Quantity,
    Recording,
    Series,
    SignatureCheck,
    SignatureStatus,
)
from doseway.model.units import SECOND_MS, milli_from_fahrenheit

_NAME_AT: Final = 253
_POINTS_AT: Final = 409
_END: Final = b"dataend"
_UNIT_AT: Final = 60
_CELSIUS: Final = 12
_FAHRENHEIT: Final = 15
_NIBBLE: Final = 15
_CHUNK_POINTS: Final = 8192
_TEMPERATURE_BYTES: Final = 4
_BOTH_BYTES: Final = 8
_MILLI_A_TENTH: Final = 100
_SIGN: Final = 0x8000
_LARGEST_INTERVAL_S: Final = 7 * 24 * 3600
_TIMES: Final = (("high-b", 149), ("high-a", 157), ("2-8", 165), ("low-a", 173), ("low-b", 181))
_LONGEST: Final = (("high-b", 221), ("high-a", 229), ("low-a", 237), ("low-b", 245))
_UNSIGNED: Final = "The format carries no signature: nothing shows whether the file was altered."


class _Header(msgspec.Struct, frozen=True):
    """The fields that are used, decoded."""

    serial: str
    start_s: int
    stop_s: int
    delay_s: int
    interval_s: int
    is_fahrenheit: bool
    points: int
    name: str
    time_base: str
    mean: int
    mkt: int
    time_in_band_s: dict[str, int]
    longest_s: dict[str, int]

    def milli(self, tenths: int) -> int:
        """Return a temperature in milli-°C."""
        return milli_from_fahrenheit(f"{tenths}e-1") if self.is_fahrenheit else tenths * _MILLI_A_TENTH


class _Reader:
    """Reads nibble-coded numbers out of a block of bytes that begins at `start` in the file."""

    def __init__(self, raw: bytes, source: str, start: int = 0) -> None:
        self._raw = raw
        self._source = source
        self._start = start

    def unsigned(self, at: int, size: int) -> int:
        """Return a number of `size` nibbles."""
        nibbles = self._raw[at : at + size]
        if max(nibbles) > _NIBBLE:
            wrong = next(index for index, nibble in enumerate(nibbles) if nibble > _NIBBLE)
            raise FormatError(
                f"byte {nibbles[wrong]:#04x} where a nibble (0 to 15) belongs",
                hint="The file is damaged: read the logger out again.",
                where=Place(self._source, byte=self._start + at + wrong),
            )
        return sum(nibble << (4 * index) for index, nibble in enumerate(nibbles))

    def signed(self, at: int) -> int:
        """Return a signed 16-bit number."""
        number = self.unsigned(at, _TEMPERATURE_BYTES)
        return number - 2 * _SIGN if number & _SIGN else number

    def text(self, at: int, size: int) -> str:
        """Return a padded text."""
        return self._raw[at : at + size].partition(b"\x00")[0].decode("latin-1").strip()


def _read_header(stream: BinaryIO, options: DecodeOptions) -> _Header:
    raw = stream.read(_POINTS_AT)
    if len(raw) < _POINTS_AT:
        raise FormatError(
            f"the file ends after {len(raw)} of {_POINTS_AT} header bytes",
            hint="Read the logger out again.",
            where=Place(options.name, byte=len(raw)),
        )
    read = _Reader(raw, options.name)
    unit = read.unsigned(_UNIT_AT, 1)
    if unit not in {_CELSIUS, _FAHRENHEIT}:
        raise FormatError(
            f"temperature unit {unit} is neither 12 (°C) nor 15 (°F)", where=Place(options.name, byte=_UNIT_AT)
        )
    return _Header(
        serial=str(read.unsigned(8, 8)),
        start_s=read.unsigned(28, 8),
        stop_s=read.unsigned(36, 8),
        delay_s=read.unsigned(44, 8),
        interval_s=read.unsigned(52, 8),
        is_fahrenheit=unit == _FAHRENHEIT,
        points=read.unsigned(401, 8),
        name=read.text(_NAME_AT, 22),
        time_base=read.text(275, 10),
        mean=read.signed(141),
        mkt=read.signed(145),
        time_in_band_s={band: read.unsigned(at, 8) for band, at in _TIMES},
        longest_s={band: read.unsigned(at, 8) for band, at in _LONGEST},
    )


def _point_bytes(stream: BinaryIO, header: _Header, options: DecodeOptions) -> int:
    """Return the size of a point, told by where `dataend` stands."""
    for size in (_TEMPERATURE_BYTES, _BOTH_BYTES):
        stream.seek(_POINTS_AT + header.points * size)
        if stream.read(len(_END)) == _END:
            return size
    raise FormatError(
        f"`dataend` is not where {header.points:,} points end",
        hint="The file is cut off or damaged: read the logger out again.",
        where=Place(options.name, byte=_POINTS_AT + header.points * _TEMPERATURE_BYTES),
    )


def _read_points(stream: BinaryIO, header: _Header, size: int, options: DecodeOptions) -> tuple[Series, ...]:
    temperature = Series("internal", Quantity.TEMPERATURE)
    humidity = Series("internal", Quantity.HUMIDITY)
    stream.seek(_POINTS_AT)
    for first in range(0, header.points, _CHUNK_POINTS):
        count = min(_CHUNK_POINTS, header.points - first)
        raw = stream.read(count * size)
        read = _Reader(raw, options.name, _POINTS_AT + first * size)
        for index in range(count):
            at_ms = (header.start_s + (first + index) * header.interval_s) * SECOND_MS
            temperature.add(at_ms, header.milli(read.signed(index * size)))
            if size == _BOTH_BYTES:
                tenths = read.unsigned(index * size + _TEMPERATURE_BYTES, _TEMPERATURE_BYTES)
                humidity.add(at_ms, tenths * _MILLI_A_TENTH)
    return tuple(series for series in (temperature, humidity) if len(series))


def _check(header: _Header, options: DecodeOptions) -> None:
    """Refuse what cannot be, before any reading is made."""
    options.check_readings(header.points, Place(options.name, byte=401))
    if not 0 < header.interval_s <= _LARGEST_INTERVAL_S and header.points > 1:
        raise FormatError(
            f"a logging interval of {header.interval_s} s",
            hint="The file is damaged: read the logger out again.",
            where=Place(options.name, byte=52),
        )
    if (header.start_s + header.points * header.interval_s) * SECOND_MS >= LATEST_MS:
        raise FormatError("the recording ends after the year 2199", where=Place(options.name, byte=28))


def _consistency(header: _Header) -> list[Note]:
    notes: list[Note] = []
    expected = (header.stop_s - header.start_s) // header.interval_s + 1 if header.interval_s else header.points
    if expected != header.points:
        text = f"The file has {header.points:,} points; its start, stop and interval give {expected:,}."
        notes.append(Note("points-disagree", text))
    for band, longest in header.longest_s.items():
        if longest > header.time_in_band_s[band]:
            text = f"The longest time in {band} ({longest} s) exceeds the total time there."
            notes.append(Note("counters-disagree", text))
    if header.delay_s:
        text = f"The start-up delay of {header.delay_s} s was over before the log began and is not applied again."
        notes.append(Note("start-delay-over", text))
    if header.is_fahrenheit:
        notes.append(Note("unit-converted", "The file says °F; its values were converted to °C."))
    return notes


def _clock(header: _Header, options: DecodeOptions) -> tuple[str, int, list[Note]]:
    """Return zone, offset and notes: instants are Unix times, so the offset only serves their display."""
    found = re.fullmatch(r"(?:GMT|UTC)?\s*([+-]\d{1,2}(?::?[0-5]\d)?)", header.time_base)
    minutes = parse_offset(found[1]) if found else None
    if minutes is not None:
        return offset_text(minutes), minutes, []
    if options.zone:
        zone = resolve(options.zone, header.start_s * SECOND_MS)
        return zone.label, zone.offset_minutes, list(zone.notes)
    return "UTC", 0, []


class BiovoiceFormat:
    """biovoice `.bv` recordings."""

    id = "biovoice"
    version = 1
    title = "biovoice recording (.bv)"

    def matches(self, head: bytes, name: str) -> bool:
        """Recognise the header by its nibbles and its unit; by its name where one of them is damaged."""
        numbers = head[:_NAME_AT]
        if len(numbers) == _NAME_AT and max(numbers) <= _NIBBLE and numbers[_UNIT_AT] in {_CELSIUS, _FAHRENHEIT}:
            return True
        return name.lower().endswith(".bv")

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode in chunks; see `Format.decode`."""
        check(options.zone)
        options.check_bytes(stream.seek(0, SEEK_END))
        stream.seek(0)
        header = _read_header(stream, options)
        _check(header, options)
        size = _point_bytes(stream, header, options)
        options.check_readings(header.points * size // _TEMPERATURE_BYTES, Place(options.name, byte=401))
        zone, offset_minutes, notes = _clock(header, options)
        return Recording(
            format=self.id,
            format_version=self.version,
            device=Device(model=header.name or "biovoice", serial=header.serial),
            series=_read_points(stream, header, size, options),
            signature=SignatureCheck(status=SignatureStatus.UNSIGNED, note=_UNSIGNED),
            interval_s=header.interval_s or None,
            zone=zone,
            offset_minutes=offset_minutes,
            claims=DeviceClaims(
                mean_milli=header.milli(header.mean),
                mkt_milli=header.milli(header.mkt),
                rounding="rounded",
                time_in_band_s=header.time_in_band_s,
            ),
            notes=(*notes, *_consistency(header)),
        )


FORMAT: Final[Format] = BiovoiceFormat()
