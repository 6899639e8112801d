"""Batteries: low, and against the estimated arrival."""

import pytest
from tests.transit.journey_kit import find, journey, minutes, recording, series, trip

from doseway.model.errors import ProfileError
from doseway.model.readings import Quantity

PLAIN = {"limit_percent": 20, "empty_percent": 5, "trend_s": 3600, "reserve_s": 0}


def test_low_is_below_the_limit() -> None:
    rows = [(0, 21), (10, 20), (20, 19.9), (30, 60)]
    one = journey(recording([series(Quantity.BATTERY, rows)]), legs=(), until=30)
    (found,) = find(one, "battery", **PLAIN)
    assert minutes([found]) == [(20, 20, 30)]
    assert found.peak_milli == 19_900


FULL = {**PLAIN, "limit_percent": 10}


def draining(each_hour: float) -> list[tuple[float, float]]:
    return [(minute, 60 - minute * each_hour / 60) for minute in range(0, 301, 10)]


def test_one_that_is_empty_before_the_arrival_is_told_while_it_is_full() -> None:
    """55 % to use from minute 0 to the arrival in minute 360: 9.2 % an hour is too much, 9.1 % is not."""
    fast = journey(recording([series(Quantity.BATTERY, draining(9.3))], trip()[:60]), until=300)
    (found,) = find(fast, "battery", **FULL)
    assert found.start_ms == found.raised_ms
    assert minutes([found])[0][0] == 20  # a quarter of the trend's time has to be seen
    assert found.peak_milli is not None
    slow = journey(recording([series(Quantity.BATTERY, draining(9.1))], trip()[:60]), until=300)
    assert find(slow, "battery", **FULL) == []
    assert len(find(slow, "battery", **{**FULL, "reserve_s": 3600})) == 1


def test_one_that_is_charged_or_steady_lasts() -> None:
    for rows in ([(0, 30), (30, 40), (60, 50)], [(0, 30), (30, 30), (60, 30)]):
        one = journey(recording([series(Quantity.BATTERY, rows)], trip()[:10]), until=60)
        assert find(one, "battery", **PLAIN) == []


def test_after_the_arrival_only_low_counts() -> None:
    rows = [(minute, 80 - max(minute - 360, 0)) for minute in range(300, 401, 10)]
    one = journey(recording([series(Quantity.BATTERY, rows)], trip()), until=400)
    assert find(one, "battery", **PLAIN) == []


def test_an_empty_that_is_not_below_low_is_refused() -> None:
    one = journey(recording(), legs=())
    with pytest.raises(ProfileError, match="empty_percent lies below limit_percent"):
        find(one, "battery", limit_percent=5, empty_percent=5)
    with pytest.raises(ProfileError, match="trend_s is positive"):
        find(one, "battery", trend_s=0)
