"""Prolonged stops: outside of planned and safe places, by road, in their phase."""

from tests.transit.journey_kit import find, journey, leg, line, minutes, recording, site, still, trip

STANDS = [*still(0, 60, 9.0), *line(65, 95, 9.05, 9.45), *still(100, 160, 9.5), *line(165, 195, 9.55, 9.95)]


def test_a_stop_of_the_time_is_found_and_one_shorter_is_not() -> None:
    one = journey(recording(fixes=STANDS), until=200)
    (found,) = find(one, "prolonged_stop", after_s=3600)
    assert minutes([found]) == [(100, 160, 165)]
    assert found.text == "Has not moved for 1 h 5 min."
    assert find(one, "prolonged_stop", after_s=3601) == []


def test_a_trip_as_planned_has_none() -> None:
    assert find(journey(recording(fixes=trip()), until=400), "prolonged_stop", after_s=600) == []


def test_a_safe_place_excuses_it_and_a_dangerous_one_does_not() -> None:
    place = (45_000_000, 9_500_000)
    safe = journey(recording(fixes=STANDS), sites=[site("park", place, uses=("safe",))], until=200)
    assert find(safe, "prolonged_stop", after_s=3600) == []
    risky = journey(recording(fixes=STANDS), sites=[site("park", place, uses=("risk",))], until=200)
    assert len(find(risky, "prolonged_stop", after_s=3600)) == 1


def test_a_ship_that_stands_is_none() -> None:
    by_sea = (leg("plant", "hub", 60, 180, mode="sea"), leg("hub", "clinic", 240, 360))
    assert find(journey(recording(fixes=STANDS), legs=by_sea, until=200), "prolonged_stop", after_s=3600) == []


def test_what_nobody_saw_is_no_stop() -> None:
    silent = recording(fixes=[*still(0, 60, 9.0), *still(100, 120, 9.5), *still(300, 330, 9.5)])
    assert find(journey(silent, until=330), "prolonged_stop", after_s=3600) == []
