"""Mean kinetic temperature (Haynes 1971; USP <1160>, <1079.2>) as plain functions of numbers.

MKT is the constant temperature that would do the same harm. It is one piece of evidence about *high* excursions; it is
blind to freezing, and alone it never suffices (USP <1079.2>).
"""

import math
from collections.abc import Sequence
from typing import Final

from doseway.model.errors import UsageError
from doseway.model.units import ZERO_CELSIUS_K

ENERGY_KJ_MOL: Final = 83.144
GAS_CONSTANT_KJ: Final = 8.3144e-3


def mkt(
    values_c: Sequence[float],
    weights: Sequence[float] | None = None,
    energy_kj_mol: float = ENERGY_KJ_MOL,
    gas_constant: float = GAS_CONSTANT_KJ,
) -> float:
    """Return the mean kinetic temperature in °C, by log-sum-exp, so that no exponential underflows.

    Args:
        values_c: temperatures in °C, above absolute zero.
        weights: the time that each stands for, in any unit; None: all the same.
        energy_kj_mol, gas_constant: ΔH in kJ/mol and R in kJ/(mol K); by default ΔH/R is 10,000 K.

    Raises:
        UsageError: there are no values, weights do not fit or are negative or all zero, or a value is impossible.
    """
    shares = [1.0] * len(values_c) if weights is None else list(weights)
    _check(values_c, shares)
    slope = energy_kj_mol / gas_constant
    exponents = [-slope / (value + ZERO_CELSIUS_K) for value in values_c]
    largest = max(exponents)
    terms = (share * math.exp(exponent - largest) for share, exponent in zip(shares, exponents, strict=True))
    mean = math.fsum(terms) / math.fsum(shares)
    result = slope / -(largest + math.log(mean)) - ZERO_CELSIUS_K if mean > 0 else min(values_c)
    weighted = [value for value, share in zip(values_c, shares, strict=True) if share > 0]
    return min(max(result, min(weighted)), max(weighted))


def hours_left(
    window_h: float,
    base_c: float,
    excursion_c: float,
    limit_c: float,
    energy_kj_mol: float = ENERGY_KJ_MOL,
    gas_constant: float = GAS_CONSTANT_KJ,
) -> float:
    """Return for how many hours of a window an excursion may last until the window's MKT reaches the limit.

    The rest of the window is at `base_c`; h = W (f(limit) - f(base)) / (f(excursion) - f(base)), f(T) = exp(-ΔH/(R T)).
    It is 0 where the base is at the limit already, and the whole window where the excursion is not above the limit.

    Raises:
        UsageError: the window is not positive, or a temperature is not above absolute zero.
    """
    if window_h <= 0 or min(base_c, excursion_c, limit_c) <= -ZERO_CELSIUS_K:
        raise UsageError("a window is positive, and temperatures lie above absolute zero")
    if base_c >= limit_c:
        return 0.0
    if excursion_c <= limit_c:
        return window_h
    slope = energy_kj_mol / gas_constant
    at_limit = 1 / (limit_c + ZERO_CELSIUS_K)  # f relative to f(limit), so that nothing underflows
    base = math.exp(slope * (at_limit - 1 / (base_c + ZERO_CELSIUS_K)))
    excursion = math.exp(slope * (at_limit - 1 / (excursion_c + ZERO_CELSIUS_K)))
    return window_h * (1 - base) / (excursion - base)


def _check(values_c: Sequence[float], shares: Sequence[float]) -> None:
    if not values_c or len(values_c) != len(shares):
        raise UsageError("MKT needs at least one value, and one weight for each")
    if any(not math.isfinite(value) or value <= -ZERO_CELSIUS_K for value in values_c):
        raise UsageError("a temperature lies above absolute zero, -273.15 °C")
    if any(not share >= 0 or math.isinf(share) for share in shares) or not any(shares):
        raise UsageError("weights are not negative, and not all zero")
