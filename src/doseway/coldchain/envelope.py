"""Min-max columns for charts: however narrow the chart, the lowest and the highest value of each column are on it."""

from typing import Final

import msgspec
import numpy as np

from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import tracks_of
from doseway.model.errors import UsageError
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID

_MOST_COLUMNS: Final = 100_000


class Column(msgspec.Struct, frozen=True):
    """One column of time.

    Attributes:
        start_ms, end_ms: what it covers, the end not included.
        low, high: the extremes of its valid readings; None without one.
        unknown_ms: how much of it nobody observed.
    """

    start_ms: int
    end_ms: int
    low: int | None
    high: int | None
    unknown_ms: int

    @property
    def is_gap(self) -> bool:
        """Whether nothing at all is known about it."""
        return self.low is None and self.unknown_ms == self.end_ms - self.start_ms


def envelope(
    series: Series,
    columns: int,
    start_ms: int,
    end_ms: int,
    *,
    interval_ms: int | None = None,
    max_gap_ms: int | None = None,
) -> list[Column]:
    """Return the extremes of a series in equal columns of time; no extreme is averaged away.

    Args:
        series: of any quantity, in any order.
        columns: how many, at most 100,000.
        start_ms, end_ms: the stretch of time, the end not included.
        interval_ms: the declared logging interval; None: the median.
        max_gap_ms: as in a profile's observation; None: two intervals.

    Raises:
        UsageError: there is no column, or no time.
    """
    if not 0 < columns <= _MOST_COLUMNS or end_ms <= start_ms:
        raise UsageError("an envelope has 1 to 100,000 columns and a positive time")
    edges = start_ms + (end_ms - start_ms) * np.arange(columns + 1, dtype=np.int64) // columns
    known = np.zeros(columns, np.int64)
    low = np.full(columns, np.iinfo(np.int32).max, np.int64)
    high = np.full(columns, INVALID, np.int64)
    if len(series):
        timeline = Timeline(tracks_of([_as_temperature(series)], interval_ms=interval_ms), max_gap_ms=max_gap_ms)
        counted = timeline.counted
        inside = (counted.at >= start_ms) & (counted.at < end_ms)
        place = np.searchsorted(edges, counted.at[inside], side="right") - 1
        np.minimum.at(low, place, counted.value[inside])
        np.maximum.at(high, place, counted.value[inside])
        known = _known(timeline, edges)
    widths = np.diff(edges)
    return [
        Column(start, end, None if top == INVALID else bottom, None if top == INVALID else top, width - seen)
        for start, end, bottom, top, width, seen in zip(
            edges[:-1].tolist(),
            edges[1:].tolist(),
            low.tolist(),
            high.tolist(),
            widths.tolist(),
            known.tolist(),
            strict=True,
        )
    ]


def _known(
    timeline: Timeline, edges: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the observed time of each column: credited time before each edge, as differences."""
    counted = timeline.counted
    if not len(counted.at):
        return np.zeros(len(edges) - 1, np.int64)
    place = np.searchsorted(counted.at, edges, side="right") - 1
    held = np.maximum(place, 0)
    part = np.clip(edges - counted.at[held], 0, counted.credit[held])
    before = np.where(place < 0, 0, counted.credited[held] + part)
    return np.diff(before)


def _as_temperature(series: Series) -> Series:
    """Take any quantity for a temperature: here only numbers count."""
    one = Series(series.sensor, Quantity.TEMPERATURE)
    one.observed_at_ms, one.value_milli = series.observed_at_ms, series.value_milli
    return one
