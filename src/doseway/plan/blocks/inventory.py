"""When and how much to order: the economic order quantity, (r, Q), (s, S), and lot sizes over a known future.

Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition: 3.2 (EOQ), 3.7 (Wagner-Whitin), 4.4 ((s, S)),
5.3 ((r, Q)). Costs: `fixed` an order, `holding` a unit and a unit of time, `backorder` likewise.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import NamedTuple

import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.blocks.newsvendor import critical_fractile
from doseway.plan.program import Floats

_TAIL = 1e-12
_SWEEPS = 100_000


class Order(NamedTuple):
    """An amount and its cost a unit of time."""

    quantity: float
    cost: float


class Levels(NamedTuple):
    """An ordering policy: at or below `low` order, up to `high` or by `high`; and its cost a unit of time."""

    low: int
    high: int
    cost: float


def economic_order(demand: float, fixed: float, holding: float) -> Order:
    """Return the economic order quantity √(2 · fixed · demand / holding) and its cost (Harris 1913)."""
    if min(demand, fixed, holding) <= 0:
        raise UsageError("demand, fixed cost and holding cost must be above 0")
    return Order(sqrt(2 * fixed * demand / holding), sqrt(2 * fixed * demand * holding))


def lot_sizes(demands: Sequence[float], fixed: float, holding: float) -> tuple[list[float], float]:
    """Return what to order in each period, and the cost, for demands known ahead (Wagner and Whitin 1958).

    best(t) = min over u > t of fixed + holding · Σ (s - t) · demand(s) + best(u).
    """
    count = len(demands)
    best, after = [0.0] * (count + 1), [count] * count
    for first in reversed(range(count)):
        costs = [
            fixed + holding * sum((s - first) * demands[s] for s in range(first, until)) + best[until]
            for until in range(first + 1, count + 1)
        ]
        after[first] = first + 1 + int(np.argmin(costs))
        best[first] = min(costs)
    orders, first = [0.0] * count, 0
    while first < count:
        orders[first], first = float(sum(demands[first : after[first]])), after[first]
    return orders, best[0]


def poisson(mean: float) -> Floats:
    """Return the probabilities of 0, 1, 2 ... up to where nothing is left."""
    if mean <= 0:
        raise UsageError("the mean demand must be above 0")
    chances, total = [exp(-mean)], exp(-mean)
    while total < 1 - _TAIL and len(chances) < 10 * mean + 200:
        chances.append(chances[-1] * mean / len(chances))
        total += chances[-1]
    return np.array(chances)


def level_cost(mean: float, holding: float, backorder: float) -> "LevelCost":
    """Return the expected cost of a period as a function of the inventory position, for Poisson demand."""
    critical_fractile(holding, backorder)
    return LevelCost(poisson(mean), holding, backorder)


class LevelCost:
    """G(y) = holding · E[(y - D)⁺] + backorder · E[(D - y)⁺]."""

    def __init__(self, chances: Floats, holding: float, backorder: float) -> None:
        self._chances, self._holding, self._backorder = chances, holding, backorder
        self._demands = np.arange(len(chances))

    def __call__(self, level: int) -> float:
        """Return G at a level."""
        left = level - self._demands
        cost = self._holding * np.maximum(left, 0) + self._backorder * np.maximum(-left, 0)
        return float(self._chances @ cost)

    def least(self) -> int:
        """Return the level of least cost."""
        level = 0
        while self(level + 1) < self(level):
            level += 1
        return level


def reorder_by(mean: float, days: float, fixed: float, holding: float, backorder: float) -> Levels:
    """Return the best (r, Q) under continuous review and Poisson demand (Federgruen and Zheng 1992).

    C(r, Q) = (fixed · mean + Σ_{y=r+1}^{r+Q} G(y)) / Q, G over the demand of the lead time. The levels best for Q are
    those of least G, so Q grows by the cheaper neighbour until its G is above the average.
    """
    cost_of = level_cost(mean * days, holding, backorder)
    low = high = cost_of.least()
    total = fixed * mean + cost_of(low)
    for _ in range(_SWEEPS):
        average = total / (high - low + 1)
        below, above = cost_of(low - 1), cost_of(high + 1)
        if min(below, above) >= average:
            return Levels(low - 1, high - low + 1, average)
        low, high = (low - 1, high) if below < above else (low, high + 1)
        total += min(below, above)
    raise UsageError("the fixed cost is too large for whole units")


def order_up_to(mean: float, fixed: float, holding: float, backorder: float) -> Levels:
    """Return the best (s, S) under periodic review and Poisson demand, exact (Zheng and Federgruen 1991).

    The cost of (s, S) is renewal reward: (fixed + Σ_j m(j) G(S - j)) / M(S - s), with m the expected visits below S.
    """
    chances = poisson(mean)
    cost_of = level_cost(mean, holding, backorder)
    visits = _Visits(chances)
    least = cost_of.least()

    def cost(low: int, high: int) -> float:
        weights = visits.up_to(high - low)
        paid = fixed + sum(float(weights[j]) * cost_of(high - j) for j in range(high - low))
        return paid / float(weights.sum())

    high, low = least, least - 1
    while cost(low, high) > cost_of(low):
        low -= 1
    best, best_low, best_high = cost(low, high), low, high
    high += 1
    while cost_of(high) <= best:
        if cost(best_low, high) < best:
            best_high = high
            while cost(best_low, high) <= cost_of(best_low + 1):
                best_low += 1
            best = cost(best_low, high)
        high += 1
    return Levels(best_low, best_high, best)


class _Visits:
    """m(j): expected number of periods that begin j below S, before an order: m = Σ_n p^(n), the renewal density."""

    def __init__(self, chances: Floats) -> None:
        self._chances, self._values = chances, [1 / (1 - float(chances[0]))]

    def up_to(self, count: int) -> Floats:
        """Return m(0) ... m(count - 1)."""
        while len(self._values) < count:
            j = len(self._values)
            ways = sum(self._chances[k] * self._values[j - k] for k in range(1, min(j, len(self._chances) - 1) + 1))
            self._values.append(float(ways) / (1 - float(self._chances[0])))
        return np.array(self._values[:count])
