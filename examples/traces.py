"""Temperature traces that behave like real ones, from fixed seeds: a first-order thermal model with a little noise.

Only additions, multiplications and `random()` are used, so that every platform gives the same bits.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

MINUTE_MS = 60_000


class Reading(NamedTuple):
    """One logged row: device-local time (ms, as if UTC) and tenths of a degree; None for a disconnected probe."""

    at_ms: int
    tenths: int | None


class Phase(NamedTuple):
    """A stretch of time with the air around the product at one temperature.

    Attributes:
        minutes: how long.
        ambient_c: the air's temperature.
        inertia: how many minutes the product needs for 63 % of a change.
    """

    minutes: int
    ambient_c: float
    inertia: float


def trace(phases: Sequence[Phase], *, start_ms: int, interval_min: int, start_c: float, seed: str) -> list[Reading]:
    """Return the readings of a device that goes through the phases; the air itself swings as a compressor does."""
    noise = random.Random(seed)
    readings: list[Reading] = []
    product = start_c
    minute = 0
    for phase in phases:
        for _ in range(phase.minutes):
            swing = 1.4 * (abs((minute % 50) - 25) / 12.5 - 1)
            product += (phase.ambient_c + swing - product) / phase.inertia + 0.16 * (noise.random() - 0.5)
            if minute % interval_min == 0:
                readings.append(Reading(start_ms + minute * MINUTE_MS, round(product * 10)))
            minute += 1
    return readings


def without(readings: Sequence[Reading], first: int, last: int) -> list[Reading]:
    """Return the readings with a gap from row `first` to before row `last`."""
    return [*readings[:first], *readings[last:]]


def disconnected(readings: Sequence[Reading], first: int, last: int) -> list[Reading]:
    """Return the readings with the probe unplugged from row `first` to before row `last`."""
    return [Reading(one.at_ms, None) if first <= index < last else one for index, one in enumerate(readings)]
