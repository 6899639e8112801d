"""A timeline: tracks in order, with the time that each record stands for.

A reading holds until the next record (hold-last). If more than the maximum gap passes, it holds for one interval and
the rest is unknown. A record without a value stands for no time at all. The last reading holds for one interval, or for
no time. All figures are integers in ms, so sums do not depend on an order.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.coldchain.judgement import Episode
from doseway.coldchain.track import Int32, Int64, Tracks, in_order
from doseway.model.units import INVALID, MINUTE_MS

Side = Literal["high", "low"]
Bools = NDArray[np.bool_]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule remembers of records that were let go on the live path.

    Attributes:
        episodes: findings that no later reading can change.
        figures: the rule's own sums and instants.
        histogram: value to credited time, for rules that need it.
    """

    episodes: tuple[Episode, ...] = ()
    figures: dict[str, int] = {}
    histogram: dict[int, int] = {}


class Counted:
    """The records of a timeline that excursions and budgets look at: valid ones after conditioning.

    Attributes:
        position: of each in the timeline's columns. bounds: of the tracks, in numbers of these records.
        at, value, credit: as in the timeline. credited: the sum of credit before each record; one longer.
    """

    __slots__ = ("at", "bounds", "credit", "credited", "position", "value")

    def __init__(self, timeline: "Timeline") -> None:
        self.bounds: Int64 = timeline.bounds
        self.at: Int64 = timeline.at
        self.value: Int32 = timeline.value
        self.credit: Int64 = timeline.credit
        self.position: Int64 = np.arange(len(self.at))
        chosen = timeline.is_counted
        if chosen is not None:
            self.position = np.flatnonzero(chosen)
            self.at, self.value, self.credit = self.at[chosen], self.value[chosen], self.credit[chosen]
            self.bounds = np.concatenate(([0], np.cumsum(chosen)))[timeline.bounds]
        self.credited: Int64 = before(self.credit)

    def track_of(self, record: Int64) -> Int64:
        """Return the track of each record number."""
        return np.searchsorted(self.bounds, record, side="right") - 1


