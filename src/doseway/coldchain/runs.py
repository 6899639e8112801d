"""Runs out of range, and the state machine that turns them into episodes: the shared part of most rules.

A run is an unbroken row of counted records that are out. Everything here is on whole columns at once; Python loops only
over what becomes an episode.
"""

from typing import Final

import numpy as np

from doseway.coldchain.judgement import Episode
from doseway.coldchain.port import RuleSpec
from doseway.coldchain.timeline import Bools, Counted, Memory, Side, Timeline, before, beyond
from doseway.coldchain.track import Int64

_OPEN: Final = -1
_NO_END: Final = np.iinfo(np.int64).min


class Runs:
    """Runs in columns; records are numbers of counted records.

    Attributes:
        first, last: the first and last record of each run. track: the track it is in.
        out: the time that its records stand for. least: the same without the last record.
        lower, upper: the instants between which the product may have been out: the record before and the one after,
            or the ends of the recording.
    """

    __slots__ = ("first", "last", "least", "lower", "out", "track", "upper")

    def __init__(self, timeline: Timeline, out: Bools, group: Int64 | None = None) -> None:
        """Find the runs of the records that are out; a run ends where the track or the group changes."""
        counted = timeline.counted
        found = np.flatnonzero(out)
        track = counted.track_of(found)
        breaks = (found[1:] != found[:-1] + 1) | (track[1:] != track[:-1])
        if group is not None:
            breaks |= group[found[1:]] != group[found[:-1]]
        starts = np.flatnonzero(np.concatenate(([True], breaks))) if len(found) else np.zeros(0, np.int64)
        ends = np.concatenate((starts[1:] - 1, [len(found) - 1])) if len(found) else starts
        self.first: Int64 = found[starts]
        self.last: Int64 = found[ends]
        self.track: Int64 = track[starts]
        self.out: Int64 = counted.credited[self.last + 1] - counted.credited[self.first]
        self.least: Int64 = self.out - counted.credit[self.last]
        self.lower, self.upper = self._bounds(timeline, counted)

    def __len__(self) -> int:
        return len(self.first)

    def _bounds(self, timeline: Timeline, counted: Counted) -> tuple[Int64, Int64]:
        has_before = self.first > counted.bounds[self.track]
        has_after = self.last + 1 < counted.bounds[self.track + 1]
        lower = np.where(has_before, counted.at[self.first - has_before], timeline.ready_ms[self.track])
        upper = np.where(has_after, counted.at[self.last + has_after], timeline.end_ms[self.track])
        return np.minimum(lower, counted.at[self.first]), upper


def out_mask(
    counted: Counted, side: Side, limit: int, clear_limit: int | None = None, *, is_inclusive: bool = False
) -> Bools:
    """Tell which records are out: beyond the limit, or not yet back beyond the clear limit after having been."""
    out = beyond(counted.value, limit, side, is_inclusive=is_inclusive)
    if clear_limit is None or clear_limit == limit:
        return out
    back = ~beyond(counted.value, clear_limit, side, is_inclusive=is_inclusive)
    decided = np.where(out | back, np.arange(len(out)), _OPEN)
    latest = np.maximum.accumulate(decided) if len(decided) else decided
    starts = np.repeat(counted.bounds[:-1], np.diff(counted.bounds))
    return (latest >= starts) & out[latest]


class Raised:
    """Raised episodes as spans of runs: from run `start` to run `end`, and whether each has come to its end."""

    __slots__ = ("end", "is_closed", "start")

    def __init__(self, counted: Counted, runs: Runs, raise_after_ms: int, clear_after_ms: int) -> None:
        """Run the state machine: NORMAL until a run lasts `raise_after_ms`; RAISED until one back lasts long enough."""
        count = len(runs)
        track_end = counted.bounds[runs.track + 1]
        same = runs.track[1:] == runs.track[:-1]
        following = track_end.copy()
        following[:-1] = np.where(same, runs.first[1:], track_end[:-1])
        back = counted.credited[following] - counted.credited[runs.last + 1]
        closes = (following > runs.last + 1) & (back >= clear_after_ms)
        begins = np.ones(count, np.bool_)
        begins[1:] = ~same | closes[:-1]
        group = np.cumsum(begins) - 1
        group_last = np.flatnonzero(np.append(begins[1:], True)) if count else group
        raising = np.flatnonzero(runs.out >= raise_after_ms)
        is_first = np.ones(len(raising), np.bool_)
        is_first[1:] = group[raising[1:]] != group[raising[:-1]]
        self.start: Int64 = raising[is_first]
        self.end: Int64 = group_last[group[self.start]]
        self.is_closed: Bools = closes[self.end]

    def __len__(self) -> int:
        return len(self.start)


