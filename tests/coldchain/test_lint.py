"""Limits that cannot be broken, or always are, on the trip that is planned."""

from typing import Any

import pytest

from doseway.coldchain.lint import lint
from doseway.coldchain.profile import builtin, load_profile
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS

HOT = {"rule": "excursion", "side": "high", "limit_c": 8}
COLD = {"rule": "excursion", "side": "low", "limit_c": 2}


def codes(
    *rules: dict[str, Any], trip_ms: int | None = 10 * HOUR_MS, every_ms: int = 5 * MINUTE_MS, **head: Any
) -> list[str]:
    return [one.code for one in lint(load_profile({"id": "p", **head, "rules": list(rules)}, "p"), trip_ms, [every_ms])]


def test_a_built_in_profile_is_in_order_on_a_day_s_trip() -> None:
    assert lint(builtin("usp-cct"), 20 * HOUR_MS, [5 * MINUTE_MS]) == ()
    assert lint(builtin("usp-cct"), None, []) == ()


def test_limits_that_leave_nothing_in_range_are_told() -> None:
    assert codes(HOT, COLD) == []
    assert codes(HOT, {**COLD, "limit_c": 8}) == []
    assert codes(HOT, {**COLD, "limit_c": 8.1}) == ["nothing-in-range"]
    assert codes(HOT, HOT) == ["same-twice"]


@pytest.mark.parametrize(
    ("rule", "trip_ms"),
    [
        ({**HOT, "raise_after_s": 3600}, HOUR_MS),
        ({"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 3600}, HOUR_MS),
        ({"rule": "tier", "above_c": 8, "max_single_s": 3600}, HOUR_MS),
        ({"rule": "gap", "after_s": 3600}, HOUR_MS),
    ],
)
def test_a_delay_or_budget_that_outlasts_the_trip_is_told(rule: dict[str, Any], trip_ms: int) -> None:
    assert codes(rule, trip_ms=trip_ms) == []
    assert codes(rule, trip_ms=trip_ms - 1) == ["never-long-enough"]
    assert codes(rule, trip_ms=None) == []


def test_devices_that_measure_too_seldom_are_told() -> None:
    assert codes(HOT, every_ms=6 * MINUTE_MS) == ["interval-too-long"]
    assert codes(HOT, every_ms=6 * MINUTE_MS, trip_ms=2 * DAY_MS) == []
    assert codes({**HOT, "raise_after_s": 299}) == ["raised-late"]
    assert codes({**HOT, "raise_after_s": 300}) == []
    assert codes(HOT, observation={"max_gap_s": 299}) == ["always-a-gap"]
    assert codes({"rule": "gap", "after_s": 299}) == ["always-fires"]
    assert codes({"rule": "gap", "after_s": 300}) == []
