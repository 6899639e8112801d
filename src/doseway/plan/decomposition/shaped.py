"""The L-shaped method: the master proposes decisions, the workers say what they cost, cuts carry that back.

First without the demand for whole numbers, then with it on the same cuts. A proposal is looked for in a box around
the best decisions so far, which grows while it pays (Linderoth and Wright 2003), and is tried half way there (in-out
stabilisation, Ben-Ameur and Neto 2007): near decisions need few pivots, and their cuts matter. Many scenarios begin
from the decisions for a sample of them. Both bounds are always known; whoever stops it keeps the best plan. Each
worker holds one linear program, whatever the number of its scenarios.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.decomposition.checkpoint import Checkpoint, Risks, Saved
from doseway.plan.decomposition.family import Family
from doseway.plan.decomposition.groups import CLUSTERS, case_weights, group_weights, groups_of
from doseway.plan.decomposition.master import FAR, Answer, Cut, Master
from doseway.plan.decomposition.start import expected_start
from doseway.plan.decomposition.worker import Question, Reply, ScenarioWorker
from doseway.plan.executor import Executor, Maker, Team
from doseway.plan.highs import Limits, Progress, Scaled, Status, Watch, relative_gap
from doseway.plan.program import Floats, Ints
from doseway.plan.risk import Risk, valued

_HALF: Final = 0.5
_INNER: Final = 3
_STEPS: Final = (0.1, 0.3)
_ROUGH: Final = 6.0
_REACH: Final = 0.1
BATCH: Final = 40
"""Scenarios solved in a round; the others are bounded by the prices of those, until a plan is to be priced."""
_PLENTY: Final = 20.0
_START_GAP: Final = 1e-2
_WHOLE: Final = 1e-6
_ROUNDS: Final = 2000
_TINY: Final = 1e-9


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
    risks: Sequence[Risk],
    limits: Limits,
    executor: Executor,
    watch: Watch | None = None,
    checkpoint: Checkpoint | None = None,
) -> Iterator[Shaped]:
    """Find decisions whose weighted cost is within the gap of the bound, for one weight of the worst after the other.

    What is known carries over: a cut bounds a mean, whatever that counts, the workers keep their prices and bases, and
    each weight begins with the best of all plans that were priced.

    Args:
        family: the scenarios; what follows the event must not have to be whole.
        risks: how much the worst cases count, all of one level.
        limits: of each; `seconds` counts the solvers' time, the slowest worker of each round.
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
    run = _Run(family, risks, limits, executor, watch, checkpoint)
    try:
        for risk in risks:
            run.turn_to(risk)
            yield run.result(run.status())
    finally:
        run.team.close()


