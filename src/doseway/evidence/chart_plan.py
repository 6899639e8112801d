"""What a temperature chart shows, as plain numbers: traces, gaps, episodes, limits, and the scales they hang on.

The traces are minimum and maximum per column, so that no excursion is averaged away however long the recording is.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from doseway.model.clock import iso_at_offset
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS

Shape = Literal["high", "low", "gap", "other"]

_TIME_STEPS_MS: Final = (
    *(minutes * MINUTE_MS for minutes in (1, 5, 10, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 3, 6, 12)),
    *(days * DAY_MS for days in (1, 2, 5, 7, 14, 28, 56, 91, 182, 365)),
)
_VALUE_STEPS_MILLI: Final = tuple(digit * 10**power for power in range(1, 7) for digit in (1, 2, 5))


class Column(msgspec.Struct, frozen=True):
    """The lowest and highest value between two instants (ms, thousandths of the unit)."""

    start_ms: int
    end_ms: int
    low: int
    high: int


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor: its columns in time order, and the stretches without observation as (start, end) in ms."""

    sensor: str
    columns: tuple[Column, ...]
    gaps: tuple[tuple[int, int], ...] = ()


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """An episode on the chart: numbered as in the table of episodes, with the shape that tells its kind."""

    number: int
    shape: Shape
    start_ms: int
    end_ms: int
    peak_ms: int | None = None
    peak_milli: int | None = None


class Limit(msgspec.Struct, frozen=True):
    """A limit in force: its value, which way out of it is, and its name."""

    milli: int
    side: Literal["high", "low"]
    label: str


class ChartPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One chart.

    Attributes:
        title: a sentence that says what the chart shows; it is the alternative text as well.
        unit: of the values, such as `°C`.
        start_ms, end_ms: the time axis; offset_minutes: the offset from UTC at which it is labelled.
    """

    title: str
    unit: str
    start_ms: int
    end_ms: int
    offset_minutes: int
    traces: tuple[Trace, ...]
    bands: tuple[Band, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def drawn_limits(self) -> tuple[Limit, ...]:
        """The limits near enough to the readings to be drawn without flattening them."""
        low, high = self._extent()
        room = max((high - low) // 3, 4_000)
        return tuple(one for one in self.limits if low - room <= one.milli <= high + room)

    def value_range(self) -> tuple[int, int]:
        """Return the lowest and highest value of the axis, with a margin; thousandths of the unit."""
        marks = [*self._extent(), *(limit.milli for limit in self.drawn_limits)]
        low, high = min(marks), max(marks)
        margin = max((high - low) // 16, 250)
        return low - margin, high + margin

    def _extent(self) -> tuple[int, int]:
        columns = [column for trace in self.traces for column in trace.columns]
        peaks = [band.peak_milli for band in self.bands if band.peak_milli is not None]
        if not columns:
            return 0, 10_000
        return min([c.low for c in columns] + peaks), max([c.high for c in columns] + peaks)


def value_ticks(low: int, high: int, most: int = 8) -> list[int]:
    """Return round values between low and high, at most `most` of them; thousandths of the unit."""
    step = _step((high - low) / most, _VALUE_STEPS_MILLI)
    first = -(-low // step) * step
    return list(range(first, high + 1, step))


def time_ticks(start_ms: int, end_ms: int, offset_minutes: int, most: int = 9) -> list[tuple[int, str, str]]:
    """Return round instants at the given offset: (ms, time of day or empty, date or empty where it repeats)."""
    step = _step((end_ms - start_ms) / most, _TIME_STEPS_MS)
    shift = offset_minutes * MINUTE_MS
    first = -(-(start_ms + shift) // step) * step - shift
    ticks: list[tuple[int, str, str]] = []
    last_date = ""
    for at in range(first, end_ms + 1, step):
        text = iso_at_offset(at, offset_minutes)
        date = text[:10]
        ticks.append((at, text[11:16] if step < DAY_MS else "", date if date != last_date else ""))
        last_date = date
    return ticks


def _step(least: float, steps: Sequence[int]) -> int:
    return next((step for step in steps if step >= least), max(steps[-1], int(least)))
