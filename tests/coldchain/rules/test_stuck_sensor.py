"""Stuck sensor: always the same value."""

import pytest
from tests.coldchain.readings_kit import episodes, every, minutes

from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

STUCK = {"rule": "stuck_sensor", "after_s": 1800}


def test_the_same_value_for_so_long_is_told_with_the_value() -> None:
    (one,) = episodes(STUCK, every(10, [5.1, 5, 5, 5, 5, 5.1]))
    assert (minutes(one)["start"], minutes(one)["raised"], minutes(one)["end"]) == (10, 30, 50)
    assert (one.peak_milli, one.out_ms) == (5000, 0)


def test_a_thousandth_shows_that_it_lives() -> None:
    assert episodes(STUCK, every(10, [5, 5, 5.001, 5, 5])) == ()


def test_records_without_a_value_neither_add_nor_break() -> None:
    (one,) = episodes(STUCK, every(10, [5, 5, None, 5, 6]))
    assert (minutes(one)["raised"], one.details["lasted_ms"]) == (30, 30 * 60_000)


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ProfileError, match="after_s is positive"):
        load_profile({"id": "x", "rules": [{**STUCK, "after_s": 0}]}, "test")