class _Run:
    """One solve, or several that differ in the weight of the worst cases: what is known so far."""

    def __init__(
        self,
        family: Family,
        risks: Sequence[Risk],
        limits: Limits,
        executor: Executor,
        watch: Watch | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.family, self.risk, self.limits, self.watch, self.checkpoint = family, risks[0], limits, watch, checkpoint
        self.money = Scaled(family.base).cost_scale
        self.problem: Risks = risks[0] if len(risks) == 1 else list(risks)
        saved = checkpoint.load(family, self.problem) if checkpoint else None
        self.groups = groups_of(len(family), risks)
        self.master = Master(
            family.base, family.is_first, family.is_first_row, group_weights(self.groups, self.risk), self.money,
            list(saved.cuts) if saved else [],
        )  # fmt: skip
        self.owners = [np.arange(start, len(family), executor.width) for start in range(executor.width)]
        self.owners = [owner for owner in self.owners if len(owner)]
        makers: list[Maker] = [_Maker(family.part(owner), self.money) for owner in self.owners]
        self.team: Team = executor.team(makers)
        self.seconds, self.rounds, self.bound, self.reach = 0.0, 0, -np.inf, _REACH
        self.priced: list[tuple[Floats, Floats]] = []
        self.best: Floats | None = None
        self.best_cost, self.best_costs = np.inf, np.zeros(0)
        self.every = np.arange(len(family))
        self.is_small = len(family) <= 2 * BATCH or not family.shares_prices
        self.solved, self.counts = np.zeros(len(family)), family.probabilities
        self.resumes = saved is not None
        self.start = self.core = (
            saved.decisions / self.master.scale if saved else expected_start(family, self.master, limits)
        )

    def turn_to(self, risk: Risk) -> None:
        """Weigh the worst cases anew, and begin with the best of the plans that were priced."""
        if risk == self.risk:
            return
        self.risk, self.bound, self.reach, self.seconds = risk, -np.inf, _REACH, 0.0
        self.master.reweigh(group_weights(self.groups, self.risk))
        self.best, self.best_cost = None, np.inf
        for x, costs in self.priced:
            total = self._total(x, costs)
            if total < self.best_cost:
                self.best, self.best_cost, self.best_costs = x, total, costs
        self.start = self.core = self.start if self.best is None else self.best

    def _total(self, x: Floats, costs: Floats) -> float:
        """Return the weighted cost of decisions and of what follows."""
        after = valued(costs, self.family.probabilities, self.risk)
        return float(self.master.cost @ x) + self.family.base.offset + after

    def status(self) -> Status:
        """Run to the end, and say how it ended; a run that is stopped early still has a plan where there is time."""
        for _ in self._steps():
            self._keep()
            if not self._may_go_on():
                break
        if self.best is None:
            self._evaluate(self._rounded())
            self._keep()
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
            self.checkpoint.save(self.family, self.problem, Saved(cuts=self.master.cuts, decisions=decisions))

    def _steps(self) -> Iterator[None]:
        """Close the gap: without the demand for whole numbers, then with it on the same cuts."""
        # What the most that can be decided still costs bounds all costs from below, from the first round on.
        most = np.where(self.master.upper < FAR, self.master.upper, np.maximum(self.start, 0.0) + _PLENTY)
        if not self.priced:
            self._tried([most], is_plan=False)
        if self.resumes:
            self._evaluate(self.start)
        every = (self.master.lower, self.master.upper)
        close = 1.0 if self.is_small else _ROUGH
        core = yield from self._descent(self.start, every, close=close)
        gap, whole = max(self.limits.gap / 2, _START_GAP / 10), self.master.is_integer
        while self.gap() > self.limits.gap:
            if whole.any():
                core = yield from self._whole(core, gap, close)
            if not self.is_small and self.gap() > self.limits.gap:
                self._evaluate(core)
                yield
                close = max(1.0, close / 2)
                core = yield from self._descent(core, every, close=close)
            elif not whole.any():
                core = yield from self._descent(core, every)
            gap = min(gap, max(self.limits.gap / 4, self.gap() / 4))

    def _whole(self, core: Floats, gap: float, close: float) -> Generator[None, None, Floats]:
        """Return decisions near the least cost with the whole numbers that the master proposes; the bound is proved."""
        answer, whole = self._proposed(gap), self.master.is_integer
        self.bound = max(self.bound, answer.bound)
        if self.gap() <= self.limits.gap:
            return core
        box = (self.master.lower.copy(), self.master.upper.copy())
        box[0][whole], box[1][whole] = answer.x[whole], answer.x[whole]
        return (yield from self._descent(np.where(whole, answer.x, core), box, is_bound=False, close=close))

    def _descent(
        self, core: Floats, box: tuple[Floats, Floats], *, is_bound: bool = True, close: float = 1.0
    ) -> Generator[None, None, Floats]:
        """Return decisions in a box whose cost is near its least, as far as the prices found so far tell.

        A proposal is looked for around the best decisions so far, and tried half way there. A box that turns out to
        hold no decisions that all scenarios stand is left: the cuts that say so bring the master to other numbers.
        """
        [cost] = self._tried([core])
        yield
        enough = max(self.limits.gap / 3 * close, 1e-9)
        while True:
            bound = self._bounded(core, box)
            if bound is None and not is_bound:
                return core
            bound = self._proposed(None, box).bound if bound is None else bound
            self.core = core
            if is_bound:
                self.bound = max(self.bound, bound)
            if relative_gap(cost, bound) <= enough or self.gap() <= self.limits.gap:
                return core
            near = self._within(self._around(core, box)) if np.isfinite(cost) else None
            near = near or self._proposed(None, box)
            x = core + _HALF * (near.x - core) if np.isfinite(cost) else near.x
            new, *again = self._tried([x, core])
            cost = again[0] if again else cost
            won, hoped = cost - new, cost - near.bound
            if won > 0:
                core, cost = x, new
            if won > hoped / 4 or hoped < 0.4 * self.limits.gap * abs(cost):  # near enough: look further
                self.reach = min(2 * self.reach, FAR)
            elif won < -hoped:
                self.reach /= 2
            yield
            if is_bound:
                self.master.purge()

    def _bounded(self, core: Floats, box: tuple[Floats, Floats]) -> float | None:
        """Return a bound in a box, raised by what the prices found so far say on the way from the best decisions to it.

        That solves no scenario, so the bound rises many times in the time of one round. None: the box holds nothing.
        """
        for _ in range(0 if self.is_small else _INNER):
            far = self._within(box)
            if far is None:
                break
            self._ask([core + step * (far.x - core) for step in _STEPS], self.every[:0], is_plan=False)
        answer = self._within(box)
        return None if answer is None else answer.bound

    def _around(self, core: Floats, box: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Return the part of a box around decisions in which the next proposal is looked for."""
        size = self.reach * np.maximum(1.0, np.abs(core))
        return np.maximum(core - size, box[0]), np.minimum(core + size, box[1])

    def _rounded(self) -> Floats:
        """Return decisions in whole numbers that the cuts so far suggest."""
        whole = self.master.is_integer
        return np.where(whole, self._proposed(_START_GAP).x, self.core) if whole.any() else self.core

    def _proposed(self, gap: float | None, box: tuple[Floats, Floats] | None = None) -> Answer:
        answer = self._within(box, gap)
        if answer is None:
            hint = "Give every required demand a shortage_cost, so that each scenario has a way out."
            raise UsageError("no decisions are feasible for all scenarios together", hint=hint)
        return answer

    def _within(self, box: tuple[Floats, Floats] | None, gap: float | None = None) -> Answer | None:
        """Return what the master proposes in a box; None where the cuts leave nothing of it."""
        answer = self.master.solve(gap, self.limits.seconds - self.seconds, box)
        if answer is not None:
            self.seconds += answer.seconds
        return answer

    def _evaluate(self, x: Floats) -> None:
        """Solve all scenarios for decisions: the plan's cost, exactly."""
        self._ask([x], self.every)

    def _tried(self, points: list[Floats], *, is_plan: bool = True) -> list[float]:
        """Return what decisions cost at least, some of the scenarios solved for the first of them.

        Where all are solved each time, the first alone is answered: the others are known already.
        """
        if self.is_small:
            return self._ask(points[:1], self.every, is_plan=is_plan)
        return self._ask(points, self._batch(), is_plan=is_plan)

    def _batch(self) -> Ints:
        """Return the scenarios to be solved next: those that count most, and were solved longest ago."""
        age = self.rounds + 1 - self.solved
        return np.sort(np.argsort(-self.counts * age, kind="stable")[:BATCH])

    def _ask(self, points: list[Floats], chosen: Ints, *, is_plan: bool = True) -> list[float]:
        """Ask the workers about decisions, add the cuts, and return the weighted costs; infinite where some cannot.

        What breaks rules about decisions themselves is no plan, but its cuts are as good as any.
        """
        is_chosen = np.isin(self.every, chosen)
        questions = [Question(points, np.flatnonzero(is_chosen[owner])) for owner in self.owners]
        replies: list[Reply] = self.team.ask(questions)
        self.rounds += 1
        self.seconds += max(reply.seconds for reply in replies)
        self.solved[chosen] = self.rounds
        order = np.argsort(np.concatenate(self.owners))
        costs, slopes = (
            np.concatenate([getattr(r, n) for r in replies], axis=1)[:, order] for n in ("costs", "slopes")
        )
        sides = np.concatenate([reply.limits for reply in replies])[order]
        for scenario in np.flatnonzero(np.isposinf(costs[0]))[:CLUSTERS]:
            self.master.add(Cut(-1, -slopes[0, scenario] * self.money, float(sides[scenario]) * self.money))
        totals = [self._learnt(x, *known) for x, *known in zip(points, costs, slopes, strict=True)]
        whole = self.master.is_integer
        is_whole = bool((np.abs(points[0] - np.round(points[0]))[whole] <= _WHOLE).all())
        if is_plan and is_whole and len(chosen) == len(self.every) and np.isfinite(totals[0]):
            self.priced.append((points[0], costs[0]))
            if totals[0] < self.best_cost:
                self.best, self.best_cost, self.best_costs = points[0], totals[0], costs[0]
        return totals

    def _learnt(self, x: Floats, costs: Floats, slopes: Floats) -> float:
        """Add cuts at decisions, and return the weighted cost."""
        if not np.isfinite(costs).all():
            return np.inf
        known, total = self.master.known(x), np.zeros(len(costs))
        for group, weights in enumerate(case_weights(self.groups, costs, self.family.probabilities, self.risk)):
            total += self.master.weights[group] * weights
            cost = float(weights @ costs)
            if cost > known[group] + _TINY * abs(cost):
                slope = weights @ slopes
                self.master.add(Cut(group, slope, cost - float(slope @ x)))
        self.counts = total
        return self._total(x, costs)
