"""What decisions under uncertainty are worth.

On scenarios that they were not made for, against a crystal ball, and against planning for the expected values.

EVPI = E[cost - cost with perfect information] ≥ 0,  VSS = cost of the expected values' decisions - cost ≥ 0
(Birge and Louveaux 2011, chapter 4); intervals by the central limit theorem, 95 % by default.
"""

import os
from collections.abc import Sequence
from statistics import NormalDist

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.decomposition.worker import Question, Reply, ScenarioWorker
from doseway.plan.executor import Executor, Threads
from doseway.plan.highs import Limits, Scaled, solve
from doseway.plan.program import Floats
from doseway.plan.risk import Risk, valued
from doseway.plan.scenarios import Scenario
from doseway.plan.twostage import TwoStage, fixed_decisions, undisturbed

_LEVEL = 0.95


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean of so many draws, and the ends of its confidence interval."""

    mean: float
    low: float
    high: float
    count: int


class _Maker:
    """Makes a worker that only prices decisions."""

    def __init__(self, family: Family) -> None:
        self.family = family

    def __call__(self) -> ScenarioWorker:
        return ScenarioWorker(self.family, Scaled(self.family.base).cost_scale)


def estimate(draws: Floats, level: float = _LEVEL) -> Estimate:
    """Return mean and confidence interval of independent draws; one draw says nothing about its spread.

    Raises:
        UsageError: no draws.
    """
    if not len(draws):
        raise UsageError("there is nothing to take the mean of")
    mean = float(np.mean(draws))
    if len(draws) == 1:
        return Estimate(mean=mean, low=-np.inf, high=np.inf, count=1)
    half = NormalDist().inv_cdf((1 + level) / 2) * float(np.std(draws, ddof=1)) / len(draws) ** 0.5
    return Estimate(mean=mean, low=mean - half, high=mean + half, count=len(draws))


def prices_of_decisions(family: Family, decisions: Floats, executor: Executor | None = None) -> Floats:
    """Return, per scenario, the cost of the best that can be done after decisions; infinite where nothing can."""
    if family.has_whole_recourse:
        return _priced_one_by_one(family, decisions)
    team_of = executor or Threads(min(len(os.sched_getaffinity(0)), len(family)))
    owners = [np.arange(start, len(family), team_of.width) for start in range(min(team_of.width, len(family)))]
    team = team_of.team([_Maker(family.part(owner)) for owner in owners])
    try:
        scaled = decisions / family.base.column_scale[family.decisions]
        replies: list[Reply] = team.ask([Question([scaled], np.arange(len(owner))) for owner in owners])
    finally:
        team.close()
    return np.concatenate([reply.costs[0] for reply in replies])[np.argsort(np.concatenate(owners))]


def _priced_one_by_one(family: Family, decisions: Floats) -> Floats:
    paid = float(family.base.cost[family.decisions] @ decisions) + family.base.offset
    outcomes = [
        solve(fixed_decisions(family.arrays(s), family.is_first, decisions), Limits()) for s in range(len(family))
    ]
    return np.array([outcome.cost - paid if outcome.x is not None else np.inf for outcome in outcomes])


def out_of_sample(
    chain: Chain, answer: TwoStage, scenarios: Sequence[Scenario], executor: Executor | None = None
) -> Estimate:
    """Return the cost of decisions on scenarios drawn anew: an honest estimate of what they will cost."""
    costs = prices_of_decisions(family_under(undisturbed(chain), scenarios), answer.decisions, executor)
    return estimate(answer.first + costs)


def information_value(family: Family, answer: TwoStage, *, most: int = 50, limits: Limits | None = None) -> Estimate:
    """Return what a crystal ball would save (EVPI), estimated on at most so many of the scenarios.

    For each, the cost after the decisions less the cost of its own best plan, which is never below 0.
    """
    chosen = np.unique(np.linspace(0, len(family) - 1, min(most, len(family))).astype(np.int64))
    part = family.part(chosen)
    after = answer.first + prices_of_decisions(part, answer.decisions, Threads(1))
    alone = np.array([solve(part.arrays(s), limits).cost for s in range(len(part))])
    return estimate(after - alone)


def stochastic_value(family: Family, answer: TwoStage, risk: Risk | None = None, limits: Limits | None = None) -> float:
    """Return what planning for scenarios saves against planning for the expected values (VSS); it may be infinite."""
    outcome = solve(family.expected(), limits)
    if outcome.x is None:
        return np.inf
    decisions = outcome.x[family.decisions]
    costs = prices_of_decisions(family, decisions)
    first = float(family.base.cost[family.decisions] @ decisions) + family.base.offset
    return first + valued(costs, family.probabilities, risk or Risk()) - answer.outcome.cost
