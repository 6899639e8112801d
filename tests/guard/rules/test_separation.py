"""Separation: how far apart, beside accuracy and travel, and for how long."""

from tests.transit.journey_kit import find, fix, journey, line, minutes, recording, still


def apart(east: float, *, accuracy: float = 5, **rule: object) -> list[tuple[float, float, float | None]]:
    mine = still(0, 60, 9.5)
    theirs = [fix(minute, 45, 9.5 if minute < 20 or minute > 40 else east, accuracy) for minute in range(0, 61, 5)]
    return minutes(
        find(journey(("a", recording(fixes=mine)), ("b", recording(fixes=theirs)), until=60), "separation", **rule)
    )


def test_devices_apart_are_told_from_the_first_to_the_first_together() -> None:
    assert apart(9.6) == [(20, 30, 45)]
    assert apart(9.6, raise_after_s=1500) == [(20, 45, 45)]
    assert apart(9.6, raise_after_s=1501) == []


def test_the_limit_is_beside_the_accuracies() -> None:
    """0.0129° of longitude are 1,014 m here; 10 m are the accuracies'."""
    assert len(apart(9.5129)) == 1
    assert apart(9.5128) == []
    assert apart(9.5129, accuracy=50) == []


def test_what_they_travel_between_their_fixes_is_taken_off() -> None:
    convoy = journey(
        ("a", recording(fixes=line(0, 60, 9.0, 9.8))),
        ("b", recording(fixes=line(4, 64, 9.055, 9.855))),
        until=64,
    )
    assert find(convoy, "separation", raise_after_s=0) == []


def test_fixes_that_are_far_apart_in_time_say_nothing() -> None:
    one = journey(("a", recording(fixes=[fix(0, 45, 9.0)])), ("b", recording(fixes=[fix(11, 45, 9.9)])), until=20)
    assert find(one, "separation", raise_after_s=0) == []


def test_three_devices_are_three_pairs() -> None:
    places = {"a": 9.0, "b": 9.3, "c": 9.6}
    observed = [(name, recording(fixes=still(0, 30, east))) for name, east in places.items()]
    found = find(journey(*observed, until=30), "separation")
    assert [(one.device, one.details["other"]) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
