"""Start delay: conditioning is told and counts for nothing."""

import pytest
from tests.coldchain.readings_kit import MINUTE, episodes, every, judged, minutes

from doseway.coldchain.judgement import Effect, Verdict
from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

RANGE = {"rule": "start_delay", "low_c": 2, "high_c": 8}


def test_what_was_out_while_conditioning_is_for_information() -> None:
    (one,) = episodes(RANGE, every(10, [20, 12, 9, 5, 5]), start_delay_s=1800)
    assert (one.effect, one.peak_milli, one.out_ms) == (Effect.INFO, 20_000, 30 * MINUTE)
    assert (minutes(one)["start"], minutes(one)["end"]) == (0, 30)


def test_it_does_not_touch_the_verdict() -> None:
    assert judged(RANGE, every(10, [20, 12, 9, 5, 5]), start_delay_s=1800).verdict is Verdict.WITHIN_LABEL


def test_without_a_start_delay_there_is_no_conditioning() -> None:
    assert episodes(RANGE, every(10, [20, 5])) == ()


def test_one_end_of_the_range_may_be_left_out() -> None:
    assert episodes({"rule": "start_delay", "low_c": 2}, every(10, [20, 5]), start_delay_s=600) == ()


@pytest.mark.parametrize("rule", [{"rule": "start_delay"}, {**RANGE, "low_c": 8}])
def test_a_range_that_is_none_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ProfileError, match="low_c"):
        load_profile({"id": "x", "rules": [rule]}, "test")
