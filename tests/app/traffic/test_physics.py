"""The physics of the traffic: great circles, the climate's rule of thumb, and the package's time constants."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from doseway.app.traffic.package import CRYOGENIC, FROZEN, REFRIGERATED, ROOM, Air, Package, temperatures
from doseway.app.traffic.places import PLACES
from doseway.app.traffic.surroundings import around_c, between, distance_km, outdoors_c, solar_hour, tarmac_c
from doseway.app.traffic.voyages import voyage
from doseway.model.places import distance_m
from doseway.model.units import HOUR_MS, MINUTE_MS

JULY_MS = 1_784_073_600_000  # 2026-07-15
JANUARY_MS = JULY_MS + 184 * 24 * HOUR_MS
POSITIONS = st.tuples(st.floats(-80, 80), st.floats(-179, 179))


@given(POSITIONS, POSITIONS, st.floats(0, 1))
def test_a_place_between_two_is_on_the_way(one: tuple[float, float], other: tuple[float, float], part: float) -> None:
    whole = distance_km(one, other)
    middle = between(one, other, part)
    if whole < 19_000:  # antipodes have no one way
        assert math.isclose(distance_km(one, middle) + distance_km(middle, other), whole, rel_tol=1e-6, abs_tol=0.01)
        assert math.isclose(distance_km(one, middle), part * whole, rel_tol=1e-6, abs_tol=0.01)


@given(POSITIONS, POSITIONS)
def test_distances_agree_with_those_of_the_model(one: tuple[float, float], other: tuple[float, float]) -> None:
    first, second = ((round(lat * 1e6), round(lon * 1e6)) for lat, lon in (one, other))
    assert math.isclose(distance_km(one, other) * 1000, distance_m(first, second), rel_tol=1e-6, abs_tol=1.0)


def test_the_climate_has_seasons_days_and_zones() -> None:
    warsaw, dubai, sao_paulo = (PLACES[name].position for name in ("hub-warsaw", "hub-dubai", "hub-sao-paulo"))
    assert outdoors_c(warsaw, JULY_MS) - outdoors_c(warsaw, JANUARY_MS) > 15
    assert outdoors_c(sao_paulo, JULY_MS) < outdoors_c(sao_paulo, JANUARY_MS)
    assert outdoors_c(dubai, JANUARY_MS) > outdoors_c(warsaw, JANUARY_MS) + 10
    hours = [outdoors_c(warsaw, JULY_MS + hour * HOUR_MS) for hour in range(24)]
    assert solar_hour(warsaw[1], JULY_MS + hours.index(max(hours)) * HOUR_MS) // 1 in {14, 15}


def test_the_sun_warms_a_tarmac_by_day_only() -> None:
    dubai = PLACES["airport-dxb"].position
    noon_ms = JULY_MS + 8 * HOUR_MS
    assert tarmac_c(dubai, noon_ms) > outdoors_c(dubai, noon_ms) + 5
    assert tarmac_c(dubai, noon_ms + 12 * HOUR_MS) == outdoors_c(dubai, noon_ms + 12 * HOUR_MS)
    assert around_c("air", dubai, noon_ms) < around_c("road", dubai, noon_ms)


def last_c(package: Package, air_c: float, coolant_c: float | None, hours: float, leak_h: float | None = None) -> float:
    quiet = package._replace(noise_c=0.0, resolution_milli=1)
    leak = leak_h or package.leak_h
    airs = (Air(at, air_c, coolant_c, leak) for at in range(0, round(hours * HOUR_MS), 5 * MINUTE_MS))
    return [milli for _, milli in temperatures(quiet, airs, random.Random(1))][-1] / 1000


def test_a_product_without_coolant_follows_the_air_with_its_time_constant() -> None:
    """After one time constant 63 % of the way is gone: the closed form and the steps agree within a twentieth."""
    start = REFRIGERATED.coolant_c + 0.2
    part = (last_c(REFRIGERATED, 30.0, None, 14.0, 14.0) - start) / (30.0 - start)
    assert abs(part - (1 - math.exp(-1))) < 0.05


def test_with_its_coolant_every_package_holds_its_range_in_any_weather() -> None:
    for package, (low, high), air in (
        (REFRIGERATED, (2.0, 8.0), (-15.0, 38.0)),
        (ROOM, (20.0, 25.0), (-15.0, 38.0)),
        (FROZEN, (-30.0, -15.0), (-15.0, 38.0)),
        (CRYOGENIC, (-196.0, -150.0), (-15.0, 38.0)),
    ):
        for weather in air:
            assert low < last_c(package, weather, package.coolant_c, 72) < high


def test_the_sensor_gives_whole_steps() -> None:
    airs = (Air(at, 20.0, REFRIGERATED.coolant_c, 60.0) for at in range(0, HOUR_MS, 5 * MINUTE_MS))
    assert {milli % 100 for _, milli in temperatures(REFRIGERATED, airs, random.Random(1))} == {0}


def test_a_voyage_is_where_its_legs_say() -> None:
    way = voyage("plant-basel", (("road", "airport-fra"), ("air", "airport-ord")), JULY_MS, (0, 10 * MINUTE_MS))
    first, second = way.legs
    assert way.at(JULY_MS - 1).place == "plant-basel"
    assert way.at(first.arrive_at_ms).place == "airport-fra"
    assert way.at(second.depart_at_ms + 9 * MINUTE_MS).place == "airport-fra"  # it leaves late
    assert way.at(second.depart_at_ms + 10 * MINUTE_MS).mode == "air"
    assert way.at(way.ends_ms).place == "airport-ord"
    assert 700 < way.at(way.ends_ms - HOUR_MS).speed_kmh < 830


def test_a_ship_goes_round_the_land() -> None:
    way = voyage("port-antwerp", (("sea", "port-santos"),), JULY_MS, (0,))
    hours = (way.ends_ms - way.starts_ms) // HOUR_MS
    longitudes = [way.at(way.starts_ms + hour * HOUR_MS).position[1] for hour in range(hours)]
    assert min(longitudes) < -33
    assert 25 < hours / 12 < 35
