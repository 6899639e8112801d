"""Cumulative: sums that reach a budget."""

from tests.coldchain.readings_kit import MINUTE, episodes, every, judged, minutes

HOT = {"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 1800}
DAY_OF_TENS = 144


def test_it_is_raised_at_the_sample_that_brings_the_sum_to_the_budget() -> None:
    (one,) = episodes(HOT, every(10, [9, 5, 9, 5, 9, 5, 9, 5, 5]))
    assert minutes(one) == {"start": 0, "raised": 40, "end": 70, "out": 40, "least": 0, "most": 70, "unknown": 0}


def test_below_the_budget_only_its_use_is_told() -> None:
    found = judged(HOT, every(10, [9, 5, 9, 5]))
    assert found.episodes == ()
    (use,) = found.consumptions
    assert (use.used_ms, use.budget_ms, use.left_ms) == (20 * MINUTE, 30 * MINUTE, 10 * MINUTE)


def test_what_was_used_before_counts() -> None:
    (one,) = episodes({**HOT, "used_s": 1200}, every(10, [5, 9, 5]))
    assert minutes(one)["raised"] == 10


def test_a_budget_used_up_before_is_no_finding_here_until_something_is_out() -> None:
    spent = {**HOT, "used_s": 7200}
    assert episodes(spent, every(10, [5, 5])) == ()
    assert len(episodes(spent, every(10, [5, 9]))) == 1


def test_days_begin_at_local_midnight() -> None:
    rule = {**HOT, "reset": "day", "budget_s": 1200}
    values = [5.0] * (2 * DAY_OF_TENS)
    values[DAY_OF_TENS - 1] = values[DAY_OF_TENS] = 9  # ten minutes on either side of midnight UTC
    assert judged(rule, every(10, values)).episodes == ()
    assert len(judged(rule, every(10, values), offset=60).episodes) == 1


def test_each_day_has_its_own_episode() -> None:
    rule = {**HOT, "reset": "day", "budget_s": 600}
    values = [5.0] * (3 * DAY_OF_TENS)
    values[10] = values[DAY_OF_TENS + 10] = 9
    assert [minutes(one)["start"] for one in episodes(rule, every(10, values))] == [100, 1540]


def test_the_peak_is_the_worst_of_all_and_the_first_of_equals() -> None:
    (one,) = episodes(HOT, every(10, [9, 5, 12, 5, 12, 9]))
    assert (one.peak_milli, one.peak_at_ms) == (12_000, one.start_ms + 20 * MINUTE)
