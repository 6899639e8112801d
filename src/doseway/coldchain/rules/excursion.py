"""Excursion: beyond a limit without a break for at least so long."""

from typing import Final

from doseway.coldchain.level import Comparison, check_level, find_level, quiet_level, settle_level
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.timeline import Bools, Memory, Side, Timeline


class Excursion(RuleSpec, frozen=True, kw_only=True):
    """Parameters of an excursion rule.

    Attributes:
        side: `high` or `low`; limit_milli: the limit.
        clear_limit_milli: how far a value has to come back to count as back; in between it keeps its state.
        comparison: `inclusive` where the limit itself is out (mSupply), `strict` where it is not (Berlinger).
        raise_after_ms: continuous time out of range before the episode is raised; 0: at the first sample.
        clear_after_ms: continuous time back in range before it ends.
    """

    side: Side
    limit_milli: int
    clear_limit_milli: int | None = None
    comparison: Comparison = "strict"
    raise_after_ms: int = 0
    clear_after_ms: int = 0

    def check(self) -> None:
        """Check the clear limit."""
        check_level(self, self, self.side)


class ExcursionRule:
    """NORMAL until the continuous time out reaches the delay; RAISED until the continuous time back does."""

    id: Final = "excursion"
    version: Final = 1
    title: Final = "Out of range without a break"
    spec: Final = Excursion

    def find(self, timeline: Timeline, spec: Excursion) -> Found:
        """Return one episode for each time that it was raised."""
        return find_level(timeline, spec, spec, spec.side)

    def quiet(self, timeline: Timeline, spec: Excursion) -> Bools:
        """Tell where nothing is out or counting."""
        return quiet_level(timeline, spec, spec.side)

    def settle(self, timeline: Timeline, spec: Excursion, cut: int) -> Memory:
        """Remember the episodes that are over."""
        return settle_level(timeline, spec, spec, spec.side, cut)


RULE: Final[Rule[Excursion]] = ExcursionRule()
