"""The package: a product with a time constant between its coolant and the air around it.

    dT/dt = (coolant - T) / hold_h + (air - T) / leak_h

`hold_h` and `leak_h` are time constants in hours: how fast the product follows the coolant, and the air. A coolant that
is spent holds nothing. The sensor gives whole steps of its resolution, with a little noise.
"""

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from doseway.model.units import HOUR_MS, MINUTE_MS

STEP_MS: Final = 5 * MINUTE_MS


class Package(NamedTuple):
    """A kind of package.

    Attributes:
        coolant_c: what the coolant holds. hold_h, leak_h: time constants. noise_c: of the sensor, standard deviation.
        resolution_milli: the smallest step of the sensor, thousandths of a degree.
    """

    profile: str
    coolant_c: float
    hold_h: float
    leak_h: float
    noise_c: float
    resolution_milli: int


REFRIGERATED: Final = Package("usp-cct", 4.8, 3.0, 60.0, 0.06, 100)
ROOM: Final = Package("usp-crt", 22.2, 6.0, 150.0, 0.06, 100)
FROZEN: Final = Package("frozen", -23.0, 2.0, 60.0, 0.10, 100)
CRYOGENIC: Final = Package("cryogenic", -190.0, 0.5, 200.0, 0.30, 500)


class Air(NamedTuple):
    """What is around the package at an instant.

    Attributes:
        coolant_c: what the coolant holds; None: it is spent. leak_h: how fast the product follows the air.
    """

    at_ms: int
    air_c: float
    coolant_c: float | None
    leak_h: float


def temperatures(package: Package, airs: Iterator[Air], rng: random.Random) -> Iterator[tuple[int, int]]:
    """Give (instant, temperature in thousandths as the sensor says it) for every step of `STEP_MS`."""
    product = package.coolant_c + 0.2
    hours = STEP_MS / HOUR_MS
    for air in airs:
        if air.coolant_c is not None:
            product += (air.coolant_c - product) * hours / package.hold_h
        product += (air.air_c - product) * hours / air.leak_h
        said = product + package.noise_c * (rng.random() + rng.random() - 1)
        yield air.at_ms, round(said * 1000 / package.resolution_milli) * package.resolution_milli
