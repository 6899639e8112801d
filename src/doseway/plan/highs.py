"""The one place that talks to HiGHS: arrays in, an outcome with its bound and gap out.

A status never claims more than was proved: `optimal` means within the gap asked for; a plan found before the time ran
out or somebody stopped is `feasible`, and carries the bound that was reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
import numpy as np

from doseway.model.errors import DosewayError, Unavailable
from doseway.plan.program import Arrays, Floats, Ints

if TYPE_CHECKING:
    import highspy

Status: TypeAlias = Literal["optimal", "feasible", "infeasible", "unbounded", "stopped"]
_DIGITS: Final = 13
"""Scaled coefficients are rounded to so many digits, so that a change of unit or currency gives the same program."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How hard to try.

    Attributes:
        gap: relative distance between cost and bound at which a plan counts as optimal.
        seconds: time after which the best plan so far is returned.
        threads: of the solver; 0 leaves it the choice.
    """

    gap: float = 1e-4
    seconds: float = float("inf")
    threads: int = 1


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a solve is: seconds so far, best cost, bound and relative gap (infinite before the first plan)."""

    seconds: float
    cost: float
    bound: float
    gap: float


Watch: TypeAlias = Callable[[Progress], bool]
"""Told of progress now and then, from the solving thread; False stops the solve and keeps the best plan."""


@dataclass(frozen=True)
class Outcome:
    """What the solver proved.

    Attributes:
        x: the columns' values; None without a feasible plan.
        cost, bound: of the plan, and the least that any plan could cost; gap is relative to the cost.
        prices: for a program without integers, the change of cost per unit of each row's limit; None otherwise.
        reduced: likewise the reduced cost of each column.
    """

    status: Status
    x: Floats | None
    cost: float
    bound: float
    gap: float
    prices: Floats | None = None
    reduced: Floats | None = None


def solve(arrays: Arrays, limits: Limits | None = None, watch: Watch | None = None) -> Outcome:
    """Solve a program.

    Raises:
        Unavailable: HiGHS is not installed.
        DosewayError: the solver gave up with an error of its own.
    """
    limits = limits or Limits()
    scaled = Scaled(arrays)
    solver = scaled.pass_to(new_solver(limits))
    if watch is not None:
        _attach(solver, watch, scaled)
    solver.run()
    return _outcome(solver, arrays, scaled, limits)


def loaded(arrays: Arrays, limits: Limits) -> "highspy.Highs":
    """Return a solver that holds a linear program in natural units, to be changed and solved many times.

    Without presolve, so that each solve starts from the basis of the one before.
    """
    solver = new_solver(limits)
    solver.setOptionValue("presolve", "off")
    solver.setOptionValue("simplex_scale_strategy", 0)  # it comes scaled
    solver.setOptionValue("simplex_dual_edge_weight_strategy", 1)  # Devex: steepest edge would start anew each time
    return Scaled(arrays).pass_to(solver)


def new_solver(limits: Limits) -> "highspy.Highs":
    """Return a silent HiGHS with the limits set.

    Raises:
        Unavailable: HiGHS is not installed.
    """
    try:
        import highspy  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        raise Unavailable(
            "planning needs the solver HiGHS", hint="Install it with `pip install doseway[plan]`."
        ) from error
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy's own stub
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", limits.threads)
    solver.setOptionValue("mip_rel_gap", limits.gap)
    solver.setOptionValue("mip_abs_gap", 0.0)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-7)
    if np.isfinite(limits.seconds):
        solver.setOptionValue("time_limit", float(limits.seconds))
    return solver


def relaxed(arrays: Arrays) -> Arrays:
    """Return the program without the demand for whole numbers."""
    return _with(arrays, is_integer=np.zeros_like(arrays.is_integer))


def without(arrays: Arrays, rows: Ints) -> Arrays:
    """Return the program without the limits of some rows."""
    lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    lower[rows], upper[rows] = -np.inf, np.inf
    return _with(arrays, row_lower=lower, row_upper=upper)


def fixed_at(arrays: Arrays, x: Floats) -> Arrays:
    """Return the linear program that is left when whole-number columns keep the values of a plan."""
    whole = np.round(x)
    lower = np.where(arrays.is_integer, whole, arrays.lower)
    upper = np.where(arrays.is_integer, whole, arrays.upper)
    return _with(arrays, lower=lower, upper=upper, is_integer=np.zeros_like(arrays.is_integer))


def with_cost(arrays: Arrays, cost: Floats, offset: float = 0.0) -> Arrays:
    """Return the program with another cost."""
    return _with(arrays, cost=cost, offset=offset)


def _with(arrays: Arrays, **changes: object) -> Arrays:
    from dataclasses import replace  # noqa: PLC0415  # keeps the name free for readers of this module

    return replace(arrays, **changes)  # type: ignore[arg-type]  # fields are given by name above


