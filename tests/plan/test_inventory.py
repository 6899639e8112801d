"""Ordering policies against the textbook's figures and against trying everything."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.errors import UsageError
from doseway.plan.blocks.inventory import economic_order, level_cost, lot_sizes, order_up_to, poisson, reorder_by


def test_the_order_quantity_of_the_textbook() -> None:
    """Snyder and Shen, example 3.1: fixed 8, holding 0.225, demand 1300 → 304.05 at 68.41."""
    order = economic_order(1300, 8, 0.225)
    assert order.quantity == pytest.approx(304.05, abs=0.005)
    assert order.cost == pytest.approx(68.41, abs=0.005)


def test_the_lot_sizes_of_the_textbook() -> None:
    """Snyder and Shen, example 3.9: fixed 500, holding 2, demand 90, 120, 80, 70 → order 210 and 150 for 1380."""
    orders, cost = lot_sizes([90, 120, 80, 70], 500, 2)
    assert orders == [210, 0, 150, 0]
    assert cost == 1380


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(1, 100), st.sampled_from([0.5, 1, 3]))
def test_no_other_lots_cost_less(demands: list[int], fixed: int, holding: float) -> None:
    orders, cost = lot_sizes(demands, fixed, holding)
    assert sum(orders) == pytest.approx(sum(demands))
    cheapest = np.inf
    for pattern in product([True, False], repeat=len(demands) - 1):
        starts, total = [True, *pattern], 0.0
        last = 0
        for period, begins in enumerate(starts):
            last = period if begins else last
            total += fixed * begins + holding * (period - last) * demands[period]
        cheapest = min(cheapest, total)
    assert cost == pytest.approx(cheapest)


def test_the_order_up_to_policy_of_the_textbook() -> None:
    """Snyder and Shen, example 4.7: Poisson 6, holding 1, backorder 4, fixed 5 → (4, 10) at 8.034."""
    found = order_up_to(6, 5, 1, 4)
    assert (found.low, found.high) == (4, 10)
    assert found.cost == pytest.approx(8.034111561471642, abs=1e-6)


def test_the_reorder_point_of_the_textbook() -> None:
    """Snyder and Shen, example 5.6: Poisson 1.5 a unit of time, 2 ahead, fixed 100, 20 and 150 → (3, 5) at 107.92."""
    found = reorder_by(1.5, 2, 100, 20, 150)
    assert (found.low, found.high) == (3, 5)
    assert found.cost == pytest.approx(107.92358063314975, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(0, 30), st.integers(1, 3), st.integers(2, 9))
def test_no_other_reorder_point_costs_less(mean: int, fixed: int, holding: int, backorder: int) -> None:
    found = reorder_by(mean, 1, fixed, holding, backorder)
    cost_of = level_cost(mean, holding, backorder)
    for low in range(found.low - 4, found.low + 5):
        for size in range(1, 25):
            cost = (fixed * mean + sum(cost_of(y) for y in range(low + 1, low + size + 1))) / size
            assert cost >= found.cost - 1e-9


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 5), st.integers(1, 20), st.integers(1, 2), st.integers(3, 9))
def test_no_other_order_up_to_policy_costs_less(mean: int, fixed: int, holding: int, backorder: int) -> None:
    """The long-run cost of each policy, from the stationary law of its own Markov chain."""
    found = order_up_to(mean, fixed, holding, backorder)
    for low in range(found.low - 2, found.low + 3):
        for high in range(max(low + 1, found.high - 2), found.high + 3):
            assert markov_cost(low, high, mean, fixed, holding, backorder) >= found.cost - 1e-6
    exact = markov_cost(found.low, found.high, mean, fixed, holding, backorder)
    assert found.cost == pytest.approx(exact, abs=1e-6)


def markov_cost(low: int, high: int, mean: float, fixed: float, holding: float, backorder: float) -> float:
    chances, cost_of = poisson(mean), level_cost(mean, holding, backorder)
    states = range(low + 1, high + 1)
    moves = np.zeros((len(states), len(states)))
    orders = np.zeros(len(states))
    for i, level in enumerate(states):
        for demand, chance in enumerate(chances):
            after = level - demand
            orders[i] += chance * fixed * (after <= low)
            moves[i, (high if after <= low else after) - low - 1] += chance
    system = np.vstack([moves.T - np.eye(len(states)), np.ones(len(states))])
    share = np.linalg.lstsq(system, np.r_[np.zeros(len(states)), 1.0], rcond=None)[0]
    return float(share @ (orders + [cost_of(level) for level in states]))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="above 0"):
        economic_order(0, 1, 1)
    with pytest.raises(UsageError, match="above 0"):
        poisson(0)
