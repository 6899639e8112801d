r"""Doseway's own canonical readings: the CSV of evidence packs, which reads back to exactly what was written.

    file   = "sensor,quantity,observed_at,value" LF *( sensor "," quantity "," time "," [ decimal ] LF )
    sensor = text, quoted as RFC 4180 says where it has to be
    time   = ISO 8601 in UTC with milliseconds: 2022-11-08T04:49:00.000Z

`value` is in the canonical unit of the quantity, at most three decimals; empty where the sensor gave none. The file
names no device: a shipment's record has `device/sensor` for its sensors.
"""

import csv
from datetime import datetime
from typing import BinaryIO, Final

from doseway.intake.port import EARLIEST_MS, LATEST_MS, DecodeOptions, Format
from doseway.model.clock import to_unix_ms
from doseway.model.errors import DataError, FormatError, Place
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import INVALID, milli

HEADER: Final = b"sensor,quantity,observed_at,value\n"
_FIELDS: Final = 4
_TIME_LENGTH: Final = len("2022-11-08T04:49:00.000Z")
_MAX_SERIES: Final = 10_000


class ReadingsFormat:
    """Canonical readings."""

    id = "readings"
    version = 1
    title = "Doseway readings (CSV)"

    def matches(self, head: bytes, name: str) -> bool:
        """Recognise the header line."""
        del name
        return head.startswith(HEADER)

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode line by line; see `Format.decode`."""
        stream.seek(0)
        series: dict[tuple[str, str], Series] = {}
        size = number = 0
        while line := stream.readline(options.max_line_bytes + 1):
            number, size = number + 1, size + len(line)
            place = Place(options.name, line=number)
            options.check_bytes(size)
            if len(line) > options.max_line_bytes:
                raise FormatError(f"a line is longer than {options.max_line_bytes:,} bytes", where=place)
            if number > 1:
                options.check_readings(number - 1, place)
                _add(series, line, place)
            elif line != HEADER:
                raise FormatError("the first line is not that of Doseway readings", where=place)
        if not number:
            raise FormatError("the file is empty", where=Place(options.name, line=1))
        return Recording(
            format=self.id,
            format_version=self.version,
            device=Device(),
            series=tuple(series.values()),
            signature=SignatureCheck(
                status=SignatureStatus.UNSIGNED, note="The format carries no signature; the log that it is in does."
            ),
        )


def _add(series: dict[tuple[str, str], Series], line: bytes, place: Place) -> None:
    """Read one line; nothing of it is guessed."""
    try:
        text = line.decode("utf-8")
        fields = next(csv.reader([text], strict=True))
    except (UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise FormatError(f"this is no line of readings: {error}", where=place) from error
    if len(fields) != _FIELDS or not text.endswith("\n"):
        raise FormatError(f"a line has {_FIELDS} fields and an end, this one {len(fields)}", where=place)
    sensor, quantity, observed_at, value = fields
    found = series.get((sensor, quantity))
    if found is None:
        if len(series) >= _MAX_SERIES:
            raise FormatError(f"more than {_MAX_SERIES:,} sensors", where=place)
        found = series[sensor, quantity] = Series(sensor, _quantity(quantity, place))
    found.add(_time(observed_at, place), _value(value, place))


def _quantity(text: str, place: Place) -> Quantity:
    try:
        return Quantity(text)
    except ValueError as error:
        known = ", ".join(one.value for one in Quantity)
        raise FormatError(f"{text!r} is no quantity", hint=f"Known: {known}.", where=place) from error


def _time(text: str, place: Place) -> int:
    try:
        if len(text) != _TIME_LENGTH or text[-1] != "Z":
            raise ValueError("not in UTC with milliseconds")
        at_ms = to_unix_ms(datetime.fromisoformat(text))
    except ValueError as error:
        raise FormatError(f"{text[:40]!r} is no time of a reading: {error}", where=place) from error
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        raise FormatError(f"{text} lies outside of the years 1970 to 2200", where=place)
    return at_ms


def _value(text: str, place: Place) -> int:
    try:
        return milli(text) if text else INVALID
    except DataError as error:
        raise FormatError(error.what, where=place) from error


FORMAT: Final[Format] = ReadingsFormat()
