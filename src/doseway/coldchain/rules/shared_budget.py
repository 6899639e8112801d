"""Shared budget: hot and cold time together in one budget (a dual boundary, as Controlant counts)."""

from typing import Final

import numpy as np

from doseway.coldchain.budget import Adder, Severity, consumptions, tally_episode
from doseway.coldchain.level import Comparison
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import on_records, out_mask
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.model.rulebook import refuse


class SharedBudget(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a shared budget.

    Attributes:
        low_milli, high_milli, comparison: the range; beyond either end is out.
        budget_ms: the sum at which it is raised; used_ms: how much of it was used before the recording.
    """

    low_milli: int
    high_milli: int
    comparison: Comparison = "strict"
    budget_ms: int
    used_ms: int = 0

    def check(self) -> None:
        """Check the range."""
        if self.low_milli >= self.high_milli:
            raise refuse(self, "low_c lies below high_c")


class SharedBudgetRule:
    """Raised at the sample whose credit brings the sum to the budget; the peak is the value farthest out."""

    id: Final = "shared_budget"
    version: Final = 1
    title: Final = "Hot and cold in one budget"
    spec: Final = SharedBudget

    def find(self, timeline: Timeline, spec: SharedBudget) -> Found:
        """Return an episode where the sum reached the budget, and the use of the budget."""
        found = Found()
        tallies = _adder(timeline, spec).tallies()
        found.episodes = [
            (one.track, tally_episode(timeline, spec, one)) for one in tallies if one.raised_ms is not None
        ]
        found.consumptions = consumptions(timeline, spec, tallies, used_ms=spec.used_ms, budget_ms=spec.budget_ms)
        return found

    def quiet(self, timeline: Timeline, spec: SharedBudget) -> Bools:
        """Tell where nothing is out."""
        return on_records(timeline, ~_out(timeline, spec))

    def settle(self, timeline: Timeline, spec: SharedBudget, cut: int) -> Memory:
        """Remember the sum."""
        return _adder(timeline, spec).memory(cut, spec, ())


def _out(timeline: Timeline, spec: SharedBudget) -> Bools:
    is_inclusive = spec.comparison == "inclusive"
    hot = out_mask(timeline.counted, "high", spec.high_milli, is_inclusive=is_inclusive)
    return hot | out_mask(timeline.counted, "low", spec.low_milli, is_inclusive=is_inclusive)


def _adder(timeline: Timeline, spec: SharedBudget) -> Adder:
    severity: Severity = lambda values: np.maximum(  # noqa: E731  # typed so
        values.astype(np.int64) - spec.high_milli, spec.low_milli - values.astype(np.int64)
    )
    return Adder(
        timeline, _out(timeline, spec), severity, used_ms=spec.used_ms, enough_ms=spec.budget_ms, rule_id=spec.id
    )


RULE: Final[Rule[SharedBudget]] = SharedBudgetRule()