class Timeline:
    """Tracks in order with the time that each record stands for.

    Attributes:
        at, value, bounds, sensors, offset_minutes: as in `Tracks`, each track sorted and free of duplicates.
        interval_ms, max_gap_ms: of each track.
        first_ms, end_ms: the first record, and the last with what it stands for, of each track.
        ready_ms: the end of conditioning of each track.
        reach: the time from each record to the next. hold: the same, a gap cut to one interval.
        credit: the time that a valid reading stands for; 0 of an invalid record.
        is_valid: which records have a value; None when all have.
        memory: what rules remember from before the first record, by the id of the profile's entry.
    """

    def __init__(
        self,
        tracks: Tracks,
        *,
        max_gap_ms: int | None = None,
        last_reading: Literal["interval", "none"] = "interval",
        start_delay_ms: int = 0,
        first_ms: int | None = None,
        memory: Mapping[str, Memory] | None = None,
    ) -> None:
        """Put tracks in order and credit each record with its time.

        Args:
            tracks: the readings; no track is empty.
            max_gap_ms, last_reading, start_delay_ms: how they stand for time, see `doseway.coldchain.profile`.
            first_ms: when the recording began, where its first records were let go.
            memory: what rules remember of those.
        """
        tracks = in_order(tracks)
        self.sensors, self.offset_minutes = tracks.sensors, tracks.offset_minutes
        self.at, self.value, self.bounds = tracks.at, tracks.value, tracks.bounds
        last = self.bounds[1:] - 1
        self.reach: Int64 = np.empty_like(self.at)
        np.subtract(self.at[1:], self.at[:-1], out=self.reach[:-1])
        self.reach[last] = 0
        self.interval_ms = self._intervals(tracks.interval_ms)
        self.max_gap_ms = 2 * self.interval_ms if max_gap_ms is None else np.full(len(last), max_gap_ms, np.int64)
        if last_reading == "interval":
            self.reach[last] = self.interval_ms
        self.hold = self._hold(last)
        self.is_valid: Bools | None = None
        self.credit = self.hold
        if len(self.value) and self.value.min() == INVALID:
            self.is_valid = self.value != INVALID
            self.credit = np.where(self.is_valid, self.hold, 0)
        self.first_ms = self.at[self.bounds[:-1]] if first_ms is None else np.full(len(last), first_ms, np.int64)
        self.end_ms = self.at[last] + self.reach[last]
        self.start_delay_ms = start_delay_ms
        self.last_reading: Literal["interval", "none"] = last_reading
        self.ready_ms = self.first_ms + start_delay_ms
        self.memory: Mapping[str, Memory] = memory or {}

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def offset_ms(self) -> int:
        """The offset of local time from UTC."""
        return self.offset_minutes * MINUTE_MS

    @cached_property
    def counted(self) -> Counted:
        """The records that excursions and budgets look at."""
        return Counted(self)

    @cached_property
    def is_counted(self) -> Bools | None:
        """Which records those are; None when all are."""
        if not self.start_delay_ms:
            return self.is_valid
        ready = self.at >= np.repeat(self.ready_ms, np.diff(self.bounds))
        return ready if self.is_valid is None else ready & self.is_valid

    @cached_property
    def unknown_before(self) -> Int64:
        """The sum of time without observation before each record; one longer."""
        if self.credit is self.reach:  # nothing is unknown
            return np.zeros(len(self.at) + 1, np.int64)
        return before(self.reach - self.credit)

    def unknown_between(self, track: Int64, start: Int64, end: Int64) -> Int64:
        """Return the time without observation between records of tracks; `end` may be the end of the track.

        The same as differences of `unknown_before`, without a sum over all records where all are counted.
        """
        if self.is_counted is not None:
            return self.unknown_before[end] - self.unknown_before[start]
        is_last = end == self.bounds[track + 1]
        until = np.where(is_last, self.end_ms[track], self.at[end - is_last])
        return until - self.at[start] - (self.counted.credited[end] - self.counted.credited[start])

    @cached_property
    def has_equal_times(self) -> bool:
        """Whether any two records share their time."""
        return bool((self.at[1:] == self.at[:-1]).any())

    def alone(self, track: int) -> "Timeline":
        """Return one track as a timeline of its own, equal in everything that is known about it."""
        start, end = int(self.bounds[track]), int(self.bounds[track + 1])
        tracks = Tracks(
            self.at[start:end],
            self.value[start:end],
            [0, end - start],
            sensors=self.sensors[track : track + 1],
            interval_ms=self.interval_ms[track : track + 1],
            offset_minutes=self.offset_minutes,
        )
        return Timeline(
            tracks,
            max_gap_ms=int(self.max_gap_ms[track]),
            last_reading=self.last_reading,
            start_delay_ms=self.start_delay_ms,
        )

    def _intervals(self, declared: Int64) -> Int64:
        """Take the declared intervals, and where there is none the lower median of the pauses."""
        result = np.array(declared, dtype=np.int64)
        for track in np.flatnonzero(result == 0):
            pauses = self.reach[self.bounds[track] : self.bounds[track + 1] - 1]
            pauses = pauses[pauses > 0]
            if len(pauses):
                middle = (len(pauses) - 1) // 2
                result[track] = np.partition(pauses, middle)[middle]
        return result

    def _hold(self, last: Int64) -> Int64:
        """Cut gaps to one interval; the last record of a track has no gap behind it."""
        is_same = len(self.interval_ms) > 0 and (self.interval_ms == self.interval_ms[0]).all()
        sizes = np.diff(self.bounds)
        gap = self.max_gap_ms[0] if is_same else np.repeat(self.max_gap_ms, sizes)
        is_gap = self.reach > gap
        is_gap[last] = False
        found = np.flatnonzero(is_gap)
        if not len(found):
            return self.reach
        hold = self.reach.copy()
        track = np.searchsorted(self.bounds, found, side="right") - 1
        hold[found] = np.minimum(self.interval_ms[track], self.reach[found])
        return hold


def before(values: Int64) -> Int64:
    """Return the sum of all values before each place; one longer than the values."""
    result = np.empty(len(values) + 1, np.int64)
    result[0] = 0
    np.cumsum(values, out=result[1:])
    return result


def beyond(value: Int32, limit: int, side: Side, *, is_inclusive: bool) -> Bools:
    """Tell which values are out of a limit: strictly, or the limit itself as well."""
    if side == "high":
        return value >= limit if is_inclusive else value > limit
    return value <= limit if is_inclusive else value < limit
