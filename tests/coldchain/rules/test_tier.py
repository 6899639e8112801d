"""Tiers: allowances in bands, and what is left of them."""

import pytest
from tests.coldchain.readings_kit import HOUR, MINUTE, every, judged

from doseway.coldchain.judgement import Effect, Verdict
from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

TIER = {"rule": "tier", "above_c": 8, "below_c": 15, "budget_s": 3600}


def test_72_hours_less_18_used_less_one_and_a_half_leaves_52_and_a_half() -> None:
    rule = {**TIER, "budget_s": 72 * 3600, "used_s": 18 * 3600}
    found = judged(rule, every(10, [5.0] * 5 + [12.0] * 9 + [5.0] * 5))
    (use,) = found.consumptions
    assert (use.used_ms, use.left_ms) == (19.5 * HOUR, 52.5 * HOUR)
    assert found.verdict is Verdict.WITHIN_BUDGET
    assert "2 d 4 h 30 min are left" in found.reasons[0]


def test_an_allowance_may_be_used_up_and_not_exceeded() -> None:
    assert judged(TIER, every(10, [5, *[9] * 6, 5])).verdict is Verdict.WITHIN_BUDGET
    assert judged(TIER, every(10, [5, *[9] * 7, 5])).verdict is Verdict.QA_REVIEW


def test_the_band_is_open_below_and_closed_above() -> None:
    for value, used in ((8.0, 0), (8.001, 10), (15.0, 10), (15.001, 0)):
        (use,) = judged(TIER, every(10, [5, value, 5])).consumptions
        assert use.used_ms == used * MINUTE


def test_a_cold_band_is_its_mirror() -> None:
    cold = {"rule": "tier", "side": "low", "below_c": 2, "above_c": 0, "budget_s": 3600}
    for value, used in ((2.0, 0), (1.999, 10), (0.0, 10), (-0.001, 0)):
        (use,) = judged(cold, every(10, [5, value, 5])).consumptions
        assert use.used_ms == used * MINUTE


def test_a_single_stay_that_is_too_long_is_a_finding_although_the_total_is_not() -> None:
    rule = {**TIER, "budget_s": 7200, "max_single_s": 1200}
    found = judged(rule, every(10, [5, 9, 9, 5, 9, 9, 9, 5]))
    effects = [(one.details["allowance"], one.effect) for one in found.episodes]
    assert effects == [("total", Effect.WITHIN_BUDGET), ("single", Effect.QA_REVIEW)]


def test_the_clock_of_a_single_stay_resets() -> None:
    rule = {"rule": "tier", "above_c": 8, "max_single_s": 1200}
    assert judged(rule, every(10, [9, 9, 5] * 10)).verdict is Verdict.WITHIN_BUDGET


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"above_c": None}, "above_c is missing"),
        ({"below_c": 7}, "above_c lies below below_c"),
        ({"budget_s": None}, "budget_s, a max_single_s"),
    ],
)
def test_a_tier_without_a_band_or_an_allowance_is_refused(change: dict[str, int | None], message: str) -> None:
    rule = {key: value for key, value in {**TIER, **change}.items() if value is not None}
    with pytest.raises(ProfileError, match=message):
        load_profile({"id": "x", "rules": [rule]}, "test")
