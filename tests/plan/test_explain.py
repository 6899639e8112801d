"""Why there is no plan: whatever the network, the limits named contradict each other, and none of them is too many."""

from dataclasses import replace

import numpy as np
from hypothesis import event, given, settings
from tests.plan.random_networks import networks

from doseway.plan.chain import Chain
from doseway.plan.explain import contradicting, named_limits, without
from doseway.plan.highs import Limits, solve
from doseway.plan.program import Arrays, Ints
from doseway.plan.quantities import in_plan_units
from doseway.plan.tables import Network
from doseway.plan.twostage import undisturbed


def is_infeasible(arrays: Arrays) -> bool:
    return solve(replace(arrays, cost=np.zeros_like(arrays.cost)), Limits()).status == "infeasible"


def only(arrays: Arrays, named: Ints, rows: list[int]) -> Arrays:
    """Keep only these of the named limits, and the physics."""
    return without(arrays, np.setdiff1d(named, np.array(rows, dtype=np.int64)))


@settings(max_examples=100, deadline=None)
@given(network=networks())
def test_an_explanation_is_irreducible_whatever_the_network(network: Network) -> None:
    draft = undisturbed(Chain(in_plan_units(network)))
    arrays = draft.program.arrays()
    upper = arrays.upper.copy()
    upper[draft.short.at] = 0  # nobody may be short
    arrays = replace(arrays, upper=upper)
    named, rows = named_limits(draft.program, arrays), contradicting(draft.program, arrays)
    event(f"{len(rows)} limits")
    assert bool(rows) == is_infeasible(arrays)
    if not rows:
        return
    assert set(rows) <= set(named.tolist())
    assert is_infeasible(only(arrays, named, rows))
    for row in rows:
        assert not is_infeasible(only(arrays, named, [one for one in rows if one != row])), draft.program.row_says(row)
