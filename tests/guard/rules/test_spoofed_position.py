"""Spoofed positions: mock, too fast, jumped, frozen; and honest ones that look odd."""

from typing import Any

from tests.transit.journey_kit import find, fix, journey, leg, line, minutes, recording, still, trip

from doseway.model.places import Fix


def spoofed(
    *fixes: Fix, other: list[Fix] | None = None, **more: Any
) -> list[tuple[str, tuple[float, float, float | None]]]:
    observed = [("a", recording(fixes=fixes)), *([("b", recording(fixes=other))] if other else [])]
    one = journey(*observed, legs=more.pop("legs", ()), until=more.pop("until", None))
    found = find(one, "spoofed_position", **more)
    return [(str(each.details["pattern"]), minutes([each])[0]) for each in found if each.device == "a"]


def test_an_honest_trip_has_none() -> None:
    assert spoofed(*trip()) == []
    rough = [fix(minute, 45, 9.0 + (minute % 3) / 100, 2_000, method="cell") for minute in range(60)]
    assert spoofed(*rough) == []


def test_the_device_itself_says_so() -> None:
    assert spoofed(fix(0, 45, 9), fix(5, 45, 9, is_mock=True), fix(10, 45, 9)) == [("mock", (5, 5, 10))]


def test_faster_than_anything_by_road_may_be_slow_by_air() -> None:
    """0.4° of longitude are 31.45 km here: in 7.5 minutes 251.6 km/h, in 7.6 minutes 248.3 km/h."""
    assert spoofed(fix(0, 45, 9), fix(7.5, 45, 9.4), fix(15.5, 45, 9.5)) == [("speed", (7.5, 7.5, 15.5))]
    assert spoofed(fix(0, 45, 9), fix(7.6, 45, 9.4)) == []
    assert spoofed(fix(0, 45, 9), fix(7.5, 45, 9.4), legs=[leg("plant", "hub", 60, 180, mode="air")]) == []
    assert spoofed(fix(0, 45, 9), fix(7.5, 45, 9.4), legs=[leg("plant", "hub", 800, 900, mode="air")]) != []


def test_a_short_way_proves_nothing() -> None:
    assert spoofed(fix(0, 45, 9), fix(0.1, 45, 9.05)) == []  # 3.9 km
    assert spoofed(fix(0, 45, 9), fix(0.1, 45, 9.07)) != []


def test_a_jump_without_travel() -> None:
    stands = {"speed_mm_s": 0}
    assert spoofed(fix(0, 45, 9, **stands), fix(3, 45, 9.08, **stands)) == [("jump", (3, 3, None))]
    assert spoofed(fix(0, 45, 9), fix(3, 45, 9.08)) == []  # it does not say that it stands
    assert spoofed(fix(0, 45, 9, **stands), fix(3.1, 45, 9.08, **stands)) == []


def test_frozen_to_the_last_digit_while_it_says_that_it_moves() -> None:
    frozen = [fix(minute, 45, 9.5, speed_mm_s=20_000) for minute in range(0, 46, 5)]
    assert spoofed(*frozen, fix(50, 45, 9.6, speed_mm_s=20_000)) == [("frozen", (5, 35, 50))]
    assert spoofed(*frozen, fix(50, 45, 9.6), frozen_after_s=2701) == []
    assert spoofed(*still(0, 45, 9.5)) == []  # it stands, and says nothing else


def test_frozen_while_the_device_beside_it_moves() -> None:
    beside = line(0, 60, 9.5, 9.9)
    assert [pattern for pattern, _ in spoofed(*still(0, 60, 9.5), other=beside)] == ["frozen"]
    assert spoofed(*still(0, 60, 9.5), other=still(0, 60, 9.5)) == []


def test_a_clock_that_is_set_back_is_no_speed() -> None:
    assert spoofed(fix(0, 45, 9), fix(100, 45, 9.5), fix(50, 45, 9.2)) == []


def test_one_that_is_elsewhere_while_two_are_together_disagrees() -> None:
    places = {"a": 9.5, "b": 9.0, "c": 9.001}
    observed = [(name, recording(fixes=still(0, 30, east))) for name, east in places.items()]
    one = journey(*observed, legs=(), until=30)
    found = find(one, "spoofed_position")
    assert [(each.device, each.details["pattern"], minutes([each])[0]) for each in found] == [
        ("a", "disagrees", (0, 0, None))
    ]
    assert find(one, "spoofed_position", apart_m=40_000) == []
    two = journey(*observed[:2], legs=(), until=30)
    assert find(two, "spoofed_position") == []  # apart, but nobody can say which is wrong: rule separation's
    scattered = journey(*observed[:2], ("c", recording(fixes=still(0, 30, 10.0))), legs=(), until=30)
    assert find(scattered, "spoofed_position") == []
