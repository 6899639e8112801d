"""The zone of a device's clock: what the caller declares is turned into one fixed offset from UTC.

A logger's clock does not follow daylight saving time, so a zone's name gives the offset that holds at the start of the
recording, for the whole of it.
"""

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from doseway.model.clock import from_unix_ms
from doseway.model.errors import UsageError
from doseway.model.readings import Note
from doseway.model.units import MINUTE_MS

UNDECLARED: Final = "undeclared"
_OFFSET: Final = re.compile(r"([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)
_LARGEST_OFFSET: Final = 14 * 60  # minutes; Kiribati
_EXAMPLE: Final = "Give an offset such as +01:00, a name such as Europe/Zurich, or UTC."


class Zone(msgspec.Struct, frozen=True):
    """A fixed offset with its label for `Recording.zone` and the notes that explain it."""

    label: str
    offset_minutes: int
    notes: tuple[Note, ...] = ()

    @property
    def offset_ms(self) -> int:
        """The offset in milliseconds: UTC = local - offset."""
        return self.offset_minutes * MINUTE_MS


def parse_offset(text: str) -> int | None:
    """Read `+01:00`, `-0330`, `+5`, `Z`, `UTC` or `GMT` as minutes from UTC; None where it is no offset."""
    if text.upper() in {"Z", "UTC", "GMT"}:
        return 0
    found = _OFFSET.fullmatch(text)
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    if minutes > _LARGEST_OFFSET:
        return None
    return -minutes if found[1] == "-" else minutes


def offset_text(minutes: int) -> str:
    """Write minutes from UTC as `+01:00`."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def resolve(declared: str | None, local_start_ms: int | None) -> Zone:
    """Return the fixed offset for a recording.

    Args:
        declared: what the caller said; None or empty: nothing.
        local_start_ms: the first local time of the recording, counted as if it were UTC; None where there is none.

    Raises:
        UsageError: the declared zone is neither an offset nor a known name.
    """
    if not declared:
        text = "The file does not say in which time zone its clock ran; its times are taken as UTC. " + _EXAMPLE
        return Zone(UNDECLARED, 0, (Note("zone-undeclared", text),))
    minutes = parse_offset(declared)
    if minutes is not None:
        return Zone("UTC" if minutes == 0 else offset_text(minutes), minutes)
    return _by_name(declared, local_start_ms)


def check(declared: str | None) -> None:
    """Refuse a declared zone that does not exist, before any file is read.

    Raises:
        UsageError: it is neither an offset nor a known name.
    """
    if declared:
        resolve(declared, 0)


def _by_name(name: str, local_start_ms: int | None) -> Zone:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones  # noqa: PLC0415  # start-up time

    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(name, available_timezones(), n=3)
        hint = f"Did you mean {', '.join(near)}? {_EXAMPLE}" if near else _EXAMPLE
        raise UsageError(f"{name!r} is no time zone", hint=hint) from error
    local = from_unix_ms(local_start_ms or 0).replace(tzinfo=None)
    earlier, later = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    minutes = round(earlier / timedelta(minutes=1))
    text = (
        f"The clock is taken to have run at {offset_text(minutes)} throughout, the offset of {name} at the start of "
        "the recording: a logger's clock does not follow daylight saving time."
    )
    notes = [Note("zone-fixed", text)]
    if earlier != later:
        notes.append(Note("zone-ambiguous", _ambiguous(local, name, earlier, later)))
    return Zone(f"{name} ({offset_text(minutes)})", minutes, tuple(notes))


def _ambiguous(local: datetime, name: str, earlier: timedelta, later: timedelta) -> str:
    what = "occurs twice" if earlier > later else "does not occur"
    return (
        f"The first time, {local.replace(tzinfo=UTC):%Y-%m-%d %H:%M}, {what} in {name} on the day the clocks change; "
        "declare the offset itself to be sure."
    )
