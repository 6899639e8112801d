"""What a device has observed: compact, immutable columns. A history is a set: order and repetition leave no trace.

A column takes 12 bytes a reading: 5,000 shipments of 30 days at 10 minutes are 260 MB. Columns are bytes, so that
states compare, travel and are stored as they are; arrays are views of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.model.places import Fix, Signal
from doseway.model.readings import Quantity, Recording

Key = str
"""`quantity/sensor` of a column."""
Span = tuple[int, int]
"""From an instant to another, both within."""

UNKNOWN: Final = -1
METHODS: Final = ("unknown", "cell", "wifi", "gnss")
FIX: Final = np.dtype(
    [
        ("at", "<i8"),
        ("latitude", "<i4"),
        ("longitude", "<i4"),
        ("accuracy", "<i8"),
        ("speed", "<i4"),
        ("is_mock", "<i1"),
        ("method", "<i1"),
    ]
)
"""One position: Unix ms, microdegrees, accuracy in mm and speed in mm/s, `UNKNOWN` where there is none."""


class Column(msgspec.Struct, frozen=True, gc=False):
    """Records sorted by (time, value), each once: little-endian int64 Unix ms and int32 thousandths."""

    at: bytes = b""
    value: bytes = b""

    def __len__(self) -> int:
        return len(self.at) >> 3

    @property
    def times(self) -> NDArray[np.int64]:
        """The times, read-only."""
        return np.frombuffer(self.at, "<i8")

    @property
    def values(self) -> NDArray[np.int32]:
        """The values, read-only; `INVALID` where the sensor gave none."""
        return np.frombuffer(self.value, "<i4")

    def between(self, first_ms: int, end_ms: int | None) -> "Column":
        """Return the records from an instant up to, and without, another."""
        times = self.times
        start = int(np.searchsorted(times, first_ms))
        end = len(times) if end_ms is None else int(np.searchsorted(times, end_ms))
        return (
            self
            if (start, end) == (0, len(times))
            else Column(self.at[8 * start : 8 * end], self.value[4 * start : 4 * end])
        )


class History(msgspec.Struct, frozen=True):
    """All observations of one device, or those within a window.

    Attributes:
        columns: by `quantity/sensor`. fixes: records of `FIX`, sorted, each once. signals: sorted, each once.
        lost: from and to when packets observed that can no longer be read, because their bytes were erased; sorted.
    """

    columns: dict[Key, Column] = {}
    fixes: bytes = b""
    signals: tuple[Signal, ...] = ()
    lost: tuple[Span, ...] = ()

    @property
    def positions(self) -> NDArray[Any]:
        """The fixes as records of `FIX`, read-only."""
        return np.frombuffer(self.fixes, FIX)

    @property
    def size(self) -> int:
        """The number of observations, and of the packets that were lost."""
        places = len(self.fixes) // FIX.itemsize
        return sum(map(len, self.columns.values())) + places + len(self.signals) + len(self.lost)

    @property
    def newest_ms(self) -> int | None:
        """The time of the newest observation; None without any."""
        return max(self._ends(-1), default=None)

    @property
    def oldest_ms(self) -> int | None:
        """The time of the oldest observation; None without any."""
        return min(self._ends(0), default=None)

    def _ends(self, place: int) -> Iterator[int]:
        end = slice(-8, None) if place else slice(8)  # no array is made of one number: every chunk asks for it
        yield from (int.from_bytes(one.at[end], "little", signed=True) for one in self.columns.values() if one.at)
        if self.fixes:
            yield int(self.positions["at"][place])
        if self.signals:
            yield self.signals[place].observed_at_ms
        if self.lost:
            yield self.lost[0][0] if place == 0 else max(end for _, end in self.lost)

    def between(self, first_ms: int, end_ms: int | None) -> "History":
        """Return the observations from an instant up to, and without, another."""
        columns = {key: part for key, column in self.columns.items() if len(part := column.between(first_ms, end_ms))}
        if not self.fixes and not self.signals and not self.lost:
            return History(columns)
        at = self.positions["at"]
        is_in = (at >= first_ms) & (at < (np.iinfo(np.int64).max if end_ms is None else end_ms))
        signals = tuple(
            one
            for one in self.signals
            if first_ms <= one.observed_at_ms and (end_ms is None or one.observed_at_ms < end_ms)
        )
        last_ms = np.iinfo(np.int64).max if end_ms is None else end_ms - 1
        lost = tuple(
            (max(start, first_ms), min(end, last_ms))
            for start, end in self.lost
            if start <= last_ms and end >= first_ms
        )
        return History(columns, self.positions[is_in].tobytes(), signals, lost)

    def heard(self) -> NDArray[np.int64]:
        """Return the times of all observations, sorted, each once."""
        parts = [column.times for column in self.columns.values()]
        if self.fixes:
            parts.append(self.positions["at"])
        if self.signals:
            parts.append(np.array([one.observed_at_ms for one in self.signals], np.int64))
        if self.lost:
            parts.append(np.array(self.lost, np.int64).reshape(-1))
        times: NDArray[np.int64] = np.concatenate(parts) if len(parts) > 1 else next(iter(parts), np.zeros(0, np.int64))
        if (times[1:] > times[:-1]).all():
            return times
        times = np.sort(times, kind="stable")  # merges what is sorted, where `np.unique` would sort it anew
        is_new = np.ones(len(times), np.bool_)
        is_new[1:] = times[1:] != times[:-1]
        return times[is_new]


EMPTY: Final = History()


def history_of(recordings: Sequence[Recording]) -> History:
    """Return what recordings of one device observed."""
    pieces: dict[Key, tuple[list[bytes], list[bytes]]] = {}
    for recording in recordings:
        for series in recording.series:
            if len(series):
                at, value = pieces.setdefault(f"{series.quantity.value}/{series.sensor}", ([], []))
                at.append(series.observed_at_ms.tobytes())
                value.append(series.value_milli.tobytes())
    fixes = [_row(fix) for recording in recordings for fix in recording.fixes]
    signals = [signal for recording in recordings for signal in recording.signals]
    return History(
        {key: _joined([Column(b"".join(at), b"".join(value))]) for key, (at, value) in pieces.items()},
        _sorted_fixes(np.array(fixes, FIX)) if fixes else b"",
        _sorted_signals(signals) if signals else (),
    )


def union(histories: Sequence[History]) -> History:
    """Return the union; the first of them itself where the others add nothing."""
    first, *others = histories
    if not others:
        return first
    columns = dict(first.columns)
    for key in {key for other in others for key in other.columns}:
        columns[key] = _joined([one.columns[key] for one in histories if key in one.columns])
    fixes = first.fixes
    if any(other.fixes for other in others):
        fixes = _sorted_fixes(np.concatenate([one.positions for one in histories]))
    signals = first.signals
    if any(other.signals for other in others):
        signals = _sorted_signals([signal for one in histories for signal in one.signals])
    lost = first.lost
    if any(other.lost for other in others):
        lost = tuple(sorted({span for one in histories for span in one.lost}))
    joined = History(columns, fixes, signals, lost)
    return first if joined.size == first.size else joined


def indexes_of(*packed: bytes) -> bytes:
    """Return the union of sorted indexes, each little-endian int64."""
    joined = np.frombuffer(b"".join(packed), "<i8")
    return (joined if (joined[1:] > joined[:-1]).all() else np.unique(joined)).tobytes()


def parts_of(key: Key) -> tuple[Quantity, str]:
    """Return quantity and sensor of a column."""
    quantity, _, sensor = key.partition("/")
    return Quantity(quantity), sensor


def _joined(columns: Sequence[Column]) -> Column:
    """Return the union of columns; one piece after the other, as live readings come, is not sorted again."""
    joined = Column(b"".join([one.at for one in columns]), b"".join([one.value for one in columns]))
    at, value = joined.times, joined.values
    if not (at[1:] > at[:-1]).all():
        order = np.lexsort((value, at))
        at, value = at[order], value[order]
        is_new = np.ones(len(at), np.bool_)
        is_new[1:] = (at[1:] != at[:-1]) | (value[1:] != value[:-1])
        return Column(at[is_new].tobytes(), value[is_new].tobytes())
    return joined


def _sorted_fixes(fixes: NDArray[Any]) -> bytes:
    at = fixes["at"]
    return (fixes if (at[1:] > at[:-1]).all() else np.unique(fixes)).tobytes()


def _sorted_signals(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    known = {(one.observed_at_ms, one.kind, one.text) for one in signals}
    return tuple(Signal(observed_at_ms=at, kind=kind, text=text) for at, kind, text in sorted(known))


def _row(fix: Fix) -> tuple[int, ...]:
    return (
        fix.observed_at_ms,
        fix.latitude_udeg,
        fix.longitude_udeg,
        UNKNOWN if fix.accuracy_mm is None else fix.accuracy_mm,
        UNKNOWN if fix.speed_mm_s is None else fix.speed_mm_s,
        int(fix.is_mock),
        METHODS.index(fix.method),
    )
