"""The master program: decisions, and what the cuts say that they will cost.

min c·x + (1-λ) Σ_k θ_k + λ θ_tail   subject to   the rows about decisions alone,
    θ_k ≥ Σ_{s in k} p_s (v_s + g_s·(x - x̂))      K cuts a round, the scenarios dealt round robin
    θ_tail ≥ Σ_s q_s (v_s + g_s·(x - x̂))           q the worst weights of the tail mean at x̂: 0 ≤ q_s ≤ p_s / (1-α)
Every θ is convex and lies above all its cuts, so the master's bound holds for every decision (Van Slyke and Wets 1969;
risk envelope: Noyan 2012, Computers & Operations Research 39(3)).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from doseway.model.errors import DosewayError
from doseway.plan.highs import Limits, new_solver
from doseway.plan.program import Arrays, Floats, Ints

if TYPE_CHECKING:
    import highspy

FAR: Final = 1e6
"""Decisions without a limit end at so many natural sizes; a plan at that edge is refused."""
PURGE_ROUNDS: Final = 12
_SLACK: Final = 1e-6


@dataclass
class Cut:
    """θ[group] ≥ slope · x + level; for group -1, 0 ≥ slope · x + level: decisions that some scenario cannot follow."""

    group: int
    slope: Floats
    level: float
    idle: int = 0


@dataclass(frozen=True)
class Answer:
    """What the master proposes: scaled decisions, the bound that it proves, and the solver's seconds."""

    x: Floats
    bound: float
    seconds: float


