"""Tracks: the readings of many sensors in columns, one after the other, as the judge takes them."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from doseway.model.errors import DataError, UsageError
from doseway.model.readings import Quantity, Series

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]

# years 1 to 9999: what can be written as a date
FIRST_MS: Final = -62_135_596_800_000
LAST_MS: Final = 253_402_300_799_999


class Tracks:
    """Readings of several sensors; track `k` is the records `bounds[k]` to `bounds[k + 1]`, in any order.

    Attributes:
        at: device time of each record, Unix ms. value: milli-°C, `INVALID` where there is none.
        bounds: int64, one more than there are tracks.
        sensors: the name of each track.
        interval_ms: the declared logging interval of each track; 0: unknown, the judge takes the median.
        offset_minutes: the offset from UTC at which days begin and reasons are written.
    """

    __slots__ = ("at", "bounds", "interval_ms", "offset_minutes", "sensors", "value")

    def __init__(
        self,
        at: Int64,
        value: Int32,
        bounds: Sequence[int] | Int64,
        *,
        sensors: Sequence[str] | None = None,
        interval_ms: int | Sequence[int] | Int64 | None = None,
        offset_minutes: int = 0,
    ) -> None:
        """Take columns; nothing is copied where the types fit.

        Raises:
            UsageError: columns or bounds do not fit each other, or an interval is negative.
            DataError: a time lies outside of the years 1 to 9999.
        """
        self.at = np.ascontiguousarray(at, dtype=np.int64)
        self.value = np.ascontiguousarray(value, dtype=np.int32)
        self.bounds = np.asarray(bounds, dtype=np.int64)
        count = len(self.bounds) - 1
        self.sensors = tuple(sensors) if sensors is not None else ("",) * count
        given = np.asarray(0 if interval_ms is None else interval_ms, dtype=np.int64)
        self.interval_ms = np.broadcast_to(given, (count,)) if given.ndim == 0 else given
        self.offset_minutes = offset_minutes
        self._check(count)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def _check(self, count: int) -> None:
        fits = count >= 0 and len(self.at) == len(self.value) and len(self.sensors) == count == len(self.interval_ms)
        if not fits or self.bounds[0] != 0 or self.bounds[-1] != len(self.at) or (np.diff(self.bounds) < 0).any():
            raise UsageError("the columns, bounds, sensors and intervals of tracks do not fit each other")
        if (self.interval_ms < 0).any():
            raise UsageError("a logging interval cannot be negative")
        if len(self.at) and (self.at.min() < FIRST_MS or self.at.max() > LAST_MS):
            raise DataError("a reading's time lies outside of the years 1 to 9999", hint="The device's clock is wrong.")

    def blocks(self, most_records: int) -> Iterator["Tracks"]:
        """Cut into pieces of whole tracks with about so many records each, small enough for a processor's cache."""
        start = 0
        while start < len(self):
            limit = self.bounds[start] + most_records
            end = max(int(np.searchsorted(self.bounds, limit, side="right")) - 1, start + 1)
            yield self.part(start, end)
            start = end

    def part(self, start: int, end: int) -> "Tracks":
        """Return the tracks from number `start` up to `end`."""
        first, last = self.bounds[start], self.bounds[end]
        return Tracks(
            self.at[first:last],
            self.value[first:last],
            self.bounds[start : end + 1] - first,
            sensors=self.sensors[start:end],
            interval_ms=self.interval_ms[start:end],
            offset_minutes=self.offset_minutes,
        )


def tracks_of(series: Sequence[Series], *, interval_ms: int | None = None, offset_minutes: int = 0) -> Tracks:
    """Join the temperature series of one shipment; series of one sensor become one track, sensors are sorted by name.

    Raises as `Tracks` does.
    """
    by_sensor: dict[str, list[Series]] = {}
    for one in series:
        if one.quantity is Quantity.TEMPERATURE:
            by_sensor.setdefault(one.sensor, []).append(one)
    sensors = sorted(by_sensor)
    parts = [by_sensor[sensor] for sensor in sensors]
    joined = [one for part in parts for one in part]
    lengths = [sum(len(one) for one in part) for part in parts]
    return Tracks(
        np.concatenate([np.frombuffer(one.observed_at_ms, np.int64) for one in joined if len(one)] or [_NO_TIMES]),
        np.concatenate([np.frombuffer(one.value_milli, np.int32) for one in joined if len(one)] or [_NO_VALUES]),
        np.cumsum([0, *lengths]),
        sensors=sensors,
        interval_ms=interval_ms,
        offset_minutes=offset_minutes,
    )


_NO_TIMES: Final = np.zeros(0, np.int64)
_NO_VALUES: Final = np.zeros(0, np.int32)


def in_order(tracks: Tracks) -> Tracks:
    """Sort each track by (time, value) and drop records that occur twice: a track is a set."""
    later = tracks.at[1:] > tracks.at[:-1]
    inner = tracks.bounds[1:-1]
    later[inner[(inner > 0) & (inner < len(tracks.at))] - 1] = True  # from one track to the next
    if later.all():
        return tracks
    number = np.repeat(np.arange(len(tracks)), np.diff(tracks.bounds))
    order = np.lexsort((tracks.value, tracks.at, number))
    at, value, number = tracks.at[order], tracks.value[order], number[order]
    is_new = np.ones(len(at), np.bool_)
    is_new[1:] = (at[1:] != at[:-1]) | (value[1:] != value[:-1]) | (number[1:] != number[:-1])
    kept = np.bincount(number[is_new], minlength=len(tracks))
    return Tracks(
        at[is_new],
        value[is_new],
        np.concatenate(([0], np.cumsum(kept))),
        sensors=tracks.sensors,
        interval_ms=tracks.interval_ms,
        offset_minutes=tracks.offset_minutes,
    )
