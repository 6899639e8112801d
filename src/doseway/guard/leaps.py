"""Movements that no vehicle makes: what spoofed positions and cloned devices have in common."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from doseway.model.documents import Leg
from doseway.model.geo import Bools, Float64, Int64, accuracies_m, apart_m, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.units import HOUR_MS

_SECOND: Final = 1.0
_KMH: Final = 3.6
_FLOWN_MS: Final = 12 * HOUR_MS
"""An aircraft may leave and arrive so much earlier or later than planned."""


def fastest_m_s(legs: Sequence[Leg], at_ms: Int64, ground_kmh: int, air_kmh: int) -> Float64:
    """Return the highest speed that is possible at each instant, by the modes that are planned about then."""
    speed = np.full(len(at_ms), ground_kmh / _KMH)
    for leg in legs:
        if leg.mode == "air":
            about = (at_ms >= leg.depart_at_ms - _FLOWN_MS) & (at_ms <= leg.arrive_at_ms + _FLOWN_MS)
            speed[about] = air_kmh / _KMH
    return speed


def leaps_of(journey: Journey, fixes: Fixes, ground_kmh: int, air_kmh: int, least_m: int) -> Bools:
    """Tell which fixes cannot be reached from the one before them, whatever their accuracies.

    Args:
        journey: the shipment, for the modes of its legs.
        fixes: of one device.
        ground_kmh, air_kmh: the highest speeds. least_m: a shorter way is no leap, however fast.
    """
    leap = np.zeros(len(fixes.at_ms), np.bool_)
    if len(leap) > 1:
        vectors, accuracy = vectors_of(fixes), accuracies_m(fixes)
        way = apart_m(vectors[1:], vectors[:-1]) - accuracy[1:] - accuracy[:-1]
        took = np.maximum(np.diff(fixes.at_ms) / 1000, _SECOND)
        leap[1:] = (way > least_m) & (way > took * fastest_m_s(journey.legs, fixes.at_ms[1:], ground_kmh, air_kmh))
    return leap
