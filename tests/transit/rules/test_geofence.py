"""Arrivals, departures, dwell: accuracy, persistence, crossings, several devices."""

import pytest
from tests.transit.journey_kit import at, find, fix, journey, line, minutes, recording, still, trip

from doseway.model.errors import ProfileError


def test_a_trip_as_planned_arrives_three_times_and_leaves_twice() -> None:
    one = journey(recording(fixes=trip()), until=400)
    assert [found.details["site"] for found in find(one, "geofence", on="arrive")] == ["clinic", "hub", "plant"]
    assert sorted(minutes(find(one, "geofence", on="depart"))) == [(65, 70, 70), (245, 250, 250)]
    (left,) = find(one, "geofence", on="depart", sites=["hub"])
    assert left.text == "Left hub after 1 h 5 min."


def test_a_site_that_is_not_known_has_no_arrivals() -> None:
    assert find(journey(recording(fixes=trip())), "geofence", on="arrive", sites=["nowhere"]) == []


def test_a_fix_that_may_be_outside_is_no_arrival() -> None:
    cell = [fix(minute, 45, 10, 5_000, method="cell") for minute in range(0, 60, 10)]
    one = journey(recording(fixes=[*cell, fix(70, 45, 10.2)]), until=70)
    assert find(one, "geofence", on="arrive", sites=["hub"]) == []


def test_it_has_to_persist_for_exactly_so_long() -> None:
    brief = recording(fixes=[fix(0, 45, 9.9), fix(10, 45, 10), fix(12, 45, 10.2), fix(20, 45, 10.3)])
    assert len(find(journey(brief), "geofence", on="arrive", sites=["hub"], persist_s=120)) == 1
    assert find(journey(brief), "geofence", on="arrive", sites=["hub"], persist_s=121) == []


def test_a_site_passed_between_two_fixes_is_told_as_passed() -> None:
    past = journey(recording(fixes=[fix(0, 45, 9.9), fix(30, 45, 10.1)]), until=60)
    assert find(past, "geofence", on="arrive", sites=["hub"]) == []
    (found,) = find(past, "geofence", on="arrive", sites=["hub"], crossing_s=1800)
    assert (found.text, found.details["is_crossing"]) == ("Passed through hub.", 1)
    assert minutes(find(past, "geofence", on="depart", sites=["hub"], crossing_s=1800)) == [(30, 30, 30)]


def test_a_shipment_arrives_with_its_first_device_and_leaves_with_its_last() -> None:
    first = recording(fixes=[*still(0, 30, 10), *line(35, 60, 10.1, 10.5)])
    last = recording(fixes=[fix(5, 45, 9.9), *still(12, 50, 10), *line(57, 77, 10.1, 10.5)])
    one = journey(("a", first), ("b", last), until=80)
    assert minutes(find(one, "geofence", on="arrive", sites=["hub"])) == [(0, 5, 5)]
    assert minutes(find(one, "geofence", on="depart", sites=["hub"])) == [(57, 62, 62)]


def test_dwell_counts_from_the_fix_that_shows_it() -> None:
    one = journey(recording(fixes=trip()), until=400)
    assert minutes(find(one, "geofence", on="dwell", sites=["hub"], dwell_s=3600)) == [(180, 240, 245)]
    assert minutes(find(one, "geofence", on="dwell", sites=["hub"], dwell_s=3900)) == [(180, 245, 245)]
    assert find(one, "geofence", on="dwell", sites=["hub"], dwell_s=3901) == []
    assert minutes(find(one, "geofence", on="dwell", sites=["clinic"], dwell_s=1800)) == [(360, 390, None)]


def test_a_dwell_is_not_known_beyond_a_gap() -> None:
    silent = journey(recording(fixes=[*still(0, 60, 10), fix(300, 45, 10)]), until=300)
    rule = {"on": "dwell", "sites": ["hub"], "dwell_s": 3600}
    assert minutes(find(silent, "geofence", **rule)) == [(0, 60, 60)]
    assert find(silent, "geofence", **{**rule, "dwell_s": 3601}) == []


@pytest.mark.parametrize("later", [10.4, 10.0])
def test_a_fix_outside_before_a_gap_is_the_end_of_a_dwell_whatever_comes_later(later: float) -> None:
    left = [*still(0, 60, 10), fix(65, 45, 10.4), fix(66, 45, 10.004, 2_000)]
    rule = {"on": "dwell", "sites": ["hub"], "dwell_s": 1800}
    before = journey(recording(fixes=left), until=260)
    after = journey(recording(fixes=[*left, fix(300, 45, later)]), until=310)
    assert minutes(find(before, "geofence", **rule)) == [(0, 30, 65)]
    assert find(before, "geofence", **rule)[0] in find(after, "geofence", **rule)


def test_of_two_devices_the_last_to_be_seen_outside_ends_a_dwell() -> None:
    rule = {"on": "dwell", "sites": ["hub"], "dwell_s": 1800}
    early = recording(fixes=[*still(0, 50, 10), *line(55, 65, 10.2, 10.4)])
    late = recording(fixes=[*still(0, 70, 10), fix(75, 45, 10.4)])
    assert minutes(find(journey(("a", early), ("b", late), until=260), "geofence", **rule)) == [(0, 30, 75)]


def test_what_makes_no_sense_is_refused() -> None:
    one = journey(recording(), legs=())
    with pytest.raises(ProfileError, match="dwell_s is missing"):
        find(one, "geofence", on="dwell")
    with pytest.raises(ProfileError, match="probability lies above 0"):
        find(one, "geofence", on="arrive", probability=1.5)
    with pytest.raises(ProfileError, match="Did you mean 'arrive'"):
        find(one, "geofence", on="arrives")
    assert at(0) > 0
