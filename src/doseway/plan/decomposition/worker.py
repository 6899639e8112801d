"""What one worker does: solve scenarios for given decisions, and bound all of its scenarios by the prices found so far.

    Q_s(z) ≥ v + g·(z - x),   g = -π T_s,   π the row duals at x                      (Van Slyke and Wets 1969)

Where nothing can be done, a ray π of the dual says which decisions cannot be: a cut without cost. Only the limits of
rows move from solve to solve; a scenario starts from the last basis of the one whose prices bound it best, which is
dual feasible and near. Scenarios that are not solved are bounded by the pool of prices (`pool`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from doseway.model.errors import DosewayError
from doseway.plan.decomposition.family import Family
from doseway.plan.decomposition.pool import DualPool, Found
from doseway.plan.decomposition.recourse import Recourse
from doseway.plan.highs import Limits, Scaled, new_solver
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.scenario_change import Sparse

if TYPE_CHECKING:
    import highspy

BASES: Final = 2000
"""Bases that a worker keeps; beyond that a scenario starts from the one before it, and memory stays bounded."""
_BATCH: Final = 50
"""Scenarios solved before their prices join the pool, from which the next ones start."""

_PERTURBATION: Final = "dual_simplex_cost_perturbation_multiplier"

# Presolve would throw the basis away, the program comes scaled, and steepest-edge weights would start anew each time.
_OPTIONS: Final = (("presolve", "off"), ("simplex_scale_strategy", 0), ("simplex_dual_edge_weight_strategy", 1))


@dataclass(frozen=True)
class Question:
    """Scaled decisions, and which scenarios to solve at the first of them; the others are bounded from below."""

    points: Sequence[Floats]
    solve: Ints


@dataclass(frozen=True)
class Reply:
    """Answers of a worker, in the order of its scenarios, in money and scaled decisions.

    Attributes:
        costs: (point, scenario) Q_s at each point, or a bound below it; infinite where nothing can be done, and
            -infinite where nothing is known.
        slopes: (point, scenario, decision) g_s; for an infinite cost, the cut's left side.
        limits: (scenario) for an infinite cost at the first point, slope · z ≥ limit; NaN otherwise.
        seconds: of the solver.
    """

    costs: Floats
    slopes: Floats
    limits: Floats
    seconds: float


class ScenarioWorker:
    """Answers a `Question` about a batch of scenarios with a `Reply`."""

    def __init__(self, family: Family, cost_scale: float) -> None:
        self.family = family
        self._recourse = Recourse(family)
        self._every = np.arange(len(self._recourse.rows), dtype=np.int32)
        self._money = cost_scale
        self._bases: dict[int, highspy.HighsBasis] = {}
        self._solver = self._loaded()
        self._held: int | None = None
        self._pool = DualPool(self._recourse) if family.shares_prices else None

    def tell(self, message: Question) -> Reply:
        """Solve the scenarios asked for, and bound the rest."""
        count, width = len(self.family), len(self._recourse.first)
        costs = np.full((len(message.points), count), -np.inf)
        slopes, limits = np.zeros((len(message.points), count, width)), np.full(count, np.nan)
        before, first = self._solver.getRunTime(), message.points[0]
        exact: dict[int, tuple[float, Floats, float]] = {}
        for start in range(0, len(message.solve), _BATCH):
            exact |= self._solved(message.solve[start : start + _BATCH], first)
        if self._pool is not None:
            unknown = np.flatnonzero(~np.isfinite(self._pool.bounds(first)[0]))
            exact |= self._solved(np.setdiff1d(unknown, message.solve), first)
            for point, x in enumerate(message.points):
                costs[point], slopes[point], _ = self._pool.bounds(x)
            costs *= self._money
            slopes *= self._money
        for scenario, (cost, slope, limit) in exact.items():
            costs[0, scenario], slopes[0, scenario], limits[scenario] = cost, slope, limit
        return Reply(costs, slopes, limits, self._solver.getRunTime() - before)

    def _loaded(self) -> "highspy.Highs":
        """Load W once."""
        solver = new_solver(Limits())
        for option, value in _OPTIONS:
            solver.setOptionValue(option, value)
        return Scaled(self._recourse.program(), self._money).pass_to(solver)

    def _solved(self, scenarios: Ints, x: Floats) -> dict[int, tuple[float, Floats, float]]:
        """Solve scenarios, put their prices into the pool, and return cost, slope and limit of each."""
        if not len(scenarios):
            return {}
        nearest = self._pool.bounds(x)[2][scenarios] if self._pool is not None else scenarios
        solved, found = {}, []
        for scenario, near in zip(map(int, scenarios), map(int, nearest), strict=True):
            solved[scenario], prices = self._solve(scenario, near, x)
            if np.isfinite(solved[scenario][0]):
                reduced = np.asarray(self._solver.getSolution().col_dual, dtype=np.float64)
                found.append(Found(scenario, prices, reduced, self._solver.getObjectiveValue(), x))
        if self._pool is not None:
            self._pool.add(found)
        return solved

    def _solve(self, scenario: int, near: int, x: Floats) -> tuple[tuple[float, Floats, float], Floats]:
        """Return cost, slope and, where nothing can be done, the limit of the cut; and the prices."""
        recourse = self._recourse
        links = recourse.links_of(scenario)
        moved = recourse.moved(links, x)
        low, high = (side - moved for side in recourse.sides(scenario))
        self._put(scenario, low, high)
        self._run(scenario, near)
        prices = self._prices()
        if self._is_infeasible():
            arrays = recourse.arrays(scenario)
            missed, prices = max(((self._missed(arrays, ray, low, high), ray) for ray in (prices, -prices)), key=_first)
            pulled = recourse.pulled(links, prices)
            return (np.inf, pulled, missed + float(pulled @ x)), prices
        cost = self._solver.getObjectiveValue() * self._money
        return (cost, -recourse.pulled(links, prices) * self._money, np.nan), prices

    def _put(self, scenario: int, low: Floats, high: Floats) -> None:
        """Give the solver the numbers of a scenario; those of the one before are taken back."""
        solver, change, recourse = self._solver, self.family.changes[scenario], self._recourse
        solver.changeRowsBounds(len(self._every), self._every, low, high)  # type: ignore[attr-defined]  # highspy's stub
        both = [change] if self._held is None else [change, self.family.changes[self._held]]
        self._held = scenario
        costs, costly = self._touched([one.cost for one in both])
        limits, limited = self._touched([part for one in both for part in (one.lower, one.upper)])
        cells = np.unique(np.concatenate([one.entries[0] for one in both]))
        cells = recourse.w_of[cells][recourse.w_of[cells] >= 0]
        if not (len(costs) or len(limits) or len(cells)):
            return
        arrays = recourse.arrays(scenario)
        if len(costs):
            cost = arrays.cost[costs] * arrays.column_scale[costs] / self._money
            solver.changeColsCost(len(costly), costly, cost)
        if len(limits):
            scale = arrays.column_scale[limits]
            solver.changeColsBounds(len(limited), limited, arrays.lower[limits] / scale, arrays.upper[limits] / scale)
        for cell in cells:  # few: most of what varies belongs to decisions
            row, column, at = int(recourse.w_row[cell]), int(recourse.w_column[cell]), int(recourse.w[cell])
            scale = arrays.column_scale[recourse.second[column]] / recourse.row_scale[row]
            solver.changeCoeff(row, column, float(arrays.values[at] * scale))

    def _touched(self, parts: Sequence[Sparse]) -> tuple[Ints, npt.NDArray[np.int32]]:
        """Return the second-stage columns that changes touch, and their numbers in the solver."""
        places = np.unique(np.concatenate([places for places, _ in parts]))
        places = places[~self.family.is_first[places]]
        return places, np.searchsorted(self._recourse.second, places).astype(np.int32)

    def _run(self, scenario: int, near: int) -> None:
        """Solve from the last basis of the scenario nearby, or else from the scenario's own."""
        basis = self._bases.get(near) or self._bases.get(scenario)
        if basis is not None:
            self._solver.setBasis(basis)
        self._solver.run()
        if not self._is_settled():  # perturbed costs can make a scaled program look unbounded
            self._solver.clearSolver()
            self._solver.setOptionValue(_PERTURBATION, 0.0)
            self._solver.run()
            self._solver.setOptionValue(_PERTURBATION, 1.0)
        if len(self._bases) < BASES or scenario in self._bases:
            self._bases[scenario] = self._solver.getBasis()

    def _is_settled(self) -> bool:
        import highspy  # noqa: PLC0415  # an optional extra

        kinds = highspy.HighsModelStatus
        return self._solver.getModelStatus() in {kinds.kOptimal, kinds.kInfeasible, kinds.kModelEmpty}

    def _is_infeasible(self) -> bool:
        import highspy  # noqa: PLC0415  # an optional extra

        status, kinds = self._solver.getModelStatus(), highspy.HighsModelStatus
        if not self._is_settled():
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
        recourse = self._recourse
        column_scale = arrays.column_scale[recourse.second]
        w = arrays.values[recourse.w] * column_scale[recourse.w_column] / recourse.row_scale[recourse.w_row]
        pull = np.bincount(recourse.w_column, ray[recourse.w_row] * w, minlength=len(recourse.second))
        pull = np.where(np.abs(pull) < 1e-9, 0.0, pull)  # noqa: PLR2004  # the solver's dust
        lower, upper = arrays.lower[recourse.second] / column_scale, arrays.upper[recourse.second] / column_scale
        return side - _product(np.maximum(pull, 0), upper) + _product(np.maximum(-pull, 0), lower)


def _first(pair: tuple[float, Floats]) -> float:
    return pair[0]


def _product(weights: Floats, values: Floats) -> float:
    """Return Σ weight · value, where a weight of 0 takes no part even of an infinite value."""
    used = weights != 0
    return float(weights[used] @ values[used])
