"""Why there is no plan: an irreducible list of limits that contradict each other, in planners' words.

Irreducible means that without any one of them there would be a plan. Balances and recipes are physics, not rules;
they connect the limits but are not named.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from doseway.plan.highs import Limits, relaxed, solve, without
from doseway.plan.program import Arrays, Ints, Program

PHYSICS: Final = (
    "balance",
    "recipe",
    "arrival",
    "link",
    "lot",
    "ready",
    "activate once",
    "qualify once",
    "campaign run",
)
_SECONDS: Final = 60.0
_NO_PRICE: Final = 1e-9


def explain(program: Program, arrays: Arrays) -> list[str]:
    """Return the limits, in words, that no plan can meet together."""
    return [program.row_says(row) for row in contradicting(program, arrays)]


def contradicting(program: Program, arrays: Arrays) -> list[int]:
    """Return the rows of limits that no plan can meet together, and without any of which there would be one.

    A linear program in which every limit may be exceeded at a price (an elastic relaxation, Chinneck 2008, chapter 6)
    finds the few that matter; leaving out each in turn makes the list irreducible.
    """
    named = named_limits(program, arrays)
    linear = relaxed(arrays)
    if _is_infeasible(linear):
        core = _elastic_core(linear, named)
        return irreducible(without(linear, np.setdiff1d(named, core)), core) or irreducible(linear, named)
    return irreducible(arrays, named)


def named_limits(program: Program, arrays: Arrays) -> Ints:
    """Return the rows that are limits somebody set, and that do limit."""
    limits = [block.members for block in program.row_blocks if not block.name.startswith(PHYSICS)]
    rows = np.concatenate(limits) if limits else np.zeros(0, dtype=np.int64)
    return rows[np.isfinite(arrays.row_lower[rows]) | np.isfinite(arrays.row_upper[rows])]


def irreducible(arrays: Arrays, candidates: Ints) -> list[int]:
    """Leave out one candidate after the other while the rest stays infeasible (deletion filter, Chinneck 2008, 7.1).

    Returns the rows that remain; empty when the candidates are not what makes the program infeasible.
    """
    every = _no_cost(arrays)
    kept = list(map(int, candidates))
    if not _is_infeasible(every):
        return []
    for chunk in (max(1, len(kept) // 8), 1):  # whole groups first: most limits have nothing to do with it
        position = 0
        while position < len(kept):
            attempt = kept[:position] + kept[position + chunk :]
            gone = np.setdiff1d(candidates, np.array(attempt, dtype=np.int64))
            if _is_infeasible(without(every, gone)):
                kept = attempt
            else:
                position += chunk
    return kept


def _elastic_core(arrays: Arrays, named: Ints) -> Ints:
    """Return the limits that have a price in the elastic relaxation: they contain an irreducible list.

    Farkas: the rows with a nonzero dual at the least total excess cannot all be met; but for the solver's tolerances.
    """
    elastic = _elastic(arrays, named)
    outcome = solve(elastic, Limits(seconds=_SECONDS))
    if outcome.prices is None:
        return named
    prices = np.abs(outcome.prices[named]) * arrays.row_scale[named]
    return named[prices > _NO_PRICE]


def _elastic(arrays: Arrays, named: Ints) -> Arrays:
    """Return the program that pays 1 for each natural unit by which a named limit is missed, and nothing else."""
    count = len(named)
    scale = arrays.row_scale[named]
    entries = np.concatenate([scale, -scale])
    return replace(
        arrays,
        cost=np.r_[np.zeros_like(arrays.cost), np.ones(2 * count)],
        lower=np.r_[arrays.lower, np.zeros(2 * count)],
        upper=np.r_[arrays.upper, np.full(2 * count, np.inf)],
        is_integer=np.r_[arrays.is_integer, np.zeros(2 * count, dtype=np.bool_)],
        column_scale=np.r_[arrays.column_scale, np.ones(2 * count)],
        starts=np.r_[arrays.starts, arrays.starts[-1] + np.arange(1, 2 * count + 1)],
        rows=np.r_[arrays.rows, named, named],
        values=np.r_[arrays.values, entries],
        offset=0.0,
    )


def _no_cost(arrays: Arrays) -> Arrays:
    return replace(arrays, cost=np.zeros_like(arrays.cost), offset=0.0)


def _is_infeasible(arrays: Arrays) -> bool:
    """Tell whether it is proved that there is no plan; a search cut short proves nothing."""
    return solve(arrays, Limits(seconds=_SECONDS)).status == "infeasible"
