"""Building blocks against textbook answers and brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.errors import DataError, UsageError
from doseway.plan.blocks.newsvendor import base_stock, critical_fractile, expected_cost, order
from doseway.plan.blocks.safety_stock import Stage, factor_of, place


def test_the_newsvendor_of_the_textbook() -> None:
    """Snyder and Shen, example 4.3: mean 50, sd 8, over 0.18, under 0.70 → order 56.6, cost 1.9976."""
    amount = order(50, 8, 0.18, 0.70)
    assert amount == pytest.approx(56.6, abs=0.01)
    assert expected_cost(amount, 50, 8, 0.18, 0.70) == pytest.approx(1.9976, abs=1e-3)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-20, 20))
def test_no_other_amount_costs_less(over: float, under: float, shift: float) -> None:
    best = order(100, 15, over, under)
    assert expected_cost(best, 100, 15, over, under) <= expected_cost(best + shift, 100, 15, over, under) + 1e-9


def test_impossible_costs_and_levels_are_refused() -> None:
    with pytest.raises(UsageError, match="negative"):
        critical_fractile(-1, 1)
    with pytest.raises(UsageError, match="no least costly"):
        order(1, 1, 0, 1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        base_stock(1, 1, 1, 1.0)


def test_lead_time_that_varies_needs_more_stock() -> None:
    assert base_stock(10, 3, 4, 0.95) == pytest.approx(40 + 1.645 * 6, abs=0.01)
    assert base_stock(10, 3, 4, 0.95, days_sd=1) == pytest.approx(40 + 1.645 * np.sqrt(36 + 100), abs=0.02)


@st.composite
def chains(draw: st.DrawFn) -> list[Stage]:
    """Up to four stages, each buying from some of those before; the last one sells."""
    count = draw(st.integers(1, 4))
    stages = []
    for i in range(count):
        suppliers = {f"s{j}": 1.0 for j in range(i) if draw(st.booleans())}
        sells = i == count - 1
        stages.append(
            Stage(
                name=f"s{i}",
                days=draw(st.integers(0, 3)),
                cost=draw(st.integers(1, 9)),
                suppliers=suppliers,
                promise=draw(st.integers(0, 2)) if sells else None,
                demand_mean=10 if sells else 0,
                demand_sd=4 if sells else 0,
                days_sd=draw(st.sampled_from([0.0, 0.5])),
            )
        )
    return stages


def brute_force(stages: list[Stage], rate: float, factor: float) -> float:
    """Try every combination of quoted days."""
    names = [stage.name for stage in stages]
    longest: dict[str, int] = {}
    for stage in stages:
        longest[stage.name] = stage.days + max((longest[s] for s in stage.suppliers), default=0)
    value: dict[str, float] = {}
    for stage in stages:
        value[stage.name] = stage.cost + sum(value[s] for s in stage.suppliers)
    flow = dict.fromkeys(names, 0.0)
    spread = dict.fromkeys(names, 0.0)
    for stage in reversed(stages):
        flow[stage.name] = stage.demand_mean + sum(flow[c.name] for c in stages if stage.name in c.suppliers)
        parts = [stage.demand_sd**2, *(spread[c.name] ** 2 for c in stages if stage.name in c.suppliers)]
        spread[stage.name] = float(np.sqrt(sum(parts)))
    best = np.inf
    limits = [min(longest[s.name], s.promise if s.promise is not None else longest[s.name]) for s in stages]
    for quoted in product(*(range(limit + 1) for limit in limits)):
        quote = dict(zip(names, quoted, strict=True))
        total = 0.0
        for stage in stages:
            days = max((quote[s] for s in stage.suppliers), default=0) + stage.days - quote[stage.name]
            if days < 0:
                total = np.inf
                break
            if days > 0:
                total += (
                    rate
                    * value[stage.name]
                    * factor
                    * np.sqrt(spread[stage.name] ** 2 * days + (flow[stage.name] * stage.days_sd) ** 2)
                )
        best = min(best, total)
    return float(best)


@settings(max_examples=30, deadline=None)
@given(chains())
def test_safety_stock_is_placed_as_well_as_trying_everything(stages: list[Stage]) -> None:
    answer = place(stages, rate=0.2, factor=factor_of(0.95))
    assert answer.total == pytest.approx(brute_force(stages, 0.2, factor_of(0.95)), rel=1e-6, abs=1e-6)
    assert answer.bound <= answer.total + 1e-6


def test_a_chain_that_feeds_itself_or_buys_from_nobody_is_refused() -> None:
    with pytest.raises(DataError, match="circle"):
        place(
            [Stage(name="a", days=1, cost=1, suppliers={"b": 1}), Stage(name="b", days=1, cost=1, suppliers={"a": 1})],
            rate=1,
            factor=1,
        )
    with pytest.raises(DataError, match="no stage"):
        place([Stage(name="a", days=1, cost=1, suppliers={"b": 1})], rate=1, factor=1)
