"""Start delay: what was out of range while the logger was conditioning is told, and counts for nothing."""

from typing import Final

import numpy as np

from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.level import Comparison
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.coldchain.track import Int64
from doseway.model.rulebook import refuse


class StartDelay(RuleSpec, frozen=True, kw_only=True):
    """Parameters: the range that conditioning is compared with.

    Attributes:
        low_milli, high_milli, comparison: the range; one end may be left out.
        effect: `info` unless the profile says otherwise.
    """

    low_milli: int | None = None
    high_milli: int | None = None
    comparison: Comparison = "strict"
    effect: Effect = Effect.INFO

    def check(self) -> None:
        """Check the range."""
        if self.low_milli is None and self.high_milli is None:
            raise refuse(self, "a start delay rule has a low_c, a high_c, or both")
        if self.low_milli is not None and self.high_milli is not None and self.low_milli >= self.high_milli:
            raise refuse(self, "low_c lies below high_c")


class StartDelayRule:
    """One episode a track: from the first reading out of range during conditioning to the first one after them all."""

    id: Final = "start_delay"
    version: Final = 1
    title: Final = "Out of range while conditioning"
    spec: Final = StartDelay

    def find(self, timeline: Timeline, spec: StartDelay) -> Found:
        """Return the episodes."""
        found = Found()
        memory = timeline.memory.get(spec.id)
        if memory is not None:
            found.episodes = [(0, one) for one in memory.episodes]
            return found
        if not timeline.start_delay_ms:
            return found
        for track in range(len(timeline)):
            start, end = int(timeline.bounds[track]), int(timeline.bounds[track + 1])
            ready = start + int(np.searchsorted(timeline.at[start:end], timeline.ready_ms[track], side="left"))
            severity = _severity(timeline, spec, start, ready)
            out = start + np.flatnonzero(severity >= (0 if spec.comparison == "inclusive" else 1))
            if len(out):
                found.episodes.append((track, _episode(timeline, spec, track, out, severity, start)))
        return found

    def quiet(self, timeline: Timeline, spec: StartDelay) -> Bools:  # noqa: ARG002  # the port's signature
        """Tell which records come after conditioning."""
        return np.asarray(timeline.at >= timeline.ready_ms[0])

    def settle(self, timeline: Timeline, spec: StartDelay, cut: int) -> Memory:  # noqa: ARG002  # the port's signature
        """Remember the episode of conditioning, or that there is none."""
        return Memory(episodes=tuple(one for _, one in self.find(timeline, spec).episodes))


_INSIDE: Final = np.iinfo(np.int64).min


def _severity(timeline: Timeline, spec: StartDelay, start: int, ready: int) -> Int64:
    """Return how far out of range the readings of conditioning are; far negative without a value."""
    value = timeline.value[start:ready].astype(np.int64)
    severity = np.full(len(value), _INSIDE, np.int64)
    if spec.high_milli is not None:
        severity = np.maximum(severity, value - spec.high_milli)
    if spec.low_milli is not None:
        severity = np.maximum(severity, spec.low_milli - value)
    if timeline.is_valid is not None:
        severity[~timeline.is_valid[start:ready]] = _INSIDE
    return severity


def _episode(timeline: Timeline, spec: StartDelay, track: int, out: Int64, severity: Int64, start: int) -> Episode:
    last = int(out[-1])
    has_after = last + 1 < timeline.bounds[track + 1]
    peak = start + int(severity.argmax())
    total = int(timeline.credit[out].sum())
    unknown = timeline.unknown_before
    return Episode(
        rule=spec.rule,
        rule_version=spec.rule_version,
        rule_id=spec.id,
        sensor=timeline.sensors[track],
        effect=spec.effect,
        start_ms=int(timeline.at[out[0]]),
        raised_ms=int(timeline.at[out[0]]),
        end_ms=int(timeline.at[last + 1]) if has_after else None,
        out_ms=total,
        most_ms=max(total, int(timeline.ready_ms[track] - timeline.first_ms[track])),
        unknown_ms=int(unknown[last + 1] - unknown[out[0]]),
        peak_milli=int(timeline.value[peak]),
        peak_at_ms=int(timeline.at[peak]),
    )


RULE: Final[Rule[StartDelay]] = StartDelayRule()
