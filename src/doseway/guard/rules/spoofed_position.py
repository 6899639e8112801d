"""Spoofed position: what a device says about where it is cannot be.

Five patterns, each a finding of its own: the device says that software set the position (mock); it moves faster than
anything can (speed); it is somewhere else though it stood still before and after (jump); its coordinates are frozen to
the last digit while it, or a device beside it, moves (frozen); the other devices of the shipment, two at least, are
together and it is elsewhere (disagrees).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from doseway.guard.leaps import leaps_of
from doseway.guard.pairs import TOGETHER_MS, apart_of, apart_then
from doseway.model.findings import Finding, Severity
from doseway.model.geo import Bools, Float64, accuracies_m, apart_m, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.spells import spells
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding

_GNSS: Final = 3
_TWO: Final = 2
_STANDING_M_S: Final = 1.0
_MOVING_M_S: Final = 3.0
_TEXTS: Final = {
    "mock": "The device says that its position was set by software.",
    "speed": "Moves faster than anything can.",
    "jump": "Is somewhere else though it stood still before and after.",
    "frozen": "Its coordinates are frozen while it moves.",
    "disagrees": "Is elsewhere while the other devices of the shipment are together.",
}


class SpoofedPosition(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a spoofed position rule.

    Attributes:
        ground_kmh, air_kmh: the highest speeds; the latter about the times of the legs by air.
        least_m: a shorter way proves nothing, however fast.
        jump_m, jump_within_ms: a device that says it stands cannot have moved so far within so short a time.
        frozen_after_ms: how long coordinates may stay the same to the last digit while something moves.
        moved_m: a device beside it that has come so far in the meantime has moved.
        apart_m: devices further apart than that, beside their accuracies and travel, are not together.
        max_gap_ms: a longer pause between two fixes is a gap: unknown.
    """

    severity: Severity = Severity.HIGH
    ground_kmh: int = 250
    air_kmh: int = 1_200
    least_m: int = 5_000
    jump_m: int = 5_000
    jump_within_ms: int = 3 * MINUTE_MS
    frozen_after_ms: int = 30 * MINUTE_MS
    moved_m: int = 10_000
    apart_m: int = 5_000
    max_gap_ms: int = 2 * HOUR_MS


class SpoofedPositionRule:
    """Judges each device by its own fixes, and by those of the devices that travel with it."""

    id: Final = "spoofed_position"
    version: Final = 1
    title: Final = "Position that cannot be"
    source: Final = "OsmAnd `mock`; impossible speed, jump without travel, frozen coordinates, disagreement of devices"
    spec: Final = SpoofedPosition
    needs: Final[Needs] = (("position",),)

    def find(self, journey: Journey, spec: SpoofedPosition) -> list[Finding]:
        """Return one finding for each time and pattern."""
        return [one for fixes in journey.fixes if len(fixes.at_ms) for one in _findings(journey, spec, fixes)]


def _findings(journey: Journey, spec: SpoofedPosition, fixes: Fixes) -> list[Finding]:
    leap = leaps_of(journey, fixes, spec.ground_kmh, spec.air_kmh, spec.least_m)
    masks = {
        "mock": fixes.is_mock,
        "speed": leap,
        "jump": _jumps(fixes, spec) & ~leap,
        "frozen": _frozen(journey, fixes, spec),
        "disagrees": _disagrees(journey, fixes, spec),
    }
    return [
        finding(
            spec,
            one.start_ms,
            one.raised_ms,
            one.end_ms,
            _TEXTS[pattern],
            device=fixes.device,
            details={"pattern": pattern},
        )
        for pattern, out in masks.items()
        for one in spells(
            fixes.at_ms,
            out,
            until_ms=journey.until_ms,
            max_gap_ms=spec.max_gap_ms,
            raise_after_ms=spec.frozen_after_ms if pattern == "frozen" else 0,
            windows=active(journey, spec),
        )
    ]


def _jumps(fixes: Fixes, spec: SpoofedPosition) -> Bools:
    """Tell which fixes are far from the one before though the device says at both that it stands."""
    jump = np.zeros(len(fixes.at_ms), np.bool_)
    vectors, accuracy = vectors_of(fixes), accuracies_m(fixes)
    way = apart_m(vectors[1:], vectors[:-1]) - accuracy[1:] - accuracy[:-1]
    with np.errstate(invalid="ignore"):
        stands = fixes.speed_m_s < _STANDING_M_S  # not where the speed is unknown
    jump[1:] = (way > spec.jump_m) & stands[1:] & stands[:-1] & (np.diff(fixes.at_ms) <= spec.jump_within_ms)
    return jump


def _frozen(journey: Journey, fixes: Fixes, spec: SpoofedPosition) -> Bools:
    """Tell which fixes repeat the one before to the last digit, of a receiver that says it moves or is seen to."""
    same = np.zeros(len(fixes.at_ms), np.bool_)
    same[1:] = (
        (np.diff(fixes.latitude_deg) == 0)
        & (np.diff(fixes.longitude_deg) == 0)
        & (fixes.method[1:] == _GNSS)
        & (fixes.method[:-1] == _GNSS)
    )
    if not same.any():
        return same
    with np.errstate(invalid="ignore"):
        moves = fixes.speed_m_s > _MOVING_M_S
    for other in journey.fixes:
        if other.device != fixes.device and len(other.at_ms):
            moves |= _moved(fixes, other, same, spec.moved_m)
    return same & moves


def _disagrees(journey: Journey, fixes: Fixes, spec: SpoofedPosition) -> Bools:
    """Tell at which fixes all other devices that are known then, two at least, are far from it and near one another."""
    others = [other for other in journey.fixes if other.device != fixes.device and len(other.at_ms)]
    known = np.zeros(len(fixes.at_ms), np.int64)
    far = np.zeros(len(fixes.at_ms), np.int64)
    for other in others:
        then, apart = apart_then(fixes, other)
        known[then] += 1
        far[then] += apart > spec.apart_m
    out: Bools = (known >= _TWO) & (far == known)
    for number in np.flatnonzero(out).tolist():
        out[number] = _are_together(others, int(fixes.at_ms[number]), spec.apart_m)
    return out


def _are_together(others: Sequence[Fixes], at_ms: int, apart_m: int) -> bool:
    """Tell whether devices were near the first of them at an instant."""
    here = [(other, int(other.at_ms.searchsorted(at_ms, side="right")) - 1) for other in others]
    here = [(other, number) for other, number in here if number >= 0 and at_ms - other.at_ms[number] <= TOGETHER_MS]
    (first, one), *rest = here
    return all(float(apart_of(first, one, other, number)) <= apart_m for other, number in rest)


def _moved(fixes: Fixes, other: Fixes, same: Bools, moved_m: int) -> Bools:
    """Tell at which repeated fixes another device has come away from where it was when the coordinates froze."""
    anchor = np.maximum.accumulate(np.where(~same, np.arange(len(same)), 0))
    then, now = (np.searchsorted(other.at_ms, at, side="right") - 1 for at in (fixes.at_ms[anchor], fixes.at_ms))
    is_known = then >= 0
    vectors: Float64 = vectors_of(other)
    accuracy = accuracies_m(other)
    way = apart_m(vectors[now], vectors[then]) - accuracy[now] - accuracy[then]
    result: Bools = is_known & (way > moved_m)
    return result


RULE: Final[WatchRule[SpoofedPosition]] = SpoofedPositionRule()
