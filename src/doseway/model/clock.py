"""Time: the clock is passed in, so that tests and replays own it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

from doseway.model.errors import DataError
from doseway.model.units import UnixMs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time; the only source of "now"."""

    def now_ms(self) -> UnixMs:
        """Return the instant in Unix milliseconds."""


def to_unix_ms(moment: datetime) -> UnixMs:
    """Convert an aware datetime exactly; sub-millisecond parts are cut off."""
    return UnixMs((moment - _EPOCH) // timedelta(milliseconds=1))


def from_unix_ms(instant: UnixMs | int) -> datetime:
    """Convert to an aware UTC datetime.

    Raises:
        DataError: the instant lies outside of years 1 to 9999.
    """
    try:
        return _EPOCH + timedelta(milliseconds=instant)
    except OverflowError as error:
        raise DataError(f"{instant} ms is not an instant within the years 1 to 9999") from error


def iso_utc(instant: UnixMs | int) -> str:
    """Write an instant as ISO 8601 in UTC with milliseconds: `2022-11-08T04:49:00.000Z`."""
    return from_unix_ms(instant).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"


def iso_at_offset(instant: UnixMs | int, offset_minutes: int) -> str:
    """Write an instant as ISO 8601 to the second at a fixed offset from UTC."""
    zone = timezone(timedelta(minutes=offset_minutes))
    return from_unix_ms(instant).astimezone(zone).isoformat(timespec="seconds")
