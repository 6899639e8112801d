"""Time to survive: against the textbook, against brute-force removal, and laws."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.plan.chain import Chain
from doseway.plan.highs import Limits
from doseway.plan.solving import Infeasible, plan
from doseway.plan.survive import LONGEST_DAYS, Exposure, Outage, country_outages, every_outage, sweep
from doseway.plan.tables import Network, from_rows

Rows = dict[str, list[dict[str, Any]]]


def two_suppliers(stock: float = 300, capacity: float = 6, days: float = 10) -> Rows:
    """Two plants make 6 a day each, the market needs 10 a day, a depot holds stock."""
    return {
        "periods": [{"period": "p", "start": "2027-01-01", "days": days}],
        "products": [{"product": "dose"}],
        "sites": [
            {"site": "a", "country": "IN", "recovery_days": 100},
            {"site": "b", "country": "US", "recovery_days": 20},
            {"site": "depot", "country": "US", "recovery_days": 5},
        ],
        "lines": [{"line": s, "site": s, "capacity": capacity} for s in "ab"],
        "recipes": [{"line": s, "product": "dose", "hours": 1} for s in "ab"],
        "lanes": [{"lane": f"{s}-depot", "from_node": s, "to_node": "depot"} for s in "ab"]
        + [{"lane": "out", "from_node": "depot", "to_node": "m"}],
        "markets": [{"market": "m", "country": "US"}],
        "demand": [{"market": "m", "product": "dose", "quantity": 10 * days, "price": 2}],
        "stocks": [{"site": "depot", "product": "dose", "quantity": stock}] if stock else [],
    }


def by_name(network: Network) -> dict[str, Exposure]:
    chain = Chain(network)
    return {e.outage.name: e for e in sweep(chain, every_outage(chain))}


def test_with_one_of_two_suppliers_down_the_stock_lasts_as_a_calculator_says() -> None:
    found = by_name(from_rows(**two_suppliers()))
    plant = found["a"]
    assert plant.survive_days == pytest.approx(300 / (10 - 6))
    assert plant.is_exposed  # 75 days against 100
    assert plant.lost == {"m: dose": pytest.approx(100 * 4 - 300)}
    assert plant.impact == pytest.approx(2 * 100)
    assert not found["b"].is_exposed
    assert found["depot"].survive_days == pytest.approx(0)
    assert found["depot"].lost == {"m: dose": pytest.approx(50)}


def test_what_nobody_needs_is_survived_for_ever() -> None:
    rows = two_suppliers(capacity=20)
    found = by_name(from_rows(**rows))
    assert found["a"].survive_days == LONGEST_DAYS
    assert (found["a"].impact, found["a"].lost) == (0.0, {})


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 400), st.integers(0, 12), st.sampled_from(["a", "b"]))
def test_time_to_survive_agrees_with_brute_force_removal(stock: int, capacity: int, removed: str) -> None:
    rows = two_suppliers(stock, capacity)
    days = by_name(from_rows(**rows))[removed].survive_days

    def is_served(length: float) -> bool:
        left = two_suppliers(stock, capacity, length)
        left["lines"] = [line for line in left["lines"] if line["line"] != removed]
        left["recipes"] = [recipe for recipe in left["recipes"] if recipe["line"] != removed]
        try:
            plan(from_rows(**left), Limits(gap=0))
        except Infeasible:
            return False
        return True

    if days > 0.01:
        assert is_served(min(days, LONGEST_DAYS) * 0.999)
    if days < LONGEST_DAYS:
        assert not is_served(days * 1.001 + 0.01)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_more_stock_never_shortens_survival(left: int, right: int) -> None:
    low, high = sorted((left, right))
    before, after = by_name(from_rows(**two_suppliers(low))), by_name(from_rows(**two_suppliers(high)))
    for name, exposure in before.items():
        assert after[name].survive_days >= exposure.survive_days - 1e-6
        assert after[name].impact <= exposure.impact + 1e-6


def test_failures_together_are_no_milder_than_alone(network: Network) -> None:
    chain = Chain(network)
    alone = {e.outage.name: e for e in sweep(chain, every_outage(chain))}
    both = Outage("both", (("site", "Ankle"), ("site", "Fill")), 90)
    [together] = sweep(chain, [both])
    assert together.survive_days <= min(alone["Ankle"].survive_days, alone["Fill"].survive_days) + 1e-6
    assert together.impact >= max(alone["Ankle"].impact, alone["Fill"].impact) - 1e-6


def test_a_country_is_all_of_its_sites(changed: Callable[..., Network]) -> None:
    chain = Chain(changed())
    found = {e.outage.name: e for e in sweep(chain, country_outages(chain))}
    assert set(found) == {"CN", "IN", "US"}
    assert found["CN"].impact > 0
    assert found["CN"].index == pytest.approx(max(e.index for e in found.values()))


def test_the_order_of_outages_changes_nothing(network: Network) -> None:
    chain = Chain(network)
    outages = every_outage(chain)
    forth, back = sweep(chain, outages), sweep(chain, outages[::-1])
    assert [(e.outage.name, round(e.survive_days, 6), round(e.impact, 3)) for e in forth] == [
        (e.outage.name, round(e.survive_days, 6), round(e.impact, 3)) for e in back
    ]
