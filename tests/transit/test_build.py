"""Journeys from recordings: a set of observations, in order, of the devices that were with the shipment."""

import math

from tests.transit.journey_kit import PLANT, at, fix, journey, leg, recording, series, site, trip

from doseway.model.documents import Lane, Shipment
from doseway.model.readings import Quantity
from doseway.model.units import INVALID
from doseway.transit.build import Binding, Papers, build


def test_readings_are_sorted_told_once_and_without_those_that_are_none() -> None:
    rows = [(30, 5), (10, 3), (30, 7), (20, INVALID / 1000), (10, 3)]
    (track,) = journey(recording([series(Quantity.HUMIDITY, rows)]), legs=()).tracks
    assert track.at_ms.tolist() == [at(10), at(30)]
    assert track.value_milli.tolist() == [3_000, 7_000]  # of two at one time the higher
    assert (track.at_ms.dtype.name, track.value_milli.dtype.name) == ("int64", "int32")


def test_tracks_and_fixes_come_by_name() -> None:
    one = recording([series(Quantity.SHOCK, [(1, 1)], "z"), series(Quantity.LIGHT, [(1, 1)], "b")], [fix(1, 1, 1)])
    found = journey(("b", one), ("a", one), legs=())
    names = [(track.device, track.sensor) for track in found.tracks]
    assert names == [("a", "b"), ("a", "z"), ("b", "b"), ("b", "z")]
    assert [fixes.device for fixes in found.fixes] == ["a", "b"]


def test_only_what_a_device_saw_while_it_was_there_counts() -> None:
    rows = [(minute, 1) for minute in (0, 10, 20, 30, 40)]
    seen = recording(
        [series(Quantity.LIGHT, rows)], [fix(minute, 1, 1) for minute, _ in rows], [(5, "sos"), (35, "sos")]
    )
    twice = [
        Binding(device="a", bound_ms=at(10), unbound_ms=at(20)),
        Binding(device="a", bound_ms=at(30)),
    ]
    one = journey(seen, ("b", seen), bindings=twice, legs=(), until=60)
    kept = [at(10), at(30), at(40)]
    assert one.tracks[0].at_ms.tolist() == kept
    assert one.fixes[0].at_ms.tolist() == kept
    assert [hearing.at_ms.tolist() for hearing in one.hearings] == [[at(10)], [at(30), at(35), at(40)]]
    assert [signal.observed_at_ms for _, signal in one.signals] == [at(35)]
    assert set(one.devices) == {"a"}


def test_what_was_observed_later_than_can_be_known_is_left_out() -> None:
    ahead = recording([series(Quantity.LIGHT, [(0, 1), (9_999_999, 1)])], [fix(9_999_999, 1, 1)])
    one = journey(ahead, legs=(), until=60)
    assert one.until_ms == at(60)
    assert one.tracks[0].at_ms.tolist() == [at(0)]
    assert one.fixes == ()
    assert journey(ahead, legs=()).until_ms == at(9_999_999)


def test_what_a_fix_does_not_say_is_not_a_number() -> None:
    (fixes,) = journey(recording(fixes=[fix(0, 1, 1, None, method="cell"), fix(1, 1, 1, 7, speed_mm_s=2_500)])).fixes
    assert math.isnan(fixes.accuracy_m[0])
    assert math.isnan(fixes.speed_m_s[0])
    assert (fixes.accuracy_m[1], fixes.speed_m_s[1]) == (7, 2.5)
    assert fixes.method.tolist() == [1, 3]


def test_a_lane_counts_from_the_departure() -> None:
    lane = Lane(id="l", legs=(leg("plant", "hub", 60, 180),))
    papers = Papers(shipment=Shipment(id="s", lane="l", depart_at_ms=1_000), lane=lane)
    (one,) = build(papers, [], [Binding(device="a", bound_ms=at(0))]).legs
    assert (one.depart_at_ms, one.arrive_at_ms) == (at(60) + 1_000, at(180) + 1_000)


def test_sites_that_mean_nothing_to_the_shipment_are_left_out() -> None:
    others = [site("depot", PLANT), site("park", PLANT, uses=("safe",)), site("tunnel", PLANT, uses=("dead",))]
    assert set(journey(recording(fixes=trip()), sites=others).sites) == {"plant", "hub", "clinic", "park", "tunnel"}


def test_nothing_at_all_is_a_journey() -> None:
    one = build(Papers(shipment=Shipment(id="s")), [], [])
    assert (one.until_ms, one.tracks, one.fixes, one.legs) == (0, (), (), ())
    assert [phase.phase for phase in one.phases] == ["planned"]
