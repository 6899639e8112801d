"""The judge: verdicts, what leaves them open, and rules that crash."""

from typing import Any, ClassVar

import numpy as np
import pytest
from tests.coldchain.readings_kit import MINUTE, T0, every, judged, series_at

from doseway.coldchain import profile as profiles
from doseway.coldchain import registry
from doseway.coldchain.judge import judge, judge_many
from doseway.coldchain.judgement import Verdict
from doseway.coldchain.port import Found, RuleSpec
from doseway.coldchain.profile import load_profile
from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import Tracks
from doseway.model.errors import DataError, UsageError
from doseway.model.readings import Quantity, Series

HOT = {"rule": "excursion", "side": "high", "limit_c": 8}


def effect(name: str) -> dict[str, Any]:
    return {**HOT, "effect": name}


@pytest.mark.parametrize("name", ["within-budget", "undecided", "qa-review", "reject"])
def test_the_verdict_is_the_effect_of_the_finding(name: str) -> None:
    assert judged(effect(name), every(10, [5, 9, 5])).verdict.value == name


def test_information_does_not_touch_the_verdict() -> None:
    assert judged(effect("info"), every(10, [5, 9, 5])).verdict is Verdict.WITHIN_LABEL


def test_the_worst_finding_decides() -> None:
    rules = [{**effect(name), "id": name} for name in ("within-budget", "reject", "undecided", "info")]
    one = judge([every(10, [5, 9, 5])], load_profile({"id": "x", "rules": rules}, "x"), 10 * MINUTE)
    assert one.verdict is Verdict.REJECT


def test_too_little_observation_is_undecided_but_never_better_than_a_finding() -> None:
    holes = series_at([(0, 5), (600, 5)])
    assert judged(HOT, holes, min_coverage=0.9).verdict is Verdict.UNDECIDED
    assert judged(HOT, series_at([(0, 9), (600, 5)]), min_coverage=0.9).verdict is Verdict.QA_REVIEW


def test_no_readings_are_undecided_and_not_fine() -> None:
    for series in (
        [],
        [Series("s", Quantity.TEMPERATURE)],
        [every(10, [None, None])],
        [Series("h", Quantity.HUMIDITY)],
    ):
        one = judge(series, profiles.builtin("usp-cct"), 10 * MINUTE)
        assert one.verdict is Verdict.UNDECIDED
        assert any("nothing is known" in reason for reason in one.reasons)


def test_one_reading_without_an_interval_stands_for_no_time() -> None:
    one = judged(HOT, every(10, [5]), interval=None, min_coverage=0.5)
    assert one.verdict is Verdict.UNDECIDED
    assert one.statistics[0].mean_milli == 5000


def test_without_limits_nothing_is_within_them() -> None:
    one = judge([every(10, [5, 5])], profiles.without_limits(), 10 * MINUTE)
    assert one.verdict is Verdict.UNDECIDED
    assert one.reasons[0].startswith("No limits to judge against")


def test_other_quantities_are_not_judged() -> None:
    humid = Series("h", Quantity.HUMIDITY)
    humid.add(T0, 60_000)
    assert len(judge([humid, every(10, [5, 5])], profiles.builtin("usp-cct")).statistics) == 1


def test_each_sensor_is_judged_and_named() -> None:
    one = judge(
        [every(10, [5, 9], "b"), every(10, [5, 5], "a")], load_profile({"id": "x", "rules": [HOT]}, "x"), 600_000
    )
    assert [stats.sensor for stats in one.statistics] == ["a", "b"]
    assert [found.sensor for found in one.episodes] == ["b"]
    assert one.reasons[0].startswith("Sensor b: Above 8.0 °C")


def test_readings_at_one_time_with_two_values_are_kept_and_counted() -> None:
    series = series_at([(0, 5), (10, 5), (10, 9), (20, 5)])
    one = judged(HOT, series)
    assert (one.statistics[0].readings, one.statistics[0].contradictory) == (4, 2)
    assert one.episodes[0].out_ms == 10 * MINUTE


@pytest.mark.parametrize("at", [-(2**63), 2**63 - 1, 253_402_300_800_000])
def test_impossible_times_are_refused(at: int) -> None:
    series = Series("s", Quantity.TEMPERATURE)
    series.add(at, 5000)
    with pytest.raises(DataError, match="years 1 to 9999"):
        judge([series], profiles.builtin("usp-cct"))


