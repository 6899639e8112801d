"""Stops: a device that does not leave the place where it is for a while.

A fix has left if it is further away than the radius and the accuracies of both, from the fix with which the stop began
or from the one before it: a cell fix of 500 m cannot fake movement. A pause longer than `max_gap_ms` ends a stop at the
last fix before it: nobody knows whether it lasted.
"""

from typing import NamedTuple

import numpy as np

from doseway.model.geo import Bools, Float64, Int64, accuracies_m, apart_m, unit_vectors, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.visits import at_sites, stop_sites


class Stop(NamedTuple):
    """One stop: `first` and `last` are the numbers of its first and last fix; `end_ms` None while it lasts."""

    first: int
    last: int
    start_ms: int
    raised_ms: int
    end_ms: int | None


class Halt(NamedTuple):
    """A stop of a shipment where it is not meant to stand, by the device that showed it first."""

    device: str
    stop: Stop
    latitude_deg: float
    longitude_deg: float


def halts_of(journey: Journey, *, radius_m: float, after_ms: int, max_gap_ms: int) -> list[Halt]:
    """Return the stops of a shipment outside its planned and safe sites, each once though several devices show it.

    A stop of which any fix may have been within such a site is none.
    """
    sites = stop_sites(journey)
    found: list[Halt] = []
    for fixes in journey.fixes:
        stops = stops_of(fixes, radius_m=radius_m, after_ms=after_ms, max_gap_ms=max_gap_ms, until_ms=journey.until_ms)
        is_allowed = at_sites(sites, fixes) if stops else np.zeros(0, np.bool_)
        found += [
            Halt(fixes.device, one, float(fixes.latitude_deg[one.first]), float(fixes.longitude_deg[one.first]))
            for one in stops
            if not is_allowed[one.first : one.last + 1].any()
        ]
    found.sort(key=lambda one: (one.stop.start_ms, one.device))
    return _each_once(found, 2 * radius_m)


def _each_once(halts: list[Halt], near_m: float) -> list[Halt]:
    """Leave out what another device shows at the same time and place."""
    kept: list[Halt] = []
    for one in halts:
        is_shown = any(
            other.device != one.device
            and (other.stop.end_ms is None or other.stop.end_ms > one.stop.start_ms)
            and float(apart_m(_vector(one), _vector(other))) <= near_m
            for other in kept
        )
        if not is_shown:
            kept.append(one)
    return kept


def _vector(halt: Halt) -> Float64:
    return unit_vectors(np.asarray(halt.latitude_deg), np.asarray(halt.longitude_deg))


def stops_of(fixes: Fixes, *, radius_m: float, after_ms: int, max_gap_ms: int, until_ms: int) -> list[Stop]:
    """Return the stops of one device that lasted at least so long, from the earliest on; they do not overlap.

    A stop begins at the first fix that no later one leaves for `after_ms`; it ends at the first fix that has left.
    """
    count = len(fixes.at_ms)
    if count == 0:
        return []
    at, vectors, accuracy = fixes.at_ms, vectors_of(fixes), accuracies_m(fixes)
    gone = apart_m(vectors[1:], vectors[:-1]) - accuracy[1:] - accuracy[:-1] > radius_m
    breaks = np.append(np.flatnonzero((np.diff(at) > max_gap_ms) | gone) + 1, count)
    found: list[Stop] = []
    start = 0
    while start < count:
        behind = int(breaks[np.searchsorted(breaks, start, side="right")])
        if at[behind - 1] - at[start] < after_ms:
            start = behind  # no stop fits before the next break
            continue
        left = _left(vectors, accuracy, start, behind, radius_m)
        if at[left - 1] - at[start] >= after_ms:
            found.append(_stop(at, start, left, after_ms, max_gap_ms, until_ms))
            start = left
        else:
            start += 1
    return found


def _left(vectors: Float64, accuracy: Float64, start: int, behind: int, radius_m: float) -> int:
    """Return the number of the first fix that has left the place of fix `start`, at most `behind`."""
    away = apart_m(vectors[start:behind], vectors[start]) - accuracy[start:behind] - accuracy[start] > radius_m
    away = _from_second(away)
    return start + int(away.argmax()) if away.any() else behind


def _from_second(away: Bools) -> Bools:
    away[0] = False
    return away


def _stop(at: Int64, start: int, left: int, after_ms: int, max_gap_ms: int, until_ms: int) -> Stop:
    since, last = int(at[start]), int(at[left - 1])
    raised = int(at[np.searchsorted(at, since + after_ms, side="left")])
    if left < len(at):
        end: int | None = int(at[left]) if at[left] - last <= max_gap_ms else last
    else:
        end = last if until_ms - last > max_gap_ms else None
    return Stop(start, left - 1, since, raised, end)
