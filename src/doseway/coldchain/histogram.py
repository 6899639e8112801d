"""Time by value: the exact histogram {milli-°C: ms} that means, MKT and consumption are computed from."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from doseway.coldchain.kinetics import REFERENCE_K, ZERO_MILLI_K, Lookup, rates, slope_of
from doseway.coldchain.track import Int32, Int64

_DENSE: Final = 1 << 18
_WIDE: Final = 1 << 11
_TENTH: Final = 100
_SAFE: Final = 1 << 62


class Histogram:
    """Values in ascending order, each with a positive weight (ms)."""

    __slots__ = ("value", "weight")

    def __init__(self, value: Int64, weight: NDArray[np.float64]) -> None:
        """Take columns; weights are whole numbers below 2^53, which floating point holds exactly."""
        self.value, self.weight = value, weight

    @property
    def total(self) -> float:
        """The sum of the weights: a whole number."""
        return float(self.weight.sum())

    def as_dict(self) -> dict[int, int]:
        """Return the histogram as integers."""
        return dict(zip(self.value.tolist(), map(int, self.weight.tolist()), strict=True))

    def plus(self, other: dict[int, int]) -> "Histogram":
        """Return the histogram of both."""
        joined = self.as_dict()
        for value, weight in other.items():
            joined[value] = joined.get(value, 0) + weight
        return from_items(joined.items())

    def weighted(self, table: Lookup[np.float64]) -> list[float]:
        """Return the sums of weight times rate, correctly rounded, so that they do not depend on an order."""
        if not len(self.value):
            return [0.0]
        rows = self.weight * table.take(self.value, int(self.value[0]), int(self.value[-1]))
        return [math.fsum(row) for row in rows.tolist()]


def from_items(items: Iterable[tuple[int, int]]) -> Histogram:
    """Make a histogram of (value, weight) pairs with distinct values."""
    pairs = sorted((value, weight) for value, weight in items if weight)
    values = np.array([value for value, _ in pairs], np.int64)
    return Histogram(values, np.array([weight for _, weight in pairs], np.float64))


def histogram(value: Int32, weight: Int64, extremes: tuple[int, int] | None = None) -> Histogram:
    """Add up the weights by value; values without weight are left out. `extremes` of the values, where known."""
    if not len(value):
        return from_items(())
    low, high = extremes or (int(value.min()), int(value.max()))
    if high - low > _WIDE and low % _TENTH == 0:
        tenths = (value - low) // _TENTH
        if (tenths * _TENTH == value - low).all():  # as most loggers give them: a hundred times fewer places
            return _dense(tenths, weight, low, _TENTH)
    if high - low < _DENSE:
        return _dense(value - low, weight, low, 1)
    distinct, place = np.unique(value, return_inverse=True)
    sums = np.asarray(np.bincount(place, weights=weight), np.float64)
    found = np.flatnonzero(sums)
    return Histogram(distinct[found].astype(np.int64), sums[found])


def _dense(places: Int32, weight: Int64, low: int, step: int) -> Histogram:
    sums = np.asarray(np.bincount(places, weights=weight), np.float64)
    found = np.flatnonzero(sums)
    return Histogram(found * step + low, sums[found])


def mean_milli(one: Histogram) -> int | None:
    """Return the weighted mean in thousandths, halves up; exact."""
    total = int(one.total)
    if not total:
        return None
    largest = max(abs(int(one.value[0])), abs(int(one.value[-1])))
    if largest * total < _SAFE:
        twice = 2 * int(np.dot(one.value, one.weight.astype(np.int64)))
    else:
        pairs = zip(one.value.tolist(), one.weight.tolist(), strict=True)
        twice = 2 * sum(value * int(weight) for value, weight in pairs)
    return (twice + total) // (2 * total)


def mkt_milli(one: Histogram, *energies_j_mol: float) -> list[int] | None:
    """Return the mean kinetic temperatures at activation energies in thousandths; None without weight.

    They never leave the range of the values.
    """
    total = one.total
    if not total:
        return None
    low, high = int(one.value[0]), int(one.value[-1])
    sums = one.weighted(rates(*energies_j_mol))
    return [
        _temperature(load / total, slope_of(energy), low, high)
        for load, energy in zip(sums, energies_j_mol, strict=True)
    ]


def _temperature(load: float, slope: float, low: int, high: int) -> int:
    """Return the temperature at which products age `load` times as fast as at the reference."""
    if load <= 0:
        return high  # so cold that nothing ages
    inverse = 1 / REFERENCE_K - math.log(load) / slope
    return min(max(round(1000 / inverse - ZERO_MILLI_K), low), high)
