"""Plans under uncertainty: decide first, see what happens, then make the best of it.

min  c·x + (1-λ) Σ_s p_s Q_s + λ [η + 1/(1-α) Σ_s p_s v_s],   v_s ≥ Q_s - η,  v_s ≥ 0
where Q_s is the cost of what is done in scenario s after decisions x (Rockafellar and Uryasev 2000 for the second
half). Small problems are solved as one program, the extensive form, which is also the oracle of the tests; larger ones
by cuts (`decomposition`), in memory that grows with the workers and not with the scenarios.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.chain import Chain
from doseway.plan.decomposition.checkpoint import Checkpoint
from doseway.plan.decomposition.family import Family, family_of, family_under, stages
from doseway.plan.decomposition.shaped import Shaped, decide_by_cuts
from doseway.plan.executor import Executor, Threads
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.formulation.lots import add_lots
from doseway.plan.goods import Goods
from doseway.plan.highs import Limits, Outcome, Watch, solve
from doseway.plan.program import Arrays, Floats, Ints, Program
from doseway.plan.risk import Risk, checked, tail_mean
from doseway.plan.scenarios import Scenario

__all__ = [
    "Method",
    "Risk",
    "Staged",
    "TwoStage",
    "costs_after",
    "decide",
    "decide_each",
    "decide_for",
    "decide_under",
    "extensive_form",
    "first_stage",
    "fixed_decisions",
    "tail_mean",
    "undisturbed",
    "wait_and_see",
    "with_decisions",
]  # fmt: skip
Method: TypeAlias = Literal["auto", "extensive", "decomposed"]
LARGEST: Final = 100_000
"""Entries up to which the extensive form is tried; beyond, memory and time of one program grow past those of cuts.

On the worked example, six scenarios (162,000 entries) to 1 %: 59 CPU seconds as one program, 8 by cuts.
"""


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
        method: how it was solved, and `why`, in words.
    """

    outcome: Outcome
    decisions: Floats
    recourse: Sequence[Floats]
    costs: Floats
    first: float
    expected: float
    tail: float
    method: Literal["extensive", "decomposed"] = "extensive"
    why: str = ""


def first_stage(program: Program) -> npt.NDArray[np.bool_]:
    """Return which columns are decided before it is known what happens."""
    return stages(program)[0]


def decide(
    cases: Sequence[tuple[float, Staged]],
    risk: Risk | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
    method: Method = "auto",
) -> TwoStage:
    """Decide for some scenarios, given as probability and program; `decide_under` needs no program for each of them.

    Raises:
        UsageError: probabilities that do not add up to 1, a risk out of range, or no plan for all scenarios together.
        Unavailable: stopped before any plan was found.
    """
    risk = risk or Risk()
    checked(risk, np.array([probability for probability, _ in cases]))
    return decide_for(family_of([(p, case.program) for p, case in cases]), risk, limits, watch, method=method)


def decide_under(
    chain: Chain,
    scenarios: Sequence[Scenario],
    risk: Risk | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
    *,
    method: Method = "auto",
    executor: Executor | None = None,
    checkpoint: Checkpoint | None = None,
) -> TwoStage:
    """Decide for the scenarios of a chain that is in plan units; its program is built once.

    Args:
        chain: the network; see `doseway.plan.quantities.in_plan_units`.
        scenarios: as drawn by `doseway.plan.scenarios.draw`.
        risk: how much the worst cases count.
        limits: gap, seconds of the solvers, and threads.
        watch: told of cost, bound and gap as they come; False stops the solve, and the best plan so far is returned.
        method: how to solve; `auto` chooses by size.
        executor: where scenarios are solved; threads of this process by default.
        checkpoint: a file from which a killed solve goes on.

    Raises:
        UsageError: as `decide`.
        Unavailable: stopped before any plan was found.
    """
    family = family_under(undisturbed(chain), scenarios)
    return decide_for(family, risk, limits, watch, method=method, executor=executor, checkpoint=checkpoint)


def undisturbed(chain: Chain) -> Draft:
    """Build the program that the scenarios of a chain share."""
    nothing = Conditions(line_share=np.ones((len(chain.network["lines"]), len(chain.starts))))
    return add_lots(build_chain(chain, Goods(chain), nothing))


def decide_for(
    family: Family,
    risk: Risk | None = None,
    limits: Limits | None = None,
    watch: Watch | None = None,
    *,
    method: Method = "auto",
    executor: Executor | None = None,
    checkpoint: Checkpoint | None = None,
) -> TwoStage:
    """Decide for a family of scenarios; see `decide_under`."""
    risks = [risk or Risk()]
    [found] = decide_each(family, risks, limits, watch, method=method, executor=executor, checkpoint=checkpoint)
    return found


def decide_each(
    family: Family,
    risks: Sequence[Risk],
    limits: Limits | None = None,
    watch: Watch | None = None,
    *,
    method: Method = "auto",
    executor: Executor | None = None,
    checkpoint: Checkpoint | None = None,
) -> Iterator[TwoStage]:
    """Decide for one weight of the worst cases after the other, all of one level; see `decide_under`.

    By cuts, what was found for one weight is what the next begins with. The limits are of each.
    """
    limits = limits or Limits()
    for risk in risks:
        checked(risk, family.probabilities)
    if len({risk.level for risk in risks}) > 1:
        raise UsageError("weights of the worst cases are compared at one level")
    chosen, why = _chosen(family, method)
    if chosen == "decomposed":
        workers = executor or Threads(min(len(os.sched_getaffinity(0)), len(family)))
        found = decide_by_cuts(family, risks, limits, workers, watch, checkpoint)
        yield from (_read_shaped(family, risk, shaped, why) for risk, shaped in zip(risks, found, strict=True))
    else:
        yield from (_decide_whole(family, risk, limits, watch, why) for risk in risks)


