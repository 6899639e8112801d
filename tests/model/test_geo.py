"""Depth, overlap and projection against plain trigonometry and counting, at the date line and the poles too."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.geo import apart_m, depth_m, flattened, most_overlap, overlap, passes_through, radius_m, unit_vector
from doseway.model.places import EARTH_RADIUS_M, Circle, Polygon, distance_m

latitudes = st.integers(-90_000_000, 90_000_000)
longitudes = st.integers(-180_000_000, 180_000_000)
places = st.tuples(latitudes, longitudes)


def degrees(metres: float) -> float:
    return math.degrees(metres / EARTH_RADIUS_M)


@given(places, places)
def test_distances_are_those_of_the_haversine(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert float(apart_m(unit_vector(one), unit_vector(other))) == pytest.approx(distance_m(one, other), abs=0.01)


@given(places, places, st.integers(0, 100_000))
def test_depth_in_a_circle_is_distance_less_radius(
    centre: tuple[int, int], place: tuple[int, int], radius: int
) -> None:
    area = Circle(latitude_udeg=centre[0], longitude_udeg=centre[1], radius_m=radius)
    depth = float(depth_m(area, unit_vector(place)[None, :])[0])
    assert depth == pytest.approx(distance_m(centre, place) - radius, abs=0.01)


@given(places, places)
def test_the_projection_is_true_from_its_centre(centre: tuple[int, int], place: tuple[int, int]) -> None:
    flat = flattened(unit_vector(place)[None, :], unit_vector(centre))
    length = float(np.hypot(*flat[0]))
    assert length == pytest.approx(distance_m(centre, place), abs=1.0)


@pytest.mark.parametrize("middle", [(45.0, 9.0), (0.0, 180.0), (-0.001, -179.9995), (80.0, 30.0)])
def test_a_square_is_inside_where_it_should_be(middle: tuple[float, float]) -> None:
    """A square of 2 km about a place: the middle is 1 km deep, a place 500 m beyond an edge that far out."""
    north, east = degrees(1_000), degrees(1_000) / math.cos(math.radians(middle[0]))
    ring = tuple(
        (round((middle[0] + a * north) * 1e6), round(((middle[1] + b * east + 180) % 360 - 180) * 1e6))
        for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))
    )
    area = Polygon(corners_udeg=ring)
    out = (middle[0] - 1.5 * north, middle[1])
    found = depth_m(area, np.stack([unit_vector((round(a * 1e6), round(b * 1e6))) for a, b in (middle, out)]))
    wide = 0.002
    assert found[0] == pytest.approx(-1_000, rel=wide)
    assert found[1] == pytest.approx(500, rel=2 * wide)
    assert radius_m(area) == pytest.approx(math.sqrt(4e6 / math.pi), rel=wide)


@given(st.floats(0, 3_000), st.floats(50, 2_000), st.floats(50, 2_000))
def test_the_overlap_with_a_circle_is_the_part_of_the_disc_within_it(
    apart: float, fence: float, accuracy: float
) -> None:
    """Against a sum over rings about the middle of the disc."""
    area = Circle(latitude_udeg=0, longitude_udeg=0, radius_m=round(fence))
    place = unit_vector((0, round(degrees(apart) * 1e6)))
    radii = (np.arange(400) + 0.5) / 400 * accuracy
    cosine = np.clip((apart**2 + radii**2 - round(fence) ** 2) / (2 * max(apart, 1e-9) * radii), -1, 1)
    part = float((np.arccos(cosine) / np.pi * radii).sum() / radii.sum())
    assert float(overlap(area, place[None, :], np.asarray([accuracy]))[0]) == pytest.approx(part, abs=0.02)


def test_a_cell_fix_can_hardly_be_within_a_yard() -> None:
    area = Circle(latitude_udeg=0, longitude_udeg=0, radius_m=200)
    here = unit_vector((0, 0))[None, :]
    assert overlap(area, here, np.asarray([5.0]))[0] == 1.0
    assert overlap(area, here, np.asarray([500.0]))[0] == pytest.approx(0.16)
    assert most_overlap(area, np.asarray([500.0]))[0] == pytest.approx(0.16)


@pytest.mark.parametrize("north", [0, 190, 210])
def test_a_way_past_a_circle_crosses_it_only_if_it_comes_near_enough(north: int) -> None:
    up = round(degrees(north) * 1e6)
    ways = np.stack([unit_vector((up, 179_990_000)), unit_vector((up, -179_990_000))])
    circle = Circle(latitude_udeg=0, longitude_udeg=180_000_000, radius_m=200)
    square = Polygon(
        corners_udeg=tuple((a * 1798, 180_000_000 - b * 1798) for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1)))
    )
    assert passes_through(circle, ways).tolist() == [north < 200]
    assert passes_through(square, ways).tolist() == [north < 200]