class Scaled:
    """A program in natural units: columns over their scale, rows over theirs, cost over its largest coefficient."""

    def __init__(self, arrays: Arrays, cost_scale: float | None = None) -> None:
        column, row = arrays.column_scale, arrays.row_scale
        cost = arrays.cost * column
        largest = float(np.max(np.abs(cost), initial=0.0))
        self.cost_scale = cost_scale or largest or 1.0
        self.arrays = arrays
        self.cost = _rounded(cost / self.cost_scale)
        self.lower, self.upper = _rounded(arrays.lower / column), _rounded(arrays.upper / column)
        self.row_lower, self.row_upper = _rounded(arrays.row_lower / row), _rounded(arrays.row_upper / row)
        self.values = _rounded(arrays.values * column[arrays.column_of_entry] / row[arrays.rows])

    def pass_to(self, solver: "highspy.Highs") -> "highspy.Highs":
        """Give the program to the solver."""
        import highspy  # noqa: PLC0415  # new_solver has found it

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.row_lower)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.lower, self.upper
        lp.row_lower_, lp.row_upper_ = self.row_lower, self.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = self.arrays.starts.astype(np.int32)
        lp.a_matrix_.index_ = self.arrays.rows.astype(np.int32)
        lp.a_matrix_.value_ = self.values
        if self.arrays.is_integer.any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(is_integer)] for is_integer in self.arrays.is_integer]
        if solver.passModel(lp) == highspy.HighsStatus.kError:
            raise DosewayError("the solver refuses the program: a coefficient is not a finite number")
        return solver

    def cost_of(self, objective: float) -> float:
        """Return a cost in the plan's currency."""
        return objective * self.cost_scale + self.arrays.offset


def _rounded(values: Floats) -> Floats:
    """Round to 13 significant digits; zeros and infinities stay."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.floor(np.log10(np.abs(values)))
        is_plain = np.isfinite(exponent) & np.isfinite(values)
        power = np.power(10.0, _DIGITS - 1 - np.where(is_plain, exponent, 0.0))
        return np.where(is_plain, np.round(values * power) / power, values)


def _attach(solver: "highspy.Highs", watch: Watch, scaled: Scaled) -> None:
    """Let the watch see progress and stop the solve."""
    from highspy import cb  # noqa: PLC0415  # new_solver has found it

    kinds = cb.HighsCallbackType

    def told(kind: object, _: str, out: object, into: object, __: object) -> None:
        if kind not in {kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt}:
            return
        is_mip = kind == kinds.kCallbackMipInterrupt
        seconds = float(getattr(out, "running_time", 0.0))
        cost = float(getattr(out, "mip_primal_bound", np.inf)) if is_mip else np.inf
        bound = float(getattr(out, "mip_dual_bound", -np.inf)) if is_mip else -np.inf
        cost, bound = scaled.cost_of(cost), scaled.cost_of(bound)
        if not watch(Progress(seconds=seconds, cost=cost, bound=bound, gap=relative_gap(cost, bound))):
            into.user_interrupt = True  # type: ignore[attr-defined]  # HiGHS' own callback struct

    solver.setCallback(told, None)
    solver.startCallback(kinds.kCallbackMipInterrupt)
    solver.startCallback(kinds.kCallbackSimplexInterrupt)


def relative_gap(cost: float, bound: float) -> float:
    """Return (cost - bound) / |cost|, never negative; infinite while one of them is."""
    if not (np.isfinite(cost) and np.isfinite(bound)):
        return float("inf")
    return max(0.0, cost - bound) / max(abs(cost), 1e-9)


def _outcome(solver: "highspy.Highs", arrays: Arrays, scaled: Scaled, limits: Limits) -> Outcome:
    """Say what was proved."""
    import highspy  # noqa: PLC0415  # new_solver has found it

    status, info = solver.getModelStatus(), solver.getInfo()
    kinds = highspy.HighsModelStatus
    if status in {kinds.kInfeasible, kinds.kUnboundedOrInfeasible, kinds.kUnbounded}:
        return _failed(solver, is_unbounded=status == kinds.kUnbounded, is_clear=status != kinds.kUnboundedOrInfeasible)
    stopped = {kinds.kTimeLimit, kinds.kInterrupt, kinds.kIterationLimit, kinds.kSolutionLimit}
    if status not in {kinds.kOptimal, kinds.kModelEmpty} | stopped:
        raise DosewayError(f"the solver gave up: {solver.modelStatusToString(status)}")
    is_mip = bool(arrays.is_integer.any())
    has_plan = (
        status in {kinds.kOptimal, kinds.kModelEmpty} or info.primal_solution_status == highspy.kSolutionStatusFeasible
    )
    bound = scaled.cost_of(float(info.mip_dual_bound)) if is_mip else -np.inf
    if not has_plan:
        return Outcome("stopped", None, np.inf, bound, np.inf)
    solution = solver.getSolution()
    x = np.asarray(solution.col_value, dtype=np.float64) * arrays.column_scale
    x = np.where(arrays.is_integer, np.round(x), x)
    cost = scaled.cost_of(float(info.objective_function_value))
    if is_mip:
        gap = relative_gap(cost, bound)
        return Outcome("optimal" if gap <= limits.gap * 1.000001 else "feasible", x, cost, min(bound, cost), gap)
    if status not in {kinds.kOptimal, kinds.kModelEmpty}:
        return Outcome("feasible", x, cost, -np.inf, np.inf)
    prices = np.asarray(solution.row_dual, dtype=np.float64) * scaled.cost_scale / arrays.row_scale
    reduced = np.asarray(solution.col_dual, dtype=np.float64) * scaled.cost_scale / arrays.column_scale
    return Outcome("optimal", x, cost, cost, 0.0, prices, reduced)


def _failed(solver: "highspy.Highs", *, is_unbounded: bool, is_clear: bool) -> Outcome:
    """Tell infeasible from unbounded; presolve may leave that open, and then the solver is asked without it."""
    import highspy  # noqa: PLC0415  # new_solver has found it

    if not is_clear:
        solver.setOptionValue("presolve", "off")
        solver.run()
        is_unbounded = solver.getModelStatus() == highspy.HighsModelStatus.kUnbounded
    return Outcome("unbounded" if is_unbounded else "infeasible", None, np.inf, -np.inf, np.inf)
