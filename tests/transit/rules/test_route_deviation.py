"""Route deviation: corridor, accuracy, duration, hubs that nobody saw."""

import pytest
from tests.transit.journey_kit import find, fix, journey, leg, line, minutes, recording, still

WIDE = (leg("plant", "hub", 60, 180, corridor_m=2_000), leg("hub", "clinic", 240, 360, corridor_m=2_000))


def off(north_m: float, *, accuracy: float = 5, last: float = 100, legs: tuple = WIDE, **rule: object) -> list:  # type: ignore[type-arg]
    """Drive from the plant, with fixes so far north of the way from minute 90 on."""
    away = [fix(minute, 45.001 + north_m / 111_195, 9.4, accuracy) for minute in range(90, round(last) + 1, 5)]
    found = [*still(0, 60, 9.0), *line(65, 85, 9.05, 9.3), *away, *line(105, 115, 9.5, 9.6)]
    return find(journey(recording(fixes=found), legs=legs, until=115), "route_deviation", **rule)


def test_within_the_corridor_and_the_accuracy_it_is_on_its_way() -> None:
    """The great circle lies up to 65 m north of the parallel here."""
    assert off(1_900) == []
    assert len(off(2_300)) == 1
    assert off(2_300, accuracy=500) == []


def test_it_lasts_from_the_first_fix_off_to_the_first_one_on() -> None:
    (one,) = off(5_000)
    assert minutes([one]) == [(90, 95, 105)]
    assert one.peak_milli == pytest.approx(3_050_000, abs=100_000)
    assert off(5_000, raise_after_s=900) != []
    assert off(5_000, raise_after_s=901) == []


def test_without_a_corridor_nobody_can_say_what_is_off() -> None:
    plain = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 240, 360, corridor_m=2_000))
    assert off(50_000, legs=plain) == []


def test_a_hub_that_nobody_saw_does_not_count_as_leaving_the_way() -> None:
    found = [*still(0, 60, 9.0), *line(65, 175, 9.05, 9.9), *line(245, 300, 10.1, 10.6)]
    assert find(journey(recording(fixes=found), legs=WIDE, until=300), "route_deviation") == []


def test_before_its_time_the_next_leg_is_no_excuse() -> None:
    early = [*still(0, 60, 9.0), *line(65, 100, 10.3, 10.6)]
    assert len(find(journey(recording(fixes=early), legs=WIDE, until=100), "route_deviation")) == 1
