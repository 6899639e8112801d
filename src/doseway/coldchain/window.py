"""Windows over one track: the worst mean load of all windows of one length, found exactly.

Temperature is piecewise constant (hold-last), so load and observed time grow linearly between the instants at which a
reading begins or ends, and their ratio over a moving window has its extremes where a window begins or ends at one of
those instants. Trying these is exact. All sums are integers; prefix sums may wrap around, for only differences below
2^63 are used.
"""

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from typing import Final

import msgspec
import numpy as np

from doseway.coldchain.kinetics import ZERO_MILLI_K, Lookup, kelvin
from doseway.coldchain.runs import Runs
from doseway.coldchain.timeline import Bools, Counted, before
from doseway.coldchain.track import Int64

LOAD_ONE: Final = 1 << 19
"""The load of a reading at the limit."""
HOTTEST_MILLI: Final = 100_000
"""Hotter readings count as 100 °C: loads stay within 64 bits."""
_NEAR: Final = 1e-12
_TABLES: Final = 16


def load(value_milli: int, limit_milli: int, slope: float, cap: int) -> int:
    """Return the thermal load of a value relative to the limit's, in units of 1 / `LOAD_ONE`, at most `cap`."""
    warm = min(value_milli, HOTTEST_MILLI)
    exponent = slope * (1 / kelvin(limit_milli) - 1 / kelvin(warm))
    return cap if exponent > 60 else min(round(LOAD_ONE * math.exp(exponent)), cap)  # noqa: PLR2004  # e^60 > 2^63


def cap_of(window_ms: int) -> int:
    """Return the largest load with which the sum over a window stays below 2^63."""
    return (2**63 - 1) // window_ms


class Window(msgspec.Struct, frozen=True):
    """A window of time with its exact load: `mean load = load / time`, in units of 1 / `LOAD_ONE`.

    Attributes:
        start_ms, end_ms: where it lies. load: the sum of load times ms. time_ms: the observed time in it.
    """

    start_ms: int
    end_ms: int
    load: int
    time_ms: int

    @property
    def is_over(self) -> bool:
        """Whether the mean load is above that of the limit."""
        return self.load > self.time_ms * LOAD_ONE

    def is_worse_than(self, other: "Window | None") -> bool:
        """Tell which of two has the higher mean load; the earlier one of equals."""
        if other is None:
            return True
        mine, theirs = self.load * other.time_ms, other.load * self.time_ms
        return mine > theirs or (mine == theirs and self.start_ms < other.start_ms)

    def mkt_milli(self, limit_milli: int, slope: float) -> int:
        """Return the mean kinetic temperature that the load stands for, to thousandths."""
        mean = self.load / (self.time_ms * LOAD_ONE)
        if mean <= 0:
            return round(kelvin(-ZERO_MILLI_K) * 1000) - ZERO_MILLI_K
        return round(1000 / (1 / kelvin(limit_milli) - math.log(mean) / slope)) - ZERO_MILLI_K


def worst_of(windows: Sequence[Window]) -> Window | None:
    """Return the worst of windows; None of none."""
    worst: Window | None = None
    for one in windows:
        if one.is_worse_than(worst):
            worst = one
    return worst


@lru_cache(maxsize=_TABLES)
def loads_of(limit_milli: int, slope: float, cap: int) -> Lookup[np.int64]:
    """Return the lookup of `load`; the same one for the same arguments."""
    return Lookup([partial(load, limit_milli=limit_milli, slope=slope, cap=cap)], np.int64)


