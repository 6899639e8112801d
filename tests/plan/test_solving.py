"""The model: its answers by hand, and what must not change them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.model.errors import Unavailable
from doseway.plan.answer import Plan
from doseway.plan.formulation.draft import Conditions
from doseway.plan.highs import Limits, Progress
from doseway.plan.solving import Infeasible, plan
from doseway.plan.tables import Network, from_rows

EXACT = Limits(gap=1e-9)
Change = Callable[..., Network]
Rows = dict[str, list[dict[str, Any]]]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def with_cell(rows: Rows, table: str, row: int, **cells: object) -> Rows:
    return {**rows, table: [{**r, **cells} if i == row else r for i, r in enumerate(rows[table])]}


def amount(plan: Plan, kind: str, **labels: str) -> float:
    wanted = [r for r in plan.rows(kind) if all(r[name] == label for name, label in labels.items())]
    return sum(float(r["quantity"]) for r in wanted)


def test_the_cost_of_a_chain_is_what_a_calculator_says(network: Network) -> None:
    answer = plan(network, EXACT)
    # Home: 200,000 vials need 2,000 kg API, 5,000 kg KSM. Abroad at 3 pays for 1.375 of cost, so it is served too.
    vials, api, ksm = 300_000, 3_000, 7_500
    cost = vials * (0.5 + 0.02) + 200_000 * 0.01 + 100_000 * 0.05
    cost += vials * 0.001 * 2 + 200_000 * 0.001 * 1 + 100_000 * 0.001 * 5  # carrying
    cost += api * (10 + 1) + ksm * (1 + 0.1)
    assert answer.status == "optimal"
    assert answer.cost == pytest.approx(cost - 200_000 * 10 - 100_000 * 3)
    assert sum(answer.costs.values()) == pytest.approx(answer.cost)
    assert amount(answer, "make", line="a1") == pytest.approx(api)


def test_duty_follows_the_origin_of_the_ingredient_through_plant_and_warehouse(changed: Change) -> None:
    """Vials are filled in the US; only Canada's border sees them, and it charges for Indian API, not for US filling."""
    duties = [{"hs": "3004", "origin": "IN", "destination": "CA", "rate": 0.2}]
    indian = plan(changed(duties=duties), EXACT)
    assert indian.costs["duty"] == pytest.approx(0.2 * 5 * amount(indian, "flow", lane="d-x"))
    assert {r["good"] for r in indian.rows("flow") if r["lane"] == "d-x"} == {"vial of IN"}
    american = plan(changed(duties=[{"hs": "3004", "origin": "US", "destination": "CA", "rate": 0.2}]), EXACT)
    assert american.costs["duty"] == 0


def test_the_most_specific_duty_in_force_applies(changed: Change) -> None:
    duties = [
        {"destination": "US", "rate": 0.5},
        {"hs": "2941", "destination": "US", "rate": 0.1},
        {"hs": "2941", "origin": "IN", "destination": "US", "rate": 0.02, "valid_to": "2027-03-31"},
        {"hs": "2941", "origin": "IN", "destination": "US", "rate": 0.03, "valid_from": "2027-04-01"},
    ]
    answer = plan(changed(duties=duties), EXACT)
    first = amount(answer, "flow", lane="a-f", period="Q1")
    second = amount(answer, "flow", lane="a-f", period="Q2")
    assert answer.costs["duty"] == pytest.approx(100 * (0.02 * first + 0.03 * second))
    assert first > second  # duty rises, so the ingredient is brought in early


def test_a_high_duty_opens_the_idle_plant(changed: Change) -> None:
    answer = plan(changed(duties=[{"origin": "IN", "destination": "US", "rate": 1.0}]), EXACT)
    assert [(r["line"], r["period"]) for r in answer.rows("activate")] == [("b1", "Q1")]
    assert amount(answer, "make", line="a1") == pytest.approx(0)


def test_activation_takes_its_days_and_its_ramp(rows: Rows) -> None:
    rows = with_cell(rows, "lines", 2, activation_days=90, ramp="slow", activation_cost=0)
    rows = with_cell(rows, "lines", 1, capacity=0)
    rows["ramps"] = [{"ramp": "slow", "days": 0, "share": 0.25}, {"ramp": "slow", "days": 200, "share": 1}]
    rows["demand"] = [{"market": "Home", "product": "vial", "quantity": 1e6, "shortage_cost": 50}]
    answer = plan(from_rows(**rows), EXACT)
    assert amount(answer, "make", line="b1", period="Q1") == 0
    assert amount(answer, "make", line="b1", period="Q2") == pytest.approx(0.25 * 24 * 90 / 0.5)


