r"""The canonical CSV of a recording: the readable derivative whose SHA-256 the log holds.

One line a record, in the order of the source, `\n` line ends, no byte-order mark:

    sensor,quantity,observed_at,value
    internal,temperature,2022-11-08T04:49:00.000Z,19.5
    internal,temperature,2022-11-08T04:59:00.000Z,

`observed_at` is UTC with milliseconds. `value` is the shortest exact decimal in the canonical unit of the quantity,
empty where the sensor gave no valid reading. A sensor's name is quoted as RFC 4180 says where it has to be; control
characters in it, which no device writes, become spaces, so that a record is always one line.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from doseway.model.clock import iso_utc
from doseway.model.readings import Recording, Series
from doseway.model.units import DAY_MS, HOUR_MS, INVALID, MINUTE_MS, SECOND_MS, decimal_text

HEADER: Final = b"sensor,quantity,observed_at,value\n"
_CHUNK_LINES: Final = 4096


def chunks(recording: Recording) -> Iterator[bytes]:
    """Yield the CSV in pieces of a few hundred kilobytes, so that a recording of any length streams."""
    yield HEADER
    lines: list[str] = []
    for series in recording.series:
        for line in _lines(series):
            lines.append(line)
            if len(lines) == _CHUNK_LINES:
                yield "".join(lines).encode()
                lines.clear()
    yield "".join(lines).encode()


def readings_sha256(recording: Recording) -> str:
    """Return the SHA-256 of the canonical CSV in hex: what a `packet.decoded` fact carries."""
    digest = hashlib.sha256()
    for chunk in chunks(recording):
        digest.update(chunk)
    return digest.hexdigest()


def _lines(series: Series) -> Iterator[str]:
    head = f"{_field(series.sensor)},{series.quantity.value},"
    for at, value in zip(series.observed_at_ms, series.value_milli, strict=True):
        yield f"{head}{_time_text(at)},{_value_text(value)}\n"


@lru_cache(maxsize=16_384)  # the devices of one body speak of the same instants
def _time_text(at_ms: int) -> str:
    number, rest = divmod(at_ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    seconds, millis = divmod(rest, SECOND_MS)
    return f"{_day_text(number)}{hours:02d}:{minutes:02d}:{seconds:02d}.{millis:03d}Z"


@lru_cache(maxsize=16_384)
def _value_text(value: int) -> str:
    return "" if value == INVALID else decimal_text(value)


@lru_cache(maxsize=1024)
def _day_text(number: int) -> str:
    return iso_utc(number * DAY_MS)[:11]


@lru_cache(maxsize=16_384)
def _field(text: str) -> str:
    plain = "".join(" " if character < " " or character == "\x7f" else character for character in text)
    return '"' + plain.replace('"', '""') + '"' if any(mark in plain for mark in ',"') else plain