@dataclass
class Master:
    """The master program, grown by cuts. Costs are in money, decisions in their natural sizes."""

    base: Arrays
    is_first: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    is_first_row: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    weights: Floats
    money: float
    cuts: list[Cut] = field(default_factory=list)
    _row_count: int = 0
    _opened: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.columns = np.flatnonzero(self.is_first)
        self.scale = self.base.column_scale[self.columns]
        self.cost = self.base.cost[self.columns] * self.scale
        self.lower = np.maximum(self.base.lower[self.columns] / self.scale, -FAR)
        self.upper = np.minimum(self.base.upper[self.columns] / self.scale, FAR)
        self.is_integer = self.base.is_integer[self.columns]
        self.solver = self._loaded()
        self._row_count = self.solver.getNumRow()
        for cut in self.cuts:
            self._pass(cut)

    def _loaded(self) -> "highspy.Highs":
        """Return a solver with the decisions, the θ and the rows about decisions."""
        solver = new_solver(Limits())
        count, thetas = len(self.columns), len(self.weights)
        # A θ without a cut could fall without limit: it stays at 0, and the bound unknown, until it has its first.
        cost, nothing = np.r_[self.cost / self.money, np.zeros(thetas)], np.zeros(thetas)
        solver.addCols(
            count + thetas, cost, np.r_[self.lower, nothing], np.r_[self.upper, nothing],
            0, np.zeros(count + thetas, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0),
        )  # fmt: skip
        rows = np.flatnonzero(self.is_first_row)
        at_column = np.cumsum(self.is_first) - 1
        for row in rows:
            mine = np.flatnonzero(self.base.rows == row)
            column = at_column[self.base.column_of_entry[mine]]
            unit = self.base.row_scale[row]
            values = self.base.values[mine] * self.scale[column] / unit
            low, high = self.base.row_lower[row] / unit, self.base.row_upper[row] / unit
            solver.addRow(low, high, len(mine), column.astype(np.int32), values)
        return solver

    def reweigh(self, weights: Floats) -> None:
        """Let each θ count by another weight; every cut holds as before."""
        self.weights = weights
        for group in sorted(self._opened):
            self.solver.changeColCost(len(self.columns) + group, float(weights[group]))

    def add(self, cut: Cut) -> None:
        """Add a cut."""
        self.cuts.append(cut)
        self._pass(cut)

    def _pass(self, cut: Cut) -> None:
        places = np.flatnonzero(cut.slope)
        index, values = places, -cut.slope[places] / self.money
        if cut.group >= 0:
            theta = len(self.columns) + cut.group
            index, values = np.r_[index, theta], np.r_[values, 1.0]
            if cut.group not in self._opened:
                self._opened.add(cut.group)
                self.solver.changeColBounds(theta, -np.inf, np.inf)
                self.solver.changeColCost(theta, float(self.weights[cut.group]))
        unit = max(1.0, float(np.max(np.abs(values), initial=1.0)))
        self.solver.addRow(cut.level / self.money / unit, np.inf, len(index), index.astype(np.int32), values / unit)

    def solve(self, gap: float | None, seconds: float, box: tuple[Floats, Floats] | None = None) -> Answer | None:
        """Solve with whole decisions to a gap, or without them for None; None where no decision is possible.

        Within a box of decisions, if given: what is found there is a proposal, and its bound no bound.

        Raises:
            DosewayError: the solver gave up.
        """
        import highspy  # noqa: PLC0415  # an optional extra

        whole = np.flatnonzero(self.is_integer).astype(np.int32)
        kind = highspy.HighsVarType.kContinuous if gap is None else highspy.HighsVarType.kInteger
        self.solver.changeColsIntegrality(len(whole), whole, np.full(len(whole), int(kind), dtype=np.uint8))
        self.solver.setOptionValue("mip_rel_gap", gap or 0.0)
        every = np.arange(len(self.columns), dtype=np.int32)
        self.solver.changeColsBounds(len(every), every, *((self.lower, self.upper) if box is None else box))
        before = self.solver.getRunTime()
        if np.isfinite(seconds):
            self.solver.setOptionValue("time_limit", before + max(seconds, 1.0))
        self.solver.run()
        status, info, kinds = self.solver.getModelStatus(), self.solver.getInfo(), highspy.HighsModelStatus
        spent = self.solver.getRunTime() - before
        if status == kinds.kInfeasible:
            return None
        has_plan = info.primal_solution_status == highspy.kSolutionStatusFeasible
        if status not in {kinds.kOptimal, kinds.kModelEmpty, kinds.kTimeLimit} or not has_plan:
            raise DosewayError(f"the solver gave up on the decisions: {self.solver.modelStatusToString(status)}")
        x = np.asarray(self.solver.getSolution().col_value, dtype=np.float64)[: len(self.columns)]
        is_mip = gap is not None and len(whole)
        bound = float(info.mip_dual_bound) if is_mip else float(info.objective_function_value)
        if status == kinds.kTimeLimit and not is_mip:
            bound = -np.inf
        if len(self._opened) < len(self.weights):
            bound = -np.inf
        x = np.where(self.is_integer, np.round(x), x) if is_mip else x
        return Answer(np.clip(x, self.lower, self.upper), bound * self.money, spent)

    def known(self, x: Floats) -> Floats:
        """Return what the cuts say that each θ is at least at decisions; -inf without a cut."""
        known = np.full(len(self.weights), -np.inf)
        for cut in self.cuts:
            if cut.group >= 0:
                known[cut.group] = max(known[cut.group], float(cut.slope @ x) + cut.level)
        return known

    def purge(self) -> None:
        """Drop the cuts that have been slack for many rounds: that loosens the bound, never breaks it."""
        activity = np.asarray(self.solver.getSolution().row_value, dtype=np.float64)[self._row_count :]
        limits = np.asarray(self.solver.getLp().row_lower_, dtype=np.float64)[self._row_count :]
        for cut, value, limit in zip(self.cuts, activity, limits, strict=False):
            cut.idle = cut.idle + 1 if value > limit + _SLACK * max(1.0, abs(limit)) else 0
        gone: Ints = np.array([i for i, cut in enumerate(self.cuts) if cut.idle >= PURGE_ROUNDS], dtype=np.int64)
        if len(gone):
            self.solver.deleteRows(len(gone), (gone + self._row_count).astype(np.int32))
            self.cuts = [cut for i, cut in enumerate(self.cuts) if i not in set(gone.tolist())]
