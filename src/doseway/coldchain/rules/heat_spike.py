"""Heat spike: USP allows short excursions up to a ceiling; above it, or longer than allowed, is a finding.

USP <659>, <1079>: controlled room temperature up to 40 °C, cold up to 25 °C, for no longer than 24 hours.
"""

from typing import Final

from doseway.coldchain.judgement import Episode
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import on_records, out_mask, quiet_records, raised_episodes, remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.model.rulebook import refuse
from doseway.model.units import DAY_MS


class HeatSpike(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a heat spike rule; values equal to a limit are allowed.

    Attributes:
        above_milli: above this is a spike. ceiling_milli: above this no time is allowed.
        max_ms: how long a spike may last without a break.
    """

    above_milli: int
    ceiling_milli: int
    max_ms: int = DAY_MS

    def check(self) -> None:
        """Check the order of the limits."""
        if self.ceiling_milli <= self.above_milli:
            raise refuse(self, "ceiling_c lies above above_c")


class HeatSpikeRule:
    """Two machines: any sample above the ceiling, and any unbroken time above the limit that is too long."""

    id: Final = "heat_spike"
    version: Final = 1
    title: Final = "Spike above the ceiling, or too long"
    spec: Final = HeatSpike

    def find(self, timeline: Timeline, spec: HeatSpike) -> Found:
        """Return the episodes of both."""
        found = Found()
        found.episodes = remembered(timeline, spec) + _episodes(timeline, spec)
        return found

    def quiet(self, timeline: Timeline, spec: HeatSpike) -> Bools:
        """Tell where nothing is above the limit."""
        return on_records(timeline, quiet_records(timeline, out_mask(timeline.counted, "high", spec.above_milli)))

    def settle(self, timeline: Timeline, spec: HeatSpike, cut: int) -> Memory:
        """Remember the episodes that are over."""
        return settled(timeline, remembered(timeline, spec) + _episodes(timeline, spec), cut)


def _episodes(timeline: Timeline, spec: HeatSpike) -> list[tuple[int, Episode]]:
    counted = timeline.counted
    spikes = out_mask(counted, "high", spec.above_milli)
    if not spikes.any():
        return []
    over = out_mask(counted, "high", spec.ceiling_milli)
    found = raised_episodes(timeline, spec, over, side="high", details={"reached": "ceiling"})
    # "longer than": exactly the allowed time is allowed
    return found + raised_episodes(
        timeline, spec, spikes, side="high", raise_after_ms=spec.max_ms + 1, details={"reached": "duration"}
    )


RULE: Final[Rule[HeatSpike]] = HeatSpikeRule()
