"""Freeze: at or below a limit, for products that freezing destroys. MKT cannot see it, hence a rule of its own."""

from typing import Final

from doseway.coldchain.judgement import Effect
from doseway.coldchain.level import Comparison, check_level, find_level, quiet_level, settle_level
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.model.rulebook import refuse


class Freeze(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a freeze rule: those of an excursion on the low side.

    Attributes:
        limit_milli, comparison: at this value (`inclusive`) or only below it (`strict`) the product may freeze.
        clear_limit_milli: how far it has to warm up again to count as back.
        raise_after_ms, clear_after_ms: how long without a break before it is raised, and before it ends.
        effect: `qa-review` or `reject`, nothing less: frozen product is never within a budget.
    """

    limit_milli: int
    clear_limit_milli: int | None = None
    comparison: Comparison = "inclusive"
    raise_after_ms: int = 0
    clear_after_ms: int = 0

    def check(self) -> None:
        """Check the clear limit and the effect."""
        check_level(self, self, "low")
        if self.effect not in {Effect.QA_REVIEW, Effect.REJECT}:
            raise refuse(self, "the effect of a freeze rule is qa-review or reject")


class FreezeRule:
    """The state machine of an excursion on the low side."""

    id: Final = "freeze"
    version: Final = 1
    title: Final = "Freezing"
    spec: Final = Freeze

    def find(self, timeline: Timeline, spec: Freeze) -> Found:
        """Return one episode for each time that it was raised."""
        return find_level(timeline, spec, spec, "low")

    def quiet(self, timeline: Timeline, spec: Freeze) -> Bools:
        """Tell where nothing is out or counting."""
        return quiet_level(timeline, spec, "low")

    def settle(self, timeline: Timeline, spec: Freeze, cut: int) -> Memory:
        """Remember the episodes that are over."""
        return settle_level(timeline, spec, spec, "low", cut)


RULE: Final[Rule[Freeze]] = FreezeRule()
