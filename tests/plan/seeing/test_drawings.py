"""Drawings are deterministic, well-formed, safe to put into a page, and say in a table what they show."""

import itertools
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.plan.example import worked_example
from doseway.plan.highs import Limits
from doseway.plan.questions.answering import Effort
from doseway.plan.questions.buffer import buffer
from doseway.plan.questions.capacity import capacity
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.questions.compare import compare
from doseway.plan.questions.exposure import exposure
from doseway.plan.questions.failures import failures
from doseway.plan.questions.frontier import frontier
from doseway.plan.questions.resource import resource, with_maximum
from doseway.plan.questions.roadmap import roadmap
from doseway.plan.questions.uncertain import uncertain
from doseway.plan.questions.why import why
from doseway.plan.record import Planned
from doseway.plan.seeing.charts import compare_chart, frontier_chart, roadmap_chart, survival_chart
from doseway.plan.seeing.cuts import cut_chart
from doseway.plan.seeing.drawing import Figure, spread, ticks
from doseway.plan.seeing.heat import exposure_map, load_map
from doseway.plan.seeing.sankey import sankey
from doseway.plan.seeing.steps import buffer_chart, capacity_chart, places_chart, resource_chart, risk_chart
from doseway.plan.seeing.weights import columns_of, links, utilisation
from doseway.plan.seeing.world import changes_map, lanes_map, world
from doseway.plan.tables import Network

EXACT = Effort(limits=Limits(gap=1e-6))
SVG = "{http://www.w3.org/2000/svg}"
DRAW: dict[str, Callable[[Network, Planned], Figure]] = {
    "network": lambda n, p: world(n, p, failures(n)),
    "sankey": sankey,
    "loads": lambda _, p: load_map(p),
    "exposure": lambda n, p: exposure_map(exposure(n, p)),
    "survival": lambda n, _: survival_chart(failures(n)),
    "roadmap": lambda n, p: roadmap_chart(roadmap(n, p)),
    "compare": lambda n, p: compare_chart(
        compare(p, cheapest(with_maximum(n, 0.5, since="2027-01-01"), EXACT).plan, ("<a>", "b & c"))
    ),
    "lanes": lambda n, _: lanes_map(n),
    "changes": lambda n, p: changes_map(
        n, p, cheapest(with_maximum(n, 0.5, since="2027-01-01"), EXACT).plan, ("<a>", "b & c")
    ),
    "made": lambda n, p: places_chart(
        compare(p, cheapest(with_maximum(n, 0.5, since="2027-01-01"), EXACT).plan, ("<a>", "b & c"))
    ),
    "steps": lambda n, _: capacity_chart(capacity(n, EXACT)),
    "caps": lambda n, _: resource_chart(resource(n, (0.5,), since="2027-01-01", effort=EXACT)),
    "buffers": lambda n, _: buffer_chart(buffer(n, scenarios=3, effort=EXACT)),
    "risk": lambda n, _: risk_chart(uncertain(n, scenarios=4, effort=EXACT, is_valued=False)),
    "cut-0": lambda n, _: cut_chart(why(n, failed=(("country", "CN"),), effort=EXACT).reasons[0]),
    "frontier": lambda n, _: frontier_chart(frontier(n, (1.0, 0.5), since="2027-01-01", effort=EXACT)),
}
PLACES = {"Karst": (38, 114), "Ankle": (22, 73), "Bend": (37, -77), "Fill": (30, -90), "Depot": (35, -90)}


@pytest.fixture
def placed(rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]) -> Network:
    sites = [{**r, "latitude": PLACES[r["site"]][0], "longitude": PLACES[r["site"]][1]} for r in rows["sites"]]
    markets = [{**r, "latitude": 40 + i, "longitude": -98 + i} for i, r in enumerate(rows["markets"])]
    return changed(sites=sites, markets=markets)


@pytest.mark.parametrize("name", sorted(DRAW))
def test_a_drawing_is_the_same_each_time_and_well_formed(name: str, placed: Network) -> None:
    plan = cheapest(placed, EXACT).plan
    one, other = DRAW[name](placed, plan), DRAW[name](placed, plan)
    assert one == other
    assert one.name == name
    root = ET.fromstring(one.svg)  # our own drawing
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    assert one.twin.rows or name == "roadmap"  # this plan decides nothing
    assert "nan" not in one.svg
    assert "inf" not in one.svg
    for forbidden in ("<script", " style=", "javascript:", "href"):
        assert forbidden not in one.svg
    assert ET.fromstring(one.alone()).find(f"{SVG}style") is not None  # our own drawing


def test_everything_that_is_drawn_lies_on_the_drawing(placed: Network) -> None:
    plan = cheapest(placed, EXACT).plan
    for name, draw in DRAW.items():
        root = ET.fromstring(draw(placed, plan).svg)  # our own drawing
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for mark in root.iter(f"{SVG}text"):
            assert 0 <= float(mark.attrib["x"]) <= width, (name, mark.text)
            assert 0 <= float(mark.attrib["y"]) <= height, (name, mark.text)


def test_a_network_without_coordinates_is_drawn_in_columns(network: Network, placed: Network) -> None:
    plan = cheapest(network, EXACT).plan
    assert "p-land" not in world(network, plan).svg
    assert "p-land" in world(placed, cheapest(placed, EXACT).plan).svg


def test_a_hostile_name_stays_a_name(rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]) -> None:
    evil = '<script>alert("1")</script>&'
    products = [{**r, "product": evil if r["product"] == "vial" else r["product"]} for r in rows["products"]]
    boms = [{**r, "product": evil if r["product"] == "vial" else r["product"]} for r in rows["boms"]]
    recipes = [{**r, "product": evil if r["product"] == "vial" else r["product"]} for r in rows["recipes"]]
    demand = [{**r, "product": evil} for r in rows["demand"]]
    network = changed(products=products, boms=boms, recipes=recipes, demand=demand)
    plan = cheapest(network, EXACT).plan
    for draw in DRAW.values():
        figure = draw(network, plan)
        ET.fromstring(figure.svg)  # our own drawing
        assert "<script" not in figure.svg


def test_weights_are_shares_and_hours_are_used_within_what_there_is(network: Network) -> None:
    plan = cheapest(network, EXACT).plan
    shares = {(link.source, link.target): link.weight for link in links(network, plan)}
    assert shares["Karst", "Ankle"] == pytest.approx(1)
    assert shares["Depot", "Home"] == pytest.approx(2 / 3)
    assert all(0 <= share <= 1 + 1e-9 for share in utilisation(plan).values())


def test_columns_follow_what_is_sent() -> None:
    network = worked_example()
    assert columns_of(network["sites"].text("site"), []) == dict.fromkeys(network["sites"].text("site"), 0)


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.integers(2, 9))
def test_ticks_cover_the_range_with_few_round_numbers(low: float, width: float, target: int) -> None:
    marks = ticks(low, low + width, target)
    assert marks == sorted(marks)
    assert len(marks) <= 2 * target + 3
    if len(marks) > 1:
        step = marks[1] - marks[0]
        assert marks[0] <= low + step * 1e-6
        assert marks[-1] >= low + width - step * 1e-6


@given(st.lists(st.floats(0, 100), min_size=1, max_size=10))
def test_what_is_spread_keeps_its_order_and_its_distance(places: list[float]) -> None:
    moved = spread(places, 10, 0, 200)
    ordered = [moved[i] for i in sorted(range(len(places)), key=lambda i: places[i])]
    assert ordered == sorted(ordered)
    assert all(b - a >= 10 - 1e-9 for a, b in itertools.pairwise(ordered))
