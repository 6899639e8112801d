"""Numbers as planners read them: four significant digits, thousands separated, money with its currency."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

_DIGITS: Final = 4
_NOTHING: Final = 1e-12
_MILLION: Final = 1e6
_BILLION: Final = 1e9
_HALF_A_CENT: Final = 0.005


def number(value: float) -> str:
    """Write a number with four significant digits: 1,235 or 0.0001235."""
    if abs(value) < _NOTHING:
        return "0"
    rounded = float(f"{value:.{_DIGITS}g}")
    return f"{rounded:,.0f}" if rounded.is_integer() else f"{Decimal(str(rounded)):,f}"


def money(value: float, currency: str) -> str:
    """Write an amount of money: USD 610.5 million, -USD 3,000."""
    size = abs(value) if abs(value) >= _HALF_A_CENT else 0.0
    sign = "-" if value < 0 < size else ""
    if size >= _BILLION:
        return f"{sign}{currency} {number(size / _BILLION)} billion"
    if size >= _MILLION:
        return f"{sign}{currency} {number(size / _MILLION)} million"
    return f"{sign}{currency} {number(size)}"


def percent(share: float) -> str:
    """Write a share in percent: 29.41 %."""
    return f"{number(100 * share)} %"


def amount(value: float, unit: str) -> str:
    """Write an amount with its unit: 120 million doses."""
    return f"{number(value)} {unit}"


def days(value: float) -> str:
    """Write a time: 1 day, 45 days."""
    text = number(value)
    return f"{text} day" if text == "1" else f"{text} days"


def several(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 site, 3 sites."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listing(names: Sequence[str], most: int = 5) -> str:
    """Write names as a list in a sentence; beyond `most` it says how many more."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def result(cost: float, currency: str) -> str:
    """Write a plan's cost less revenue: what it costs, or what it earns."""
    return f"costs {money(cost, currency)}" if cost >= 0 else f"earns {money(-cost, currency)}"


def tidy(value: float) -> float:
    """Take the solver's last digits off a number, so that equal plans are equal texts."""
    return float(f"{value:.9g}") + 0.0