def raised_episodes(
    timeline: Timeline,
    spec: RuleSpec,
    out: Bools,
    *,
    side: Side,
    raise_after_ms: int = 0,
    clear_after_ms: int = 0,
    details: dict[str, int | str] | None = None,
) -> list[tuple[int, Episode]]:
    """Return the episodes of the state machine over the records that are out, each with its track."""
    counted = timeline.counted
    runs = Runs(timeline, out)
    if not len(runs):
        return []
    raised = Raised(counted, runs, raise_after_ms, clear_after_ms)
    found: list[tuple[int, Episode]] = []
    for track, start, end, start_ms, raised_ms, end_ms, out_ms, least, most, unknown in zip(
        *(column.tolist() for column in _columns(timeline, runs, raised, raise_after_ms)), strict=True
    ):
        values = counted.value[start : end + 1]
        peak = start + int(values.argmax() if side == "high" else values.argmin())
        one = Episode(
            rule=spec.rule,
            rule_version=spec.rule_version,
            rule_id=spec.id,
            sensor=timeline.sensors[track],
            effect=spec.effect,
            start_ms=start_ms,
            raised_ms=raised_ms,
            end_ms=None if end_ms == _NO_END else end_ms,
            out_ms=out_ms,
            least_ms=least,
            most_ms=most,
            unknown_ms=unknown,
            peak_milli=int(counted.value[peak]),
            peak_at_ms=int(counted.at[peak]),
            details=dict(details or {}),
        )
        found.append((track, one))
    return found


def _columns(timeline: Timeline, runs: Runs, raised: Raised, raise_after_ms: int) -> tuple[Int64, ...]:
    """Return track, first and last record, start, raised, end, and the sums of each episode."""
    counted = timeline.counted
    first, last, track = runs.first[raised.start], runs.last[raised.end], runs.track[raised.start]
    at = first
    if raise_after_ms:
        at = np.searchsorted(counted.credited, counted.credited[first] + raise_after_ms, side="left") - 1
    back = np.minimum(last + 1, len(counted.at) - 1)
    until = np.where(raised.is_closed, counted.position[back], timeline.bounds[track + 1])
    return (
        track,
        first,
        last,
        counted.at[first],
        counted.at[at],
        np.where(raised.is_closed, counted.at[back], _NO_END),
        _between(runs.out, raised),
        _between(runs.least, raised),
        _between(runs.upper - runs.lower, raised),
        timeline.unknown_between(track, counted.position[first], until),
    )


def _between(each: Int64, raised: Raised) -> Int64:
    """Return the sums over the runs of each episode."""
    sums = before(each)
    total: Int64 = sums[raised.end + 1] - sums[raised.start]
    return total


def quiet_records(timeline: Timeline, out: Bools, raise_after_ms: int = 0, clear_after_ms: int = 0) -> Bools:
    """Tell at which counted records of a single track the machine is NORMAL and not counting: nothing hangs over."""
    counted = timeline.counted
    quiet = ~out
    runs = Runs(timeline, out)
    raised = Raised(counted, runs, raise_after_ms, clear_after_ms)
    for start, end, is_closed in zip(raised.start, raised.end, raised.is_closed, strict=True):
        until = len(quiet)
        if is_closed:
            since = counted.credited[runs.last[end] + 1]
            reached = int(np.searchsorted(counted.credited, since + clear_after_ms, side="left"))
            until = max(reached, int(runs.last[end]) + 1)
        quiet[int(runs.first[start]) : until] = False
    return quiet


def on_records(timeline: Timeline, quiet: Bools) -> Bools:
    """Carry an answer about counted records over to all records; one that is not counted is not quiet."""
    result = np.zeros(len(timeline.at), np.bool_)
    result[timeline.counted.position] = quiet
    return result


def settled(timeline: Timeline, found: list[tuple[int, Episode]], cut: int) -> Memory:
    """Remember the episodes of a machine that were over before the record `cut`, a quiet one."""
    before_cut = int(timeline.at[cut])
    return Memory(episodes=tuple(one for _, one in found if one.end_ms is not None and one.end_ms <= before_cut))


def remembered(timeline: Timeline, spec: RuleSpec) -> list[tuple[int, Episode]]:
    """Return the episodes from before the first record of a single track."""
    memory = timeline.memory.get(spec.id)
    return [] if memory is None else [(0, one) for one in memory.episodes]
