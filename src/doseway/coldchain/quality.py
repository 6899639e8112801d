"""Runs of records that tell about the sensor and not about the product: without a value, or always the same one."""

import numpy as np

from doseway.coldchain.judgement import Episode
from doseway.coldchain.port import RuleSpec
from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import Int64

_OPEN = -1


def quality_episode(
    timeline: Timeline,
    spec: RuleSpec,
    *,
    track: int,
    positions: tuple[int, int, int],
    lasted_ms: int,
    peak_milli: int | None = None,
) -> Episode:
    """Make the episode of a run of records; it is no time out of range.

    Args:
        timeline, spec, track: where it was found.
        positions: the records at which it starts, is raised and ends (-1: open).
        lasted_ms: how long its records held.
        peak_milli: the value, if it has one.
    """
    start, raised, end = positions
    until = int(timeline.bounds[track + 1]) if end == _OPEN else end
    unknown = int(timeline.unknown_before[until] - timeline.unknown_before[start])
    return Episode(
        rule=spec.rule,
        rule_version=spec.rule_version,
        rule_id=spec.id,
        sensor=timeline.sensors[track],
        effect=spec.effect,
        start_ms=int(timeline.at[start]),
        raised_ms=int(timeline.at[raised]),
        end_ms=None if end == _OPEN else int(timeline.at[end]),
        most_ms=unknown,  # what is not known may have been out of range
        unknown_ms=unknown,
        peak_milli=peak_milli,
        peak_at_ms=None if peak_milli is None else int(timeline.at[start]),
        details={"lasted_ms": lasted_ms},
    )


def reached(sums: Int64, first: int, after_ms: int) -> int:
    """Return the record with whose time the sum since record `first` reaches `after_ms`; `sums` is one longer."""
    return max(int(np.searchsorted(sums, sums[first] + after_ms, side="left")) - 1, first)
