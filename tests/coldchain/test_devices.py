"""Real devices as oracles: their own averages, MKT, alarm minutes and alarms, beside what their logs give."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from tests.coldchain.conftest import ms

from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Episode, Judgement
from doseway.coldchain.mkt import mkt
from doseway.coldchain.profile import load_profile
from doseway.model.readings import Series
from doseway.model.units import DAY_MS, MINUTE_MS


def judged(series: Series, interval_min: int, *rules: dict[str, Any], energy: str = "83.144") -> Judgement:
    profile = {"id": "device", "energy_kj_mol": energy, "observation": {"min_coverage": 0}, "rules": list(rules)}
    return judge([series], load_profile(profile, "test"), interval_min * MINUTE_MS)


def level(side: str, limit: str, **more: Any) -> dict[str, Any]:
    return {"rule": "excursion", "side": side, "limit_c": limit, **more}


def budget(side: str, limit: str, minutes: int, **more: Any) -> dict[str, Any]:
    return {"rule": "cumulative", "side": side, "limit_c": limit, "budget_s": minutes * 60, **more}


class TestQTag:
    def test_extremes_average_and_mkt(self, q_tag: Series) -> None:
        one = judged(q_tag, 10, level("high", "8.0"), energy="83.0").statistics[0]
        assert one.readings == 124
        assert (one.min_milli, one.max_milli) == (900, 24_300)
        assert one.mean_milli == 5461  # the device prints 5.4, truncated
        assert one.mkt_milli == 10_584  # the device prints 10.5, truncated
        assert (one.mkt_42_milli, one.mkt_125_milli) == (7592, 13_410)
        assert judged(q_tag, 10, level("high", "8.0")).statistics[0].mkt_milli == 10_595

    def test_the_last_reading_has_full_weight(self, q_tag: Series) -> None:
        profile = {
            "id": "x",
            "energy_kj_mol": 83,
            "observation": {"last_reading": "none"},
            "rules": [level("high", "8")],
        }
        one = judge([q_tag], load_profile(profile, "test"), 10 * MINUTE_MS).statistics[0]
        assert (one.mean_milli, one.mkt_milli) == (5310, 10_321)  # would print 5.3 and 10.3: the device does not

    def test_strict_limits_as_the_device_flags_rows(self, q_tag: Series) -> None:
        assert sum(value < 2000 for value in q_tag.value_milli) == 58
        assert sum(value > 8000 for value in q_tag.value_milli) == 21
        assert sum(value == 2000 for value in q_tag.value_milli) == 5

    def test_cumulative_alarms(self, q_tag: Series) -> None:
        found = judged(q_tag, 10, budget("low", "2.0", 60), budget("high", "8.0", 60))
        cold, hot = found.episodes
        assert (cold.out_ms, cold.raised_ms) == (580 * MINUTE_MS, ms("2022-11-08 07:29"))
        assert (hot.out_ms, hot.raised_ms, hot.end_ms) == (210 * MINUTE_MS, ms("2022-11-08 22:49"), None)
        assert hot.least_ms <= 219 * MINUTE_MS <= hot.most_ms  # what the device counted
        assert cold.least_ms <= 598 * MINUTE_MS <= cold.most_ms

    def test_consecutive_cold_runs(self, q_tag: Series) -> None:
        ten = judged(q_tag, 10, level("low", "2.0", raise_after_s=30 * 60)).episodes
        three = judged(q_tag, 10, level("low", "2.0", raise_after_s=35 * 60)).episodes
        assert len(ten) == 10
        assert [(one.start_ms, one.out_ms // MINUTE_MS) for one in three] == [
            (ms("2022-11-08 12:19"), 150),
            (ms("2022-11-08 15:39"), 40),
            (ms("2022-11-08 19:19"), 40),
        ]
        assert (three[0].peak_milli, three[0].peak_at_ms) == (900, ms("2022-11-08 12:49"))

    def test_the_hot_run_is_open_at_the_end(self, q_tag: Series) -> None:
        (hot,) = judged(q_tag, 10, level("high", "8.0", raise_after_s=30 * 60)).episodes
        assert (hot.start_ms, hot.end_ms) == (ms("2022-11-08 21:59"), None)
        assert hot.out_ms == 21 * 10 * MINUTE_MS
        assert (hot.peak_milli, hot.peak_at_ms) == (24_300, ms("2022-11-09 00:19"))


class TestFridgeTag:
    def test_statistics(self, fridge_tag: Series) -> None:
        one = judged(fridge_tag, 5, level("high", "8.0")).statistics[0]
        assert one.readings == 10_653
        assert (one.min_milli, one.max_milli) == (-8400, 30_200)
        assert (one.mean_milli, one.mkt_milli) == (6581, 12_701)  # 6.5807 and 12.7007
        assert judged(fridge_tag, 5, level("high", "8"), energy="83.0").statistics[0].mkt_milli == 12_690  # 12.6898

    def test_the_gap_is_capped_and_unknown(self, fridge_tag: Series) -> None:
        found = judged(fridge_tag, 5, {"rule": "gap", "after_s": 600})
        one = found.statistics[0]
        assert one.span_ms == 53_607 * MINUTE_MS + 5 * MINUTE_MS
        assert one.unknown_ms == 347 * MINUTE_MS
        (gap,) = found.episodes
        assert (gap.start_ms, gap.end_ms) == (ms("2022-05-02 04:44"), ms("2022-05-02 10:36"))

    def test_coverage_without_weight_of_the_last_reading(self, fridge_tag: Series) -> None:
        profile = {"id": "x", "observation": {"last_reading": "none"}, "rules": [level("high", "8")]}
        one = judge([fridge_tag], load_profile(profile, "test"), 5 * MINUTE_MS).statistics[0]
        assert (one.span_ms, one.observed_ms) == (53_607 * MINUTE_MS, 53_260 * MINUTE_MS)
        assert one.coverage_ppm // 10 == 99_352  # 0.99353, rounded

    def test_totals_of_all_days(self, fridge_tag: Series) -> None:
        found = judged(fridge_tag, 5, budget("low", "2.0", 60), budget("high", "8.0", 60))
        assert [one.out_ms // MINUTE_MS for one in found.episodes] == [16_145, 13_825]
        assert [one.used_ms // MINUTE_MS for one in found.consumptions] == [13_825, 16_145]

    def test_the_worst_24_hours(self, fridge_tag: Series) -> None:
        rule = {"rule": "mkt", "limit_c": 8, "window_s": 86_400, "excursion_above_c": 8}
        (worst,) = judged(fridge_tag, 5, rule).episodes
        assert worst.details["mkt_milli"] == 26_133  # 26.1326
        assert worst.details["n"] == 288
        # eight windows are equally bad, the last one of them from 12:11; the first one is told
        assert (worst.start_ms, worst.end_ms) == (ms("2022-05-21 11:36"), ms("2022-05-22 11:36"))
        for start in ("2022-05-21 11:36", "2022-05-21 12:11"):
            first = fridge_tag.observed_at_ms.index(ms(start))
            values = [value / 1000 for value in fridge_tag.value_milli[first : first + 288]]
            assert round(mkt(values), 4) == 26.1326

    def test_alarm_or_none_on_72_of_72_days_and_limits(
        self, fridge_tag: Series, alarm_days: set[tuple[str, str]]
    ) -> None:
        """A continuous 60 minutes decides, carried over midnight; not the day's total."""
        first, last = ms("2022-05-03 00:00"), ms("2022-06-08 00:00")
        agree = 0
        for side, limit in (("low", "2.0"), ("high", "8.0")):
            found = judged(fridge_tag, 5, level(side, limit, raise_after_s=3600)).episodes
            for day, after in pairwise(range(first, last + 1, DAY_MS)):
                ours = any(on < after and off > day for on, off in map(alarm_span, found))
                agree += ours == ((side, str(day)) in alarm_days)
        assert agree == 72

    def test_the_devices_alarm_days(self, alarm_days: set[tuple[str, str]]) -> None:
        assert sum(side == "low" for side, _ in alarm_days) == 11
        assert sum(side == "high" for side, _ in alarm_days) == 19


def alarm_span(one: Episode) -> tuple[int, int]:
    return one.start_ms + 60 * MINUTE_MS, one.end_ms or one.start_ms + DAY_MS


@pytest.fixture(scope="module")
def alarm_days(data: Any) -> set[tuple[str, str]]:
    """The days on which the device says that it raised an alarm, by side."""
    text = (data / "berlinger" / "130500109088_202206081014.txt").read_text(encoding="latin-1")
    return set(_alarm_days(text.splitlines()))


def _alarm_days(lines: list[str]) -> Iterator[tuple[str, str]]:
    day, side = "", ""
    for line in lines:
        key = line.strip()
        if key.startswith("Date: "):
            day = str(ms(f"{key.removeprefix('Date: ')} 00:00"))
        elif key in {"0:", "1:"} and day:
            side = "low" if key == "0:" else "high"
        elif key.startswith("t Acc: ") and ", TS A: " in key:
            yield side, day
