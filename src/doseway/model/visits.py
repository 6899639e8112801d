"""Stays of devices at sites, from fixes of any accuracy, and where a device was at an instant.

A fix speaks for "inside" if at least the part p of its disc of accuracy lies in the site, for "outside" if no part of
it does, and says nothing in between: a cell fix of 500 m neither enters nor leaves a yard of 200 m. A change counts
once it has persisted, which a fix does until the next one that speaks (hold-last).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from doseway.model.documents import Site
from doseway.model.geo import (
    Bools,
    Float64,
    Int64,
    accuracies_m,
    depth_m,
    overlap,
    passes_through,
    vectors_of,
)
from doseway.model.journey import Fixes, Journey, Visit
from doseway.model.units import HOUR_MS, MINUTE_MS

PROBABILITY_PPM: Final = 500_000
PERSIST_MS: Final = MINUTE_MS
FRESH_MS: Final = HOUR_MS
"""A fix says where its device is for so long."""


def visits_of(
    fixes: Fixes,
    site: Site,
    *,
    probability_ppm: int = PROBABILITY_PPM,
    persist_ms: int = PERSIST_MS,
    crossing_ms: int = 0,
) -> list[Visit]:
    """Return the stays of one device at one site, in order.

    Args:
        fixes: of the device, ascending.
        site: the site.
        probability_ppm: p, in parts per million.
        persist_ms: how long it has to be inside, and outside, to count.
        crossing_ms: two fixes outside, at most so far apart in time, with the site on the straight way between them
            are a stay as well; 0: they are not.
    """
    if not len(fixes.at_ms):
        return []
    vectors, accuracy = vectors_of(fixes), accuracies_m(fixes)
    inside, outside = _evidence(site, vectors, accuracy, probability_ppm / 1_000_000)
    found = _stays(fixes, site.id, inside, outside, persist_ms)
    if crossing_ms:
        found += _crossings(fixes, site, vectors, outside, crossing_ms)
        found.sort(key=lambda one: one.start_ms)
    return found


def at_sites(sites: Iterable[Site], fixes: Fixes) -> Bools:
    """Tell which fixes may have been within one of the sites, however little of their disc was."""
    vectors, accuracy = vectors_of(fixes), accuracies_m(fixes)
    result = np.zeros(len(fixes.at_ms), np.bool_)
    for site in sites:
        result |= depth_m(site.area, vectors) <= accuracy
    return result


def allowed_at(journey: Journey, sites: Sequence[Site], device: str, at_ms: Int64, within_ms: int = FRESH_MS) -> Bools:
    """Tell at which instants a device may have been within one of the sites.

    Its own latest fix speaks, and where that is older than `within_ms` the latest one of another device of the
    shipment. What nobody knows is not allowed.
    """
    result = np.zeros(len(at_ms), np.bool_)
    is_known = np.zeros(len(at_ms), np.bool_)
    for fixes in sorted(journey.fixes, key=lambda one: (one.device != device, one.device)):
        if not len(fixes.at_ms) or is_known.all():
            continue
        place = np.searchsorted(fixes.at_ms, at_ms, side="right") - 1
        is_near = ~is_known & (place >= 0) & (at_ms - fixes.at_ms[place] <= within_ms)
        result |= is_near & at_sites(sites, fixes)[place]
        is_known |= is_near
    return result


def nearest(at_ms: Int64, wanted_ms: Int64) -> Int64:
    """Return the number of the observation nearest in time to each instant; the earlier one of two."""
    behind = np.clip(np.searchsorted(at_ms, wanted_ms, side="left"), 0, len(at_ms) - 1)
    before = np.maximum(behind - 1, 0)
    return np.where(np.abs(at_ms[before] - wanted_ms) <= np.abs(at_ms[behind] - wanted_ms), before, behind)


def stop_sites(journey: Journey) -> list[Site]:
    """Return where a shipment may stand: the sites of its legs and the safe ones, by id."""
    planned = {name for leg in journey.legs for name in (leg.from_site, leg.to_site)}
    return [site for name, site in sorted(journey.sites.items()) if name in planned or "safe" in site.uses]


def _evidence(site: Site, vectors: Float64, accuracy: Float64, probability: float) -> tuple[Bools, Bools]:
    inside = overlap(site.area, vectors, accuracy) >= probability
    return inside, ~inside & (depth_m(site.area, vectors) >= accuracy)


def _stays(fixes: Fixes, site: str, inside: Bools, outside: Bools, persist_ms: int) -> list[Visit]:
    speaks = np.flatnonzero(inside | outside)
    if not len(speaks):
        return []
    at, is_in = fixes.at_ms[speaks], inside[speaks]
    starts = np.flatnonzero(np.append(True, is_in[1:] != is_in[:-1]))
    found: list[Visit] = []
    for start, behind in zip(starts.tolist(), [*starts[1:].tolist(), len(at) - 1], strict=True):
        if at[behind] - at[start] < persist_ms:
            continue
        since = int(at[start])
        confirmed = int(at[np.searchsorted(at, since + persist_ms, side="left")])
        is_there = bool(found) and found[-1].end_ms is None
        if is_in[start] and not is_there:
            found.append(Visit(site, fixes.device, since, confirmed))
        elif not is_in[start] and is_there:
            one = found.pop()
            found.append(Visit(site, fixes.device, one.start_ms, one.confirmed_ms, since, confirmed))
    if found and found[-1].end_ms is None and not is_in[-1]:
        found.append(replace(found.pop(), doubted_ms=int(at[starts[-1]])))
    return found


def _crossings(fixes: Fixes, site: Site, vectors: Float64, outside: Bools, longest_ms: int) -> list[Visit]:
    pause = np.diff(fixes.at_ms)
    crosses = passes_through(site.area, vectors) & outside[:-1] & outside[1:] & (pause <= longest_ms)
    return [
        Visit(site.id, fixes.device, start, end, end, end, is_crossing=True)
        for start, end in zip(fixes.at_ms[:-1][crosses].tolist(), fixes.at_ms[1:][crosses].tolist(), strict=True)
    ]
