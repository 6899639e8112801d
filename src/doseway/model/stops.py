"""Stops: a device that does not leave the place where it is for a while.

A fix has left if it is further away than the radius and the accuracies of both, from the fix with which the stop began
or from the one before it: a cell fix of 500 m cannot fake movement. A pause longer than `max_gap_ms` ends a stop at the
last fix before it: nobody knows whether it lasted.
"""

from typing import Final, NamedTuple

import numpy as np

from doseway.model.geo import Float64, Int64, accuracies_m, apart_m, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.places import unit_vectors
from doseway.model.visits import at_sites, stop_sites

_FIRST_LOOK: Final = 32


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
    lasting: list[Halt] = []
    for one in halts:
        lasting = [other for other in lasting if other.stop.end_ms is None or other.stop.end_ms > one.stop.start_ms]
        others = [other for other in lasting if other.device != one.device]
        if not any(float(apart_m(_vector(one), _vector(other))) <= near_m for other in others):
            kept.append(one)
            lasting.append(one)
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
    behind = breaks[np.searchsorted(breaks, np.arange(count), side="right")]
    found: list[Stop] = []
    start = 0
    for candidate in _candidates(at, vectors, accuracy, behind, radius_m, after_ms):
        if candidate < start:
            continue  # within the stop before
        left = _left(vectors, accuracy, candidate, int(behind[candidate]), radius_m)
        if at[left - 1] - at[candidate] >= after_ms:
            found.append(_stop(at, candidate, left, after_ms, max_gap_ms, until_ms))
            start = left
    return found


def _candidates(
    at: Int64, vectors: Float64, accuracy: Float64, behind: Int64, radius_m: float, after_ms: int
) -> list[int]:
    """Return the fixes with which a stop can begin: the one that would make it long enough has not left their place."""
    reached = np.searchsorted(at, at + after_ms, side="left")
    fits = np.flatnonzero(reached < behind)
    near = apart_m(vectors[fits], vectors[reached[fits]]) - accuracy[fits] - accuracy[reached[fits]] <= radius_m
    result: list[int] = fits[near].tolist()
    return result


def _left(vectors: Float64, accuracy: Float64, start: int, behind: int, radius_m: float) -> int:
    """Return the number of the first fix that has left the place of fix `start`, at most `behind`."""
    begin, size = start + 1, _FIRST_LOOK
    while begin < behind:
        end = min(begin + size, behind)
        away = apart_m(vectors[begin:end], vectors[start]) - accuracy[begin:end] - accuracy[start] > radius_m
        if away.any():
            return begin + int(away.argmax())
        begin, size = end, 2 * size
    return behind


def _stop(at: Int64, start: int, left: int, after_ms: int, max_gap_ms: int, until_ms: int) -> Stop:
    since, last = int(at[start]), int(at[left - 1])
    raised = int(at[np.searchsorted(at, since + after_ms, side="left")])
    if left < len(at):
        end: int | None = int(at[left]) if at[left] - last <= max_gap_ms else last
    else:
        end = last if until_ms - last > max_gap_ms else None
    return Stop(start, left - 1, since, raised, end)