class Loads:
    """The readings of a block of tracks with their loads and the sums of them; a track at a time is looked at.

    Attributes:
        at, value, credit, load, hot: columns; `hot` are the readings that make a window relevant.
        load_before, time_before: the sums of load and time before each reading; one longer.
    """

    def __init__(self, counted: Counted, load: Int64, hot: Bools) -> None:
        """Add up; prefix sums of loads may wrap around."""
        self.at, self.value, self.credit = counted.at, counted.value, counted.credit
        self.load, self.hot = load, hot
        self.load_before, self.time_before = before(load * counted.credit), counted.credited
        self._bounds = counted.bounds

    def track(self, number: int) -> "TrackLoads":
        """Return one track."""
        return TrackLoads(self, int(self._bounds[number]), int(self._bounds[number + 1]))

    def at_excursions(
        self, runs: Runs, window_ms: int, since_ms: int | None = None, until_ms: int | None = None
    ) -> tuple[dict[int, Window], dict[int, Window]]:
        """Return the worst windows that end with an excursion, and those that begin with one, by track.

        An excursion that stands for no time at all has no such windows.

        Args:
            runs: the excursions.
            window_ms: the length of the windows; at the ends of the readings they are shorter.
            since_ms, until_ms: only windows that begin in between; with `since_ms` none is cut short at its beginning.
        """
        first, last = self._bounds[runs.track], self._bounds[runs.track + 1] - 1
        starts, ends = self.at[runs.first], self.at[runs.last] + self.credit[runs.last]
        begins, until = ends - window_ms, np.minimum(starts + window_ms, self.at[last] + self.credit[last])
        if since_ms is None:
            begins = np.maximum(begins, self.at[first])
        early, late = self._sums(begins, first, last), self._sums(until, first, last)
        ending = [after - sums for after, sums in zip(self._before(runs.last + 1), early, strict=True)]
        beginning = [sums - sums_before for sums, sums_before in zip(late, self._before(runs.first), strict=True)]
        low, high = -(2**62) if since_ms is None else since_ms, 2**62 if until_ms is None else until_ms
        return (
            _worst_by_track((runs.track, begins, ends, *ending), (runs.out > 0) & (begins >= low) & (begins < high)),
            _worst_by_track(
                (runs.track, starts, until, *beginning), (runs.out > 0) & (starts >= low) & (starts < high)
            ),
        )

    def _before(self, place: Int64) -> tuple[Int64, Int64]:
        """Return load and time before readings."""
        return self.load_before[place], self.time_before[place]

    def _sums(self, instants: Int64, first: Int64, last: Int64) -> tuple[Int64, Int64]:
        """Return the same before instants, each within the readings `first` to `last` of its own track."""
        place = _last_at_or_before(self.at, instants, first, last)
        part = np.minimum(np.maximum(instants - self.at[place], 0), self.credit[place])
        load, time = self._before(place)
        return load + self.load[place] * part, time + part


def _last_at_or_before(at: Int64, instants: Int64, first: Int64, last: Int64) -> Int64:
    """Return the last reading up to each instant, by halving all ranges at once; the first one where there is none."""
    low, high = first.copy(), last.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        is_before = at[middle] <= instants
        low = np.where(is_before, middle, low)
        high = np.where(is_before, high, middle - 1)
    return low


def _worst_by_track(columns: Sequence[Int64], is_wanted: Bools) -> dict[int, Window]:
    """Return the worst window of each track; columns: track, start, end, load, time.

    A window that begins in a gap may hold no time at all. One that holds any holds some of its own excursion.
    """
    chosen = is_wanted & (columns[-1] > 0)
    worst: dict[int, Window] = {}
    for number, *figures in zip(*(column[chosen].tolist() for column in columns), strict=True):
        one = Window(*figures)
        if one.is_worse_than(worst.get(number)):
            worst[number] = one
    return worst


