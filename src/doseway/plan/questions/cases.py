"""What follows from decisions in each scenario: costs, who is short, what one more unit of stock would save."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from doseway.model.errors import DataError
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Limits, Outcome, fixed_at, relaxed, solve
from doseway.plan.program import Arrays, Floats
from doseway.plan.questions.answering import DUST
from doseway.plan.scenarios import Scenario
from doseway.plan.wording import tidy


@dataclass(frozen=True)
class Cases:
    """Scenarios under decisions that are made, each solved.

    Attributes:
        family: the scenarios as changes of one program, in the order of `outcomes`.
        outcomes: of each scenario, with prices; costs are with the decisions.
    """

    draft: Draft
    family: Family
    outcomes: list[Outcome]

    @property
    def costs(self) -> Floats:
        """Cost of each scenario."""
        return np.array([outcome.cost for outcome in self.outcomes])

    @property
    def expected(self) -> float:
        """Expected cost."""
        return float(self.family.probabilities @ self.costs)

    @property
    def chance_of_shortage(self) -> float:
        """Chance that somebody is short of something required."""
        return self._chance(np.ones(len(self.draft.short.at), dtype=np.bool_))

    def chances(self) -> dict[str, float]:
        """Return tier → chance that somebody is short in it."""
        tiers = self._tiers()
        return {f"{tier:g}": self._chance(tiers == tier) for tier in np.unique(tiers)}

    def service(self) -> dict[str, float]:
        """Return tier → expected share of what is required that is served, amounts in their natural sizes."""
        draft, short = self.draft, self.draft.short
        tiers, total = self._tiers(), {}
        size = draft.size[short.product]
        for tier in np.unique(tiers):
            mine = tiers == tier
            shares = []
            for i, outcome in enumerate(self.outcomes):
                wanted = self._wanted(i)[mine] / size[mine]
                missing = self._missing(outcome)[mine] / size[mine]
                shares.append(1 - missing.sum() / wanted.sum() if wanted.sum() else 1.0)
            total[f"{tier:g}"] = tidy(float(self.family.probabilities @ np.array(shares)))
        return total

    def _tiers(self) -> Floats:
        rows = self.draft.wants.row[self.draft.short.row]
        return self.draft.chain.network["demand"].number("tier")[rows]

    def _wanted(self, scenario: int) -> Floats:
        """Return what is wanted in a scenario, of each demand that may be short."""
        rows = self.draft.program.row_block("demand").members[self.draft.short.row]
        return self.family.arrays(scenario).row_upper[rows]

    def _missing(self, outcome: Outcome) -> Floats:
        if outcome.x is None:
            raise DataError("a scenario has no plan")
        return np.maximum(outcome.x[self.draft.short.at], 0.0)

    def _chance(self, members: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
        size = DUST * self.draft.size[self.draft.short.product[members]]
        is_short = [bool((self._missing(outcome)[members] > size).any()) for outcome in self.outcomes]
        return tidy(float(self.family.probabilities @ np.array(is_short, dtype=np.float64)))


def cases(draft: Draft, scenarios: Sequence[Scenario], decisions: Floats) -> Cases:
    """Solve scenarios under decisions, values of the draft's first-stage columns.

    Raises:
        DataError: a scenario in which something required cannot be served and may not be short.
    """
    family = family_under(draft, scenarios)
    outcomes = []
    for position, scenario in enumerate(scenarios):
        outcome = _solved(family.arrays(position), family, decisions)
        if outcome.x is None:
            hint = "Give every required demand a shortage_cost, so that each scenario has a way out."
            raise DataError(f"a scenario has no plan: {', '.join(scenario.events) or 'high demand'}", hint=hint)
        outcomes.append(outcome)
    return Cases(draft, family, outcomes)


def _solved(arrays: Arrays, family: Family, decisions: Floats) -> Outcome:
    """Solve one scenario; where something after the event must be whole, prices are of the program with it fixed."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[family.is_first] = upper[family.is_first] = decisions
    fixed = replace(arrays, lower=lower, upper=upper)
    if not family.has_whole_recourse:
        return solve(relaxed(fixed), Limits())
    outcome = solve(fixed, Limits())
    if outcome.x is None:
        return outcome
    return replace(outcome, prices=solve(fixed_at(fixed, outcome.x), Limits()).prices)
