"""What is done after the decisions, as the workers see it: every number in natural units, per scenario.

    Q_s(x) = min c·y   subject to   low_s - T_s x ≤ W y ≤ high_s - T_s x,   y within its limits

T are the entries of decisions in the rows of what follows, W those of what follows.
"""

import numpy as np

from doseway.plan.decomposition.family import Family
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.scenario_change import applied


class Recourse:
    """The second stage of a family.

    Attributes:
        first, second, rows: the columns of decisions, those of what follows, and its rows.
        scale: natural sizes of the decisions.
        w, t: places of the entries of W and T in the matrix; t_row and t_column are their rows and decisions.
    """

    def __init__(self, family: Family) -> None:
        base = family.base
        self.family = family
        self.first, self.second = np.flatnonzero(family.is_first), np.flatnonzero(~family.is_first)
        self.rows = np.flatnonzero(~family.is_first_row)
        self.scale = base.column_scale[self.first]
        self.row_scale = base.row_scale[self.rows]
        self.at_row = _numbered(self.rows, len(base.row_lower))
        column = base.column_of_entry
        inside, of_first = self.at_row[base.rows] >= 0, family.is_first[column]
        self.t, self.w = np.flatnonzero(inside & of_first), np.flatnonzero(inside & ~of_first)
        self.t_of, self.w_of = _numbered(self.t, len(base.values)), _numbered(self.w, len(base.values))
        at_first, at_second = _numbered(self.first, len(base.cost)), _numbered(self.second, len(base.cost))
        self.t_row, self.t_column = self.at_row[base.rows[self.t]], at_first[column[self.t]]
        self.w_row, self.w_column = self.at_row[base.rows[self.w]], at_second[column[self.w]]
        self.low, self.high = base.row_lower[self.rows] / self.row_scale, base.row_upper[self.rows] / self.row_scale
        self.links = base.values[self.t] * self.scale[self.t_column] / self.row_scale[self.t_row]

    def __len__(self) -> int:
        return len(self.family)

    def arrays(self, scenario: int) -> Arrays:
        """Return the whole program of a scenario, in plan units."""
        return applied(self.family.base, self.family.changes[scenario])

    def sides(self, scenario: int) -> tuple[Floats, Floats]:
        """Return low_s and high_s."""
        change, sides = self.family.changes[scenario], (self.low.copy(), self.high.copy())
        for side, (places, values) in zip(sides, (change.row_lower, change.row_upper), strict=True):
            at = self.at_row[places]
            kept = at >= 0
            side[at[kept]] = values[kept] / self.row_scale[at[kept]]
        return sides

    def links_of(self, scenario: int) -> Floats:
        """Return the values of T_s."""
        places, values = self.family.changes[scenario].entries
        at = self.t_of[places]
        kept = at >= 0
        if not kept.any():
            return self.links
        links, at = self.links.copy(), at[kept]
        links[at] = values[kept] * self.scale[self.t_column[at]] / self.row_scale[self.t_row[at]]
        return links

    def moved(self, links: Floats, x: Floats) -> Floats:
        """Return T_s x."""
        return np.bincount(self.t_row, links * x[self.t_column], minlength=len(self.rows)).astype(np.float64)

    def pulled(self, links: Floats, prices: Floats) -> Floats:
        """Return π T_s."""
        pulled = np.bincount(self.t_column, prices[self.t_row] * links, minlength=len(self.first))
        return pulled.astype(np.float64)

    def program(self) -> Arrays:
        """Return W with the costs and limits of what follows, in plan units."""
        base, width = self.family.base, len(self.second)
        return Arrays(
            cost=base.cost[self.second],
            lower=base.lower[self.second],
            upper=base.upper[self.second],
            is_integer=np.zeros(width, dtype=np.bool_),
            row_lower=base.row_lower[self.rows],
            row_upper=base.row_upper[self.rows],
            starts=np.r_[0, np.cumsum(np.bincount(self.w_column, minlength=width))].astype(np.int64),
            rows=self.w_row,
            values=base.values[self.w],
            offset=0.0,
            column_scale=base.column_scale[self.second],
            row_scale=self.row_scale,
        )


def _numbered(members: Ints, count: int) -> Ints:
    """Return each of `count` positions' number among the members; -1 for those that are none."""
    numbers = np.full(count, -1, dtype=np.int64)
    numbers[members] = np.arange(len(members))
    return numbers
