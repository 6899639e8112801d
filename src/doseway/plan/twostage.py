"""Plans under uncertainty: decide first, see what happens, then make the best of it.

min  c·x + (1-λ) Σ_s p_s Q_s + λ [η + 1/(1-α) Σ_s p_s v_s],   v_s ≥ Q_s - η,  v_s ≥ 0
where Q_s is the cost of what is done in scenario s after decisions x (Rockafellar and Uryasev 2000 for the second
half). Here as one program, the extensive form: exact, and the oracle for anything that decomposes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from doseway.model.errors import UsageError
from doseway.plan.highs import Limits, Outcome, Watch, solve
from doseway.plan.program import Arrays, Floats, Ints, Program


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """How much the worst cases count: `weight` λ on the mean of the worst (1 - `level`), the rest on all."""

    weight: float = 0.0
    level: float = 0.95


class Staged(Protocol):
    """A program of one scenario; all scenarios have the same first-stage columns in the same order."""

    @property
    def program(self) -> Program:
        """The program, whose blocks know their stage."""


@dataclass(frozen=True)
class TwoStage:
    """Decisions and what follows from them in each scenario.

    Attributes:
        decisions: values of the first-stage columns; `recourse` the values of all columns, per scenario.
        costs: per scenario, the cost of what is done after the decisions; `first` is the cost of the decisions.
        expected, tail: mean of the costs, and mean of the worst (1 - level) of them (CVaR); both with `first`.
    """

    outcome: Outcome
    decisions: Floats
    recourse: list[Floats]
    costs: Floats
    first: float
    expected: float
    tail: float


def first_stage(program: Program) -> npt.NDArray[np.bool_]:
    """Return which columns are decided before it is known what happens."""
    return np.concatenate([np.full(block.count, block.stage == 1) for block in program.column_blocks])


def first_rows(program: Program) -> npt.NDArray[np.bool_]:
    """Return which rows are about decisions only."""
    return np.concatenate([np.full(block.count, block.stage == 1) for block in program.row_blocks])


def tail_mean(costs: Floats, probabilities: Floats, level: float) -> float:
    """Return the mean of the worst (1 - level) of cases, splitting a case at the edge (CVaR, acerbi-tasche form)."""
    left, total = 1.0 - level, 0.0
    if left <= 0:
        return float(np.max(costs))
    for case in np.argsort(-costs):
        taken = min(left, float(probabilities[case]))
        total += taken * float(costs[case])
        left -= taken
    return total / (1.0 - level)


def decide(
    cases: Sequence[tuple[float, Staged]],
    risk: Risk | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> TwoStage:
    """Solve the extensive form of some scenarios, given as probability and program.

    Raises:
        UsageError: probabilities that do not add up to 1, a risk out of range, or no plan for all scenarios together.
    """
    risk = risk or Risk()
    probabilities = np.array([probability for probability, _ in cases])
    if not len(cases) or abs(float(probabilities.sum()) - 1) > 1e-9 or (probabilities < 0).any():  # noqa: PLR2004  # rounding
        raise UsageError("the probabilities of the scenarios must add up to 1")
    if not (0 <= risk.weight <= 1 and 0 <= risk.level < 1):
        raise UsageError("the weight of risk is between 0 and 1, its level from 0 and below 1")
    form = _Form(cases, probabilities, risk)
    outcome = solve(form.arrays, limits, watch)
    if outcome.x is None:
        hint = "Give every required demand a shortage_cost, so that each scenario has a way out."
        raise UsageError(f"no decisions are {outcome.status} for all scenarios together", hint=hint)
    return form.read(outcome)


class _Form:
    """The extensive form: decisions once, then the rest of each scenario, then η and v."""

    def __init__(self, cases: Sequence[tuple[float, Staged]], probabilities: Floats, risk: Risk) -> None:
        self.probabilities, self.risk = probabilities, risk
        self.parts = [case.program.arrays() for _, case in cases]
        self.is_first = [first_stage(case.program) for _, case in cases]
        self.count = int(self.is_first[0].sum())
        self.positions = self._positions()
        self.second = [np.where(mask, 0.0, part.cost) for mask, part in zip(self.is_first, self.parts, strict=True)]
        rows = [first_rows(case.program) for _, case in cases]
        self.arrays = self._with_tail(self._stacked(rows))

    def _positions(self) -> list[Ints]:
        """Return, per scenario, where each of its columns stands in the form."""
        offset, positions = self.count, []
        for mask in self.is_first:
            if int(mask.sum()) != self.count:
                raise UsageError("the scenarios differ in their decisions")
            where = np.empty(len(mask), dtype=np.int64)
            where[mask] = np.arange(self.count)
            where[~mask] = offset + np.arange(len(mask) - self.count)
            offset += len(mask) - self.count
            positions.append(where)
        return positions

    def _stacked(self, rows: list[npt.NDArray[np.bool_]]) -> Arrays:
        """Put the scenarios together; decisions, and rows about them alone, come from the first."""
        keeps = [~mask if s else np.ones_like(mask) for s, mask in enumerate(self.is_first)]
        kept_rows = [~mask if s else np.ones_like(mask) for s, mask in enumerate(rows)]
        order = np.concatenate([np.flatnonzero(self.is_first[0]), np.flatnonzero(~self.is_first[0])])
        entries, base = [], 0
        for s, part in enumerate(self.parts):
            row_at = np.cumsum(kept_rows[s]) - 1 + base
            mine = kept_rows[s][part.rows]
            entries.append((row_at[part.rows][mine], self.positions[s][part.column_of_entry][mine], part.values[mine]))
            base += int(kept_rows[s].sum())

        def columns(name: str) -> Any:
            head = getattr(self.parts[0], name)[order]
            return np.concatenate(
                [head, *(getattr(p, name)[k] for p, k in zip(self.parts[1:], keeps[1:], strict=True))]
            )

        def rows_of(name: str) -> Any:
            return np.concatenate([getattr(p, name)[k] for p, k in zip(self.parts, kept_rows, strict=True)])

        row, column, value = (np.concatenate([entry[i] for entry in entries]) for i in range(3))
        by_column = np.lexsort((row, column))
        cost = columns("cost").astype(np.float64)
        starts = np.r_[0, np.cumsum(np.bincount(column, minlength=len(cost)))].astype(np.int64)
        head = self.parts[0]
        return replace(
            head,
            cost=cost, lower=columns("lower"), upper=columns("upper"), is_integer=columns("is_integer"),
            column_scale=columns("column_scale"), row_lower=rows_of("row_lower"), row_upper=rows_of("row_upper"),
            row_scale=rows_of("row_scale"), starts=starts, rows=row[by_column], values=value[by_column],
        )  # fmt: skip

    def _with_tail(self, stacked: Arrays) -> Arrays:
        """Weight the scenarios' costs, and add η, v_s and the rows Q_s - η - v_s ≤ 0 where risk counts."""
        cost = stacked.cost.copy()
        share = (1 - self.risk.weight) * self.probabilities
        for s, where in enumerate(self.positions):
            mask = ~self.is_first[s]
            cost[where[mask]] = share[s] * self.parts[s].cost[mask]
        if self.risk.weight == 0:
            return replace(stacked, cost=cost)
        cases, columns, rows = len(self.parts), len(cost), len(stacked.row_lower)
        # Money in natural units: what the worst scenario pays for its largest single item.
        money = max(
            float(np.max(np.abs(c * p.column_scale), initial=1.0)) for c, p in zip(self.second, self.parts, strict=True)
        )
        eta, worst = columns, columns + 1 + np.arange(cases)
        weights = self.risk.weight / (1 - self.risk.level) * self.probabilities
        at, which, value = [rows + np.arange(cases)] * 2, [np.full(cases, eta), worst], [np.full(cases, -1.0)] * 2
        for s, where in enumerate(self.positions):
            paid = np.flatnonzero(self.second[s])
            at.append(np.full(len(paid), rows + s))
            which.append(where[paid])
            value.append(self.second[s][paid])
        row = np.concatenate([stacked.rows, *at])
        column = np.concatenate([stacked.column_of_entry, *which])
        values = np.concatenate([stacked.values, *value])
        order = np.lexsort((row, column))
        total = columns + 1 + cases
        return replace(
            stacked,
            cost=np.r_[cost, self.risk.weight, weights],
            lower=np.r_[stacked.lower, -np.inf, np.zeros(cases)],
            upper=np.r_[stacked.upper, np.full(1 + cases, np.inf)],
            is_integer=np.r_[stacked.is_integer, np.zeros(1 + cases, dtype=np.bool_)],
            column_scale=np.r_[stacked.column_scale, np.full(1 + cases, money)],
            row_lower=np.r_[stacked.row_lower, np.full(cases, -np.inf)],
            row_upper=np.r_[stacked.row_upper, np.zeros(cases)],
            row_scale=np.r_[stacked.row_scale, np.full(cases, money)],
            starts=np.r_[0, np.cumsum(np.bincount(column, minlength=total))].astype(np.int64),
            rows=row[order],
            values=values[order],
        )

    def read(self, outcome: Outcome) -> TwoStage:
        """Read decisions and costs from a solved form."""
        if outcome.x is None:
            raise UsageError("there is no plan to read")
        x = outcome.x
        recourse = [x[where] for where in self.positions]
        costs = np.array([float(cost @ values) for cost, values in zip(self.second, recourse, strict=True)])
        decisions = x[: self.count]
        first = float(self.arrays.cost[: self.count] @ decisions)
        tail = tail_mean(costs, self.probabilities, self.risk.level)
        expected = float(self.probabilities @ costs)
        return TwoStage(outcome, decisions, recourse, costs, first, first + expected, first + tail)


def with_decisions(program: Program, arrays: Arrays, decisions: Floats) -> Arrays:
    """Return the program of one scenario with its decisions fixed."""
    mask = first_stage(program)
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[mask] = upper[mask] = decisions
    return replace(arrays, lower=lower, upper=upper)


def costs_after(cases: Sequence[tuple[float, Staged]], decisions: Floats, limits: Limits | None = None) -> Floats:
    """Return, per scenario, the cost of the best that can be done after decisions; infinite where nothing can.

    For scenarios other than those that a plan was made for, this is its out-of-sample cost.
    """
    costs = []
    for _, case in cases:
        arrays = case.program.arrays()
        outcome = solve(with_decisions(case.program, arrays, decisions), limits)
        paid = float(arrays.cost[first_stage(case.program)] @ decisions)
        costs.append(outcome.cost - paid if outcome.x is not None else np.inf)
    return np.array(costs)


def wait_and_see(cases: Sequence[tuple[float, Staged]], limits: Limits | None = None) -> float:
    """Return the expected cost with a crystal ball: each scenario planned by itself; no decisions can cost less.

    The expected cost of `decide` less this is the value of perfect information (EVPI).
    """
    return sum(probability * solve(case.program.arrays(), limits).cost for probability, case in cases)
