"""Answers on a network that is small enough to be reckoned by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from doseway.model.errors import UsageError
from doseway.plan.highs import Limits
from doseway.plan.questions.answering import Effort
from doseway.plan.questions.buffer import buffer
from doseway.plan.questions.capacity import capacity
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.questions.compare import compare
from doseway.plan.questions.export import export
from doseway.plan.questions.exposure import exposure
from doseway.plan.questions.failures import failures
from doseway.plan.questions.resource import resource
from doseway.plan.questions.roadmap import roadmap
from doseway.plan.questions.uncertain import uncertain
from doseway.plan.questions.why import why
from doseway.plan.risk import Risk
from doseway.plan.tables import Network

Rows = dict[str, list[dict[str, Any]]]
Changed = Callable[..., Network]
EXACT = Effort(limits=Limits(gap=1e-8))
VIAL_BEYOND_API = 0.5 + 0.02 + 0.002 + 0.01 + 0.001  # filling, two lanes, carrying for 2 and 1 days
API_AT_ANKLE = 10 + 1 + 2.5 * 1.1
API_AT_BEND = 25 + 0.5 + 2.5 * 1.2


def with_hours(rows: Rows, line: str, hours: float) -> list[dict[str, Any]]:
    return [{**row, "capacity": hours} if row["line"] == line else row for row in rows["lines"]]


def test_idle_capacity_gives_what_its_hours_give(rows: Rows, changed: Changed) -> None:
    """Ankle makes 48 kg of API a day, idle Bend as much; 0.01 kg make a vial; filling is made wide."""
    answer = capacity(changed(lines=with_hours(rows, "f1", 240)), EXACT, (1.0,))
    assert answer.as_it_is == pytest.approx(4800 * 180)
    assert answer.with_idle == pytest.approx(9600 * 180)
    [step] = answer.steps
    by_hand = 100_000 + 8640 * API_AT_BEND + 864_000 * VIAL_BEYOND_API
    assert step.extra_cost == pytest.approx(by_hand, rel=1e-5)
    assert [d.line for d in step.decisions] == ["b1"]


def test_idle_capacity_adds_nothing_behind_a_bottleneck(network: Network) -> None:
    answer = capacity(network, EXACT)
    assert answer.extra == pytest.approx(0, abs=1e-3)
    assert answer.steps == []
    assert answer.binding[0].limit == "hours of f1 at Fill"
    assert answer.binding[0].most == pytest.approx(100)  # an hour of filling makes 100 vials
    assert answer.words()[0].startswith("Idle capacity adds nothing")


def test_export_adds_its_margin(network: Network) -> None:
    answer = export(network, EXACT)
    margin = 3 - (0.01 * API_AT_ANKLE + 0.5 + 0.02 + 0.002 + 0.05 + 0.005)
    assert answer.added == pytest.approx(100_000 * margin, rel=1e-6)
    [sale] = answer.sales
    assert sale.market == "Abroad"
    assert sale.sold == pytest.approx(100_000)
    assert answer.decisions == []


def test_without_demand_abroad_there_is_no_export(rows: Rows, changed: Changed) -> None:
    with pytest.raises(UsageError, match="optional demand"):
        export(changed(demand=rows["demand"][:1]))


def test_a_dose_is_short_because_of_the_hours_that_are_missing(rows: Rows, changed: Changed) -> None:
    """Filling 10 hours a day makes 90,000 vials in a period, and 100,000 are wanted."""
    answer = why(changed(lines=with_hours(rows, "f1", 10)), effort=EXACT)
    [reason] = answer.reasons
    assert (reason.market, reason.product, reason.wanted) == ("Home", "vial", 200_000)
    assert reason.short == pytest.approx(20_000)
    assert reason.lets == pytest.approx(180_000)
    assert [limit.what for limit in reason.cut] == ["hours of f1 for vial"]


def test_a_dose_is_short_because_a_recipe_is_not_filed(rows: Rows, changed: Changed) -> None:
    recipes = [{**r, "qualified": "no", "qualification_days": 400} if r["line"] == "b1" else r for r in rows["recipes"]]
    answer = why(changed(recipes=recipes), failed=(("site", "Ankle"),), effort=EXACT)
    [reason] = answer.reasons
    assert reason.lets == 0
    assert "api is not filed for b1" in {limit.what for limit in reason.cut}
    assert {limit.kind for limit in reason.cut} == {"filing", "lane"}


@pytest.mark.parametrize("failed", [("site", "Ankle"), ("country", "US"), ("lane", "f-d"), ("mode", "sea")])
def test_no_less_can_get_through_than_does(network: Network, failed: tuple[str, str]) -> None:
    for reason in why(network, failed=(failed,), effort=EXACT).reasons:
        assert reason.lets >= (reason.wanted - reason.short) * (1 - 1e-6)
        assert sum(limit.lets for limit in reason.cut) == pytest.approx(reason.lets, abs=1e-6)


def test_what_is_not_there_cannot_be_out(network: Network) -> None:
    with pytest.raises(UsageError, match="has no root"):
        why(network, failed=(("root", "nobody"),))
    with pytest.raises(UsageError, match="no kind"):
        why(network, failed=(("planet", "Mars"),))
    with pytest.raises(UsageError, match="there is no 'Moon'"):
        why(network, "Moon")


def test_half_from_india_is_half_from_home(network: Network) -> None:
    answer = resource(network, (0.5,), countries=("IN",), since="2027-01-01", effort=EXACT)
    [capped] = answer.capped
    more = 0.01 * (API_AT_BEND - API_AT_ANKLE) * (100_000 + 50_000) * 2 / 2 + 100_000
    assert capped.more == pytest.approx(more, rel=1e-5)
    assert [d.line for d in capped.decisions] == ["b1"]
    assert {(m.what, m.product): m.more for m in capped.moved}["Bend", "api"] == pytest.approx(1500)
    assert answer.base_largest == ("vial", "IN", 1.0)


def test_one_more_unit_saves_what_a_little_stock_saves(rows: Rows, changed: Changed) -> None:
    """The shadow price is the slope: a small buffer saves its quantity times the price."""
    events = [{"event": "e", "target_kind": "site", "target": "Ankle", "probability": 1, "duration_days": 60}]
    short = changed(disruptions=events, lines=[line for line in rows["lines"] if line["line"] != "b1"],
                    recipes=[r for r in rows["recipes"] if r["line"] != "b1"])  # fmt: skip
    answer = buffer(short, scenarios=4, stock_days=1e-3, tried=1, effort=EXACT)
    [tried] = answer.tried
    assert tried.saving == pytest.approx(tried.quantity * tried.place.saving, rel=1e-3)
    assert answer.places == sorted(answer.places, key=lambda p: -p.ratio)


def test_under_uncertainty_the_bounds_hold_and_the_worst_are_worse(network: Network, changed: Changed) -> None:
    events = [{"event": "e", "target_kind": "site", "target": "Ankle", "probability": 0.5, "duration_days": 60}]
    answer = uncertain(changed(disruptions=events), scenarios=6, risk=Risk(weight=0.5, level=0.5), effort=EXACT)
    assert answer.bound <= answer.cost + 1e-9 * abs(answer.cost)
    assert answer.expected <= answer.tail
    assert answer.cost == pytest.approx(0.5 * answer.expected + 0.5 * answer.tail, rel=1e-6)
    assert answer.evpi is not None
    assert answer.evpi >= 0
    assert answer.vss is not None
    assert answer.vss >= 0
    assert all(0 <= tier.chance_of_shortage <= 1 for tier in answer.tiers)
    assert sum(case.probability for case in answer.cases) == pytest.approx(1)
    assert sum(c.probability * c.cost for c in answer.cases) == pytest.approx(answer.expected, rel=1e-6)


def test_a_roadmap_knows_lead_times_and_ramps(rows: Rows, changed: Changed) -> None:
    lines = [{**r, "activation_days": 30, "ramp": "slow"} if r["line"] == "b1" else r for r in rows["lines"]]
    ramps = [{"ramp": "slow", "days": 0, "share": 0.4}, {"ramp": "slow", "days": 60, "share": 1}]
    recipes = [r for r in rows["recipes"] if r["line"] != "a1"]
    network = changed(lines=lines, ramps=ramps, recipes=recipes)
    [milestone] = roadmap(network, cheapest(network, EXACT).plan).milestones
    assert (milestone.starts, milestone.works_from, milestone.full_from) == ("2027-01-01", "2027-01-31", "2027-04-01")
    assert milestone.ramp == [("2027-01-31", 0.4), ("2027-04-01", 1.0)]
    assert milestone.hours_opened == 24


def test_exposure_looks_through_to_the_starting_material(network: Network) -> None:
    answer = exposure(network, cheapest(network, EXACT).plan)
    shares = {(s.country, s.stage): s.share for s in answer.shares}
    assert shares == {("CN", "ksm"): 1.0, ("IN", "api"): 1.0, ("US", "drug"): 1.0}
    assert answer.words()[0] == "3 of 3 steps hang on one country alone."


def test_a_plan_differs_from_itself_in_nothing(network: Network) -> None:
    plan = cheapest(network, EXACT).plan
    same = compare(plan, plan)
    assert same.words()[-1] == "The two are the same."
    assert (same.made, same.sent, same.only_first, same.only_second) == ([], [], [], [])


def test_pairs_are_told_only_when_they_are_worse_together(network: Network) -> None:
    answer = failures(network)
    alone = {f.name: f.impact for f in answer.failures if f.scope == "sites"}
    for pair in (f for f in answer.failures if f.scope == "pairs"):
        assert pair.impact > sum(alone[name] for name in pair.name.split(" and "))
    with pytest.raises(UsageError, match="no scope"):
        failures(network, ("planets",))  # type: ignore[arg-type]  # a caller's slip


def test_the_cheapest_plan_says_what_was_proved(network: Network) -> None:
    answer = cheapest(network, EXACT)
    assert answer.plan.status == "optimal"
    assert answer.plan.bound is not None
    assert answer.plan.bound <= answer.plan.cost + 1e-6
    assert "optimal within" in answer.words()[0]
    assert answer.words()[-1] == "Nobody is short of what is required."
