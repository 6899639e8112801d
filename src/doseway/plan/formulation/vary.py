"""What conditions change in a program that is already built: the numbers that they multiply, and nothing else.

A thousand scenarios share one program; each is a short list of other numbers. Exact: the program of `build_chain`
under the same conditions has the same numbers, up to the natural sizes that the solver reckons in.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from doseway.plan.formulation.draft import Conditions, Draft, Varying
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.scenario_change import NOTHING, Change, Sparse

Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Variations:
    """The numbers of an undisturbed program that conditions multiply, with their places in its arrays.

    Attributes:
        draft: built under conditions whose shares are all 1, so that no limit is left out as implied.
    """

    draft: Draft
    arrays: Arrays

    @cached_property
    def _keys(self) -> Ints:
        """One number for each entry that varies, ascending."""
        entries = [self._key(v.rows, v.columns) for v in self.draft.varying if v.columns is not None]
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *entries]))

    @cached_property
    def _cells(self) -> Ints:
        """The place of each entry that varies in the arrays."""
        return np.searchsorted(self._key(self.arrays.rows, self.arrays.column_of_entry), self._keys)

    @cached_property
    def _places(self) -> list[Ints]:
        """Of what varies, the rows, or the positions among the entries that vary."""
        return [
            varying.rows
            if varying.columns is None
            else np.searchsorted(self._keys, self._key(varying.rows, varying.columns))
            for varying in self.draft.varying
        ]

    def _key(self, rows: Ints, columns: Ints) -> Ints:
        return columns * len(self.arrays.row_lower) + rows

    def under(self, conditions: Conditions) -> Change:
        """Return what conditions change."""
        factors = _factors(self.draft, conditions)
        height = len(self.arrays.row_lower)
        lower, upper = np.zeros(height), np.zeros(height)
        touched = np.zeros(height, dtype=np.bool_)
        total, moved = np.zeros(len(self._cells)), np.zeros(len(self._cells), dtype=np.bool_)
        for varying, place in zip(self.draft.varying, self._places, strict=True):
            factor = factors[varying.kind][varying.keys]
            if varying.values is not None:
                np.add.at(total, place, varying.values * factor)
                moved[place[factor != 1.0]] = True
            else:
                _add_limits(varying, place, factor, (lower, upper, touched))
        low, high = self.arrays.row_lower, self.arrays.row_upper
        cost, closed = self._flows(conditions)
        return Change(
            cost=cost,
            lower=NOTHING,
            upper=closed,
            row_lower=_moved(lower, low, touched & np.isfinite(low)),
            row_upper=_moved(upper, high, touched & np.isfinite(high)),
            entries=(self._cells[moved], total[moved]),
        )

    def _flows(self, conditions: Conditions) -> tuple[Sparse, Sparse]:
        """Return the changed cost of flows, and those that are closed."""
        flow, cost, closed = self.draft.flow, NOTHING, NOTHING
        if conditions.lane_cost is not None:
            freight = self.draft.program.column_block("flow").parts["freight"]
            extra = freight * (conditions.lane_cost[flow.lane] - 1)
            moved = np.flatnonzero(extra != 0)
            cost = (flow.at[moved], self.arrays.cost[flow.at[moved]] + extra[moved])
        if conditions.lane_share is not None:
            shut = flow.at[conditions.lane_share[flow.lane, flow.period] <= 0]
            closed = (shut, np.zeros(len(shut)))
        return cost, closed


def _factors(draft: Draft, conditions: Conditions) -> dict[str, Floats]:
    """Return kind → the factor of each key."""
    periods = draft.period_count

    def ones(table: str) -> Floats:
        return np.ones(len(draft.chain.network[table]) * periods)

    lanes = ones("lanes") if conditions.lane_share is None else conditions.lane_share.ravel()
    growth = 1.0 if conditions.demand is None else max(1.0, float(np.max(conditions.demand, initial=1.0)))
    return {
        "line": ones("lines") if conditions.line_share is None else conditions.line_share.ravel(),
        "lane": lanes,
        "demand": ones("demand") if conditions.demand is None else conditions.demand.ravel(),
        "open": np.sign(lanes) * growth,
        "growth": np.array([growth]),
    }


def _add_limits(
    varying: Varying,
    rows: Ints,
    factor: Floats,
    sums: tuple[Floats, Floats, Flags],
) -> None:
    """Add the contributions to the limits of rows; what has no limit is not looked at."""
    lower, upper, touched = sums
    touched[rows] = True
    for total, part in ((lower, varying.lower), (upper, varying.upper)):
        if part is not None and np.isfinite(part).all():
            np.add.at(total, rows, part * factor)


def _moved(now: Floats, before: Floats, touched: Flags) -> Sparse:
    """Return the limits that differ."""
    rows = np.flatnonzero(touched & (now != before))
    return rows, now[rows]
