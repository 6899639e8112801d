"""Stops within the first miles: until the shipment has once been further away."""

from tests.transit.journey_kit import find, journey, line, minutes, recording, still, trip

DRIVES = [*still(0, 60, 9.0), *line(65, 95, 9.05, 9.45), *still(100, 120, 9.5), *line(125, 150, 9.55, 9.8)]


def test_a_stop_near_the_origin_is_found() -> None:
    one = journey(recording(fixes=DRIVES), until=150)
    (found,) = find(one, "first_miles_stop", after_s=1200)
    assert minutes([found]) == [(100, 120, 125)]
    assert found.text == "Stopped for 25 min, 39 km from the origin."
    assert find(one, "first_miles_stop", after_s=1201) == []


def test_beyond_the_miles_and_after_having_been_there_it_is_none() -> None:
    one = journey(recording(fixes=DRIVES), until=150)
    assert find(one, "first_miles_stop", after_s=1200, within_m=39_000) == []
    back = [*still(0, 60, 9.0), *line(65, 95, 9.2, 9.9), *line(100, 110, 9.7, 9.55), *still(115, 150, 9.5)]
    assert find(journey(recording(fixes=back), until=150), "first_miles_stop", within_m=60_000) == []
    assert len(find(journey(recording(fixes=back), until=150), "first_miles_stop", within_m=90_000)) == 1


def test_the_origin_the_hub_and_a_plan_without_an_origin_have_none() -> None:
    assert find(journey(recording(fixes=trip()), until=400), "first_miles_stop") == []
    assert find(journey(recording(fixes=DRIVES), legs=(), until=150), "first_miles_stop") == []
