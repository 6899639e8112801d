"""The planned way: how far off, how much is left, which leg; over the date line as anywhere."""

import numpy as np
import pytest
from tests.transit.journey_kit import SITES, at, fix, journey, leg, line, recording, site, still, trip

from doseway.model.geo import unit_vector
from doseway.model.places import distance_m
from doseway.model.progress import arrived_at, leg_at
from doseway.model.routes import legs_of_mode, off_corridor_m, route_of

NORTH_M = 111_195.08
"""One degree of latitude on the sphere."""


def test_a_place_beside_the_way_is_as_far_off_as_it_is_beside() -> None:
    sites = {"a": site("a", (0, 0)), "b": site("b", (0, 1_000_000))}
    route = route_of(leg("a", "b", 0, 60), sites)
    assert route is not None
    assert route.length_m == pytest.approx(NORTH_M, rel=1e-6)
    beside, beyond, start = (unit_vector(one) for one in ((100_000, 250_000), (0, 1_500_000), (0, 0)))
    off, left = route.measure(np.stack([beside, beyond, start]))
    assert off.tolist() == pytest.approx([NORTH_M / 10, NORTH_M / 2, 0], abs=0.1)
    assert left.tolist() == pytest.approx([0.75 * NORTH_M, 0, NORTH_M], rel=1e-5)


def test_a_way_bends_where_it_is_told_to() -> None:
    sites = {"a": site("a", (0, 179_500_000)), "b": site("b", (0, -179_500_000))}
    bent = route_of(leg("a", "b", 0, 60, via_udeg=((1_000_000, 180_000_000),)), sites)
    assert bent is not None
    corner = unit_vector((1_000_000, 180_000_000))[None, :]
    off, left = bent.measure(corner)
    assert float(off[0]) == pytest.approx(0, abs=0.1)
    assert float(left[0]) == pytest.approx(bent.length_m / 2, rel=1e-6)
    assert bent.length_m == pytest.approx(2 * distance_m((0, 179_500_000), (1_000_000, 180_000_000)), rel=1e-6)


def test_a_way_to_itself_and_one_to_nowhere() -> None:
    here = route_of(leg("plant", "plant", 0, 60), SITES)
    assert here is not None
    assert here.length_m == 0
    assert float(here.measure(unit_vector((45_000_000, 10_000_000))[None, :])[0][0]) == pytest.approx(78_626, rel=1e-3)
    assert route_of(leg("plant", "nowhere", 0, 60), SITES) is None


def test_legs_follow_the_arrivals_and_a_hub_that_nobody_saw_is_passed_with_the_next() -> None:
    legs = (leg("plant", "hub", 60, 180), leg("hub", "rest", 240, 300), leg("rest", "clinic", 310, 360))
    seen = journey(recording(fixes=trip()), legs=legs, until=400)
    times = np.asarray([at(minute) for minute in (0, 184, 185, 399)], np.int64)
    assert leg_at(seen, times).tolist() == [0, 0, 1, 1]
    assert arrived_at(seen) == at(365)
    rest = site("rest", (45_000_000, 10_500_000))
    passed = journey(recording(fixes=[*still(0, 60, 9.0), *still(270, 280, 10.5)]), legs=legs, sites=[rest], until=300)
    assert leg_at(passed, np.asarray([at(100), at(275)], np.int64)).tolist() == [0, 2]
    assert arrived_at(passed) is None


def test_the_mode_is_that_of_the_current_leg_and_any_where_there_is_none() -> None:
    legs = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 240, 360, mode="sea"))
    one = journey(recording(fixes=trip()), legs=legs, until=400)
    times = np.asarray([at(100), at(300)], np.int64)
    assert legs_of_mode(one, ("road",), times).tolist() == [True, False]
    assert legs_of_mode(journey(recording(), legs=()), ("road",), times).tolist() == [True, True]


def test_accuracy_is_taken_for_the_device() -> None:
    wide = (leg("plant", "hub", 0, 180, corridor_m=1_000), leg("hub", "clinic", 240, 360))
    fixes = [fix(10, 45.1, 9.5, 5), fix(20, 45.1, 9.5, 2_000)]
    one = journey(recording(fixes=[*line(0, 5, 9.0, 9.2), *fixes]), legs=wide, until=20)
    off = off_corridor_m(one, one.fixes[0])[-2:]
    assert off[0] - off[1] == pytest.approx(1_995)
    assert off[0] == pytest.approx(11_119 - 151 - 1_000 - 5, abs=100)
