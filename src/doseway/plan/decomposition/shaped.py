"""The L-shaped method: the master proposes decisions, the workers say what they cost, cuts carry that back.

First without the demand for whole numbers, then with it on the same cuts. A proposal is looked for in a box around
the best decisions so far, which grows while it pays (Linderoth and Wright 2003), and is tried half way there (in-out
stabilisation, Ben-Ameur and Neto 2007): near decisions need few pivots, and their cuts matter. Many scenarios begin
from the decisions for a sample of them. Both bounds are always known; whoever stops it keeps the best plan. Each
worker holds one linear program, whatever the number of its scenarios.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.decomposition.checkpoint import Checkpoint, Saved
from doseway.plan.decomposition.family import Family
from doseway.plan.decomposition.master import FAR, Answer, Cut, Master
from doseway.plan.decomposition.worker import Reply, ScenarioWorker
from doseway.plan.executor import Executor, Maker, Team
from doseway.plan.highs import Limits, Progress, Scaled, Status, Watch, relative_gap, relaxed, solve
from doseway.plan.program import Floats, Ints
from doseway.plan.risk import Risk, tail_weights, valued

CLUSTERS: Final = 20
_HALF: Final = 0.5
_REACH: Final = 0.1
_SAMPLE: Final = 40
_PLENTY: Final = 20.0
_START_GAP: Final = 1e-2
_START_SECONDS: Final = 30.0
_WHOLE: Final = 1e-6
_ROUNDS: Final = 2000


@dataclass(frozen=True)
class Shaped:
    """What was found.

    Attributes:
        decisions: in plan units; `costs` per scenario of what follows from them.
        cost, bound, gap: of the weighted cost; `rounds` of proposing and asking that it took.
    """

    status: Status
    decisions: Floats
    costs: Floats
    cost: float
    bound: float
    gap: float
    rounds: int


class _Maker:
    """Makes a worker; a class, so that it can be pickled."""

    def __init__(self, family: Family, money: float) -> None:
        self.family, self.money = family, money

    def __call__(self) -> ScenarioWorker:
        return ScenarioWorker(self.family, self.money)


def decide_by_cuts(
    family: Family,
    risk: Risk,
    limits: Limits,
    executor: Executor,
    watch: Watch | None = None,
    checkpoint: Checkpoint | None = None,
) -> Shaped:
    """Find decisions whose weighted cost is within the gap of the bound.

    Args:
        family: the scenarios; what follows the event must not have to be whole.
        risk: how much the worst cases count.
        limits: `seconds` counts the solvers' time, the slowest worker of each round.
        executor: where the scenarios are solved.
        watch: told of each round; False stops it.
        checkpoint: a file from which a killed solve goes on.

    Raises:
        UsageError: whole numbers after the event, or no decisions that all scenarios can follow.
        Unavailable: stopped before any plan was found.
    """
    if family.has_whole_recourse:
        raise UsageError(
            "campaigns are decided after the event and must be whole: cuts cannot describe them",
            hint="Solve the extensive form, or plan without shortest campaigns and changeovers.",
        )
    run = _Run(family, risk, limits, executor, watch, checkpoint)
    try:
        return run.result(run.status())
    finally:
        run.team.close()


class _Run:
    """One solve: what is known so far."""

    def __init__(
        self,
        family: Family,
        risk: Risk,
        limits: Limits,
        executor: Executor,
        watch: Watch | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.family, self.risk, self.limits, self.watch, self.checkpoint = family, risk, limits, watch, checkpoint
        self.executor = executor
        self.money = Scaled(family.base).cost_scale
        saved = checkpoint.load(family, risk) if checkpoint else None
        self.groups = _groups(len(family), risk)
        self.master = Master(
            family.base, family.is_first, family.is_first_row, np.array([weight for weight, _ in self.groups]),
            self.money, list(saved.cuts) if saved else [],
        )  # fmt: skip
        self.owners = [np.arange(start, len(family), executor.width) for start in range(executor.width)]
        self.owners = [owner for owner in self.owners if len(owner)]
        makers: list[Maker] = [_Maker(family.part(owner), self.money) for owner in self.owners]
        self.team: Team = executor.team(makers)
        self.seconds, self.rounds, self.bound, self.reach = 0.0, 0, -np.inf, _REACH
        self.best: Floats | None = None
        self.best_cost, self.best_costs = np.inf, np.zeros(0)
        self.start = saved.decisions / self.master.scale if saved else self._start()

    def _start(self) -> Floats:
        """Return the decisions to begin with: for a sample of many scenarios, for the expected values of a few."""
        count = len(self.family)
        if count < 4 * _SAMPLE or self.limits.seconds < _START_SECONDS:
            return self._expected_start()
        chosen = np.arange(0, count, -(-count // _SAMPLE))
        part = self.family.part(chosen)
        part = replace(part, probabilities=part.probabilities / part.probabilities.sum())
        limits = Limits(gap=max(self.limits.gap, _START_GAP / 5), seconds=self.limits.seconds / 4)
        sample = _Run(part, self.risk, limits, self.executor, self._still_wanted, None)
        try:
            sample.status()
        finally:
            sample.team.close()
        self.seconds, self.reach = self.seconds + sample.seconds, sample.reach
        return self._expected_start() if sample.best is None else sample.best

    def _still_wanted(self, progress: Progress) -> bool:
        """Tell the watch of the sample's time only: its cost and bound are those of another problem."""
        told = Progress(seconds=progress.seconds, cost=np.inf, bound=-np.inf, gap=np.inf)
        return self.watch is None or self.watch(told)

    def _expected_start(self) -> Floats:
        """Return the best decisions for the expected values: a plan from the first round on."""
        expected, columns = self.family.expected(), self.master.columns
        seconds = min(_START_SECONDS, self.limits.seconds / 4)
        outcome = solve(expected, Limits(gap=_START_GAP, seconds=seconds))
        if outcome.x is None:
            outcome = solve(relaxed(expected), Limits(seconds=seconds))
        if outcome.x is None:
            return np.clip(np.zeros(len(columns)), self.master.lower, self.master.upper)
        return np.clip(outcome.x[columns] / self.master.scale, self.master.lower, self.master.upper)

    def status(self) -> Status:
        """Run to the end, and say how it ended."""
        for step in (self._first, self._linear, self._whole):
            for _ in step():
                self._keep()
                if not self._may_go_on():
                    return "feasible"
        return "optimal" if self.gap() <= self.limits.gap * 1.000001 else "feasible"

    def _may_go_on(self) -> bool:
        progress = Progress(seconds=self.seconds, cost=self.best_cost, bound=self.bound, gap=self.gap())
        wanted = self.watch is None or self.watch(progress)
        return wanted and self.seconds < self.limits.seconds and self.rounds < _ROUNDS

    def gap(self) -> float:
        """Return the relative gap."""
        return relative_gap(self.best_cost, self.bound)

    def result(self, status: Status) -> Shaped:
        """Return what was found.

        Raises:
            Unavailable: nothing was.
        """
        if self.best is None:
            raise Unavailable("time ran out before any plan was found", hint="Allow more seconds.")
        at_edge = np.abs(self.best) >= FAR * (1 - 1e-9)
        if (at_edge & ~np.isfinite(self.family.base.upper[self.master.columns])).any():
            raise UsageError("the plan could earn without limit", hint="Limit buffers and expansions.")
        decisions = self.best * self.master.scale
        bound = min(self.bound, self.best_cost)
        return Shaped(status, decisions, self.best_costs, self.best_cost, bound, self.gap(), self.rounds)

    def _keep(self) -> None:
        if self.checkpoint is not None and self.best is not None:
            decisions = self.best * self.master.scale
            self.checkpoint.save(self.family, self.risk, Saved(cuts=self.master.cuts, decisions=decisions))

    def _first(self) -> Iterator[None]:
        """Ask about the most that can be decided, whose cuts bound all costs from below, and the first decisions."""
        most = np.where(self.master.upper < FAR, self.master.upper, np.maximum(self.start, 0.0) + _PLENTY)
        self.evaluate(most, is_plan=False)
        self.evaluate(self.start)
        yield

    def _linear(self) -> Iterator[None]:
        """Close the gap without the demand for whole numbers."""
        core, core_cost = self.start, self.best_cost
        while True:
            bound = self._proposed(None).bound
            self.bound = max(self.bound, bound)
            if min(relative_gap(core_cost, bound), self.gap() / 2) <= max(self.limits.gap / 2, 1e-9):
                return
            near = self._proposed(None, self._around(core, self.reach) if np.isfinite(core_cost) else None)
            hoped = core_cost - near.bound
            x = core + _HALF * (near.x - core) if np.isfinite(core_cost) else near.x
            cost = self.evaluate(x)
            won = core_cost - cost
            if won > 0:
                core, core_cost = x, cost
            if won > hoped / 4 or hoped < self.limits.gap / 4 * abs(core_cost):
                self.reach = min(2 * self.reach, FAR)
            elif won < -hoped:
                self.reach /= 2
            yield
            self.master.purge()

    def _around(self, core: Floats, reach: float) -> tuple[Floats, Floats]:
        """Return the box around decisions in which the next proposal is looked for."""
        size = reach * np.maximum(1.0, np.abs(core))
        return np.maximum(core - size, self.master.lower), np.minimum(core + size, self.master.upper)

    def _whole(self) -> Iterator[None]:
        """Close the gap with whole numbers."""
        gap = max(self.limits.gap / 2, _START_GAP / 10)
        while self.master.is_integer.any() and self.gap() > self.limits.gap:
            answer = self._proposed(gap)
            self.bound = max(self.bound, answer.bound)
            if self.gap() > self.limits.gap:
                self.evaluate(answer.x)
            yield
            gap = min(gap, max(self.limits.gap / 4, self.gap() / 4)) if self.gap() > 0 else gap

    def _proposed(self, gap: float | None, box: tuple[Floats, Floats] | None = None) -> Answer:
        answer = self.master.solve(gap, self.limits.seconds - self.seconds, box)
        if answer is None:
            hint = "Give every required demand a shortage_cost, so that each scenario has a way out."
            raise UsageError("no decisions are feasible for all scenarios together", hint=hint)
        self.seconds += answer.seconds
        return answer

    def evaluate(self, x: Floats, *, is_plan: bool = True) -> float:
        """Ask the workers about decisions, add the cuts, and return the weighted cost; infinite where some cannot.

        What breaks rules about decisions themselves is no plan, but its cuts are as good as any.
        """
        replies: list[Reply] = self.team.ask([x] * len(self.owners))
        self.rounds += 1
        self.seconds += max(reply.seconds for reply in replies)
        order = np.argsort(np.concatenate(self.owners))
        costs, slopes, sides = (
            np.concatenate([getattr(reply, name) for reply in replies])[order] for name in ("costs", "slopes", "limits")
        )
        for scenario in np.flatnonzero(~np.isfinite(costs))[:CLUSTERS]:
            self.master.add(Cut(-1, -slopes[scenario] * self.money, float(sides[scenario]) * self.money))
        if not np.isfinite(costs).all():
            return np.inf
        for group, weights in enumerate(self._weights(costs)):
            slope = weights @ slopes
            self.master.add(Cut(group, slope, float(weights @ costs) - float(slope @ x)))
        cost = (
            float(self.master.cost @ x) + self.family.base.offset + valued(costs, self.family.probabilities, self.risk)
        )
        whole = self.master.is_integer
        if is_plan and cost < self.best_cost and (np.abs(x - np.round(x))[whole] <= _WHOLE).all():
            self.best, self.best_cost, self.best_costs = x, cost, costs
        return cost

    def _weights(self, costs: Floats) -> Iterator[Floats]:
        """Return the weight of each scenario in the cut of each group."""
        probabilities = self.family.probabilities
        for _, members in self.groups:
            if members is None:
                yield tail_weights(costs, probabilities, self.risk.level)
            else:
                weights = np.zeros(len(costs))
                weights[members] = probabilities[members]
                yield weights


def _groups(count: int, risk: Risk) -> list[tuple[float, Ints | None]]:
    """Return weight and members of each θ; the tail has no members of its own."""
    groups: list[tuple[float, Ints | None]] = []
    if risk.weight < 1:
        width = min(CLUSTERS, count)
        groups = [(1 - risk.weight, np.arange(start, count, width)) for start in range(width)]
    return groups + ([(risk.weight, None)] if risk.weight > 0 else [])
