"""Values beyond a limit: the shared part of the rules that watch one quantity."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from doseway.model.findings import Finding
from doseway.model.geo import Bools, Int64
from doseway.model.journey import Journey, Track
from doseway.model.readings import Quantity
from doseway.model.spells import Spell, spells
from doseway.model.units import HOUR_MS
from doseway.model.watching import WatchSpec, active, finding

Side = Literal["high", "low"]
Excuse = Callable[[str, Int64], Bools]
"""Tells at which instants a device's values do not count."""


class LevelSpec(WatchSpec, frozen=True, kw_only=True):
    """What rules about one quantity share.

    Attributes:
        comparison: `inclusive` where the limit itself is out, `strict` where it is not.
        raise_after_ms: unbroken time out of range before it is raised; 0: at the first reading.
        clear_after_ms: time back in range before it ends.
        max_gap_ms: a longer pause between two readings is a gap: unknown.
    """

    comparison: Literal["strict", "inclusive"] = "strict"
    raise_after_ms: int = 0
    clear_after_ms: int = 0
    max_gap_ms: int = 2 * HOUR_MS


def find_level(
    journey: Journey,
    spec: LevelSpec,
    quantity: Quantity,
    say: Callable[[int, int], str],
    *,
    limit_milli: int,
    clear_limit_milli: int | None = None,
    side: Side = "high",
    excuse: Excuse | None = None,
) -> list[Finding]:
    """Return the spells beyond a limit on every track of a quantity.

    Args:
        journey: the shipment.
        spec: the entry.
        quantity: which tracks.
        say: writes the sentence from the worst value and how long it has lasted.
        limit_milli: the limit; clear_limit_milli: how far a value has to come back to count as back.
        side: which way out.
        excuse: what does not count.
    """
    clear = limit_milli if clear_limit_milli is None else clear_limit_milli
    found: list[Finding] = []
    for track in journey.tracks:
        if track.quantity is not quantity:
            continue
        out = held(
            beyond(track.value_milli, limit_milli, side, spec.comparison),
            ~beyond(track.value_milli, clear, side, spec.comparison),
        )
        if excuse is not None and out.any():
            out &= ~excuse(track.device, track.at_ms)
        found += findings_of(journey, spec, track, out, say, side)
    return found


def findings_of(
    journey: Journey, spec: LevelSpec, track: Track, out: Bools, say: Callable[[int, int], str], side: Side
) -> list[Finding]:
    """Return the spells of a track that is out of order where `out` says so."""
    return [
        _finding(journey, spec, track, out, spell, say, side)
        for spell in spells(
            track.at_ms,
            out,
            until_ms=journey.until_ms,
            max_gap_ms=spec.max_gap_ms,
            raise_after_ms=spec.raise_after_ms,
            clear_after_ms=spec.clear_after_ms,
            windows=active(journey, spec),
        )
    ]


def beyond(value: NDArray[np.int32], limit: int, side: Side, comparison: Literal["strict", "inclusive"]) -> Bools:
    """Tell which values are out of a limit."""
    if side == "high":
        return value >= limit if comparison == "inclusive" else value > limit
    return value <= limit if comparison == "inclusive" else value < limit


def held(out: Bools, back: Bools) -> Bools:
    """Keep the state between a limit and its clear limit: out once out, until back."""
    if not out.any():
        return out
    decided = np.maximum.accumulate(np.where(out | back, np.arange(len(out)), -1))
    return (decided >= 0) & out[decided]


def check_clear_limit(side: Side, limit: int, clear_limit: int | None) -> bool:
    """Tell whether a clear limit lies on the inner side of its limit, or is none."""
    return clear_limit is None or (clear_limit <= limit if side == "high" else clear_limit >= limit)


def _finding(
    journey: Journey,
    spec: LevelSpec,
    track: Track,
    out: Bools,
    spell: Spell,
    say: Callable[[int, int], str],
    side: Side,
) -> Finding:
    numbers = spell.first + np.flatnonzero(out[spell.first : spell.last + 1])
    values = track.value_milli[numbers]
    worst = int(numbers[values.argmax() if side == "high" else values.argmin()])
    until = journey.until_ms if spell.end_ms is None else spell.end_ms
    return finding(
        spec,
        spell.start_ms,
        spell.raised_ms,
        spell.end_ms,
        say(int(track.value_milli[worst]), until - spell.start_ms),
        device=track.device,
        sensor=track.sensor,
        peak=(int(track.value_milli[worst]), int(track.at_ms[worst])),
    )
