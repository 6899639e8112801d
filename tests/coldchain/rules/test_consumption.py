"""Consumption: parts of a life."""

from fractions import Fraction
from typing import Any

import pytest
from tests.coldchain.readings_kit import HOUR, episodes, every, judged, minutes

from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

ARRHENIUS = {"rule": "consumption", "model": "arrhenius", "life_s": 36_000, "reference_c": 5, "energy_kj_mol": 83.144}


@pytest.mark.parametrize("vvm", [30, 14, 7, 2])
def test_24_hours_at_37_degrees_use_one_of_the_classs_days(vvm: int) -> None:
    rule = {"rule": "consumption", "model": "vvm", "vvm_class": vvm}
    (use,) = judged(rule, every(60, [37.0] * 24), interval=60).consumptions
    assert use.used_ppb == round(Fraction(10**9, vvm))
    assert use.used_ms == 24 * HOUR


def test_a_life_at_the_reference_is_used_up_on_time() -> None:
    (one,) = episodes(ARRHENIUS, every(60, [5.0] * 12), interval=60)
    assert (minutes(one)["start"], minutes(one)["raised"], one.end_ms) == (0, 9 * 60, None)
    assert one.details["used_ppb"] == 1_200_000_000


def test_warmth_counts_by_its_rate() -> None:
    (use,) = judged(ARRHENIUS, every(60, [25.0]), interval=60).consumptions
    assert use.used_ppb == pytest.approx(1_115_250_000, rel=1e-4)  # one of ten hours, 11.15 times as fast


def test_a_part_of_the_life_may_be_the_limit_and_what_was_used_before_counts() -> None:
    rule = {**ARRHENIUS, "fraction_limit": "0.5", "used_fraction": "0.4"}
    (one,) = episodes(rule, every(60, [5.0, 5.0]), interval=60)
    assert minutes(one)["raised"] == 0
    (use,) = judged(rule, every(60, [5.0, 5.0]), interval=60).consumptions
    assert (use.used_ppb, use.used_ms, use.budget_ms, use.left_ms) == (600_000_000, 6 * HOUR, 5 * HOUR, 0)


def test_gaps_use_nothing_up() -> None:
    with_gap = judged(ARRHENIUS, every(600, [5.0, 5.0]), interval=60, max_gap_s=7200).consumptions
    assert with_gap[0].used_ms == 2 * HOUR


def test_the_points_of_a_vial_monitor_stand_in_the_snapshot() -> None:
    rule = {"rule": "consumption", "model": "vvm", "vvm_class": 30}
    (spec,) = load_profile({"id": "x", "rules": [rule]}, "test").rules
    written: Any = spec
    assert (written.life_ms, written.reference_milli) == (30 * 24 * HOUR, 37_000)
    assert (written.second_life_ms, written.second_milli) == (193 * 24 * HOUR, 25_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy_kj_mol": None}, "needs energy_kj_mol"),
        ({"model": "vvm"}, "needs a second point"),
        ({"model": "vvm", "second_life_s": 99_000, "second_c": 25}, "does not live longer"),
        ({"life_s": 0}, "are positive"),
        ({"used_fraction": -1}, "not negative"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    rule = {key: value for key, value in {**ARRHENIUS, **change}.items() if value is not None}
    with pytest.raises(ProfileError, match=message):
        load_profile({"id": "x", "rules": [rule]}, "test")
