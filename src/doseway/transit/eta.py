"""When a shipment will arrive, from its plan and its progress: a plain, deterministic estimate.

For each fix, on the leg that the shipment is on:

- still at the leg's site of departure: it leaves now, or when planned if that is later, and takes the planned time;
- under way by road, sea or rail: the part of the way that is left takes the same part of the planned time;
- under way by air: it arrives the planned time after it left, because nobody sees how far an aircraft is; where it is
  seen there, it has arrived;
- on the legs after that: they leave when planned, or `TRANSFER_MS` after the arrival (less where the plan says less),
and
  take the planned time. That a missed flight means waiting for the next one is not in it.

An estimate that has passed without an arrival is no estimate: the arrival is not before the instant it is made for.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from doseway.model.documents import Leg
from doseway.model.geo import Bools, Float64, Int64, depth_m, vectors_of
from doseway.model.journey import Journey
from doseway.model.progress import leg_at
from doseway.model.routes import route_of
from doseway.model.units import HOUR_MS

TRANSFER_MS: Final = HOUR_MS
NEAR_M: Final = 2_000.0


@dataclass(frozen=True, slots=True)
class Estimates:
    """Estimated arrivals: int64 columns of equal length; `eta_ms` is what was to be expected at `at_ms`."""

    at_ms: Int64
    eta_ms: Int64


def estimates_of(journey: Journey) -> Estimates:
    """Return the estimate at each fix of any device, by time; empty without legs."""
    if not journey.legs or not any(len(one.at_ms) for one in journey.fixes):
        return Estimates(np.zeros(0, np.int64), np.zeros(0, np.int64))
    at = np.concatenate([one.at_ms for one in journey.fixes])
    vectors = np.concatenate([vectors_of(one) for one in journey.fixes])
    order = np.lexsort((*vectors.T, at))
    at, vectors = at[order], vectors[order]
    number = leg_at(journey, at)
    eta = np.zeros(len(at), np.int64)
    for leg in np.unique(number).tolist():
        here = number == leg
        eta[here] = _rolled(journey.legs, leg, _leg_end(journey, leg, at[here], vectors[here]))
    return Estimates(at, np.maximum(eta, at))


def eta_at(estimates: Estimates, legs: tuple[Leg, ...], at_ms: Int64) -> Int64:
    """Return what was to be expected at instants: the latest estimate before each, before the first one the plan."""
    planned = legs[-1].arrive_at_ms if legs else 0
    if not len(estimates.at_ms):
        return np.maximum(np.full(len(at_ms), planned, np.int64), at_ms)
    place = np.searchsorted(estimates.at_ms, at_ms, side="right") - 1
    return np.maximum(np.where(place >= 0, estimates.eta_ms[place], planned), at_ms)


def _leg_end(journey: Journey, number: int, at: Int64, vectors: Float64) -> Int64:
    leg = journey.legs[number]
    takes = max(leg.arrive_at_ms - leg.depart_at_ms, 0)
    waiting, left_ms = _waiting(journey, leg, at)
    waiting &= _near(journey, leg.from_site, vectors)
    if leg.mode == "air":
        under_way = np.where(_near(journey, leg.to_site, vectors), at, left_ms + takes)
    else:
        route = route_of(leg, journey.sites)
        if route is None or route.length_m == 0:
            under_way = np.full(len(at), leg.arrive_at_ms, np.int64)
        else:
            share = route.measure(vectors)[1] / route.length_m
            under_way = at + np.rint(share * takes).astype(np.int64)
    return np.where(waiting, np.maximum(at, leg.depart_at_ms) + takes, np.maximum(under_way, at))


def _waiting(journey: Journey, leg: Leg, at: Int64) -> tuple[Bools, Int64]:
    """Tell at which instants a device is at the site of departure; and when the last one had left, else the plan."""
    waiting = np.zeros(len(at), np.bool_)
    left = np.full(len(at), leg.depart_at_ms, np.int64)
    for visit in journey.visits:
        if visit.site != leg.from_site:
            continue
        is_after = at >= visit.confirmed_ms
        waiting |= is_after if visit.left_ms is None else is_after & (at < visit.left_ms)
        if visit.end_ms is not None and visit.left_ms is not None:
            left = np.where(at >= visit.left_ms, visit.end_ms, left)
    return waiting, left


def _near(journey: Journey, name: str, vectors: Float64) -> Bools:
    """Tell which positions are at a site, or so close that only their accuracy keeps them out."""
    site = journey.sites.get(name)
    if site is None:
        return np.zeros(len(vectors), np.bool_)
    return depth_m(site.area, vectors) <= NEAR_M


def _rolled(legs: tuple[Leg, ...], number: int, end: Int64) -> Int64:
    """Add the legs after the current one to its estimated end."""
    for before, leg in zip(legs[number:], legs[number + 1 :], strict=False):
        transfer = min(max(leg.depart_at_ms - before.arrive_at_ms, 0), TRANSFER_MS)
        takes = max(leg.arrive_at_ms - leg.depart_at_ms, 0)
        end = np.maximum(end + transfer, leg.depart_at_ms) + takes
    return end