@pytest.mark.parametrize("value", [-(2**31) + 1, 2**31 - 1])
@pytest.mark.parametrize("name", ["usp-crt", "usp-cct", "vvm-30", "example-product"])
def test_impossible_values_are_judged_and_do_not_overflow(value: int, name: str) -> None:
    series = every(10, [5.0] * 20)
    series.value_milli[7] = value
    one = judge([series], profiles.builtin(name), 10 * MINUTE)
    assert one.failures == ()
    assert one.verdict is not Verdict.WITHIN_LABEL or value < 0


def test_readings_years_apart_do_not_overflow() -> None:
    series = series_at([(0, 5), (10, 9)])
    series.add(253_402_300_799_999, 5000)
    series.add(-62_135_596_800_000, 5000)
    for name in profiles.builtin_ids():
        assert judge([series], profiles.builtin(name), 10 * MINUTE).failures == ()


def test_many_shipments_are_judged_as_each_alone() -> None:
    parts: list[list[float | None]] = [[5, 9, 5], [], [None], [5, 5, 5, 1], [9] * 30]
    series = [every(10, part) for part in parts]
    tracks = Tracks(
        np.concatenate([np.array(one.observed_at_ms, np.int64) for one in series]),
        np.concatenate([np.array(one.value_milli, np.int32) for one in series]),
        np.cumsum([0, *(len(part) for part in parts)]),
        sensors=["s"] * len(parts),
        interval_ms=10 * MINUTE,
    )
    profile = profiles.builtin("usp-cct")
    assert judge_many(tracks, profile) == [judge([one], profile, 10 * MINUTE) for one in series]


def test_columns_that_do_not_fit_are_refused() -> None:
    at, value = np.zeros(3, np.int64), np.zeros(3, np.int32)
    for bounds in ([0, 2], [1, 3], [0, 3, 2, 3]):
        with pytest.raises(UsageError):
            Tracks(at, value, bounds)
    with pytest.raises(UsageError, match="negative"):
        Tracks(at, value, [0, 3], interval_ms=-1)


class _Fragile:
    """A plug-in that crashes on the readings of unlucky sensors."""

    id: ClassVar[str] = "fragile"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "Crashes"
    spec: ClassVar[type[RuleSpec]] = RuleSpec

    def find(self, timeline: Timeline, spec: RuleSpec) -> Found:
        assert spec.rule == "fragile"
        if (timeline.value == 6666).any():
            raise ZeroDivisionError("unlucky")
        return Found()


RULE = _Fragile()


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    real = registry.rule
    monkeypatch.setattr(registry, "rule", lambda name, source="": RULE if name == "fragile" else real(name, source))


@pytest.mark.usefixtures("plugged_in")
def test_a_rule_that_crashes_is_a_failure_and_the_verdict_is_undecided() -> None:
    profile = load_profile({"id": "x", "rules": [{"rule": "fragile"}, HOT]}, "x")
    one = judge([every(10, [5, 6.666, 5])], profile, 10 * MINUTE)
    assert one.verdict is Verdict.UNDECIDED
    assert [(failure.rule_id, failure.error) for failure in one.failures] == [("fragile", "ZeroDivisionError: unlucky")]
    assert "failed (ZeroDivisionError: unlucky), so its limits were not checked" in one.reasons[0]
    hot = judge([every(10, [5, 6.666, 9])], profile, 10 * MINUTE)
    assert hot.verdict is Verdict.QA_REVIEW  # what the other rules found stands
    assert len(hot.reasons) == 2


@pytest.mark.usefixtures("plugged_in")
def test_among_many_shipments_only_the_one_that_crashes_the_rule_fails() -> None:
    profile = load_profile({"id": "x", "rules": [{"rule": "fragile"}]}, "x")
    values = np.array([5000, 5000, 6666, 5000, 5000, 5000], np.int32)
    at = np.tile(np.array([T0, T0 + 10 * MINUTE]), 3)
    found = judge_many(Tracks(at, values, [0, 2, 4, 6], interval_ms=10 * MINUTE), profile)
    assert [len(one.failures) for one in found] == [0, 1, 0]
    assert [one.verdict for one in found] == [Verdict.WITHIN_LABEL, Verdict.UNDECIDED, Verdict.WITHIN_LABEL]
