"""What a user adds in linopy is a limit like any other."""

from typing import Any

import pytest

from doseway.model.errors import UsageError
from doseway.plan.formulation.build import build
from doseway.plan.highs import Limits
from doseway.plan.solving import Infeasible, plan_of
from doseway.plan.surface import Surface
from doseway.plan.tables import Network, from_rows
from doseway.plan.twostage import decide, first_stage

EXACT = Limits(gap=1e-9)
Rows = dict[str, list[dict[str, Any]]]


def test_a_constraint_of_the_users_binds_and_has_a_price(network: Network) -> None:
    free = plan_of(build(network), EXACT)
    surface = Surface(build(network))
    flow = surface["flow"]
    surface.model.add_constraints(flow.where(flow.coords["lane"] == "a-f").sum() <= 1500, name="harbour")
    answer = plan_of(surface.draft_with_constraints(), EXACT)
    sent = sum(float(r["quantity"]) for r in answer.rows("flow") if r["lane"] == "a-f")
    assert sent == pytest.approx(1500)
    assert answer.cost > free.cost
    row = answer.draft.program.row_block("own harbour").start
    assert answer.prices is not None
    assert answer.prices[row] < 0


def test_a_constraint_over_periods_is_a_row_for_each(network: Network) -> None:
    surface = Surface(build(network))
    make = surface["make"]
    mine = make.where(make.coords["line"] == "f1")
    surface.model.add_constraints(mine.groupby(make.coords["period"]).sum() == 120_000, name="even")
    answer = plan_of(surface.draft_with_constraints(), EXACT)
    made: dict[Any, float] = {}
    for row in answer.rows("make"):
        if row["line"] == "f1":
            made[row["period"]] = made.get(row["period"], 0.0) + float(row["quantity"])
    assert made == {"Q1": pytest.approx(120_000), "Q2": pytest.approx(120_000)}


def test_a_contradiction_is_named_with_the_users_own_words(rows: Rows) -> None:
    rows["demand"] = [{"market": "Home", "product": "vial", "quantity": 100_000}]
    surface = Surface(build(from_rows(**rows)))
    flow = surface["flow"]
    surface.model.add_constraints(flow.where(flow.coords["lane"] == "d-h").sum() <= 5, name="closed gate")
    with pytest.raises(Infeasible) as caught:
        plan_of(surface.draft_with_constraints(), EXACT)
    assert any("closed gate" in reason for reason in caught.value.reasons)


def test_a_rule_about_decisions_belongs_to_the_first_stage(network: Network) -> None:
    surface = Surface(build(network))
    surface.model.add_constraints(surface["activate"].sum() >= 1, name="at home")
    draft = surface.draft_with_constraints()
    assert draft.program.row_block("own at home").stage == 1
    count = draft.program.row_count
    assert surface.draft_with_constraints().program.row_count == count  # nothing is added twice
    answer = decide([(1.0, draft)], limits=EXACT)
    assert answer.decisions[: first_stage(draft.program).sum()].max() == pytest.approx(1)


def test_what_is_not_the_plans_is_refused(network: Network) -> None:
    surface = Surface(build(network))
    with pytest.raises(UsageError, match="no 'flows'"):
        surface["flows"]
    other = surface.model.add_variables(name="other")
    surface.model.add_constraints(other + surface["flow"].sum() <= 5, name="odd")
    with pytest.raises(UsageError, match="not the plan's"):
        surface.draft_with_constraints()
