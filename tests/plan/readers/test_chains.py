"""Readers of chains and cities: made files are read back, solved, and compared with trying every choice."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from benchmarks.plan_reliability import EMERGENCY, network, with_levels
from benchmarks.plan_safety_stock import per_stage
from benchmarks.readers.chains import read_chain
from benchmarks.readers.cities import RADIUS_MILES, read_cities

from doseway.model.errors import FormatError
from doseway.plan.blocks.safety_stock import place
from doseway.plan.highs import Limits
from doseway.plan.solving import plan, plan_of

CHAIN = """stage_id,lead_time,max_s_time,cost,risk_pool,ext_demand_mean,ext_demand_std,ext_demand_thres,up_stages
Part,4,,3,2,,,
Make,3,,5,2,,,,Part,2
East,2,1,1,,40,6,1.645,Make,1
West,1,0,2,,30,8,1.645,Make,1
"""
GRT = """ 1 80.0 40.0 500000 1 90000 < First OH >
 2 81.5 41.0 300000 1 60000 < Second PA >
 3 84.0 38.5 800000 1 70000 < Third KY >
"""


def written(folder: Path, text: str, name: str = "made.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_chain_is_read_and_its_stock_is_the_least_of_all_service_times(tmp_path: Path) -> None:
    stages, factor = read_chain(written(tmp_path, CHAIN))
    assert factor == 1.645
    assert [(s.name, s.days, s.promise, dict(s.suppliers)) for s in stages] == [
        ("Part", 4, None, {}), ("Make", 3, None, {"Part": 2.0}),
        ("East", 2, 1, {"Make": 1.0}), ("West", 1, 0, {"Make": 1.0}),
    ]  # fmt: skip
    pooled = float(np.hypot(6, 8))
    best = np.inf
    for part, make in product(range(5), range(8)):
        waits = {"part": 4 - part, "make": part + 3 - make, "east": make + 2 - 1, "west": make + 1}
        if min(waits.values()) >= 0:
            held = [3 * 2 * pooled, 11 * pooled, 12 * 6, 13 * 8]
            best = min(best, sum(h * 1.645 * np.sqrt(w) for h, w in zip(held, waits.values(), strict=True)))
    assert place(stages, rate=1.0, factor=factor).total == pytest.approx(best)


def test_costs_a_stage_hold_for_that_stage_alone(tmp_path: Path) -> None:
    stages, factor = read_chain(written(tmp_path, CHAIN.replace("cost", "cost_rate")))
    placement = place(per_stage(stages), rate=1.0, factor=factor)
    for stage in stages:
        assert placement.cost[stage.name] == pytest.approx(stage.cost * placement.stock[stage.name])


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("stage_id", "stage", "line 1: the header is not that of a chain"),
        ("Part,4", "Part,four", "line 2: lead_time is no number: 'four'"),
        ("Part,4", "Part,4.5", "line 2: days must be whole"),
        ("Part,4", "Part,-4", "line 2: lead_time is -4, less than 0"),
        ("Part,2\n", "Part\n", "line 3: a stage is eight cells"),
        ("East,2", "West,2", "line 5: the stage 'West' comes twice"),
        (",Part,2\n", ",Pert,2\n", "line 3: the supplier 'Pert' is no stage"),
    ],
)
def test_a_wrong_chain_says_where(old: str, new: str, error: str, tmp_path: Path) -> None:
    assert old in CHAIN
    with pytest.raises(FormatError, match=error):
        read_chain(written(tmp_path, CHAIN.replace(old, new, 1)))


def test_cities_are_read_with_their_distances_and_location_is_the_best_of_all_sets(tmp_path: Path) -> None:
    cities = read_cities(written(tmp_path, GRT))
    assert cities.names == ["First OH", "Second PA", "Third KY"]
    one, other = np.radians([80.0, 40.0]), np.radians([81.5, 41.0])
    half = np.sin((other - one) / 2) ** 2  # haversines
    arc = 2 * np.arcsin(np.sqrt(half[1] + np.cos(one[1]) * np.cos(other[1]) * half[0]))
    assert cities.miles[0, 1] == pytest.approx(RADIUS_MILES * arc)
    demand = cities.people / 1e5
    best = min(
        cities.values[list(chosen)].sum() + float(demand @ cities.miles[:, list(chosen)].min(axis=1))
        for chosen in ([i for i in range(3) if mask >> i & 1] for mask in range(1, 8))
    )
    assert plan(network(cities), Limits(gap=1e-9)).cost == pytest.approx(best)


@pytest.mark.parametrize("failure", [0.05, 0.3])
def test_location_that_reckons_with_failures_is_the_best_of_all_sets(failure: float, tmp_path: Path) -> None:
    """Whatever stands, each city goes to the nearest plant first, to the next when that fails, then to an emergency."""
    cities, levels = read_cities(written(tmp_path, GRT)), 2
    demand = cities.people / 1e5
    best = np.inf
    for mask in range(1, 8):
        chosen = [i for i in range(3) if mask >> i & 1]
        cost = float(cities.values[chosen].sum())
        for i in range(3):
            near = [*np.sort(cities.miles[i, chosen])[:levels], EMERGENCY, EMERGENCY][:levels]
            share = [failure**r * (1 - failure) for r in range(levels)]
            cost += demand[i] * (float(np.dot(near, share)) + EMERGENCY * failure**levels)
        best = min(best, cost)
    assert plan_of(with_levels(cities, failure, levels), Limits(gap=1e-9)).cost == pytest.approx(best)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("< First OH >", "First OH", "line 1: a city is number"),
        (" 41.0", "", "line 2: a city is number"),
        ("81.5", "west", "line 2: longitude is no number: 'west'"),
        ("38.5", "98.5", "line 3: Third KY is nowhere on earth"),
        ("Second PA", "First OH", "line 2: First OH comes twice"),
    ],
)
def test_wrong_cities_say_where(old: str, new: str, error: str, tmp_path: Path) -> None:
    assert old in GRT
    with pytest.raises(FormatError, match=error):
        read_cities(written(tmp_path, GRT.replace(old, new, 1)))
