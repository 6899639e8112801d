"""From a network to a plan: cheapest, or tier by tier first; a plan that cannot be is explained."""

from dataclasses import replace

import numpy as np

from doseway.model.errors import DataError, Unavailable
from doseway.plan.answer import Plan
from doseway.plan.explain import explain
from doseway.plan.formulation.build import build
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.formulation.lots import add_lots, loosened
from doseway.plan.highs import Limits, Outcome, Watch, fixed_at, solve
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.tables import Network


class Infeasible(DataError):
    """No plan can meet all rules; `reasons` is an irreducible list: without any one of them there would be a plan."""

    code = "infeasible"

    def __init__(self, reasons: list[str]) -> None:
        what = "no plan can meet these together: " + "; ".join(reasons)
        super().__init__(what, hint="Relax one of them, or give the demand a shortage_cost.")
        self.reasons = reasons


def plan(
    network: Network,
    limits: Limits | None = None,
    *,
    conditions: Conditions | None = None,
    watch: Watch | None = None,
    is_tier_first: bool = False,
) -> Plan:
    """Find the cheapest plan of a network.

    Args:
        network: checked tables; see `doseway.plan.checks`.
        limits: gap, time and threads.
        conditions: what differs from the tables in this scenario.
        watch: told of progress; may stop the solve, and the best plan so far is returned as `feasible`.
        is_tier_first: serve the most needed clinical tier as far as possible before a cost is looked at, then the next.

    Raises:
        Infeasible: no plan meets all rules; says which.
        Unavailable: time ran out before any plan was found, or the solver is not installed.
        UnitError: a currency or unit that cannot be converted.
    """
    return plan_of(add_lots(build(network, conditions)), limits, watch=watch, is_tier_first=is_tier_first)


def plan_of(
    draft: Draft, limits: Limits | None = None, *, watch: Watch | None = None, is_tier_first: bool = False
) -> Plan:
    """Solve a program that was built, and perhaps extended."""
    limits, arrays = limits or Limits(), draft.program.arrays()
    program = arrays
    for row in tier_rows(draft) if is_tier_first else ():
        program = _least_first(program, row, limits, watch)
    outcome = solve(program, limits, watch)
    if outcome.x is None:
        raise failure(draft, arrays, outcome)
    return Plan(draft, arrays, outcome.x, outcome, prices_of(loosened(draft.program, arrays), outcome.x, limits))


def failure(draft: Draft, arrays: Arrays, outcome: Outcome) -> Exception:
    """Return the error that says why there is no plan."""
    if outcome.status == "infeasible":
        return Infeasible(explain(draft.program, loosened(draft.program, arrays)))
    if outcome.status == "unbounded":
        return DataError("the plan could earn without limit", hint="Limit the optional demand or the capacity.")
    return Unavailable("time ran out before any plan was found", hint="Allow more seconds.")


def prices_of(arrays: Arrays, x: Floats, limits: Limits) -> Floats | None:
    """Return shadow prices: with the decisions of a plan fixed, what one more unit of each row's limit saves."""
    return solve(fixed_at(arrays, x), limits).prices


def tier_rows(draft: Draft) -> list[tuple[Ints, Floats]]:
    """Return, per clinical tier from the most needed, the columns of its shortages and their weights."""
    table, wants, short = draft.chain.network["demand"], draft.wants, draft.short
    tiers = table.number("tier")[wants.row[short.row]]
    weights = 1.0 / draft.size[short.product]
    return [(short.at[tiers == tier], weights[tiers == tier]) for tier in np.unique(tiers)]


def _least_first(arrays: Arrays, row: tuple[Ints, Floats], limits: Limits, watch: Watch | None) -> Arrays:
    """Find the least Σ weight · column, and return the program with that as a limit."""
    columns, weights = row
    cost = np.zeros_like(arrays.cost)
    cost[columns] = weights
    outcome = solve(replace(arrays, cost=cost, offset=0.0), limits, watch)
    if outcome.x is None:
        return arrays  # the solve for cost will say why
    least = float(cost @ outcome.x)
    return with_row(arrays, columns, weights, least + 1e-7 * max(1.0, least))


def with_row(arrays: Arrays, columns: Ints, values: Floats, upper: float) -> Arrays:
    """Return the program with one more row, Σ value · column ≤ upper."""
    row = len(arrays.row_lower)
    order = np.argsort(columns)
    starts = arrays.starts[columns[order] + 1]
    grown = np.zeros_like(arrays.starts)
    grown[columns + 1] = 1
    return replace(
        arrays,
        rows=np.insert(arrays.rows, starts, row),
        values=np.insert(arrays.values, starts, values[order]),
        starts=arrays.starts + np.cumsum(grown),
        row_lower=np.r_[arrays.row_lower, -np.inf],
        row_upper=np.r_[arrays.row_upper, upper],
        row_scale=np.r_[arrays.row_scale, 1.0],
    )