def _decide_whole(family: Family, risk: Risk, limits: Limits, watch: Watch | None, why: str) -> TwoStage:
    """Decide by the extensive form."""
    form = _Form(family, risk)
    outcome = solve(form.arrays, limits, watch)
    if outcome.status == "stopped":
        raise Unavailable("time ran out before any plan was found", hint="Allow more seconds.")
    if outcome.x is None:
        hint = "Give every required demand a shortage_cost, so that each scenario has a way out."
        raise UsageError(f"no decisions are {outcome.status} for all scenarios together", hint=hint)
    return replace(form.read(outcome), why=why)


def _chosen(family: Family, method: Method) -> tuple[Literal["extensive", "decomposed"], str]:
    """Return how to solve a family, and why, in words."""
    size = f"{len(family):,} scenarios with {family.entries:,} entries together"
    if method != "auto":
        return method, f"{size}; {method} as asked for"
    if family.has_whole_recourse:
        return "extensive", f"{size}; campaigns must be whole, which only one program can say"
    if family.entries <= LARGEST or len(family) == 1:
        return "extensive", f"{size}, at most {LARGEST:,}: one program"
    return "decomposed", f"{size}, more than {LARGEST:,}: by cuts, one linear program for each worker"


def _read_shaped(family: Family, risk: Risk, shaped: Shaped, why: str) -> TwoStage:
    """Read the answer of the decomposition; what follows in a scenario is solved when it is asked for."""
    outcome = Outcome(shaped.status, shaped.decisions, shaped.cost, shaped.bound, shaped.gap)
    first = float(family.base.cost[family.decisions] @ shaped.decisions) + family.base.offset
    expected = first + float(family.probabilities @ shaped.costs)
    tail = first + tail_mean(shaped.costs, family.probabilities, risk.level)
    recourse = _Recourse(family, shaped.decisions)
    return TwoStage(outcome, shaped.decisions, recourse, shaped.costs, first, expected, tail, "decomposed", why)


class _Recourse(Sequence[Floats]):
    """All columns of each scenario, solved for on demand, so that a thousand of them take no memory."""

    def __init__(self, family: Family, decisions: Floats) -> None:
        self._family, self._decisions = family, decisions

    def __len__(self) -> int:
        return len(self._family)

    @overload
    def __getitem__(self, index: int) -> Floats: ...
    @overload
    def __getitem__(self, index: slice) -> list[Floats]: ...
    def __getitem__(self, index: int | slice) -> Floats | list[Floats]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        scenario = range(len(self))[index]
        outcome = solve(fixed_decisions(self._family.arrays(scenario), self._family.is_first, self._decisions))
        if outcome.x is None:
            raise UsageError(f"nothing can be done in scenario {scenario}")
        return outcome.x


def extensive_form(family: Family, risk: Risk) -> Arrays:
    """Return the one program of all scenarios together: decisions first, then what follows in each."""
    return _Form(family, risk).arrays


class _Form:
    """The extensive form: decisions once, then the rest of each scenario, then η and v."""

    def __init__(self, family: Family, risk: Risk) -> None:
        self.probabilities, self.risk = family.probabilities, risk
        self.parts = [family.arrays(scenario) for scenario in range(len(family))]
        self.is_first = [family.is_first] * len(family)
        self.count = int(family.is_first.sum())
        self.positions = self._positions()
        self.second = [np.where(mask, 0.0, part.cost) for mask, part in zip(self.is_first, self.parts, strict=True)]
        self.arrays = self._with_tail(self._stacked([family.is_first_row] * len(family)))

    def _positions(self) -> list[Ints]:
        """Return, per scenario, where each of its columns stands in the form."""
        offset, positions = self.count, []
        for mask in self.is_first:
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
        first = float(self.arrays.cost[: self.count] @ decisions) + self.arrays.offset
        tail = tail_mean(costs, self.probabilities, self.risk.level)
        expected = float(self.probabilities @ costs)
        return TwoStage(outcome, decisions, recourse, costs, first, first + expected, first + tail)


def fixed_decisions(arrays: Arrays, is_first: npt.NDArray[np.bool_], decisions: Floats) -> Arrays:
    """Return the program of one scenario with its decisions fixed."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[is_first] = upper[is_first] = decisions
    return replace(arrays, lower=lower, upper=upper)


def with_decisions(program: Program, arrays: Arrays, decisions: Floats) -> Arrays:
    """Return the program of one scenario with its decisions fixed."""
    return fixed_decisions(arrays, stages(program)[0], decisions)


def costs_after(cases: Sequence[tuple[float, Staged]], decisions: Floats, limits: Limits | None = None) -> Floats:
    """Return, per scenario, the cost of the best that can be done after decisions; infinite where nothing can.

    For scenarios other than those that a plan was made for, this is its out-of-sample cost.
    """
    costs = []
    for _, case in cases:
        arrays = case.program.arrays()
        outcome = solve(with_decisions(case.program, arrays, decisions), limits)
        paid = float(arrays.cost[stages(case.program)[0]] @ decisions) + arrays.offset
        costs.append(outcome.cost - paid if outcome.x is not None else np.inf)
    return np.array(costs)


def wait_and_see(cases: Sequence[tuple[float, Staged]], limits: Limits | None = None) -> float:
    """Return the expected cost with a crystal ball: each scenario planned by itself; no decisions can cost less.

    The expected cost of `decide` less this is the value of perfect information (EVPI).
    """
    return sum(probability * solve(case.program.arrays(), limits).cost for probability, case in cases)
