"""Two devices of one shipment, and how far apart they were."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from doseway.model.geo import Float64, Int64, accuracies_m, apart_m
from doseway.model.journey import Fixes, Journey
from doseway.model.units import MINUTE_MS

TOGETHER_MS = 10 * MINUTE_MS
"""Fixes of two devices so close in time are compared."""
_TRAVEL_M_S = 35.0


class Pair(NamedTuple):
    """Two devices: how far apart they certainly were, in metres, at fixes of the first that have one of the second."""

    one: str
    other: str
    at_ms: Int64
    apart_m: Float64


def pairs_of(journey: Journey) -> list[Pair]:
    """Return every pair of devices that were with the shipment; accuracy and travel in between are taken off."""
    found = [_pair(one, other) for one, other in combinations(journey.fixes, 2)]
    return [pair for pair in found if len(pair.at_ms)]


def apart_then(one: Fixes, other: Fixes) -> tuple[Int64, Float64]:
    """Return the fixes of one device that have a fresh one of the other before them, and how far apart they were."""
    place = np.searchsorted(other.at_ms, one.at_ms, side="right") - 1
    mine = np.flatnonzero(place >= 0)
    mine = mine[one.at_ms[mine] - other.at_ms[place[mine]] <= TOGETHER_MS]
    return mine, apart_of(one, mine, other, place[mine])


def apart_of(one: Fixes, mine: Int64 | int, other: Fixes, theirs: Int64 | int) -> Float64:
    """Return how far apart fixes certainly are, in metres: accuracy and travel in between are taken off."""
    pause = np.abs(one.at_ms[mine] - other.at_ms[theirs]) / 1000
    apart = apart_m(one.vectors[mine], other.vectors[theirs]) - pause * _TRAVEL_M_S
    return np.maximum(apart - accuracies_m(one)[mine] - accuracies_m(other)[theirs], 0.0)


def _pair(one: Fixes, other: Fixes) -> Pair:
    mine, apart = apart_then(one, other)
    return Pair(one.device, other.device, one.at_ms[mine], apart)
