"""A scenario as a change of one program is the program built for it, number by number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions
from doseway.plan.formulation.lots import add_lots
from doseway.plan.formulation.vary import Variations
from doseway.plan.goods import Goods
from doseway.plan.program import Arrays
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenario_change import applied, between, mean, with_cells_of
from doseway.plan.tables import Network, from_rows
from doseway.plan.twostage import undisturbed

NUMBERS = ("cost", "lower", "upper", "row_lower", "row_upper", "values", "rows", "starts")


def everything(rows: dict[str, list[dict[str, Any]]]) -> Network:
    """A network in which every number that conditions multiply occurs."""
    rows["lanes"] = [
        {**r, "capacity": 5000, "opening_cost": 9}
        if r["lane"] == "f-d"
        else {**r, "opening_cost": 5}
        if r["lane"] == "b-f"
        else {**r, "capacity": 900}
        for r in rows["lanes"]
    ]
    rows["lines"] = [{**r, "expansion_max": 2, "expansion_cost": 5} if r["line"] == "f1" else r for r in rows["lines"]]
    rows["recipes"] = [
        {**r, "qualified": "no"}
        if r["line"] in {"a1", "f1"}
        else {**r, "changeover_hours": 3}
        if r["line"] == "k1"
        else r
        for r in rows["recipes"]
    ]
    rows["markets"] = [{**r, "single_source": "yes"} for r in rows["markets"]]
    rows["policies"] = [{"policy": "serve", "rule": "min_service", "value": 0.5}]
    return from_rows(**rows)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), parts=st.sets(st.sampled_from(["lines", "lanes", "costs", "demand"])))
def test_a_change_is_the_program_built_anew(rows: dict[str, list[dict[str, Any]]], seed: int, parts: set[str]) -> None:
    chain = Chain(in_plan_units(everything({**rows})))
    random = np.random.default_rng(seed)
    lanes, lines, wants = (len(chain.network[table]) for table in ("lanes", "lines", "demand"))
    conditions = Conditions(
        line_share=random.choice([0, 0.3, 1], (lines, 2)) if "lines" in parts else np.ones((lines, 2)),
        lane_share=random.choice([0, 0.3, 1], (lanes, 2)) if "lanes" in parts else None,
        lane_cost=random.choice([1, 2.5], lanes) if "costs" in parts else None,
        demand=random.choice([0, 0.7, 1, 1.9], (wants, 2)) if "demand" in parts else None,
    )
    draft = undisturbed(chain)
    base = draft.program.arrays()
    changed = applied(base, Variations(draft, base).under(conditions))
    same(changed, add_lots(build_chain(chain, Goods(chain), conditions)).program.arrays())


def same(left: Arrays, right: Arrays) -> None:
    grid = with_cells_of(left, [right])
    left, right = applied(grid, between(grid, left)), applied(grid, between(grid, right))
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), rtol=1e-12, err_msg=name)


def test_the_program_of_the_expected_values_is_the_mean(changed: Callable[..., Network]) -> None:
    chain = Chain(in_plan_units(changed()))
    draft = undisturbed(chain)
    base = draft.program.arrays()
    variations = Variations(draft, base)
    full, half = (variations.under(Conditions(np.full((4, 2), share))) for share in (1.0, 0.5))
    expected = mean(base, [(0.5, full), (0.5, half)])
    same(expected, applied(base, variations.under(Conditions(np.full((4, 2), 0.75)))))


def test_programs_of_other_sizes_are_no_scenarios(network: Network) -> None:
    draft = undisturbed(Chain(in_plan_units(network)))
    arrays = draft.program.arrays()
    draft.program.add_rows("more", "more", {}, 1)
    with pytest.raises(UsageError, match="differ in their rows"):
        with_cells_of(arrays, [draft.program.arrays()])
