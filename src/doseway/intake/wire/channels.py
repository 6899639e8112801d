"""Channels: what one sensor of a live device measures, which values it cannot have, and how values become integers.

A number on the wire becomes thousandths of the canonical unit by one rule: it is read as an IEEE double, converted to
the canonical unit, multiplied by 1,000 and rounded to the nearest integer, ties to even. float32 noise goes with it:
33.29999923706055 % is 33300. A value that no sensor can measure, or that sensors give for "no reading", is stored as
`INVALID` with a note: unknown, never a number, never dropped.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from doseway.intake.tables import words
from doseway.model.errors import UnitError
from doseway.model.readings import Quantity

_RANGES: Final = {  # thousandths; what is outside is no measurement
    Quantity.TEMPERATURE: (-273_150, 300_000),
    Quantity.HUMIDITY: (0, 110_000),
    Quantity.PRESSURE: (0, 20_000_000),
    Quantity.LIGHT: (0, 2_000_000_000),
    Quantity.SHOCK: (0, 100_000_000),
    Quantity.BATTERY: (0, 110_000),
    Quantity.TILT: (0, 180_000),
    Quantity.DOOR: (0, 1_000),
    Quantity.RADIO: (-200_000, 50_000),
}
NO_PROBE: Final = 327.67
FAULT: Final = -127.0
POWER_ON: Final = 85.0
SENTINELS: Final = {
    NO_PROBE: "327.67 (no probe connected)",
    FAULT: "-127 (fault of a one-wire sensor)",
    POWER_ON: "85 (a one-wire sensor before its first measurement)",
}
"""Temperatures in °C that sensors give for "no reading"."""
_SENTINELS_MILLI: Final = frozenset(round(value * 1000) for value in SENTINELS)
_NONE: Final[frozenset[int]] = frozenset()
DOUBTFUL_MILLI: Final = 60_000
"""A value above 60 whose unit nobody declared may be °F: it is kept and noted."""

Convert = Callable[[float], float]

_CONVERT: Final[dict[str, tuple[Quantity, Convert]]] = {
    "C": (Quantity.TEMPERATURE, lambda value: value),
    "F": (Quantity.TEMPERATURE, lambda value: (value - 32) * 5 / 9),
    "K": (Quantity.TEMPERATURE, lambda value: value - 273.15),
    "hPa": (Quantity.PRESSURE, lambda value: value),
    "kPa": (Quantity.PRESSURE, lambda value: value * 10),
    "Pa": (Quantity.PRESSURE, lambda value: value / 100),
    "bar": (Quantity.PRESSURE, lambda value: value * 1000),
    "psi": (Quantity.PRESSURE, lambda value: value * 68.94757293168361),
    "atm": (Quantity.PRESSURE, lambda value: value * 1013.25),
    "lx": (Quantity.LIGHT, lambda value: value),
    "g": (Quantity.SHOCK, abs),
    "m/s2": (Quantity.SHOCK, lambda value: abs(value) / 9.80665),
    "dBm": (Quantity.RADIO, lambda value: value),
    "°": (Quantity.TILT, lambda value: value),
}
_SHARES: Final = frozenset({Quantity.HUMIDITY, Quantity.BATTERY})
_SHARE: Final[dict[str, Convert]] = {"%": lambda value: value, "0-1": lambda value: value * 100}


class Channel:
    """One sensor and quantity of a device; compared by identity, so that looking one up costs nothing.

    Attributes:
        low_milli, high_milli: what the quantity can be. faults_milli: values that stand for "no reading".
    """

    __slots__ = ("faults_milli", "high_milli", "low_milli", "quantity", "sensor")

    def __init__(self, sensor: str, quantity: Quantity) -> None:
        self.sensor = sensor
        self.quantity = quantity
        self.low_milli, self.high_milli = _RANGES[quantity]
        self.faults_milli = _SENTINELS_MILLI if quantity is Quantity.TEMPERATURE else _NONE


@lru_cache(maxsize=2048)
def channel(sensor: str, quantity: Quantity) -> Channel:
    """Return the channel of a sensor whose name comes with the message; the same one for the same name."""
    return Channel(sensor, quantity)


def converter(unit: str, quantity: Quantity) -> Convert:
    """Return the conversion of a unit as people write it into the canonical unit of a quantity.

    Raises:
        UnitError: the unit is unknown or does not belong to the quantity.
    """
    if quantity is Quantity.DOOR and unit in {"", "1"}:
        return float
    name = unit if unit in _CONVERT or unit in _SHARE else words.unit_of(unit)
    if quantity in _SHARES and name in _SHARE:
        return _SHARE[name]
    known = _CONVERT.get(name)
    if known is None or known[0] is not quantity:
        units = ", ".join(name for name, (of, _) in _CONVERT.items() if of is quantity) or "%, 0-1"
        what = f"{unit[:20]!r} is no unit of {quantity.value}" if unit else f"a {quantity.value} without a unit"
        raise UnitError(what, hint=f"Units of {quantity.value}: {units}.")
    return known[1]
