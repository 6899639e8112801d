"""What a device computes from its own readings: statistics, time out of range, alarms. Hold-last, as devices do."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from examples.traces import MINUTE_MS, Reading

ENERGY_KJ_MOL = 83.0
_GAS_CONSTANT = 8.3144e-3
_ZERO_K = 273.15


class Alarm(NamedTuple):
    """An alarm's setting: limit in tenths, delay in minutes; consecutive or cumulative time; strictly beyond."""

    slot: str
    side: Literal["low", "high"]
    limit: int
    minutes: int
    is_cumulative: bool = False

    def is_out(self, tenths: int) -> bool:
        """Say whether a value is out of range."""
        return tenths < self.limit if self.side == "low" else tenths > self.limit


class Event(NamedTuple):
    """A stretch out of range: from its first sample to the first sample back in range (None while open)."""

    start_ms: int
    minutes: int
    raised_ms: int | None
    end_ms: int | None
    peak: int
    peak_ms: int


class Held(NamedTuple):
    """A valid reading and the minutes that it stands for."""

    at_ms: int
    tenths: int
    minutes: int


def held(readings: Sequence[Reading], interval_min: int) -> list[Held]:
    """Weigh each valid reading by the time to the next row, one interval across a gap and for the last."""
    found: list[Held] = []
    for index, one in enumerate(readings):
        if one.tenths is None:
            continue
        until = readings[index + 1].at_ms if index + 1 < len(readings) else one.at_ms + interval_min * MINUTE_MS
        minutes = (until - one.at_ms) // MINUTE_MS
        found.append(Held(one.at_ms, one.tenths, minutes if minutes <= 2 * interval_min else interval_min))
    return found


def mean_tenths(rows: Sequence[Held]) -> int:
    """Return the average in tenths, truncated as the devices do."""
    return int(sum(row.tenths * row.minutes for row in rows) / sum(row.minutes for row in rows))


def mkt_tenths(rows: Sequence[Held]) -> int:
    """Return the mean kinetic temperature at 83.0 kJ/mol in tenths, truncated."""
    scale = ENERGY_KJ_MOL / _GAS_CONSTANT
    loads = math.fsum(row.minutes * math.exp(-scale / (row.tenths / 10 + _ZERO_K)) for row in rows)
    return int((scale / -math.log(loads / sum(row.minutes for row in rows)) - _ZERO_K) * 10)


def runs(rows: Sequence[Held], alarm: Alarm) -> Iterator[Event]:
    """Give each unbroken stretch out of range."""
    run: list[Held] = []
    for row in rows:
        if alarm.is_out(row.tenths):
            run.append(row)
        elif run:
            yield _event(run, alarm, row.at_ms)
            run = []
    if run:
        yield _event(run, alarm, None)


def total(rows: Sequence[Held], alarm: Alarm) -> Event | None:
    """Return all time out of range as one event, None where there is none."""
    out = [row for row in rows if alarm.is_out(row.tenths)]
    return _event(out, alarm, None) if out else None


def _event(out: Sequence[Held], alarm: Alarm, end_ms: int | None) -> Event:
    minutes, raised = 0, None
    for row in out:
        if raised is None and minutes + row.minutes >= alarm.minutes:
            raised = row.at_ms + (alarm.minutes - minutes) * MINUTE_MS
        minutes += row.minutes
    worst = (min if alarm.side == "low" else max)(out, key=lambda row: row.tenths)
    return Event(out[0].at_ms, minutes, raised, end_ms, worst.tenths, worst.at_ms)
