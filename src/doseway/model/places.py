"""Places on the Earth (WGS-84) as facts and documents hold them, and the few lengths that everybody needs."""

import math
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the WGS-84 ellipsoid, (2a + b) / 3."""
MICRODEGREES: Final = 1_000_000
"""Positions are stored in millionths of a degree (`_udeg`): 0.11 m, and exact in JSON."""


class Fix(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One position that a device reported, at device time.

    Attributes:
        latitude_udeg, longitude_udeg: millionths of a degree.
        accuracy_mm: the radius within which the device was, as far as its source says; None where it says nothing.
        method: how the position was found.
        speed_mm_s, course_mdeg: over ground, thousandths of a degree from north; None where unknown.
        is_mock: the device itself says that the position was set by software.
    """

    observed_at_ms: int
    latitude_udeg: int
    longitude_udeg: int
    accuracy_mm: int | None = None
    method: Literal["gnss", "wifi", "cell", "unknown"] = "unknown"
    speed_mm_s: int | None = None
    course_mdeg: int | None = None
    is_mock: bool = False


class Signal(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that the device itself raised, such as `jamming`, `tampering`, `removed`, `low-battery` or `sos`."""

    observed_at_ms: int
    kind: str
    text: str = ""


class Circle(msgspec.Struct, frozen=True, kw_only=True, tag="circle", tag_field="shape"):
    """A round area."""

    latitude_udeg: int
    longitude_udeg: int
    radius_m: int


class Polygon(msgspec.Struct, frozen=True, kw_only=True, tag="polygon", tag_field="shape"):
    """An area within a ring of (latitude, longitude) corners, not closed, at least three; narrower than 180°."""

    corners_udeg: tuple[tuple[int, int], ...]


Area = Circle | Polygon


def distance_m(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return the great-circle distance of two (latitude, longitude) in microdegrees."""
    (lat_1, lon_1), (lat_2, lon_2) = (
        (math.radians(a / MICRODEGREES), math.radians(b / MICRODEGREES)) for a, b in (one, other)
    )
    chord = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(chord, 1.0)))


def unit_vectors(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions as unit vectors, in the last axis: without a date line, and without poles."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    level = np.cos(latitude)
    return np.stack((level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)), axis=-1)