class TrackLoads:
    """The readings of one track with their loads.

    Attributes:
        start_ms, end_ms: the first reading, and the end of the time that the last one stands for.
    """

    def __init__(self, loads: Loads, first: int, end: int) -> None:
        """Look at the readings from number `first` up to `end` of a block."""
        inside, sums = slice(first, end), slice(first, end + 1)
        self.at, self.value, self.credit = loads.at[inside], loads.value[inside], loads.credit[inside]
        self.load, self.hot = loads.load[inside], loads.hot[inside]
        self._load, self._time = loads.load_before[sums], loads.time_before[sums]
        self.start_ms, self.end_ms = int(self.at[0]), int(self.at[-1] + self.credit[-1])

    def worst(
        self, runs: tuple[Int64, Int64], window_ms: int, since_ms: int | None = None, until_ms: int | None = None
    ) -> Window | None:
        """Return the worst window with hot time of those that begin at or after `since_ms` and before `until_ms`.

        A window longer than the readings is all of them. `runs` are the first and last readings of excursions.
        """
        if self.end_ms - self.start_ms <= window_ms:
            return self._pick(np.array([self.start_ms]), np.array([self.end_ms]))
        step = int(self.credit[0])
        if since_ms is None and until_ms is None and step > 0 and window_ms % step == 0 and self._is_regular(step):
            return self._regular_worst(runs, window_ms // step, window_ms)
        starts = self._candidates(runs, window_ms, since_ms, until_ms)
        return self._pick(starts, starts + window_ms)

    @cached_property
    def _hot(self) -> Int64:
        """The sum of hot time before each reading; one longer."""
        return before(np.where(self.hot, self.credit, 0))

    def inside(self, window: Window) -> slice:
        """Return the readings that may stand for time in a window."""
        first = max(int(np.searchsorted(self.at, window.start_ms, side="right")) - 1, 0)
        return slice(first, int(np.searchsorted(self.at, window.end_ms, side="left")))

    def _is_regular(self, step: int) -> bool:
        count = len(self.at)
        if int(self.at[-1] - self.at[0]) != step * (count - 1):
            return False
        return bool((self.credit == step).all())

    def _regular_worst(self, runs: tuple[Int64, Int64], steps: int, window_ms: int) -> Window | None:
        """Do as `worst` where all readings follow each other at one interval that divides the window."""
        latest = len(self.at) - steps  # the last reading with which a window may begin
        best_load, best = -1, 0
        done = 0
        for first, last in zip(*(column.tolist() for column in runs), strict=True):
            start, end = max(first - steps + 1, done), min(last, latest) + 1
            if start < end:
                loads = self._load[start + steps : end + steps] - self._load[start:end]
                place = int(loads.argmax())
                if loads[place] > best_load:
                    best_load, best = int(loads[place]), start + place
                done = end
        start_ms = int(self.at[best])
        return Window(start_ms, start_ms + window_ms, best_load, window_ms) if best_load >= 0 else None

    def _candidates(
        self, runs: tuple[Int64, Int64], window_ms: int, since_ms: int | None, until_ms: int | None
    ) -> Int64:
        """Return where windows may begin so that they begin or end at an edge, and reach into an excursion."""
        low = self.start_ms if since_ms is None else max(since_ms, self.start_ms)
        high = self.end_ms - window_ms if until_ms is None else min(until_ms - 1, self.end_ms - window_ms)
        ends = self.at + self.credit
        free = np.append(ends[:-1] != self.at[1:], True)  # other ends are the next reading's beginning
        edges = (self.at, ends[free])
        found = []
        for starts in (*edges, *(edge - window_ms for edge in edges)):
            inside = slice(*np.searchsorted(starts, [low, high + 1], side="left").tolist())
            found.append(self._near_runs(starts[inside], runs, window_ms))
        return np.concatenate(found)

    def _near_runs(self, starts: Int64, runs: tuple[Int64, Int64], window_ms: int) -> Int64:
        """Return those sorted starts whose windows reach into an excursion: mostly few."""
        marks = np.zeros(len(starts) + 1, np.int64)
        first = np.searchsorted(starts, self.at[runs[0]] - window_ms, side="right")
        last = np.searchsorted(starts, self.at[runs[1]] + self.credit[runs[1]], side="left")
        np.add.at(marks, first, 1)
        np.add.at(marks, last, -1)
        return starts[np.cumsum(marks[:-1]) > 0]

    def _pick(self, starts: Int64, ends: Int64) -> Window | None:
        """Return the worst of windows with hot time in them."""
        if not len(starts):
            return None
        load, time, hot = (late - early for late, early in zip(self._sums(ends), self._sums(starts), strict=True))
        held = hot > 0
        if not held.all():
            starts, ends, load, time = starts[held], ends[held], load[held], time[held]
        if not len(starts):
            return None
        near = _nearly_worst(starts, load, time).tolist()
        return worst_of(
            [Window(int(starts[place]), int(ends[place]), int(load[place]), int(time[place])) for place in near]
        )

    def _sums(self, instants: Int64) -> tuple[Int64, Int64, Int64]:
        """Return load, time and hot time before instants."""
        place = np.maximum(np.searchsorted(self.at, instants, side="right") - 1, 0)
        part = np.minimum(np.maximum(instants - self.at[place], 0), self.credit[place])
        return (
            self._load[place] + self.load[place] * part,
            self._time[place] + part,
            self._hot[place] + self.hot[place] * part,
        )


def _nearly_worst(starts: Int64, loads: Int64, times: Int64) -> Int64:
    """Return the windows that may be the worst: floating point to leave most out, exact comparison for the rest."""
    ratio = loads / times
    near = np.flatnonzero(ratio >= ratio.max() * (1 - _NEAR))
    if len(near) > 1 and (times[near] == times[near[0]]).all():
        near = near[loads[near] == loads[near].max()]
        near = near[starts[near] == starts[near].min()][:1]
    return near
