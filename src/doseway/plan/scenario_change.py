"""How the program of a scenario differs from the one it shares with all others: a few other numbers."""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.program import Arrays, Floats, Ints

Sparse: TypeAlias = tuple[Ints, Floats]
"""Positions, and the values that are there instead."""
NOTHING: Final[Sparse] = (np.zeros(0, dtype=np.int64), np.zeros(0))


@dataclass(frozen=True)
class Change:
    """Other numbers in a program: costs and limits of columns, limits of rows, entries by their place in the arrays."""

    cost: Sparse = NOTHING
    lower: Sparse = NOTHING
    upper: Sparse = NOTHING
    row_lower: Sparse = NOTHING
    row_upper: Sparse = NOTHING
    entries: Sparse = NOTHING


def applied(arrays: Arrays, change: Change) -> Arrays:
    """Return the program with the other numbers."""
    return replace(
        arrays,
        cost=_put(arrays.cost, change.cost),
        lower=_put(arrays.lower, change.lower),
        upper=_put(arrays.upper, change.upper),
        row_lower=_put(arrays.row_lower, change.row_lower),
        row_upper=_put(arrays.row_upper, change.row_upper),
        values=_put(arrays.values, change.entries),
    )


def _put(values: Floats, change: Sparse) -> Floats:
    places, others = change
    if not len(places):
        return values
    values = values.copy()
    values[places] = others
    return values


def with_cells_of(arrays: Arrays, others: list[Arrays]) -> Arrays:
    """Return a program whose matrix has a place, if need be with 0, for every entry that one of the others has.

    Raises:
        UsageError: the programs differ in their number of rows or columns.
    """
    height = len(arrays.row_lower)
    for other in others:
        if len(other.cost) != len(arrays.cost) or len(other.row_lower) != height:
            raise UsageError("the scenarios differ in their rows or columns")
    cells = np.unique(np.concatenate([_cells(one) for one in (arrays, *others)]))
    values = np.zeros(len(cells))
    values[np.searchsorted(cells, _cells(arrays))] = arrays.values
    columns, rows = np.divmod(cells, height) if height else (cells, cells)
    starts = np.r_[0, np.cumsum(np.bincount(columns, minlength=len(arrays.cost)))].astype(np.int64)
    return replace(arrays, starts=starts, rows=rows.astype(np.int64), values=values)


def between(base: Arrays, other: Arrays) -> Change:
    """Return what makes the other program of the base, whose matrix has all of its cells."""
    values = np.zeros(len(base.values))
    values[np.searchsorted(_cells(base), _cells(other))] = other.values
    return Change(
        cost=_different(base.cost, other.cost),
        lower=_different(base.lower, other.lower),
        upper=_different(base.upper, other.upper),
        row_lower=_different(base.row_lower, other.row_lower),
        row_upper=_different(base.row_upper, other.row_upper),
        entries=_different(base.values, values),
    )


def mean(base: Arrays, cases: list[tuple[float, Change]]) -> Arrays:
    """Return the program of the expected values: every number the mean over the scenarios."""

    def averaged(name: str, values: Floats) -> Floats:
        total = values.copy()
        for probability, change in cases:
            places, others = getattr(change, name)
            was = values[places]
            # An infinite limit that some scenario lowers has no mean: the expected program keeps it infinite.
            known = np.isfinite(was) & np.isfinite(others)
            total[places[known]] += probability * (others[known] - was[known])
        return total

    return replace(
        base,
        cost=averaged("cost", base.cost),
        lower=averaged("lower", base.lower),
        upper=averaged("upper", base.upper),
        row_lower=averaged("row_lower", base.row_lower),
        row_upper=averaged("row_upper", base.row_upper),
        values=averaged("entries", base.values),
    )


def _cells(arrays: Arrays) -> Ints:
    """Return one number for the place of each entry, ascending."""
    return arrays.column_of_entry * max(len(arrays.row_lower), 1) + arrays.rows


def _different(before: Floats, now: Floats) -> Sparse:
    places = np.flatnonzero(before != now)
    return places.astype(np.int64), now[places]