def test_nothing_is_made_before_it_is_qualified(rows: Rows) -> None:
    rows = with_cell(rows, "recipes", 1, qualified="no", qualification_cost=1000, qualification_days=60)
    answer = plan(from_rows(**with_cell(rows, "lines", 2, capacity=0)), EXACT)
    assert answer.costs["qualification"] == 1000
    assert amount(answer, "make", line="a1", period="Q1") == 0
    assert amount(answer, "make", line="a1", period="Q2") > 0
    assert amount(answer, "short", period="Q1") == pytest.approx(100_000)


def test_a_quota_binds_and_a_tariff_quota_charges_what_goes_beyond(changed: Change) -> None:
    quota = {"quota": "api", "hs": "2941", "origin": "IN", "destination": "US", "quantity": 1500}
    closed = plan(changed(quotas=[quota]), EXACT)
    assert amount(closed, "flow", lane="a-f") == pytest.approx(1500)
    charged = plan(changed(quotas=[{**quota, "over_rate": 0.05}]), EXACT)
    beyond = amount(charged, "flow", lane="a-f") - 1500
    assert charged.costs["duty"] == pytest.approx(0.05 * 100 * beyond)
    assert beyond > 0


def test_stock_is_not_used_after_it_expires(rows: Rows) -> None:
    rows = with_cell(rows, "products", 2, shelf_life=200)
    rows["demand"] = [{"market": "Home", "product": "vial", "quantity": 500_000, "shortage_cost": 50}]
    rows["lines"] = [{**r, "capacity": 24 if r["line"] != "f1" else 0} for r in rows["lines"]]
    rows["stocks"] = [
        {"site": "Depot", "product": "vial", "origin": "IN", "expiration_date": "2027-04-15", "quantity": 900_000},
        {"site": "Depot", "product": "vial", "origin": "IN", "expiration_date": "2028-01-01", "quantity": 70_000},
    ]
    answer = plan(from_rows(**rows), EXACT)
    assert amount(answer, "short", period="Q1") == pytest.approx(0)
    assert amount(answer, "short", period="Q2") == pytest.approx(430_000)


def test_an_ingredient_is_not_used_after_it_expires(rows: Rows) -> None:
    rows["lines"] = [{**r, "capacity": 0 if r["line"] != "f1" else 11.2} for r in rows["lines"]]
    rows["demand"] = rows["demand"][:1]
    lot = {"site": "Fill", "product": "api", "origin": "IN", "quantity": 2000}
    expires = plan(from_rows(**rows, stocks=[{**lot, "expiration_date": "2027-04-15"}]), EXACT)
    assert amount(expires, "use", line="f1", period="Q1") == pytest.approx(11.2 * 90)
    assert amount(expires, "use", line="f1", period="Q2") == 0
    lasts = plan(from_rows(**rows, stocks=[lot]), EXACT)
    assert amount(lasts, "use", line="f1", period="Q2") == pytest.approx(1000)


def test_a_market_takes_nothing_without_its_residual_life(rows: Rows) -> None:
    rows = with_cell(rows, "products", 2, shelf_life=400)
    rows = with_cell(rows, "markets", 1, residual_life=300)
    assert amount(plan(from_rows(**rows), EXACT), "flow", lane="d-x") == pytest.approx(100_000)
    rows = with_cell(rows, "markets", 1, residual_life=320)  # made on the first day, used on the 90th: 310 are left
    assert amount(plan(from_rows(**rows), EXACT), "flow", lane="d-x") == 0


def test_a_market_takes_only_from_a_licensed_site(changed: Change) -> None:
    answer = plan(changed(licences=[{"site": "Fill", "country": "US"}]), EXACT)
    assert amount(answer, "flow", lane="d-x") == 0
    assert amount(answer, "flow", lane="d-h") == pytest.approx(200_000)


def test_arrivals_are_late_by_the_days_of_the_lane(rows: Rows) -> None:
    rows = with_cell(rows, "lanes", 2, days=100)
    answer = plan(from_rows(**with_cell(rows, "lines", 2, capacity=0)), EXACT)
    assert amount(answer, "short", period="Q1") == pytest.approx(100_000)
    assert amount(answer, "short", period="Q2") == pytest.approx(0)


