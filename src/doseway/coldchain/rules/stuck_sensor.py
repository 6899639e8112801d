"""Stuck sensor: the same value, reading after reading, for so long."""

from typing import Final

import numpy as np

from doseway.coldchain.judgement import Effect
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.quality import quality_episode, reached
from doseway.coldchain.runs import remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Timeline, before
from doseway.coldchain.track import Int64
from doseway.model.rulebook import refuse


class StuckSensor(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a rule for stuck sensors.

    Attributes:
        after_ms: how long the value of a working sensor may stay the same.
    """

    after_ms: int
    effect: Effect = Effect.UNDECIDED

    def check(self) -> None:
        """Check that it is a time at all."""
        if self.after_ms == 0:
            raise refuse(self, "after_s is positive: every value is the same as itself")


class StuckSensorRule:
    """Looks at valid readings, those during conditioning included; records without a value neither add nor break."""

    id: Final = "stuck_sensor"
    version: Final = 1
    title: Final = "Sensor stuck at one value"
    spec: Final = StuckSensor

    def find(self, timeline: Timeline, spec: StuckSensor) -> Found:
        """Return one episode for each value that stayed the same long enough."""
        found = Found()
        found.episodes = remembered(timeline, spec)
        position, starts, ends, bounds = _runs(timeline)
        held = before(timeline.credit)
        first, last = position[starts], position[ends - 1]
        chosen = np.flatnonzero(held[last + 1] - held[first] >= spec.after_ms)
        tracks = np.searchsorted(bounds, starts[chosen], side="right") - 1
        for run, track in zip(chosen.tolist(), tracks.tolist(), strict=True):
            end = int(ends[run])
            start = int(first[run])
            until = int(position[end]) if end < bounds[track + 1] else -1
            one = quality_episode(
                timeline,
                spec,
                track=track,
                positions=(start, reached(held, start, spec.after_ms), until),
                lasted_ms=int(held[last[run] + 1] - held[start]),
                peak_milli=int(timeline.value[start]),
            )
            found.episodes.append((track, one))
        return found

    def quiet(self, timeline: Timeline, spec: StuckSensor) -> Bools:  # noqa: ARG002  # the port's signature
        """Tell which readings have another value than the one before them."""
        result = np.zeros(len(timeline.at), np.bool_)
        position, starts, _, _ = _runs(timeline)
        result[position[starts]] = True
        return result

    def settle(self, timeline: Timeline, spec: StuckSensor, cut: int) -> Memory:
        """Remember the episodes that are over."""
        return settled(timeline, self.find(timeline, spec).episodes, cut)


def _runs(timeline: Timeline) -> tuple[Int64, Int64, Int64, Int64]:
    """Return positions of valid records; starts and ends of runs, and bounds of tracks, as numbers of those."""
    valid, bounds = timeline.is_valid, timeline.bounds
    if valid is None:
        position, value = np.arange(len(timeline.at)), timeline.value
    else:
        position = np.flatnonzero(valid)
        value, bounds = timeline.value[valid], before(valid.astype(np.int64))[bounds]
    breaks = np.ones(len(value) + 1, np.bool_)
    breaks[1:-1] = value[1:] != value[:-1]
    breaks[bounds] = True
    edges = np.flatnonzero(breaks)
    return position, edges[:-1], edges[1:], bounds


RULE: Final[Rule[StuckSensor]] = StuckSensorRule()
