"""Our time out of range of each day beside the device's own: the convention is the one that comes nearest to it."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest
from tests.coldchain.test_agreement import read

from doseway.coldchain.agreement import _timeline
from doseway.coldchain.daily import Day, days_of
from doseway.model.readings import AlarmSetting, Recording
from doseway.model.units import MINUTE_MS

FRIDGE_TAG = "130500109088_202206081014.txt"
LONGEST_MS = 5 * MINUTE_MS
"""What one interval may count for: a gap is not out of range."""

OutMs = Callable[[Day, AlarmSetting], float]


@pytest.fixture(scope="module")
def recording(data: Path) -> Recording:
    return read(data / "berlinger" / FRIDGE_TAG)


@pytest.fixture(scope="module")
def days(recording: Recording) -> list[Day]:
    """The 36 days of which the log has the whole."""
    timeline, claims = _timeline(recording), recording.claims
    assert timeline is not None
    assert claims is not None
    return [day for day in days_of(timeline, claims.days, recording.settings) if day.is_full]


def errors_min(days: list[Day], side: str, out_ms: OutMs) -> list[float]:
    """Return minutes by which a way of counting differs from the device, for each day of one limit."""
    return [
        (out_ms(day, slot.setting) - slot.device_ms) / MINUTE_MS
        for day in days
        for slot in day.slots
        if slot.setting.side == side
    ]


def held(day: Day, setting: AlarmSetting) -> float:
    """Count as Doseway does: a reading holds until the next one."""
    return next(slot.out_ms for slot in day.slots if slot.setting == setting)


def interpolated(recording: Recording) -> OutMs:
    """Count along straight lines between the readings, as is often done; a line counts for the day it begins on."""
    series = recording.series[0]
    points = list(zip(series.observed_at_ms, series.value_milli, strict=True))

    def out_ms(day: Day, setting: AlarmSetting) -> float:
        sign = 1 if setting.side == "high" else -1
        start, end = day.claim.starts_at_ms, day.claim.ends_at_ms
        return sum(
            (later - at) * _share_above(sign * (value - setting.limit_milli), sign * (next_value - setting.limit_milli))
            for (at, value), (later, next_value) in pairwise(points)
            if later - at <= LONGEST_MS and start <= at < end
        )

    return out_ms


def _share_above(above: int, next_above: int) -> float:
    """Return the share of a straight line that is above zero."""
    if (above > 0) == (next_above > 0):
        return float(above > 0)
    return max(above, next_above) / abs(above - next_above)


def test_each_day_is_within_seven_minutes_of_the_device(days: list[Day]) -> None:
    """Fridge-tag 2 L: 36 full days and two limits, at 5 min between readings."""
    cold, hot = errors_min(days, "low", held), errors_min(days, "high", held)
    assert (len(cold), len(hot)) == (36, 36)
    assert (round(mean(cold), 2), round(mean(hot), 2)) == (-0.14, -0.22)
    assert (max(map(abs, cold)), max(map(abs, hot))) == (6, 7)
    assert round(mean(map(abs, cold + hot)), 2) == 0.65


def test_the_device_lies_within_our_bounds_on_every_day(days: list[Day]) -> None:
    slots = [slot for day in days for slot in day.slots]
    assert len(slots) == 72
    assert all(slot.least_ms <= slot.out_ms <= slot.most_ms for slot in slots)
    inside = [slot.least_ms <= slot.device_ms <= slot.most_ms for slot in slots]
    assert inside.count(False) == 0


def test_straight_lines_between_readings_are_further_from_the_device(days: list[Day], recording: Recording) -> None:
    count = interpolated(recording)
    errors = errors_min(days, "low", count) + errors_min(days, "high", count)
    assert round(mean(map(abs, errors)), 2) == 1.58
    assert round(max(map(abs, errors)), 1) == 20.5
