"""Scenarios and two-stage plans: laws of probability, risk and information."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.random_networks import networks

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.goods import Goods
from doseway.plan.highs import Limits, solve
from doseway.plan.program import Program
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenarios import Scenario, draw, drawn, hit
from doseway.plan.solving import plan
from doseway.plan.tables import Network, from_rows
from doseway.plan.twostage import Risk, costs_after, decide, decide_under, tail_mean, wait_and_see

EXACT = Limits(gap=1e-9)
EVENTS = [
    {
        "event": "ban",
        "target_kind": "country",
        "target": "IN",
        "probability": 0.3,
        "duration_days": 120,
        "group": "asia",
        "correlation": 0.7,
    },
    {"event": "storm", "target_kind": "region", "target": "Gulf", "probability": 0.2, "duration_days": 40},
    {
        "event": "port",
        "target_kind": "mode",
        "target": "sea",
        "probability": 0.3,
        "duration_days": 60,
        "severity": 0.5,
        "duration": "exponential",
        "group": "asia",
        "correlation": 0.7,
    },
]


def cases_of(network: Network, count: int = 12, seed: int = 1) -> list[tuple[float, Draft]]:
    chain = Chain(in_plan_units(network))
    goods = Goods(chain)
    return [(s.probability, build_chain(chain, goods, s.conditions)) for s in draw(chain, count, seed)]


def test_events_keep_their_probability_and_gain_company_with_correlation(changed: Callable[..., Network]) -> None:
    chain = Chain(changed(disruptions=EVENTS))
    drawn = draw(chain, 20_000, 3)
    names = [set(s.events) for s in drawn]
    frequency = {e: sum(e in n for n in names) / len(names) for e in ("ban", "storm", "port")}
    assert frequency == pytest.approx({"ban": 0.3, "storm": 0.2, "port": 0.3}, abs=0.015)
    both = sum({"ban", "port"} <= n for n in names) / len(names)
    assert both > 0.3 * 0.3 + 0.05
    apart = sum({"ban", "storm"} <= n for n in names) / len(names)
    assert apart == pytest.approx(0.3 * 0.2, abs=0.01)


def test_the_same_seed_gives_the_same_scenarios_in_any_order_of_rows(changed: Callable[..., Network]) -> None:
    left = draw(Chain(changed(disruptions=EVENTS)), 50, 9)
    right = draw(Chain(changed(disruptions=EVENTS[::-1])), 50, 9)
    assert [s.events for s in left] == [s.events for s in right]
    assert all(np.array_equal(shares(a), shares(b)) for a, b in zip(left, right, strict=True))
    assert [s.events for s in left] != [s.events for s in draw(Chain(changed(disruptions=EVENTS)), 50, 10)]


def shares(scenario: Scenario) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    assert scenario.conditions.line_share is not None
    return scenario.conditions.line_share


def test_a_plant_that_is_closed_makes_nothing_meanwhile(changed: Callable[..., Network]) -> None:
    event = {"event": "e", "target_kind": "site", "target": "Fill", "probability": 1, "duration_days": 1000}
    chain = Chain(changed(disruptions=[event]))
    [scenario] = draw(chain, 1, 4)
    fill = chain.network["lines"].text("line").index("f1")
    assert shares(scenario)[fill, -1] < 1
    assert (shares(scenario)[[i for i in range(4) if i != fill]] == 1).all()


@pytest.mark.parametrize(
    ("law", "mean", "sd"),
    [("fixed", 40, 0), ("uniform", 40, 40 / 3**0.5), ("exponential", 40, 40), ("lognormal", 40, 25)],
)
def test_outages_last_as_their_law_says(changed: Callable[..., Network], law: str, mean: float, sd: float) -> None:
    event = {"event": "e", "target_kind": "site", "target": "Fill", "probability": 1, "duration_days": mean}
    chain = Chain(changed(disruptions=[{**event, "duration": law, "duration_sd": 25}]))
    lengths = np.array([lengths[0] for _, _, lengths in drawn(chain, 20_000, np.random.default_rng(1))])
    assert lengths.mean() == pytest.approx(mean, rel=0.03)
    assert lengths.std() == pytest.approx(sd, rel=0.05, abs=1e-9)
    assert lengths.min() >= 0


@pytest.mark.parametrize(
    ("kind", "target", "lines", "lanes"),
    [
        ("line", "f1", {"f1"}, set()),
        ("lane", "a-f", set(), {"a-f"}),
        ("mode", "road", set(), {"b-f", "f-d", "d-h"}),
        ("site", "Ankle", {"a1"}, {"k-a", "a-f"}),
        ("country", "IN", {"a1"}, {"k-a", "a-f"}),
        ("region", "Gulf", {"f1"}, {"a-f", "b-f", "f-d"}),
        ("root", "solvents", {"a1", "b1"}, {"k-a", "a-f", "k-b", "b-f"}),
    ],
)
def test_an_event_hits_what_shares_its_target(
    rows: dict[str, list[dict[str, Any]]], kind: str, target: str, lines: set[str], lanes: set[str]
) -> None:
    """Two makers that buy from the same supplier of solvents fail together."""
    rows["sites"] = [{**r, "root": "solvents"} if r["site"] in {"Ankle", "Bend"} else r for r in rows["sites"]]
    chain = Chain(from_rows(**rows))
    hit_lines, hit_lanes = hit(chain, kind, target)
    assert {chain.network["lines"].text("line")[i] for i in hit_lines} == lines
    assert {chain.network["lanes"].text("lane")[i] for i in hit_lanes} == lanes


@settings(max_examples=10, deadline=None)
@given(network=networks(), seed=st.integers(0, 99))
def test_plans_for_fewer_scenarios_of_the_same_law_promise_no_more_on_average_than_they_keep(
    network: Network, seed: int
) -> None:
    """The mean over all ways to leave one scenario out is at most the cost for all (Mak, Morton and Wood 1999)."""
    chain = Chain(in_plan_units(network))
    drawn_here = draw(chain, 4, seed)
    whole = decide_under(chain, drawn_here, limits=EXACT).outcome.cost
    nested = []
    for out in range(4):
        left = [replace(s, probability=1 / 3) for i, s in enumerate(drawn_here) if i != out]
        nested.append(decide_under(chain, left, limits=EXACT).outcome.cost)
    assert np.mean(nested) <= whole + 1e-6 * max(1.0, abs(whole))


@settings(max_examples=10, deadline=None)
@given(network=networks(), seed=st.integers(0, 99))
def test_the_frontier_of_mean_and_tail_is_monotone(network: Network, seed: int) -> None:
    chain = Chain(in_plan_units(network))
    scenarios = draw(chain, 5, seed)
    answers = [decide_under(chain, scenarios, Risk(weight=w, level=0.6), EXACT) for w in (0.0, 0.3, 0.6, 1.0)]
    for less, more in itertools.pairwise(answers):
        slack = 1e-6 * max(1.0, abs(less.expected), abs(less.tail))
        assert less.expected <= more.expected + slack
        assert more.tail <= less.tail + slack


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8), st.floats(0, 0.99), st.floats(0, 0.99))
def test_the_tail_mean_lies_between_mean_and_worst_and_grows_with_its_level(
    costs: list[float], a: float, b: float
) -> None:
    values, equal = np.array(costs), np.full(len(costs), 1 / len(costs))
    low, high = sorted((a, b))
    assert tail_mean(values, equal, 0.0) == pytest.approx(values.mean(), abs=1e-6)
    assert tail_mean(values, equal, low) <= tail_mean(values, equal, high) + 1e-6
    assert tail_mean(values, equal, high) <= values.max() + 1e-6


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000))
def test_information_and_recourse_have_a_value(changed: Callable[..., Network], seed: int) -> None:
    cases = cases_of(changed(disruptions=EVENTS), seed=seed)
    best = decide(cases, limits=EXACT)
    assert wait_and_see(cases, EXACT) <= best.expected + 1e-6 * abs(best.expected)
    again = costs_after(cases, best.decisions, EXACT)
    np.testing.assert_allclose(again, best.costs, rtol=1e-6, atol=1e-3)


def test_risk_aversion_trades_the_mean_for_the_tail(changed: Callable[..., Network]) -> None:
    cases = cases_of(changed(disruptions=EVENTS), count=20, seed=2)
    answers = [decide(cases, Risk(weight=w, level=0.8), EXACT) for w in (0.0, 0.5, 1.0)]
    tolerance = 1e-6 * abs(answers[0].expected)
    assert all(a.expected <= b.expected + tolerance for a, b in itertools.pairwise(answers))
    tails = [a.first + tail_mean(a.costs, np.full(20, 0.05), 0.8) for a in answers[1:]]
    assert tails[1] <= tails[0] + tolerance


def test_the_order_and_the_splitting_of_scenarios_change_nothing(changed: Callable[..., Network]) -> None:
    cases = cases_of(changed(disruptions=EVENTS), count=8, seed=5)
    plain = decide(cases, limits=EXACT).expected
    assert decide(cases[::-1], limits=EXACT).expected == pytest.approx(plain, rel=1e-8)
    split = [(p / 2, c) for p, c in cases for _ in range(2)]
    assert decide(split, limits=EXACT).expected == pytest.approx(plain, rel=1e-8)


def test_one_scenario_is_the_plan_itself(network: Network) -> None:
    chain = Chain(in_plan_units(network))
    draft = build_chain(chain, Goods(chain), Conditions())
    assert decide([(1.0, draft)], limits=EXACT).expected == pytest.approx(plan(network, EXACT).cost, rel=1e-9)


def test_probabilities_and_risk_are_checked(network: Network) -> None:
    cases = cases_of(network, count=2)
    with pytest.raises(UsageError, match="add up to 1"):
        decide(cases[:1])
    with pytest.raises(UsageError, match="weight of risk"):
        decide(cases, Risk(weight=2))


class Newsboy:
    """Order x at 1 before demand is known; sell up to it at 3: the textbook answer is the 2/3 fractile."""

    def __init__(self, demand: float) -> None:
        self.program = Program()
        order = self.program.add_columns("order", "order", {}, 1, cost={"buying": 1.0}, upper=100, stage=1)
        sold = self.program.add_columns("sold", "sold", {}, 1, cost={"revenue": -3.0}, upper=demand)
        row = self.program.add_rows("have", "what there is", {}, 1, upper=0.0)
        self.program.add_entries(np.r_[row, row], np.r_[sold, order], np.array([1.0, -1.0]))


def test_the_newsboy_orders_the_critical_fractile() -> None:
    cases = [(0.1, Newsboy(10.0 * (i + 1))) for i in range(10)]
    answer = decide(cases, limits=EXACT)
    assert answer.decisions[0] == pytest.approx(70)
    assert solve(cases[0][1].program.arrays()).cost == pytest.approx(-20)


def test_a_newsboy_afraid_of_the_tail_orders_less() -> None:
    cases = [(0.1, Newsboy(10.0 * (i + 1))) for i in range(10)]
    assert decide(cases, Risk(weight=1, level=0.9), EXACT).decisions[0] == pytest.approx(10)
