"""The replay of a plan: a calculator's answers, and laws of disturbance."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.plan.answer import Plan
from doseway.plan.highs import Limits
from doseway.plan.simulation import Disturbance, replay, replay_under
from doseway.plan.solving import plan
from doseway.plan.tables import from_rows

EXACT = Limits(gap=1e-9)


def rows(stock: float = 0, days: float = 1, **event: Any) -> dict[str, list[dict[str, Any]]]:
    """A plant makes 10 a day for a market that wants 10 a day, over 100 days; stock at the plant."""
    return {
        "periods": [{"period": "p", "start": "2027-01-01", "days": 100}],
        "products": [{"product": "dose"}],
        "sites": [{"site": "a", "country": "US"}],
        "lines": [{"line": "l", "site": "a", "capacity": 10}],
        "recipes": [{"line": "l", "product": "dose", "hours": 1, "cost": 1}],
        "lanes": [{"lane": "a-m", "from_node": "a", "to_node": "m", "days": days}],
        "markets": [{"market": "m", "country": "US"}],
        "demand": [{"market": "m", "product": "dose", "quantity": 1000, "shortage_cost": 9}],
        "stocks": [{"site": "a", "product": "dose", "quantity": stock}] if stock else [],
        "disruptions": [{"event": "e", "target_kind": "site", "target": "a"} | event] if event else [],
    }


def made(**changes: Any) -> Plan:
    return plan(from_rows(**rows(**changes)), EXACT)


def test_undisturbed_only_what_is_on_its_way_at_the_end_is_missed() -> None:
    assert replay_under(made(), [])[0] == pytest.approx(990)
    assert replay_under(made(days=20), [])[0] == pytest.approx(800)


def test_a_closed_plant_misses_its_days_and_an_open_one_catches_up_only_within_its_hours() -> None:
    closed = Disturbance("site", "a", begins=10, days=30)
    assert replay_under(made(), [closed])[0] == pytest.approx(990 - 300)
    half = Disturbance("line", "l", begins=10, days=30, severity=0.5)
    assert replay_under(made(), [half])[0] == pytest.approx(990 - 150)


def test_spare_hours_catch_up_before_the_period_ends() -> None:
    wide = rows()
    wide["lines"][0]["capacity"] = 20
    closed = Disturbance("line", "l", begins=10, days=30)
    assert replay_under(plan(from_rows(**wide), EXACT), [closed])[0] == pytest.approx(990)


def test_a_closed_lane_lets_stock_pile_up_and_then_takes_it() -> None:
    assert replay_under(made(), [Disturbance("lane", "a-m", begins=10, days=30)])[0] == pytest.approx(990)
    assert replay_under(made(), [Disturbance("lane", "a-m", begins=60, days=400)])[0] == pytest.approx(600)


def test_the_simulated_service_is_the_expected_one() -> None:
    """The plant fails with 1/2 for the rest of the plan, from a day uniform over it."""
    answer = made(probability=0.5, duration="fixed", duration_days=1000)
    service = replay(answer, 400, 3)
    assert service.promised == pytest.approx(1)
    expected = 0.5 * 0.99 + 0.5 * np.mean([min(day, 99) / 100 for day in range(1, 101)])
    assert service.simulated.low < expected < service.simulated.high
    assert service.by_tier["1"][1] == service.simulated
    assert service.worst < 0.2
    assert replay(answer, 5, 3) == replay(answer, 5, 3)
    assert replay(answer, 5, 3) != replay(answer, 5, 4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 90), st.integers(0, 60), st.integers(0, 60), st.integers(0, 300))
def test_a_longer_failure_and_less_stock_never_serve_more(begins: int, days: int, more: int, stock: int) -> None:
    answer = made(stock=stock)
    short, long = (
        replay_under(answer, [Disturbance("site", "a", begins=begins, days=length)])[0]
        for length in (days, days + more)
    )
    assert long <= short + 1e-6
    assert short <= 1000 + 1e-6


def test_an_ingredient_that_does_not_come_stops_the_line_and_a_lot_expires() -> None:
    chain = rows()
    chain["products"] = [{"product": "api", "kind": "api"}, {"product": "dose"}]
    chain["boms"] = [{"product": "dose", "input": "api", "quantity": 2}]
    chain["stocks"] = [{"site": "a", "product": "api", "quantity": 2000, "expiration_date": "2027-06-01"}]
    answer = plan(from_rows(**chain), EXACT)
    assert replay_under(answer, [])[0] == pytest.approx(990)
    chain["stocks"][0]["quantity"] = 1000
    answer = plan(from_rows(**chain), EXACT)
    assert replay_under(answer, [])[0] == pytest.approx(500 - 5, abs=6)