def test_campaigns_take_their_changeover_and_their_least_length(rows: Rows) -> None:
    rows = with_cell(rows, "recipes", 3, changeover_hours=160, changeover_cost=7)
    rows = with_cell(rows, "lines", 3, campaign_min=1500)
    rows["demand"] = [{"market": "Home", "product": "vial", "quantity": 60_000, "shortage_cost": 50}]
    answer = plan(from_rows(**rows), EXACT)
    assert answer.costs["changeover"] == 7  # one long campaign, and stock, instead of two short ones
    assert amount(answer, "make", line="f1", period="Q1") * 0.01 >= 1500 - 1e-6


def test_a_closed_source_is_explained_in_planners_words(rows: Rows) -> None:
    rows = with_cell(rows, "demand", 0, shortage_cost="")
    rows = with_cell(rows, "lines", 3, capacity=5)
    rows["demand"] = rows["demand"][:1]
    with pytest.raises(Infeasible) as caught:
        plan(from_rows(**rows), EXACT)
    reasons = caught.value.reasons
    assert "demand of Home for vial in Q1" in reasons
    assert "hours of f1 at Fill in Q1" in reasons
    assert len(reasons) == 2


@pytest.mark.parametrize("dropped", [0, 1])
def test_the_explanation_is_irreducible(rows: Rows, dropped: int) -> None:
    rows["policies"] = [
        {"policy": "home first", "rule": "min_service", "value": 1},
        {"policy": "no India", "rule": "max_country_share", "countries": "IN", "value": 0},
    ]
    rows["lines"] = [r if r["line"] != "b1" else {**r, "capacity": 0} for r in rows["lines"]]
    with pytest.raises(Infeasible) as caught:
        plan(from_rows(**rows), EXACT)
    assert {"home first", "no India"} == {
        reason.split("rule ")[1].split(" for")[0] for reason in caught.value.reasons if "rule" in reason
    }
    rows["policies"].pop(dropped)
    assert plan(from_rows(**rows), EXACT).status == "optimal"


def test_a_share_by_country_moves_the_source(changed: Change) -> None:
    rule = {"policy": "spread", "rule": "max_country_share", "countries": "IN", "value": 0.4}
    answer = plan(changed(policies=[rule]), EXACT)
    indian = sum(float(r["quantity"]) for r in answer.rows("flow") if r["good"] == "vial of IN" and r["lane"] == "d-h")
    assert indian <= 0.4 * 300_000 + 1e-3
    assert answer.rows("activate")


def test_two_sources_are_kept_ready(changed: Change) -> None:
    rule = {"policy": "two", "rule": "min_sites", "value": 2, "product": "api"}
    answer = plan(changed(policies=[rule]), EXACT)
    assert [r["line"] for r in answer.rows("activate")] == ["b1"]


def test_exports_stay_below_their_share(changed: Change) -> None:
    rule = {"policy": "home", "rule": "max_export_share", "value": 0.2}
    answer = plan(changed(policies=[rule]), EXACT)
    assert amount(answer, "served", market="Abroad") == pytest.approx(0.25 * 200_000)


def test_the_most_needed_tier_is_served_first_whatever_it_costs(rows: Rows) -> None:
    rows["demand"] = [
        {"market": "Home", "product": "vial", "quantity": 150_000, "tier": 1, "shortage_cost": 1},
        {"market": "Abroad", "product": "vial", "quantity": 150_000, "tier": 2, "shortage_cost": 1000},
    ]
    by_cost = plan(from_rows(**rows), EXACT)
    by_tier = plan(from_rows(**rows), EXACT, is_tier_first=True)
    assert by_cost.service()["1"] < 0.99
    assert by_tier.service()["1"] == pytest.approx(1)
    assert by_tier.cost > by_cost.cost


def test_money_and_units_change_nothing_but_the_figures(rows: Rows) -> None:
    rows["duties"] = [{"origin": "IN", "destination": "US", "rate": 0.25}]
    plain = plan(from_rows(**rows), EXACT)
    rows["scope"] = [{"name": "in rupees", "currency": "INR"}]
    rows["currencies"] = [{"currency": "USD", "rate": 83.1}]
    rows["units"] = [{"unit": "thousand", "equals": 1000, "of": "vial"}, {"unit": "kg", "equals": 1000, "of": "g"}]
    for table in ("products", "lines", "recipes", "lanes", "demand"):
        rows[table] = [{**row, "currency": "USD"} for row in rows[table]]
    rows["demand"] = [
        {**row, "quantity": row["quantity"] / 1000, "unit": "thousand", "price": row["price"] * 1000}
        | ({"shortage_cost": row["shortage_cost"] * 1000} if "shortage_cost" in row else {})
        for row in rows["demand"]
    ]
    other = plan(from_rows(**rows), EXACT)
    assert other.cost == pytest.approx(plain.cost * 83.1, rel=1e-9)
    np.testing.assert_allclose(other.x, plain.x, rtol=1e-9, atol=1e-6)


