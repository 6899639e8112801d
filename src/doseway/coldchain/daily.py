"""A device's daily records beside the days of its log."""

from collections.abc import Iterator

import msgspec
import numpy as np

from doseway.coldchain.histogram import histogram, mean_milli
from doseway.coldchain.runs import Raised, Runs, out_mask
from doseway.coldchain.timeline import Timeline
from doseway.model.readings import AlarmSetting, DayClaim
from doseway.model.units import SECOND_MS


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm on one day: the device's time out of range and ours with its bounds (ms), and who has an alarm."""

    setting: AlarmSetting
    device_ms: int
    out_ms: int
    least_ms: int
    most_ms: int
    device_alarm: bool
    our_alarm: bool


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the log beside the device's record of it.

    Attributes:
        claim: the device's record. is_full: the whole day lies within the log.
        records: of the log on that day; expected: as many as the interval gives; observed_ms: the time they stand for.
        min_milli, max_milli, mean_milli: of the log; None without a reading.
        slots: the alarms.
    """

    claim: DayClaim
    is_full: bool
    records: int
    expected: int
    observed_ms: int
    min_milli: int | None
    max_milli: int | None
    mean_milli: int | None
    slots: tuple[Slot, ...]


def days_of(timeline: Timeline, claims: tuple[DayClaim, ...], settings: tuple[AlarmSetting, ...]) -> Iterator[Day]:
    """Yield the device's days, each beside the log of the single track."""
    levels = {setting.slot: _Level(timeline, setting) for setting in settings}
    counted = timeline.counted
    first, last = int(timeline.at[0]), int(timeline.at[-1])
    interval = int(timeline.interval_ms[0])
    for claim in claims:
        start, end = claim.starts_at_ms, claim.ends_at_ms
        inside = slice(*np.searchsorted(counted.at, [start, end], side="left").tolist())
        value, credit = counted.value[inside], counted.credit[inside]
        yield Day(
            claim=claim,
            is_full=first <= start and end <= last,
            records=int(((timeline.at >= start) & (timeline.at < end)).sum()),
            expected=(end - start) // interval if interval else 0,
            observed_ms=int(credit.sum()),
            min_milli=int(value.min()) if len(value) else None,
            max_milli=int(value.max()) if len(value) else None,
            mean_milli=mean_milli(histogram(value, credit)),
            slots=tuple(
                levels[alarm.slot].on(claim, alarm.accumulated_s * SECOND_MS, is_alarm=alarm.raised_at_ms is not None)
                for alarm in claim.alarms
                if alarm.slot in levels
            ),
        )


class _Level:
    """One alarm over the whole log: the runs out of range, and when the alarm was on."""

    def __init__(self, timeline: Timeline, setting: AlarmSetting) -> None:
        counted = timeline.counted
        out = out_mask(counted, setting.side, setting.limit_milli, is_inclusive=setting.is_inclusive)
        runs = Runs(timeline, out)
        self._setting, self._at = setting, counted.at
        self._last = np.zeros(len(out), np.bool_)
        self._last[runs.last] = True
        self._out_credit = np.where(out, counted.credit, 0)
        self._lower, self._upper = runs.lower, runs.upper
        after = setting.after_s * SECOND_MS
        raised = Raised(counted, runs, after, 0)
        self._on = [
            (self._raised_at(timeline, int(runs.first[start]), after), int(runs.upper[end]))
            for start, end in zip(raised.start.tolist(), raised.end.tolist(), strict=True)
        ]

    def _raised_at(self, timeline: Timeline, first: int, after_ms: int) -> int:
        """Return the instant at which the continuous time reaches the delay."""
        return int(timeline.counted.at[first]) + after_ms

    def on(self, claim: DayClaim, device_ms: int, *, is_alarm: bool) -> Slot:
        """Return the alarm on one day."""
        start, end = claim.starts_at_ms, claim.ends_at_ms
        inside = slice(*np.searchsorted(self._at, [start, end], side="left").tolist())
        credit, is_last = self._out_credit[inside], self._last[inside]
        possible = np.minimum(self._upper, end) - np.maximum(self._lower, start)
        return Slot(
            setting=self._setting,
            device_ms=device_ms,
            out_ms=int(credit.sum()),
            least_ms=int(credit[~is_last].sum()),
            most_ms=int(possible[possible > 0].sum()),
            device_alarm=is_alarm,
            our_alarm=any(since < end and until > start for since, until in self._on),
        )
