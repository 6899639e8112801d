"""What is wrong with a rule book on a given trip, whatever its rules look at: said before the departure.

A rule that cannot fire reads as "fine", and one that always fires is soon not read at all.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

from doseway.model.errors import Place
from doseway.model.readings import Note
from doseway.model.rulebook import Entry
from doseway.model.terms import plain
from doseway.model.wording import duration

_WAITS: Final = ("raise_after_ms", "after_ms", "dwell_ms", "budget_ms", "max_single_ms", "stop_after_ms")
_TOLD: Final = frozenset({"id", "title", "source", "notes", "effect", "severity"})
_HIGH: Final = ("limit_milli", "limit_millipercent")


def place_of(entry: Entry) -> Place:
    """Return where an entry stands, for a note."""
    return Place(f"rule {entry.id}")


def too_slow(entry: Entry, name: str, trip_ms: int) -> list[Note]:
    """Tell of a delay, or of a budget, that the whole trip does not last."""
    waits = max((getattr(entry, field, None) or 0 for field in _WAITS), default=0)
    if waits <= trip_ms:
        return []
    text = f"“{name}” waits for {duration(waits)}; the whole trip is planned to take {duration(trip_ms)}."
    return [Note("never-long-enough", text, place_of(entry))]


def too_coarse(entry: Entry, name: str, max_gap_ms: int | None, intervals_ms: Sequence[int]) -> list[Note]:
    """Tell of a gap that each pause between two readings is, so that nothing ever lasts."""
    if max_gap_ms is None or not intervals_ms or min(intervals_ms) <= max_gap_ms:
        return []
    text = f"“{name}” takes a pause of more than {duration(max_gap_ms)} for a gap; no device measures as often as that."
    return [Note("always-a-gap", text, place_of(entry))]


def raised_late(entry: Entry, name: str, intervals_ms: Sequence[int]) -> list[Note]:
    """Tell of a delay that is shorter than the shortest pause between two readings."""
    waits = getattr(entry, "raise_after_ms", 0)
    if not waits or not intervals_ms or min(intervals_ms) <= waits:
        return []
    every = duration(min(intervals_ms))
    text = (
        f"“{name}” is to be raised after {duration(waits)}; the devices measure only every {every}, "
        "so it is raised later."
    )
    return [Note("raised-late", text, place_of(entry))]


def contradictions(entries: Sequence[Entry]) -> list[Note]:
    """Tell of entries that say the same twice, and of a hot limit that does not lie above a cold one."""
    found: list[Note] = []
    for one, other in combinations(entries, 2):
        if one.rule == other.rule and _meaning(one) == _meaning(other):
            text = f"“{_name(other)}” looks for the same as “{_name(one)}”: each alert comes twice."
            found.append(Note("same-twice", text, place_of(other)))
        hot, cold = (one, other) if getattr(one, "side", "") == "high" else (other, one)
        if _is_empty_band(hot, cold):
            text = f"“{_name(hot)}” and “{_name(cold)}” leave no value in between: one of them always fires."
            found.append(Note("nothing-in-range", text, place_of(hot)))
    return found


def _is_empty_band(hot: Any, cold: Any) -> bool:
    sides = (getattr(hot, "side", ""), getattr(cold, "side", ""))
    if sides != ("high", "low") or getattr(hot, "phases", ()) != getattr(cold, "phases", ()):
        return False
    limits = (
        (getattr(hot, field), getattr(cold, field)) for field in _HIGH if hasattr(hot, field) and hasattr(cold, field)
    )
    return any(high < low for high, low in limits)


def _meaning(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in plain(entry).items() if name not in _TOLD}


def _name(entry: Entry) -> str:
    return entry.title or entry.id
