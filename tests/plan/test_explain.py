"""Why there is no plan: whatever the network, the limits named contradict each other, and none of them is too many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from tests.plan.random_networks import networks
from tests.plan.test_example import first_year

from doseway.plan.chain import Chain
from doseway.plan.example import worked_example
from doseway.plan.explain import contradicting, named_limits
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Limits, Scaled, new_solver, relaxed, solve, without
from doseway.plan.program import Arrays, Ints
from doseway.plan.quantities import in_plan_units
from doseway.plan.tables import Network
from doseway.plan.twostage import undisturbed

FROM_LP, IRREDUCIBLE = 2, 4  # HiGHS' iis_strategy
LOWER, UPPER, BOXED = 2, 3, 4  # HiGHS' IisBoundStatus


def is_infeasible(arrays: Arrays) -> bool:
    return solve(replace(arrays, cost=np.zeros_like(arrays.cost)), Limits()).status == "infeasible"


def only(arrays: Arrays, named: Ints, rows: list[int]) -> Arrays:
    """Keep only these of the named limits, and the physics."""
    return without(arrays, np.setdiff1d(named, np.array(rows, dtype=np.int64)))


def nobody_short(network: Network) -> tuple[Draft, Arrays]:
    """Build the program of a network in which nobody may be short."""
    draft = undisturbed(Chain(in_plan_units(network)))
    arrays = draft.program.arrays()
    upper = arrays.upper.copy()
    upper[draft.short.at] = 0
    return draft, replace(arrays, upper=upper)


@settings(max_examples=100, deadline=None)
@given(network=networks())
def test_an_explanation_is_irreducible_whatever_the_network(network: Network) -> None:
    draft, arrays = nobody_short(network)
    named, rows = named_limits(draft.program, arrays), contradicting(draft.program, arrays)
    event(f"{len(rows)} limits")
    assert bool(rows) == is_infeasible(arrays)
    if not rows:
        return
    assert set(rows) <= set(named.tolist())
    assert is_infeasible(only(arrays, named, rows))
    for row in rows:
        assert not is_infeasible(only(arrays, named, [one for one in rows if one != row])), draft.program.row_says(row)


def irreducible_by_highs(arrays: Arrays) -> tuple[Arrays, Ints]:
    """Return the program of nothing but HiGHS' own irreducible system, and its rows: another's code, as an oracle."""
    solver = Scaled(arrays).pass_to(new_solver(Limits()))
    solver.setOptionValue("iis_strategy", FROM_LP + IRREDUCIBLE)
    _, iis = solver.getIis()
    assert iis.valid_
    assert set(iis.row_index_) or set(iis.col_index_)
    kept = {"row_lower": -np.inf, "row_upper": np.inf, "lower": -np.inf, "upper": np.inf}
    alone = {name: np.full_like(getattr(arrays, name), free) for name, free in kept.items()}
    for kind, places, bounds in (("row_", iis.row_index_, iis.row_bound_), ("", iis.col_index_, iis.col_bound_)):
        for place, bound in zip(places, bounds, strict=True):
            for side, counts in (("lower", (LOWER, BOXED)), ("upper", (UPPER, BOXED))):
                if int(bound) in counts:
                    alone[kind + side][place] = getattr(arrays, kind + side)[place]
    return replace(arrays, **alone), np.array(sorted(iis.row_index_), dtype=np.int64)


def assert_agrees_with_highs(draft: Draft, arrays: Arrays) -> int:
    """Check one explanation against HiGHS' own; return how many limits it names."""
    linear = relaxed(arrays)
    named, rows = named_limits(draft.program, arrays), contradicting(draft.program, arrays)
    assert bool(rows) == is_infeasible(arrays)
    if not is_infeasible(linear):
        return 0  # HiGHS explains linear programs only
    # Each of ours is needed, so every irreducible system within ours and physics names all of them, and no other.
    _, theirs = irreducible_by_highs(only(linear, named, rows))
    assert set(theirs.tolist()) & set(named.tolist()) == set(rows)
    # Of the whole, HiGHS may find another one: it must be as good.
    alone, theirs = irreducible_by_highs(linear)
    assert is_infeasible(alone)
    for row in theirs:
        assert not is_infeasible(without(alone, np.array([row]))), draft.program.row_says(int(row))
    assert is_infeasible(only(linear, named, [row for row in theirs.tolist() if row in set(named.tolist())]))
    return len(rows)


@settings(max_examples=100, deadline=None)
@given(network=networks())
def test_highs_own_irreducible_system_agrees_whatever_the_network(network: Network) -> None:
    event(f"{assert_agrees_with_highs(*nobody_short(network))} limits")


def changed(network: Network, table: str, column: str, value: float) -> Network:
    old = network[table]
    numbers = {**old.numbers, column: np.full_like(old.number(column), value)}
    return Network({**network.tables, table: replace(old, numbers=numbers)})


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("lines", "capacity", 0.0),
        ("recipes", "hours", 1e6),
        ("lanes", "capacity", 0.0),
        ("storage", "min_quantity", 1e9),
        ("demand", "quantity", 1e6),
    ],
)
def test_highs_agrees_on_the_worked_example_made_impossible(table: str, column: str, value: float) -> None:
    network = changed(first_year(worked_example()), table, column, value)
    assert assert_agrees_with_highs(*nobody_short(network))
