"""Quiet hours in a recipient's own zone, over changes between summer and winter time."""

import re
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from doseway.model.clock import from_unix_ms, to_unix_ms
from doseway.model.errors import UsageError
from doseway.model.findings import Severity

_WALL: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Quiet(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}
):
    """Hours in which somebody is not disturbed: local `HH:MM`, from and to, over midnight where `to` is earlier.

    Attributes:
        override: from this severity on the hours do not count.
    """

    start: str
    end: str
    override: Severity = Severity.CRITICAL

    def __post_init__(self) -> None:
        """Check the times. Raises ValueError, which msgspec reports with its place."""
        if not _WALL.fullmatch(self.start) or not _WALL.fullmatch(self.end) or self.start == self.end:
            raise ValueError(f"quiet hours are two different times HH:MM, not {self.start!r} and {self.end!r}")


def quiet_until(quiet: Quiet, zone: ZoneInfo, at_ms: int) -> int:
    """Return when somebody may be disturbed: the instant itself, or the end of the quiet hours that it lies in."""
    local = from_unix_ms(at_ms).astimezone(zone)
    wall, start, end = local.time().replace(fold=0), _wall(quiet.start), _wall(quiet.end)
    is_quiet = start <= wall < end if start < end else wall >= start or wall < end
    if not is_quiet:
        return at_ms
    day = local.date() + timedelta(days=1 if start > end and wall >= start else 0)
    until = datetime.combine(day, end, tzinfo=zone)
    if to_unix_ms(until) <= at_ms:
        until = until.replace(fold=1)  # the hour that comes twice: its second time has not come yet
    return to_unix_ms(until)


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"there is no time zone {name!r}", hint="Use an IANA name such as Europe/Zurich.") from error


def _wall(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))
