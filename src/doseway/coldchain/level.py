"""Level rules: a side, a limit, a delay, and a way back. The excursion rule and the freeze rule are two of them."""

from typing import Literal, Protocol

from doseway.coldchain.judgement import Episode
from doseway.coldchain.port import Found, RuleSpec
from doseway.coldchain.runs import on_records, out_mask, quiet_records, raised_episodes, remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Side, Timeline
from doseway.model.rulebook import refuse

Comparison = Literal["strict", "inclusive"]


class Levelled(Protocol):
    """The parameters that level rules share."""

    @property
    def limit_milli(self) -> int:
        """The limit."""

    @property
    def clear_limit_milli(self) -> int | None:
        """How far a value has to come back; None: to the limit."""

    @property
    def comparison(self) -> Comparison:
        """Whether the limit itself is out."""

    @property
    def raise_after_ms(self) -> int:
        """How long without a break before it is raised."""

    @property
    def clear_after_ms(self) -> int:
        """How long back without a break before it ends."""


def check_level(spec: RuleSpec, level: Levelled, side: Side) -> None:
    """Refuse a way back that lies farther out than the limit.

    Raises:
        ProfileError: the clear limit is on the wrong side.
    """
    clear = level.clear_limit_milli
    if clear is not None and (clear > level.limit_milli if side == "high" else clear < level.limit_milli):
        raise refuse(spec, "clear_limit_c lies farther out than limit_c", "A value clears further in than it raises.")


def find_level(timeline: Timeline, spec: RuleSpec, level: Levelled, side: Side) -> Found:
    """Return the episodes of a level rule."""
    found = Found()
    found.episodes = remembered(timeline, spec) + _episodes(timeline, spec, level, side)
    return found


def quiet_level(timeline: Timeline, level: Levelled, side: Side) -> Bools:
    """Tell at which records of a single track the machine is at rest."""
    quiet = quiet_records(timeline, _out(timeline, level, side), level.raise_after_ms, level.clear_after_ms)
    return on_records(timeline, quiet)


def settle_level(timeline: Timeline, spec: RuleSpec, level: Levelled, side: Side, cut: int) -> Memory:
    """Remember the episodes that are over."""
    return settled(timeline, find_level(timeline, spec, level, side).episodes, cut)


def _out(timeline: Timeline, level: Levelled, side: Side) -> Bools:
    is_inclusive = level.comparison == "inclusive"
    return out_mask(timeline.counted, side, level.limit_milli, level.clear_limit_milli, is_inclusive=is_inclusive)


def _episodes(timeline: Timeline, spec: RuleSpec, level: Levelled, side: Side) -> list[tuple[int, Episode]]:
    return raised_episodes(
        timeline,
        spec,
        _out(timeline, level, side),
        side=side,
        raise_after_ms=level.raise_after_ms,
        clear_after_ms=level.clear_after_ms,
    )