def test_counting_a_product_in_another_unit_changes_nothing(rows: Rows) -> None:
    plain = plan(from_rows(**rows), EXACT)
    rows = with_cell(rows, "products", 1, unit="g", value=0.1)
    rows = with_cell(rows, "boms", 0, quantity=0.002)
    rows = with_cell(rows, "boms", 1, quantity=10)
    rows["recipes"] = [
        {**r, "hours": r["hours"] / 1000, "cost": r["cost"] / 1000} if r["product"] == "api" else r
        for r in rows["recipes"]
    ]
    rows["lanes"] = [
        {**r, "product": "api", "cost": r["cost"] / 1000} if r["to_node"] == "Fill" else r for r in rows["lanes"]
    ]
    assert plan(from_rows(**rows), EXACT).cost == pytest.approx(plain.cost, rel=1e-9)


@QUICK
@given(data=st.data())
def test_the_order_of_rows_changes_nothing(data: st.DataObject, rows: Rows) -> None:
    shuffled = {table: data.draw(st.permutations(listed)) for table, listed in rows.items()}
    assert np.array_equal(plan(from_rows(**shuffled), EXACT).x, plan(from_rows(**rows), EXACT).x)


def test_less_capacity_in_a_scenario_never_costs_less(network: Network) -> None:
    costs = [
        plan(network, EXACT, conditions=Conditions(line_share=np.full((4, 2), share))).cost
        for share in (1, 0.6, 0.2, 0)
    ]
    assert costs == sorted(costs)


def test_shadow_prices_say_what_one_more_hour_is_worth(rows: Rows) -> None:
    rows = with_cell(rows, "lines", 3, capacity=5)
    answer = plan(from_rows(**rows), EXACT)
    said = dict(answer.bottlenecks())
    price = said["hours of f1 at Fill in Q1"]
    more = plan(from_rows(**with_cell(rows, "lines", 3, capacity=5 + 1 / 90)), EXACT)
    first = dict(answer.bottlenecks())["hours of f1 at Fill in Q2"]
    assert answer.cost - more.cost == pytest.approx(price + first, rel=1e-6)


def test_a_watch_stops_the_solve_and_keeps_the_best_plan() -> None:
    rng = np.random.default_rng(7)
    size = 14
    network = knapsack(rng, size)
    seen: list[Progress] = []

    def watch(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 3

    try:
        answer = plan(network, EXACT, watch=watch)
    except Unavailable:
        pass  # stopped before any plan: said so, and nothing else
    else:
        assert answer.violations() == []
        assert answer.status in {"feasible", "optimal"}
        assert answer.bound <= answer.cost
    assert seen


def knapsack(rng: np.random.Generator, size: int) -> Network:
    """Plants with fixed costs and single-source markets: a hard combination."""
    demand = rng.integers(10, 40, 3 * size)
    return from_rows(
        periods=[{"period": "t", "start": "2027-01-01", "days": 1}],
        products=[{"product": "dose"}],
        sites=[{"site": f"p{i}", "country": "US"} for i in range(size)],
        lines=[
            {"line": f"p{i}", "site": f"p{i}", "capacity": 90, "idle": 1, "activation_cost": int(rng.integers(50, 90))}
            for i in range(size)
        ],
        recipes=[{"line": f"p{i}", "product": "dose", "hours": 1} for i in range(size)],
        markets=[{"market": f"c{j}", "country": "US", "single_source": "yes"} for j in range(3 * size)],
        demand=[
            {"market": f"c{j}", "product": "dose", "quantity": int(d), "shortage_cost": 20}
            for j, d in enumerate(demand)
        ],
        lanes=[
            {"lane": f"p{i}c{j}", "from_node": f"p{i}", "to_node": f"c{j}", "cost": int(rng.integers(1, 9))}
            for i in range(size)
            for j in range(3 * size)
        ],
    )
