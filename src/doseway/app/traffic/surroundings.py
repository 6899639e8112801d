"""Where a shipment is and what the air around it is like, at any instant: great circles, seasons, sun and cargo holds.

The climate is a rule of thumb that is right within some degrees: warmer towards the equator, colder in winter, warmest
in the afternoon of local solar time. It is a model to feed a demonstration, not a forecast.
"""

import math
from typing import Final

from doseway.app.traffic.places import Position
from doseway.model.documents import Mode
from doseway.model.units import DAY_MS, HOUR_MS

KMH: Final[dict[Mode, float]] = {"road": 72.0, "air": 820.0, "sea": 33.0, "rail": 80.0}
"""Speeds over the great circle: roads are longer than it, so lorries are slower than their speedometer says."""
_INDOORS_C: Final = 19.0
_HOLD_C: Final = 17.0
_YEAR_DAYS: Final = 365.25
_MIDSUMMER: Final = 200.0
_WARMEST_HOUR: Final = 15.0
_SUN_HOURS: Final = (8.0, 18.0)
SUN_C: Final = 14.0
"""What the sun adds on a container that stands on a tarmac at midday."""


def distance_km(one: Position, other: Position) -> float:
    """Return the great-circle distance."""
    lat_1, lon_1, lat_2, lon_2 = (math.radians(value) for value in (*one, *other))
    chord = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, chord)))


def between(one: Position, other: Position, part: float) -> Position:
    """Return the place on the great circle after a part of the way, 0 to 1."""
    angle = distance_km(one, other) / 6371.0088
    if angle == 0:
        return one
    lat_1, lon_1, lat_2, lon_2 = (math.radians(value) for value in (*one, *other))
    first, second = math.sin((1 - part) * angle) / math.sin(angle), math.sin(part * angle) / math.sin(angle)
    x = first * math.cos(lat_1) * math.cos(lon_1) + second * math.cos(lat_2) * math.cos(lon_2)
    y = first * math.cos(lat_1) * math.sin(lon_1) + second * math.cos(lat_2) * math.sin(lon_2)
    z = first * math.sin(lat_1) + second * math.sin(lat_2)
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def outdoors_c(position: Position, at_ms: int) -> float:
    """Return the temperature of the air outdoors."""
    latitude, longitude = position
    day = at_ms / DAY_MS % _YEAR_DAYS
    season = math.cos(2 * math.pi * (day - _MIDSUMMER) / _YEAR_DAYS) * (1 if latitude >= 0 else -1)
    hour = solar_hour(longitude, at_ms)
    daily = math.cos(2 * math.pi * (hour - _WARMEST_HOUR) / 24)
    return 28.0 - 0.42 * max(0.0, abs(latitude) - 8) + 0.21 * abs(latitude) * season + 4.5 * daily


def solar_hour(longitude: float, at_ms: int) -> float:
    """Return the local hour by the sun."""
    return (at_ms / HOUR_MS + longitude / 15) % 24


def tarmac_c(position: Position, at_ms: int) -> float:
    """Return what the skin of a container feels that stands in the open: the air, and the sun by day."""
    first, last = _SUN_HOURS
    height = math.sin(math.pi * (solar_hour(position[1], at_ms) - first) / (last - first))
    is_day = first <= solar_hour(position[1], at_ms) <= last
    return outdoors_c(position, at_ms) + (SUN_C * height if is_day else 0.0)


def around_c(mode: Mode | None, position: Position, at_ms: int) -> float:
    """Return the temperature around a package: in a cargo hold, on a lorry or ship, or at a site (no mode)."""
    if mode is None:
        return _INDOORS_C
    if mode == "air":
        return _HOLD_C
    return 0.5 * outdoors_c(position, at_ms) + 0.5 * _INDOORS_C  # the box of a lorry is half as cold as it is outdoors
