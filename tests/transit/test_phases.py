"""The life of a shipment, from fences, milestones, bindings and the plan."""

from itertools import pairwise
from typing import Any

from tests.transit.journey_kit import T0, at, fix, journey, line, recording, still, trip

from doseway.model.units import MINUTE_MS
from doseway.transit.build import Binding
from doseway.transit.phases import Milestone


def life(*observed: Any, **more: Any) -> list[tuple[str, float]]:
    phases = journey(*observed, **more).phases
    assert all(one.end_ms == other.start_ms for one, other in pairwise(phases))
    assert phases[-1].end_ms is None
    return [(one.phase, (one.start_ms - T0) / MINUTE_MS) for one in phases]


def test_a_trip_as_planned() -> None:
    assert life(recording(fixes=trip()), until=400) == [("at-origin", 0), ("in-transit", 70), ("arrived", 365)]


def test_it_is_planned_until_a_device_is_with_it() -> None:
    later = Binding(device="a", bound_ms=at(30))
    planned = [Milestone(kind="departed", at_ms=at(100))]
    assert life(recording(), bindings=[later], milestones=planned, legs=(), until=100) == [
        ("at-origin", 30),
        ("in-transit", 100),
    ]
    assert life(bindings=[Binding(device="a", bound_ms=at(90))], until=50) == [("planned", 50)]
    assert life(bindings=[Binding(device="a", bound_ms=at(90))], until=95) == [("planned", 60), ("in-transit", 90)]


def test_one_device_that_leaves_is_enough() -> None:
    left_behind = ("b", recording(fixes=still(0, 400, 9.0)))
    assert life(("a", recording(fixes=trip()[:30])), left_behind, until=150)[1] == ("in-transit", 70)


def test_a_shipment_that_leaves_again_is_in_transit_again() -> None:
    wrong = [*trip(), *line(405, 420, 11.1, 11.3), *still(430, 440, 11.0)]
    assert life(recording(fixes=wrong), until=440)[2:] == [
        ("arrived", 365),
        ("in-transit", 410),
        ("arrived", 435),
    ]


def test_the_last_device_taken_away_after_the_arrival_says_that_it_was_delivered() -> None:
    taken = [Binding(device="a", bound_ms=at(0), unbound_ms=at(390))]
    assert life(recording(fixes=trip()), bindings=taken, until=500)[-1] == ("delivered", 390)
    assert life(recording(fixes=trip()), bindings=taken, until=380)[-1] == ("arrived", 365)
    on_the_way = [Binding(device="a", bound_ms=at(0), unbound_ms=at(150))]
    assert life(recording(fixes=trip()), bindings=on_the_way, until=500)[-1] == ("in-transit", 70)


def test_what_was_said_counts_from_when_it_was() -> None:
    said = [
        Milestone(kind="closed", at_ms=at(450)),
        Milestone(kind="delivered", at_ms=at(380)),
        Milestone(kind="departed", at_ms=at(61)),
    ]
    assert life(recording(fixes=trip()), milestones=said, until=500) == [
        ("at-origin", 0),
        ("in-transit", 61),
        ("arrived", 365),
        ("delivered", 380),
        ("closed", 450),
    ]


def test_without_positions_the_plan_stands_in() -> None:
    assert life(recording(), until=400) == [("at-origin", 0), ("in-transit", 60), ("arrived", 360)]


def test_a_device_that_was_first_found_away_is_in_transit_from_its_second_fix_on() -> None:
    assert life(recording(fixes=line(20, 40, 9.3, 9.5)), until=60) == [("at-origin", 0), ("in-transit", 25)]
    assert life(recording(fixes=[fix(20, 45, 9.3)]), until=59) == [("at-origin", 0)]


def test_a_cancelled_shipment_is_closed() -> None:
    assert life(recording(fixes=trip()), until=400, is_cancelled=True) == [("closed", 0)]
