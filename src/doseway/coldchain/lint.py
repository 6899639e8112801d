"""What is wrong with a limit profile on a given trip: said before the departure, not found out afterwards."""

from collections.abc import Iterator, Sequence

from doseway.coldchain import registry
from doseway.coldchain.notes import interval_note
from doseway.coldchain.profile import Profile
from doseway.model.linting import contradictions, place_of, raised_late, too_coarse, too_slow
from doseway.model.readings import Note
from doseway.model.wording import duration


def lint(profile: Profile, trip_ms: int | None, intervals_ms: Sequence[int]) -> tuple[Note, ...]:
    """Return a note for each rule that cannot fire, or that fires whatever happens.

    Args:
        profile: the limits.
        trip_ms: how long the trip is planned to take; None: not known.
        intervals_ms: how often each device measures.
    """
    notes = list(contradictions(profile.rules))
    for spec in profile.rules:
        name = spec.title or registry.rule(spec.rule).title
        if trip_ms is not None:
            notes += too_slow(spec, name, trip_ms)
        notes += raised_late(spec, name, intervals_ms)
        if spec.rule == "gap" and intervals_ms and spec.after_ms < min(intervals_ms):  # type: ignore[attr-defined]
            text = f"“{name}” fires between any two readings: the devices measure every {duration(min(intervals_ms))}."
            notes.append(Note("always-fires", text, place_of(spec)))
    if profile.rules:
        gap_ms = profile.observation.max_gap_ms
        notes += too_coarse(profile.rules[0], profile.title or profile.id, gap_ms, intervals_ms)
    return (*notes, *_coarse(trip_ms, intervals_ms))


def _coarse(trip_ms: int | None, intervals_ms: Sequence[int]) -> Iterator[Note]:
    if trip_ms and intervals_ms and (note := interval_note(min(intervals_ms), trip_ms)) is not None:
        yield note
