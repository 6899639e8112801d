"""Tier: a band outside of the label's range in which a product may spend so much time, in total and at a time.

Stability budgets (time out of refrigeration) are lists of tiers. Time used within the allowance makes the verdict
`within-budget`; more has the entry's effect.
"""

from typing import Final

import numpy as np

from doseway.coldchain.budget import Adder, Severity, Tally, consumptions, tally_episode
from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import on_records, quiet_records, raised_episodes, remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Side, Timeline
from doseway.model.rulebook import refuse

_SINGLE: Final = "single"


class Tier(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a tier.

    Attributes:
        side: `high`: the band is above_milli < value <= below_milli; `low`: above_milli <= value < below_milli.
        above_milli, below_milli: the ends of the band; the outer one may be left out.
        budget_ms: allowed time in the band in total; None: not limited in total.
        max_single_ms: allowed time in the band without a break; None: not limited.
        used_ms: how much of the budget was used before the recording.
    """

    side: Side = "high"
    above_milli: int | None = None
    below_milli: int | None = None
    budget_ms: int | None = None
    max_single_ms: int | None = None
    used_ms: int = 0

    def check(self) -> None:
        """Check the band and that there is an allowance."""
        inner = self.above_milli if self.side == "high" else self.below_milli
        if inner is None:
            raise refuse(self, f"{'above_c' if self.side == 'high' else 'below_c'} is missing: where the band begins")
        if self.above_milli is not None and self.below_milli is not None and self.above_milli >= self.below_milli:
            raise refuse(self, "above_c lies below below_c")
        if self.budget_ms is None and self.max_single_ms is None:
            raise refuse(self, "a tier has a budget_s, a max_single_s, or both")


class TierRule:
    """Adds up the time in the band; each unbroken time in it is measured as well."""

    id: Final = "tier"
    version: Final = 1
    title: Final = "Allowed time in a band"
    spec: Final = Tier

    def find(self, timeline: Timeline, spec: Tier) -> Found:
        """Return one episode for the total, one for each time that was too long, and the use of the budget."""
        found, out = Found(), _out(timeline, spec)
        tallies = _adder(timeline, spec, out).tallies()
        found.episodes = [(one.track, _total(timeline, spec, one)) for one in tallies]
        found.episodes += remembered(timeline, spec) + _singles(timeline, spec, out)
        if spec.budget_ms is not None:
            found.consumptions = consumptions(timeline, spec, tallies, used_ms=spec.used_ms, budget_ms=spec.budget_ms)
        return found

    def quiet(self, timeline: Timeline, spec: Tier) -> Bools:
        """Tell where nothing is in the band."""
        return on_records(timeline, quiet_records(timeline, _out(timeline, spec)))

    def settle(self, timeline: Timeline, spec: Tier, cut: int) -> Memory:
        """Remember the sum, and the times that were too long."""
        out = _out(timeline, spec)
        singles = remembered(timeline, spec) + _singles(timeline, spec, out)
        return _adder(timeline, spec, out).memory(cut, spec, settled(timeline, singles, cut).episodes)


def _out(timeline: Timeline, spec: Tier) -> Bools:
    value = timeline.counted.value
    is_hot = spec.side == "high"
    inside = np.ones(len(value), np.bool_)
    if spec.above_milli is not None:
        inside &= value > spec.above_milli if is_hot else value >= spec.above_milli
    if spec.below_milli is not None:
        inside &= value <= spec.below_milli if is_hot else value < spec.below_milli
    return inside


def _adder(timeline: Timeline, spec: Tier, out: Bools) -> Adder:
    sign = 1 if spec.side == "high" else -1
    severity: Severity = lambda values: values.astype(np.int64) * sign  # noqa: E731  # typed so
    # an allowance may be used up: only more than it is too much
    enough_ms = 2**62 if spec.budget_ms is None else spec.budget_ms + 1
    return Adder(timeline, out, severity, used_ms=spec.used_ms, enough_ms=enough_ms, rule_id=spec.id)


def _total(timeline: Timeline, spec: Tier, one: Tally) -> Episode:
    effect = Effect.WITHIN_BUDGET if one.raised_ms is None else spec.effect
    return tally_episode(timeline, spec, one, effect, {"allowance": "total"})


def _singles(timeline: Timeline, spec: Tier, out: Bools) -> list[tuple[int, Episode]]:
    if spec.max_single_ms is None:
        return []
    details: dict[str, int | str] = {"allowance": _SINGLE}
    return raised_episodes(timeline, spec, out, side=spec.side, raise_after_ms=spec.max_single_ms + 1, details=details)


RULE: Final[Rule[Tier]] = TierRule()
