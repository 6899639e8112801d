"""Units as types, and the one place where they are converted.

Inside, temperatures are °C, durations are milliseconds (`_ms`) and values of sensors are **integers in thousandths
of the canonical unit** (`_milli`): 4.2 °C is 4200. Integers add up exactly, so a judgement does not depend on the
order in which readings arrive (promise 1), and a comparison against a limit has one answer. A *difference* of 10 °C
is 18 °F while a *value* of 10 °C is 50 °F, hence two types.
"""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, NewType

from doseway.model.errors import UnitError

Celsius = NewType("Celsius", float)
CelsiusDelta = NewType("CelsiusDelta", float)
Kelvin = NewType("Kelvin", float)
KilojoulesPerMole = NewType("KilojoulesPerMole", float)
Milli = NewType("Milli", int)
"""Thousandths of the canonical unit of a quantity: milli-°C, milli-%RH, millilux."""
Millis = NewType("Millis", int)
"""A duration in milliseconds."""
UnixMs = NewType("UnixMs", int)
"""An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted."""

ZERO_CELSIUS_K: Final = 273.15
INVALID: Final = Milli(-(2**31))
"""The stored value of a record whose sensor gave no valid reading (`--.-`, a sentinel): unknown, never a number."""
SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

_LIMIT: Final = 2**31 - 1


def milli(text: str | Decimal) -> Milli:
    """Read a decimal number in the canonical unit as thousandths, half-even beyond the third place.

    Raises:
        UnitError: the text is not a finite number, or is too large to be a sensor's value (|x| > 2,147,483).
    """
    try:
        value = (Decimal(text) * 1000).to_integral_value(ROUND_HALF_EVEN)
    except InvalidOperation as error:
        raise UnitError(f"{text!r} is not a number") from error
    if not value.is_finite() or abs(value) > _LIMIT:
        raise UnitError(f"{text!r} is not a value that a sensor can have")
    return Milli(int(value))


def milli_from_fahrenheit(text: str | Decimal) -> Milli:
    """Read a temperature in °F as milli-°C. Raises as `milli` does."""
    try:
        return milli((Decimal(text) - 32) * 5 / 9)
    except InvalidOperation as error:
        raise UnitError(f"{text!r} is not a number") from error


def milli_from_kelvin(text: str | Decimal) -> Milli:
    """Read a temperature in K as milli-°C. Raises as `milli` does."""
    try:
        return milli(Decimal(text) - Decimal("273.15"))
    except InvalidOperation as error:
        raise UnitError(f"{text!r} is not a number") from error


def decimal_text(value: int) -> str:
    """Write thousandths as the shortest exact decimal: 4200 → "4.2", -500 → "-0.5", 8000 → "8"."""
    whole, part = divmod(abs(value), 1000)
    text = f"{whole}.{part:03d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def to_fahrenheit(value: Celsius) -> float:
    """Convert a temperature for display."""
    return value * 9 / 5 + 32


def delta_to_fahrenheit(value: CelsiusDelta) -> float:
    """Convert a temperature *difference* for display."""
    return value * 9 / 5
