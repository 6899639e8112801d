"""Cumulative: time beyond a limit added up, over the recording or by day, until a budget is reached."""

from typing import Final, Literal

import numpy as np

from doseway.coldchain.budget import Adder, Severity, consumptions, tally_episode
from doseway.coldchain.level import Comparison
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import on_records, out_mask
from doseway.coldchain.timeline import Bools, Memory, Side, Timeline


class Cumulative(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a cumulative rule.

    Attributes:
        side, limit_milli, comparison: what is out of range.
        budget_ms: the sum at which it is raised; used_ms: how much of it was used before the recording.
        reset: `recording`: never; `day`: at local midnight at the recording's offset. A sample belongs to the day in
            which it was taken.
    """

    side: Side
    limit_milli: int
    comparison: Comparison = "strict"
    budget_ms: int
    used_ms: int = 0
    reset: Literal["recording", "day"] = "recording"


class CumulativeRule:
    """Raised at the sample whose credit brings the sum to the budget; alarms of devices count so."""

    id: Final = "cumulative"
    version: Final = 1
    title: Final = "Out of range in total"
    spec: Final = Cumulative

    def find(self, timeline: Timeline, spec: Cumulative) -> Found:
        """Return an episode for each recording or day whose sum reached the budget, and the use of the budget."""
        found, memory = Found(), timeline.memory.get(spec.id, Memory())
        tallies = _adder(timeline, spec).tallies()
        found.episodes = [(0, one) for one in memory.episodes]
        found.episodes += [
            (one.track, tally_episode(timeline, spec, one)) for one in tallies if one.raised_ms is not None
        ]
        if spec.reset == "recording":
            found.consumptions = consumptions(timeline, spec, tallies, used_ms=spec.used_ms, budget_ms=spec.budget_ms)
        return found

    def quiet(self, timeline: Timeline, spec: Cumulative) -> Bools:
        """Tell where nothing is out."""
        return on_records(timeline, ~_out(timeline, spec))

    def settle(self, timeline: Timeline, spec: Cumulative, cut: int) -> Memory:
        """Remember the sum, and the days that are over."""
        return _adder(timeline, spec).memory(cut, spec, timeline.memory.get(spec.id, Memory()).episodes)


def _out(timeline: Timeline, spec: Cumulative) -> Bools:
    return out_mask(timeline.counted, spec.side, spec.limit_milli, is_inclusive=spec.comparison == "inclusive")


def _adder(timeline: Timeline, spec: Cumulative) -> Adder:
    sign = 1 if spec.side == "high" else -1
    severity: Severity = lambda values: values.astype(np.int64) * sign  # noqa: E731  # typed so
    return Adder(
        timeline,
        _out(timeline, spec),
        severity,
        used_ms=spec.used_ms,
        enough_ms=spec.budget_ms,
        is_daily=spec.reset == "day",
        rule_id=spec.id,
    )


RULE: Final[Rule[Cumulative]] = CumulativeRule()
