"""Shared budget: hot and cold time together."""

import pytest
from tests.coldchain.readings_kit import MINUTE, episodes, every, judged, minutes

from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

BOTH = {"rule": "shared_budget", "low_c": 2, "high_c": 8, "budget_s": 1800}


def test_hot_and_cold_add_up() -> None:
    (one,) = episodes(BOTH, every(10, [5, 9, 5, 1, 5, 9, 5]))
    assert (minutes(one)["raised"], minutes(one)["out"]) == (50, 30)


def test_the_peak_is_the_value_farthest_out_on_either_side() -> None:
    (one,) = episodes(BOTH, every(10, [9, -3, 12, 5]))
    assert one.peak_milli == -3000


def test_its_use_is_told() -> None:
    (use,) = judged(BOTH, every(10, [1, 9, 5])).consumptions
    assert (use.used_ms, use.left_ms) == (20 * MINUTE, 10 * MINUTE)


def test_a_range_that_is_upside_down_is_refused() -> None:
    with pytest.raises(ProfileError, match="low_c lies below high_c"):
        load_profile({"id": "x", "rules": [{**BOTH, "low_c": 9}]}, "test")
