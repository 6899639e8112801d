"""What one worker does: solve its scenarios for given decisions, and say what a change of the decisions would do.

    Q_s(x) = min c_s·y   subject to   low_s - T_s x ≤ W_s y ≤ high_s - T_s x,   y within its limits
    Q_s(z) ≥ v + g·(z - x),   g = -π T_s,   π the row duals at x                      (Van Slyke and Wets 1969)

Where nothing can be done, a ray π of the dual says which decisions cannot be: a cut without cost. Only the limits of
rows move from solve to solve; each scenario starts from its own last basis, which stays with the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from doseway.model.errors import DosewayError
from doseway.plan.decomposition.family import Family
from doseway.plan.highs import Limits, Scaled, new_solver
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.scenario_change import Sparse, applied

if TYPE_CHECKING:
    import highspy

BASES: Final = 4000
"""Bases that a worker keeps; beyond that a scenario starts from the one before it, and memory stays bounded."""

# Presolve would throw the basis away, the program comes scaled, and steepest-edge weights would start anew each time.
_OPTIONS: Final = (("presolve", "off"), ("simplex_scale_strategy", 0), ("simplex_dual_edge_weight_strategy", 1))


@dataclass(frozen=True)
class Reply:
    """Answers of a worker, in the order of its scenarios, in money and scaled decisions.

    Attributes:
        costs: Q_s(x); infinite where nothing can be done.
        slopes: (scenario, decision) g_s; for an infinite cost, the cut's left side.
        limits: for an infinite cost, slope · z ≥ limit; NaN otherwise.
        seconds: of the solver.
    """

    costs: Floats
    slopes: Floats
    limits: Floats
    seconds: float


class ScenarioWorker:
    """Solves a batch of scenarios; a message is the scaled decisions, the answer a `Reply`."""

    def __init__(self, family: Family, cost_scale: float) -> None:
        self.family = family
        self._first, self._second = np.flatnonzero(family.is_first), np.flatnonzero(~family.is_first)
        self._rows = np.flatnonzero(~family.is_first_row)
        self._every = np.arange(len(self._rows), dtype=np.int32)
        self._scale = family.base.column_scale[self._first]
        self._money = cost_scale
        self._bases: dict[int, highspy.HighsBasis] = {}
        self._place_columns(family.base)
        self._solver = self._loaded(family.base)
        self._held: int | None = None

    def tell(self, message: Floats) -> Reply:
        """Solve every scenario for the decisions."""
        count = len(self.family)
        costs, limits = np.empty(count), np.full(count, np.nan)
        slopes = np.zeros((count, len(self._first)))
        before = self._solver.getRunTime()
        for scenario in range(count):
            costs[scenario], slopes[scenario], limits[scenario] = self._solve(scenario, message)
        return Reply(costs, slopes, limits, self._solver.getRunTime() - before)

    def _place_columns(self, base: Arrays) -> None:
        """Split the matrix into T, by decisions, and W, by the rest; both over second-stage rows."""
        column, height = base.column_of_entry, len(base.row_lower)
        at_row = np.full(height, -1, dtype=np.int64)
        at_row[self._rows] = np.arange(len(self._rows))
        inside = at_row[base.rows] >= 0
        self._t = np.flatnonzero(inside & self.family.is_first[column])
        self._w = np.flatnonzero(inside & ~self.family.is_first[column])
        at_column = np.cumsum(self.family.is_first) - 1
        self._t_row, self._t_column = at_row[base.rows[self._t]], at_column[column[self._t]]
        self._w_row = at_row[base.rows[self._w]]
        self._w_column = (np.cumsum(~self.family.is_first) - 1)[column[self._w]]
        self._w_of = np.full(len(base.values), -1, dtype=np.int64)
        self._w_of[self._w] = np.arange(len(self._w))

    def _loaded(self, base: Arrays) -> "highspy.Highs":
        """Load W once."""
        width = len(self._second)
        part = Arrays(
            cost=base.cost[self._second],
            lower=base.lower[self._second],
            upper=base.upper[self._second],
            is_integer=np.zeros(width, dtype=np.bool_),
            row_lower=base.row_lower[self._rows],
            row_upper=base.row_upper[self._rows],
            starts=np.r_[0, np.cumsum(np.bincount(self._w_column, minlength=width))].astype(np.int64),
            rows=self._w_row,
            values=base.values[self._w],
            offset=0.0,
            column_scale=base.column_scale[self._second],
            row_scale=base.row_scale[self._rows],
        )
        solver = new_solver(Limits())
        for option, value in _OPTIONS:
            solver.setOptionValue(option, value)
        return Scaled(part, self._money).pass_to(solver)

    def _solve(self, scenario: int, x: Floats) -> tuple[float, Floats, float]:
        """Return cost, slope and, where nothing can be done, the limit of the cut."""
        arrays = applied(self.family.base, self.family.changes[scenario])
        row_scale = arrays.row_scale[self._rows]
        t = arrays.values[self._t] * self._scale[self._t_column] / row_scale[self._t_row]
        moved = np.bincount(self._t_row, t * x[self._t_column], minlength=len(self._rows))
        low, high = arrays.row_lower[self._rows] / row_scale - moved, arrays.row_upper[self._rows] / row_scale - moved
        self._put(scenario, arrays, low, high)
        self._run(scenario)
        prices = self._prices()
        if self._is_infeasible():
            missed, prices = max(((self._missed(arrays, ray, low, high), ray) for ray in (prices, -prices)), key=_first)
        slope: Floats = -np.bincount(self._t_column, prices[self._t_row] * t, minlength=len(x)).astype(np.float64)
        if self._is_infeasible():
            return np.inf, -slope, missed - float(slope @ x)
        return self._solver.getObjectiveValue() * self._money, slope * self._money, np.nan

    def _put(self, scenario: int, arrays: Arrays, low: Floats, high: Floats) -> None:
        """Give the solver the numbers of a scenario; those of the one before are taken back."""
        solver, change = self._solver, self.family.changes[scenario]
        solver.changeRowsBounds(len(self._every), self._every, low, high)  # type: ignore[attr-defined]  # highspy's stub
        both = [change] if self._held is None else [change, self.family.changes[self._held]]
        self._held = scenario
        touched, columns = self._touched([one.cost for one in both])
        if len(touched):
            cost = arrays.cost[touched] * arrays.column_scale[touched] / self._money
            solver.changeColsCost(len(columns), columns, cost)
        touched, columns = self._touched([part for one in both for part in (one.lower, one.upper)])
        if len(touched):
            scale = arrays.column_scale[touched]
            lower, upper = arrays.lower[touched] / scale, arrays.upper[touched] / scale
            solver.changeColsBounds(len(columns), columns, lower, upper)
        self._put_entries(arrays, np.unique(np.concatenate([one.entries[0] for one in both])))

    def _touched(self, parts: Sequence[Sparse]) -> tuple[Ints, npt.NDArray[np.int32]]:
        """Return the second-stage columns that changes touch, and their numbers in the solver."""
        places = np.unique(np.concatenate([places for places, _ in parts]))
        places = places[~self.family.is_first[places]]
        return places, np.searchsorted(self._second, places).astype(np.int32)

    def _put_entries(self, arrays: Arrays, touched: Ints) -> None:
        """Set entries of W; there are few, most of what varies belongs to decisions."""
        for place in self._w_of[touched][self._w_of[touched] >= 0]:
            row, column, at = int(self._w_row[place]), int(self._w_column[place]), int(self._w[place])
            scale = arrays.column_scale[self._second[column]] / arrays.row_scale[self._rows[row]]
            self._solver.changeCoeff(row, column, float(arrays.values[at] * scale))

    def _run(self, scenario: int) -> None:
        """Solve from the scenario's own last basis."""
        if scenario in self._bases:
            self._solver.setBasis(self._bases[scenario])
        self._solver.run()
        if len(self._bases) < BASES or scenario in self._bases:
            self._bases[scenario] = self._solver.getBasis()

    def _is_infeasible(self) -> bool:
        import highspy  # noqa: PLC0415  # an optional extra

        status, kinds = self._solver.getModelStatus(), highspy.HighsModelStatus
        if status not in {kinds.kOptimal, kinds.kInfeasible, kinds.kModelEmpty}:
            what = self._solver.modelStatusToString(status)
            raise DosewayError(f"the solver failed on a scenario: {what}")
        return status == kinds.kInfeasible

    def _prices(self) -> Floats:
        """Return the row duals, or a ray of the dual where nothing can be done."""
        if not self._is_infeasible():
            return np.asarray(self._solver.getSolution().row_dual, dtype=np.float64)
        _, has_ray, ray = self._solver.getDualRay()  # type: ignore[attr-defined]  # highspy's stub
        if not has_ray:
            raise DosewayError("the solver found no reason why a scenario has no plan")
        return np.asarray(ray, dtype=np.float64)

    def _missed(self, arrays: Arrays, ray: Floats, low: Floats, high: Floats) -> float:
        """Return by how much a ray says that the rows cannot be met: above 0 at the decisions that were tried."""
        side = _product(np.maximum(ray, 0), low) - _product(np.maximum(-ray, 0), high)
        column_scale = arrays.column_scale[self._second]
        w = arrays.values[self._w] * column_scale[self._w_column] / arrays.row_scale[self._rows][self._w_row]
        pull = np.bincount(self._w_column, ray[self._w_row] * w, minlength=len(self._second))
        pull = np.where(np.abs(pull) < 1e-9, 0.0, pull)  # noqa: PLR2004  # the solver's dust
        lower, upper = arrays.lower[self._second] / column_scale, arrays.upper[self._second] / column_scale
        return side - _product(np.maximum(pull, 0), upper) + _product(np.maximum(-pull, 0), lower)


def _first(pair: tuple[float, Floats]) -> float:
    return pair[0]


def _product(weights: Floats, values: Floats) -> float:
    """Return Σ weight · value, where a weight of 0 takes no part even of an infinite value."""
    used = weights != 0
    return float(weights[used] @ values[used])
