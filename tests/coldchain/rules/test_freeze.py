"""Freeze: what MKT cannot see."""

import pytest
from tests.coldchain.readings_kit import episodes, every, judged, minutes

from doseway.coldchain.judgement import Effect, Verdict
from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

FREEZE = {"rule": "freeze", "limit_c": 0, "effect": "reject"}


def test_at_the_limit_the_product_may_freeze() -> None:
    (one,) = episodes(FREEZE, every(10, [5, 0.0, 5]))
    assert one.effect is Effect.REJECT
    assert episodes({**FREEZE, "comparison": "strict"}, every(10, [5, 0.0, 5])) == ()


def test_it_has_to_warm_up_to_the_clear_limit() -> None:
    (one,) = episodes({**FREEZE, "clear_limit_c": 0.5}, every(10, [5, -1, 0.2, 0.5, 0.6, 5]))
    assert (minutes(one)["start"], minutes(one)["end"]) == (10, 40)


def test_a_preset_of_minus_half_a_degree_for_an_hour() -> None:
    rule = {**FREEZE, "limit_c": -0.5, "raise_after_s": 3600}
    assert episodes(rule, every(10, [5, *[-0.6] * 5, 5])) == ()
    assert len(episodes(rule, every(10, [5, *[-0.6] * 6, 5]))) == 1


def test_it_rejects_whatever_the_mkt_is() -> None:
    assert judged(FREEZE, every(10, [5] * 100 + [-1])).verdict is Verdict.REJECT


@pytest.mark.parametrize("effect", ["info", "within-budget", "undecided"])
def test_frozen_is_never_within_a_budget(effect: str) -> None:
    with pytest.raises(ProfileError, match="qa-review or reject"):
        load_profile({"id": "x", "rules": [{**FREEZE, "effect": effect}]}, "test")
