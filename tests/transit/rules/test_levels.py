"""Humidity, light, tilt and doors: at the limit, exactly on the delay, over gaps, in phases and places that count."""

from typing import Any

import pytest
from tests.transit.journey_kit import ROAD, T0, at, find, fix, journey, minutes, recording, series, site, still, trip

from doseway.model.errors import ProfileError
from doseway.model.readings import Quantity
from doseway.model.units import MINUTE_MS
from doseway.model.watch import examine, load_watch

HUMID = {"limit_percent": 75, "clear_limit_percent": 70, "raise_after_s": 1200}


def humid(*values: float, every: float = 10, until: float | None = None, **parameters: Any) -> list[Any]:
    rows = [(number * every, value) for number, value in enumerate(values)]
    one = journey(recording([series(Quantity.HUMIDITY, rows)]), legs=(), until=until)
    return find(one, "humidity", **{**HUMID, **parameters})


def test_the_limit_itself_is_in_range_unless_it_is_said_to_be_out() -> None:
    assert humid(50, 75, 75, 75, 50) == []
    assert minutes(humid(50, 75, 75, 75, 50, comparison="inclusive")) == [(10, 30, 40)]
    assert minutes(humid(50, 76, 76, 76, 50)) == [(10, 30, 40)]


def test_the_delay_counts_from_exactly_its_length() -> None:
    assert minutes(humid(50, 76, 76, 50)) == [(10, 30, 30)]  # out from minute 10 to minute 30
    assert humid(50, 76, 76, 50, raise_after_s=1201) == []
    assert minutes(humid(50, 76, 50, raise_after_s=0)) == [(10, 10, 20)]


def test_between_limit_and_clear_limit_it_keeps_its_state() -> None:
    assert minutes(humid(72, 72, 76, 72, 72, 72, 69)) == [(20, 40, 60)]
    assert humid(72, 72, 72, 72) == []


def test_it_is_over_only_after_it_has_been_back_for_long_enough() -> None:
    assert minutes(humid(76, 76, 76, 50, 76, 50, 50, 50, clear_after_s=1200)) == [(0, 20, 50)]
    assert minutes(humid(76, 76, 76, 50, 50, clear_after_s=1200)) == [(0, 20, None)]


def test_a_low_side_and_the_peak() -> None:
    (one,) = humid(50, 19, 12, 15, 50, side="low", limit_percent=20, clear_limit_percent=25)
    assert (one.peak_milli, one.peak_at_ms) == (12_000, at(20))
    assert one.text == "Below 20 % relative humidity for 30 min, worst 12 %."


def test_a_gap_is_a_gap() -> None:
    rows = [(0, 80), (10, 80), (20, 80), (200, 80), (210, 80), (220, 80)]
    one = journey(recording([series(Quantity.HUMIDITY, rows)]), legs=(), until=400)
    assert minutes(find(one, "humidity", **HUMID)) == [(0, 20, 20), (200, 220, 220)]


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ProfileError, match="clear_limit_percent lies beyond limit_percent"):
        humid(50, limit_percent=50, clear_limit_percent=60)
    with pytest.raises(ProfileError, match="Did you mean 'limit_percent'"):
        humid(50, limit_pct=50)


def lit(*rows: tuple[float, float], rule: str = "light", **parameters: Any) -> list[tuple[float, float, float | None]]:
    one = journey(recording([series(Quantity.LIGHT, rows)], trip()), until=400)
    return minutes(find(one, rule, **parameters))


def test_light_counts_where_the_box_may_not_be_opened() -> None:
    rows = ((10, 500), (20, 0), (120, 500), (130, 0), (200, 500), (210, 0))
    assert lit(*rows, limit_lux=10) == [(120, 120, 130)]
    assert lit(*rows, limit_lux=10, is_allowed_at_sites=False) == [(10, 10, 20), (120, 120, 130), (200, 200, 210)]
    assert lit((120, 10), (130, 0), limit_lux=10) == []


def test_light_counts_in_its_phases() -> None:
    rows = ((50, 500), (80, 500), (90, 0), (390, 500))
    everywhere: dict[str, Any] = {"limit_lux": 10, "is_allowed_at_sites": False}
    assert lit(*rows, **everywhere, phases=["in-transit"]) == [(80, 80, 90)]
    assert lit(*rows, **everywhere, phases=["at-origin"]) == [(50, 50, 70)]  # over with the phase
    assert lit(*rows, **everywhere, phases=["at-origin", "in-transit"]) == [(50, 50, 90)]


def test_light_where_nobody_knows_the_place_is_not_excused() -> None:
    one = journey(recording([series(Quantity.LIGHT, [(10, 500), (20, 0)])]), until=60)
    assert minutes(find(one, "light", limit_lux=10)) == [(10, 10, 20)]


def test_a_safe_site_excuses_an_open_door() -> None:
    rows = [(100, 0), (105, 1), (115, 1), (125, 0)]
    truck = recording([series(Quantity.DOOR, rows)], [*still(0, 60, 9.0), *still(100, 130, 9.5)])
    assert minutes(find(journey(truck, until=130), "door_open")) == [(105, 105, 125)]
    assert minutes(find(journey(truck, until=130), "door_open", raise_after_s=1201)) == []
    yard = site("yard", (45_000_000, 9_500_000), uses=("safe",))
    assert find(journey(truck, until=130, sites=[yard]), "door_open") == []


def test_daylight_is_an_open_door_from_its_limit_on() -> None:
    assert lit((120, 100), (130, 0), rule="door_open", light_lux=100) == [(120, 120, 130)]
    assert lit((120, 99.999), (130, 0), rule="door_open", light_lux=100) == []
    assert lit((120, 500), (130, 0), rule="door_open") == []
    with pytest.raises(ProfileError, match="light_lux is positive"):
        lit((120, 500), rule="door_open", light_lux=0)


def test_a_box_that_lies_on_its_side_is_tilted() -> None:
    rows = [(0, 3), (10, 90), (15, 61), (20, 60), (30, 3)]
    one = journey(recording([series(Quantity.TILT, rows)]), legs=ROAD, until=30)
    (found,) = find(one, "tilt", limit_degree=60, raise_after_s=600)
    assert minutes([found]) == [(10, 20, 20)]
    assert found.text == "Tilted by more than 60° for 10 min, at most 90°."
    assert find(one, "tilt", limit_degree=60, raise_after_s=601) == []


def test_a_finding_says_where_it_was() -> None:
    one = journey(recording([series(Quantity.LIGHT, [(120, 500), (130, 0)])], [fix(119, 45, 9.5), fix(121, 45, 9.6)]))
    watch = load_watch({"id": "w", "rules": [{"rule": "light", "limit_lux": 1}]}, "w")
    (found,) = examine(one, watch).findings
    assert (found.latitude_udeg, found.longitude_udeg) == (45_000_000, 9_500_000)
    assert found.start_ms == T0 + 120 * MINUTE_MS
