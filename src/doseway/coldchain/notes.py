"""What the reader of a judgement should know about the recording beside it."""

from doseway.model.readings import Note
from doseway.model.units import DAY_MS, MINUTE_MS
from doseway.model.wording import duration


def longest_interval_ms(trip_ms: int) -> int:
    """Return the longest logging interval for a trip: EN 12830:1999 class 1, 5, 15 or 60 minutes."""
    if trip_ms < DAY_MS:
        return 5 * MINUTE_MS
    return 15 * MINUTE_MS if trip_ms <= 7 * DAY_MS else 60 * MINUTE_MS


def interval_note(interval_ms: int, trip_ms: int) -> Note | None:
    """Return a note where a logger records less often than EN 12830:1999 class 1 asks in transport; else None."""
    longest = longest_interval_ms(trip_ms)
    if interval_ms <= longest:
        return None
    return Note(
        "interval-too-long",
        f"The logger records every {duration(interval_ms)}; for a trip of {duration(trip_ms)} EN 12830:1999 class 1 "
        f"asks for at most {duration(longest)}.",
    )
