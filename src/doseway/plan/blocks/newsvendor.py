"""How much to have before demand is known: the newsvendor, and base stock over a lead time.

Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition, sections 4.3.2 and 4.3.4 (normal demand).
"""

from math import sqrt
from statistics import NormalDist

from doseway.model.errors import UsageError

_STANDARD = NormalDist()


def critical_fractile(over: float, under: float) -> float:
    """Return the service level at which one more unit no longer pays: under / (over + under)."""
    if over < 0 or under < 0 or over + under == 0:
        raise UsageError("the costs of too much and too little must not be negative, nor both be 0")
    return under / (over + under)


def order(mean: float, sd: float, over: float, under: float) -> float:
    """Return the least costly amount: mean + z · sd, with z at the critical fractile."""
    level = critical_fractile(over, under)
    if level in {0.0, 1.0}:
        raise UsageError("with one of the costs 0 there is no least costly amount")
    return mean + _STANDARD.inv_cdf(level) * sd


def expected_cost(amount: float, mean: float, sd: float, over: float, under: float) -> float:
    """Return the expected cost of an amount: over · (S - mean) + (over + under) · sd · L(z); L is the standard loss."""
    return over * (amount - mean) + (over + under) * expected_shortage(amount, mean, sd)


def expected_shortage(amount: float, mean: float, sd: float) -> float:
    """Return the expected units short: sd · (φ(z) - z (1 - Φ(z)))."""
    if sd == 0:
        return max(0.0, mean - amount)
    z = (amount - mean) / sd
    return sd * (_STANDARD.pdf(z) - z * (1 - _STANDARD.cdf(z)))


def base_stock(mean: float, sd: float, days: float, level: float, *, days_sd: float = 0.0) -> float:
    """Return the base stock for a service level over a lead time: μL + z √(σ² L + μ² σ_L²), daily demand."""
    if not 0 < level < 1:
        raise UsageError("a service level lies between 0 and 1")
    return mean * days + _STANDARD.inv_cdf(level) * sqrt(sd**2 * days + mean**2 * days_sd**2)
