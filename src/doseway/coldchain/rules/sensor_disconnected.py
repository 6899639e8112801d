"""Sensor disconnected: records without a value, one after the other, for so long."""

from typing import Final

import numpy as np

from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.quality import quality_episode, reached
from doseway.coldchain.runs import remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Timeline, before


class SensorDisconnected(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a rule for sensors without a value.

    Attributes:
        after_ms: how long a sensor may give no value.
    """

    after_ms: int = 0
    effect: Effect = Effect.UNDECIDED


class SensorDisconnectedRule:
    """A record without a value holds as a reading does, a gap cut to one interval."""

    id: Final = "sensor_disconnected"
    version: Final = 1
    title: Final = "Sensor without a value"
    spec: Final = SensorDisconnected

    def find(self, timeline: Timeline, spec: SensorDisconnected) -> Found:
        """Return one episode for each run of records without a value that lasts long enough."""
        found = Found()
        found.episodes = remembered(timeline, spec)
        if timeline.is_valid is not None:
            found.episodes += _episodes(timeline, spec, ~timeline.is_valid)
        return found

    def quiet(self, timeline: Timeline, spec: SensorDisconnected) -> Bools:  # noqa: ARG002  # the port's signature
        """Tell which records have a value."""
        return np.ones(len(timeline.at), np.bool_) if timeline.is_valid is None else timeline.is_valid

    def settle(self, timeline: Timeline, spec: SensorDisconnected, cut: int) -> Memory:
        """Remember the episodes that are over."""
        return settled(timeline, self.find(timeline, spec).episodes, cut)


def _episodes(timeline: Timeline, spec: SensorDisconnected, invalid: Bools) -> list[tuple[int, Episode]]:
    held = before(timeline.hold)
    breaks = np.ones(len(invalid) + 1, np.bool_)
    breaks[1:-1] = invalid[1:] != invalid[:-1]
    breaks[timeline.bounds] = True
    edges = np.flatnonzero(breaks)
    starts, ends = edges[:-1], edges[1:]
    lasted = held[ends] - held[starts]
    chosen = np.flatnonzero(invalid[starts] & (lasted >= spec.after_ms))
    tracks = np.searchsorted(timeline.bounds, starts[chosen], side="right") - 1
    found: list[tuple[int, Episode]] = []
    for run, track in zip(chosen.tolist(), tracks.tolist(), strict=True):
        start, end = int(starts[run]), int(ends[run])
        raised = reached(held, start, spec.after_ms)
        until = end if end < timeline.bounds[track + 1] else -1
        one = quality_episode(timeline, spec, track=track, positions=(start, raised, until), lasted_ms=int(lasted[run]))
        found.append((track, one))
    return found


RULE: Final[Rule[SensorDisconnected]] = SensorDisconnectedRule()
