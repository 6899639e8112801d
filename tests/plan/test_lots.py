"""Links of lot sizing: they bring the relaxation nearer, and change no plan."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.plan.random_networks import networks

from doseway.plan.formulation.build import build
from doseway.plan.formulation.lots import LOT, add_lots, contents, loosened
from doseway.plan.highs import Limits, relaxed, solve
from doseway.plan.solving import plan, plan_of
from doseway.plan.tables import Network

EXACT = Limits(gap=1e-9)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_links_change_no_cost_and_never_loosen_the_relaxation(network: Network) -> None:
    without, draft = build(network).program.arrays(), add_lots(build(network))
    linked = draft.program.arrays()
    best = solve(without, EXACT)
    size = max(1.0, abs(best.cost))
    assert solve(linked, EXACT).cost == pytest.approx(best.cost, rel=1e-6, abs=1e-6)
    assert solve(relaxed(linked)).cost >= solve(relaxed(without)).cost - 1e-6 * size
    assert solve(loosened(draft.program, linked), EXACT).cost == pytest.approx(best.cost, rel=1e-6, abs=1e-6)


def pending(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Vials that only a filing lets be made; what is made in one quarter can be kept for the next."""
    lines = [{**r, "idle": 0} if r["line"] == "b1" else r for r in rows["lines"]]
    recipes = [{**r, "qualified": "no", "qualification_cost": 5e5} if r["line"] == "f1" else r for r in rows["recipes"]]
    return {"lines": lines, "recipes": recipes}


def test_a_filing_without_which_nothing_is_served_is_whole_in_the_relaxation_too(
    rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]
) -> None:
    network = changed(**pending(rows), demand=[r for r in rows["demand"] if r["market"] == "Home"])
    loose, draft = build(network), add_lots(build(network))
    filed = [solve(relaxed(one.program.arrays())).x for one in (loose, draft)]
    before, after = (None if x is None else float(x[draft.qualify.at].sum()) for x in filed)
    assert before is not None
    assert after is not None
    assert before < 0.9
    assert after == pytest.approx(1.0, abs=1e-6)


def test_what_is_inside_counts_through_every_step(changed: Callable[..., Network]) -> None:
    chain = build(changed()).chain
    content = contents(chain)
    at = chain.products.index
    assert content[at("ksm"), at("vial")] == pytest.approx(2 / 0.8 * 0.01)
    assert content[at("api"), at("api")] == 1.0
    assert content[at("vial"), at("api")] == 0.0


@pytest.mark.parametrize(
    "reason",
    [
        {"policies": [{"policy": "p", "rule": "max_site_share", "value": 0.9}]},
        {
            "policies": [
                {"policy": "p", "rule": "min_country_share", "value": 0.1, "countries": "US", "measure": "made"}
            ]
        },
        "campaign",
    ],
)
def test_what_may_be_made_to_be_destroyed_is_left_alone(
    rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network], reason: Any
) -> None:
    tables = pending(rows)
    if reason == "campaign":
        tables["lines"] = [{**r, "campaign_min": 500} if r["line"] == "f1" else r for r in tables["lines"]]
    else:
        tables |= reason
    draft = add_lots(build(changed(**tables)))
    assert not [block.name for block in draft.program.row_blocks if block.name.startswith(LOT)]


def test_prices_are_those_of_the_network_without_links(
    rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]
) -> None:
    network = changed(**pending(rows))
    linked, plain = plan(network, EXACT), plan_of(build(network), EXACT)
    assert linked.prices is not None
    assert plain.prices is not None
    lots = [block.members for block in linked.draft.program.row_blocks if block.name.startswith(LOT)]
    assert len(lots) == 2
    np.testing.assert_array_equal(linked.prices[np.concatenate(lots)], 0.0)
    assert linked.bottlenecks() == plain.bottlenecks()
