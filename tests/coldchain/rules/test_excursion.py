"""Excursion: when it begins, is raised and ends, and what is known of its duration."""

import pytest
from tests.coldchain.readings_kit import episodes, every, minutes, series_at

from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

HOT = {"rule": "excursion", "side": "high", "limit_c": 8}


def test_it_starts_at_the_first_sample_out_and_ends_at_the_first_back() -> None:
    (one,) = episodes(HOT, every(10, [5, 5, 9, 10, 9, 5, 5]))
    assert minutes(one) == {"start": 20, "raised": 20, "end": 50, "out": 30, "least": 20, "most": 40, "unknown": 0}
    assert (one.peak_milli, one.peak_at_ms) == (10_000, one.start_ms + 10 * 60_000)


def test_one_sample_is_an_excursion_and_has_a_duration() -> None:
    (one,) = episodes(HOT, every(10, [5, 9, 5]))
    assert (minutes(one)["out"], minutes(one)["least"], minutes(one)["most"]) == (10, 0, 20)


@pytest.mark.parametrize(("comparison", "count"), [("strict", 0), ("inclusive", 1)])
@pytest.mark.parametrize(("side", "value"), [("high", 8.0), ("low", 8.0)])
def test_the_limit_itself_is_out_only_where_inclusive(comparison: str, count: int, side: str, value: float) -> None:
    inside = value - 3 if side == "high" else value + 3
    rule = {**HOT, "side": side, "comparison": comparison}
    assert len(episodes(rule, every(10, [inside, value, inside]))) == count


def test_a_thousandth_beyond_the_limit_is_out() -> None:
    assert len(episodes(HOT, every(10, [5, 8.001, 5]))) == 1


def test_it_is_raised_at_the_sample_whose_time_reaches_the_delay() -> None:
    (one,) = episodes({**HOT, "raise_after_s": 1800}, every(10, [5, 9, 9, 9, 9, 5]))
    assert (minutes(one)["start"], minutes(one)["raised"]) == (10, 30)


def test_shorter_than_the_delay_is_no_episode_however_often() -> None:
    assert episodes({**HOT, "raise_after_s": 1800}, every(10, [9, 9, 5] * 20)) == ()


def test_exactly_the_delay_raises() -> None:
    rule = {**HOT, "raise_after_s": 1200}
    assert len(episodes(rule, every(10, [5, 9, 9, 5]))) == 1
    assert episodes({**rule, "raise_after_s": 1201}, every(10, [5, 9, 9, 5])) == ()


def test_short_returns_do_not_end_it_and_are_no_time_out() -> None:
    rule = {**HOT, "clear_after_s": 1200}
    (one,) = episodes(rule, every(10, [5, 9, 5, 9, 5, 5, 5]))
    assert (minutes(one)["start"], minutes(one)["end"], minutes(one)["out"]) == (10, 40, 20)


def test_while_it_is_not_raised_a_short_return_starts_the_delay_again() -> None:
    rule = {**HOT, "raise_after_s": 1200, "clear_after_s": 1200}
    (one,) = episodes(rule, every(10, [9, 5, 9, 9, 5, 5]))
    assert minutes(one)["start"] == 20


def test_with_a_clear_limit_a_value_in_between_keeps_its_state() -> None:
    rule = {**HOT, "clear_limit_c": 7}
    (one,) = episodes(rule, every(10, [7.5, 9, 7.5, 7.5, 6.9, 7.5, 5]))
    assert (minutes(one)["start"], minutes(one)["end"]) == (10, 40)


def test_it_stays_open_at_the_end_of_the_recording() -> None:
    (one,) = episodes(HOT, every(10, [5, 9, 9]))
    assert minutes(one) == {"start": 10, "raised": 10, "end": None, "out": 20, "least": 10, "most": 30, "unknown": 0}


def test_a_gap_does_not_end_it_and_its_time_is_unknown() -> None:
    (one,) = episodes(HOT, series_at([(0, 5), (10, 9), (310, 9), (320, 5)]))
    assert minutes(one) == {"start": 10, "raised": 10, "end": 320, "out": 20, "least": 10, "most": 320, "unknown": 290}


def test_records_without_a_value_neither_reset_nor_add() -> None:
    (one,) = episodes({**HOT, "raise_after_s": 1200}, every(10, [5, 9, None, 9, 5]))
    assert minutes(one) == {"start": 10, "raised": 30, "end": 40, "out": 20, "least": 10, "most": 40, "unknown": 10}


def test_conditioning_counts_for_nothing() -> None:
    assert episodes(HOT, every(10, [9, 9, 9, 5, 5]), start_delay_s=1800) == ()
    (one,) = episodes(HOT, every(10, [9, 9, 9, 9, 5]), start_delay_s=1800)
    assert (minutes(one)["start"], minutes(one)["most"]) == (30, 10)


def test_low_is_the_mirror_of_high() -> None:
    warm = [5, 9, 9, 5, 12, 5]
    (one, two), mirrored = episodes(HOT, every(10, warm)), [-value for value in warm]
    low = episodes({**HOT, "side": "low", "limit_c": -8}, every(10, mirrored))
    assert [minutes(found) for found in low] == [minutes(one), minutes(two)]
    assert [found.peak_milli for found in low] == [-9000, -12_000]


def test_a_clear_limit_farther_out_is_refused() -> None:
    with pytest.raises(ProfileError, match="clear_limit_c lies farther out"):
        load_profile({"id": "x", "rules": [{**HOT, "clear_limit_c": 9}]}, "test")
