"""Heat spike: the ceiling, and how long."""

import pytest
from tests.coldchain.readings_kit import episodes, every

from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

SPIKE = {"rule": "heat_spike", "above_c": 15, "ceiling_c": 25, "max_s": 86_400}


def test_the_ceiling_itself_is_allowed_and_one_sample_above_is_not() -> None:
    assert episodes(SPIKE, every(10, [5, 25.0, 5])) == ()
    (one,) = episodes(SPIKE, every(10, [5, 25.1, 5]))
    assert one.details == {"reached": "ceiling"}


def test_24_hours_are_allowed_and_one_sample_more_is_not() -> None:
    assert episodes(SPIKE, every(60, [5, *[16.0] * 24, 5]), interval=60) == ()
    (one,) = episodes(SPIKE, every(60, [5, *[16.0] * 25, 5]), interval=60)
    assert one.details == {"reached": "duration"}


def test_a_ceiling_below_the_limit_is_refused() -> None:
    with pytest.raises(ProfileError, match="ceiling_c lies above above_c"):
        load_profile({"id": "x", "rules": [{**SPIKE, "ceiling_c": 15}]}, "test")
