"""Clues to a theft: each alone has a harmless explanation, two of different kinds close in time rarely have."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from doseway.guard.pairs import pairs_of
from doseway.model.geo import Bools, Int64
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.routes import off_corridor_m
from doseway.model.spells import spells
from doseway.model.stops import halts_of
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.visits import allowed_at, at_sites, stop_sites

ALARMING: Final = frozenset({"jamming", "tampering", "removed", "removing", "cut", "sos"})
"""Signals that a device raises when somebody is at it."""
_MAX_GAP_MS: Final = 2 * HOUR_MS
_OFF_ROUTE_MS: Final = 2 * MINUTE_MS
_HALF_OPEN: Final = 500


class Clue(NamedTuple):
    """One clue: `raised_ms` is when it was certain; `end_ms` None while it lasts."""

    start_ms: int
    kind: str
    device: str
    raised_ms: int
    end_ms: int | None


def clues_of(journey: Journey, light_milli: int, stop_after_ms: int, radius_m: int, apart_m: int) -> list[Clue]:
    """Return all clues outside of planned and safe sites, by time.

    Args:
        journey: the shipment.
        light_milli: light at least so bright is a clue, thousandths of a lux.
        stop_after_ms, radius_m: a stop so long is confirmed.
        apart_m: devices of one shipment further apart than that are separated.
    """
    found = [
        *_openings(journey, light_milli),
        *_halts(journey, stop_after_ms, radius_m),
        *_departures(journey),
        *_separations(journey, apart_m),
        *_signals(journey),
    ]
    return sorted(found, key=lambda one: (one.start_ms, one.kind, one.device, one.raised_ms))


def certain_within_ms(stop_after_ms: int) -> int:
    """Return how long after its start a clue is raised at the latest: fixes further apart are a gap, and no clue."""
    return _MAX_GAP_MS + max(stop_after_ms, _OFF_ROUTE_MS)


def _openings(journey: Journey, light_milli: int) -> Iterator[Clue]:
    sites = stop_sites(journey)
    for track in journey.tracks:
        if track.quantity is Quantity.LIGHT:
            out = track.value_milli >= light_milli
        elif track.quantity is Quantity.DOOR:
            out = track.value_milli > _HALF_OPEN
        else:
            continue
        if out.any():
            out &= ~allowed_at(journey, sites, track.device, track.at_ms)
        yield from _spelled(journey, "opened", track.device, track.at_ms, out)


def _halts(journey: Journey, after_ms: int, radius_m: int) -> Iterator[Clue]:
    for halt in halts_of(journey, radius_m=radius_m, after_ms=after_ms, max_gap_ms=_MAX_GAP_MS):
        yield Clue(halt.stop.start_ms, "stopped", halt.device, halt.stop.raised_ms, halt.stop.end_ms)


def _departures(journey: Journey) -> Iterator[Clue]:
    """Yield the times off the planned way."""
    if not any(leg.corridor_m for leg in journey.legs):
        return
    sites = stop_sites(journey)
    for fixes in journey.fixes:
        out = (off_corridor_m(journey, fixes) > 0) & ~at_sites(sites, fixes)
        yield from _spelled(journey, "off-route", fixes.device, fixes.at_ms, out, _OFF_ROUTE_MS)


def _separations(journey: Journey, limit_m: int) -> Iterator[Clue]:
    for pair in pairs_of(journey):
        yield from _spelled(journey, "separated", pair.one, pair.at_ms, pair.apart_m > limit_m)


def _signals(journey: Journey) -> Iterator[Clue]:
    alarming = [(device, signal) for device, signal in journey.signals if signal.kind in ALARMING]
    for device in sorted({device for device, _ in alarming}):
        at = np.asarray([signal.observed_at_ms for name, signal in alarming if name == device], np.int64)
        allowed = allowed_at(journey, stop_sites(journey), device, at)
        for one, is_allowed in zip(at.tolist(), allowed.tolist(), strict=True):
            if not is_allowed:
                yield Clue(one, "alarmed", device, one, one)


def _spelled(
    journey: Journey, kind: str, device: str, at_ms: Int64, out: Bools, raise_after_ms: int = 0
) -> Iterator[Clue]:
    found: Sequence[tuple[int, int, int, int, int | None]] = spells(
        at_ms, out, until_ms=journey.until_ms, max_gap_ms=_MAX_GAP_MS, raise_after_ms=raise_after_ms
    )
    for _, _, start, raised, end in found:
        yield Clue(start, kind, device, raised, end)
