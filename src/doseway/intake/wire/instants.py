"""Times of live messages: ISO 8601 with and without a zone, seconds and milliseconds since 1970, and wrong clocks.

Every time is the device's own (`observed_at_ms`). A time before 2000 is that of a clock that was never set, or no time
at all: the arrival stands for it, and a note says so. A time that is far from the arrival is kept and noted.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from doseway.intake.port import LATEST_MS, DecodeOptions
from doseway.intake.zones import check, parse_offset
from doseway.model.clock import to_unix_ms
from doseway.model.errors import FormatError
from doseway.model.units import DAY_MS, MINUTE_MS, SECOND_MS

UNSET_BEFORE_MS: Final = 946_684_800_000
"""2000-01-01: no live device is older, so an earlier time is that of a clock that was never set."""
AHEAD_MS: Final = 2 * MINUTE_MS
BEHIND_MS: Final = 90 * DAY_MS
_SECONDS_BELOW: Final = 2_147_483_647
_LONGEST: Final = 48

Tell = Callable[[str, str], None]
"""Takes the code and the text of a note."""


class Instants:
    """Reads the times of one body.

    Args:
        options: the declared zone and the arrival.
        tell: where notes go.

    Attributes:
        low_ms, high_ms: times within need no note.
        zone, offset_minutes: how the last time without a zone was read, for `Recording.zone`.
    """

    def __init__(self, options: DecodeOptions, tell: Tell) -> None:
        check(options.zone)
        self._received_ms = options.received_at_ms
        self._declared = options.zone
        self._tell = tell
        self._last = ("", 0)  # a message often says one time twice
        self.zone, self.offset_minutes = "UTC", 0
        self.low_ms, self.high_ms = UNSET_BEFORE_MS, LATEST_MS - 1
        if options.received_at_ms is not None:
            self.low_ms = max(self.low_ms, options.received_at_ms - BEHIND_MS)
            self.high_ms = min(self.high_ms, options.received_at_ms + AHEAD_MS)

    def arrival(self, why: str) -> int:
        """Return the arrival as the time of what carries none; `why` is a sentence without its end.

        Raises:
            FormatError: the arrival is not known either.
        """
        if self._received_ms is None:
            raise FormatError(f"{why}, and the arrival is not known", hint="Send the device's own time.")
        self._tell("arrival-time", f"{why}: the arrival is taken for it.")
        return self._received_ms

    def checked(self, at_ms: int) -> int:
        """Return a time, or the arrival for one that is none; what is far from the arrival is noted.

        Raises:
            FormatError: it is no time of a reading.
        """
        if self.low_ms <= at_ms <= self.high_ms:
            return at_ms
        if not 0 <= at_ms < LATEST_MS:
            raise FormatError(f"{at_ms} ms is no time of a reading", hint="Times lie between 1970 and 2200.")
        if at_ms < UNSET_BEFORE_MS:
            return self.arrival("The clock was never set (a time before 2000)")
        if at_ms > self.high_ms:
            self._tell("time-ahead", "The device's time is more than 2 minutes ahead of the arrival.")
        else:
            self._tell("time-behind", "The device's time is more than 90 days before the arrival.")
        return at_ms

    def seconds_or_ms(self, count: int) -> int:
        """Return Unix ms of a count since 1970: seconds below 2^31 - 1, else milliseconds. Raises as `checked`."""
        return self.checked(count * SECOND_MS if count < _SECONDS_BELOW else count)

    def iso(self, text: str) -> int:
        """Return Unix ms of an ISO 8601 text; without a zone it is read in the declared one.

        Raises:
            FormatError: the text is no date and time, or no time of a reading.
        """
        return self.checked(self.exact(text))

    def exact(self, text: str) -> int:
        """Return Unix ms of an ISO 8601 text, whenever that is. Raises FormatError where it is none."""
        if text == self._last[0]:
            return self._last[1]
        moment = _moment(text)
        if moment.tzinfo is None:
            return to_unix_ms(self.placed(moment))
        self._last = (text, to_unix_ms(moment))
        return self._last[1]

    def utc(self, text: str) -> int:
        """Return Unix ms of an ISO 8601 text that is UTC where it says no zone. Raises as `exact` does."""
        moment = _moment(text)
        return to_unix_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def placed(self, local: datetime, zone: str | None = None) -> datetime:
        """Put a local time into a zone: the given, else the declared one, else UTC with a note."""
        declared = zone or self._declared
        if not declared:
            self.zone = "undeclared"
            text = "A time says no zone, and none is declared: it is taken as UTC. Declare one, such as Europe/Zurich."
            self._tell("zone-undeclared", text)
            return local.replace(tzinfo=UTC)
        aware = local.replace(tzinfo=_zone(declared))
        offset = aware.utcoffset() or timedelta()
        if offset != aware.replace(fold=1).utcoffset():
            text = f"{local:%Y-%m-%d %H:%M} is not a single instant in {declared}: the earlier offset is taken."
            self._tell("zone-ambiguous", text)
        self.zone, self.offset_minutes = declared, round(offset / timedelta(minutes=1))
        return aware


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text if len(text) <= _LONGEST else "")
    except ValueError as error:
        raise FormatError(f"{text[:_LONGEST]!r} is no ISO 8601 date and time") from error


def _zone(declared: str) -> tzinfo:
    """Return a zone that `check` has accepted."""
    minutes = parse_offset(declared)
    if minutes is not None:
        return timezone(timedelta(minutes=minutes))
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # start-up time

    return ZoneInfo(declared)
