"""Published instances, where their files are at hand: the same readers and networks as in the benchmarks."""

import json
import os
from pathlib import Path

import pytest
from benchmarks import plan_facility, plan_reliability, plan_safety_stock, plan_twostage

from doseway.plan.blocks.safety_stock import place
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.twostage import decide, decide_for

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "planning"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no published instances at {DATA}; set DOSEWAY_DATA")
QUICK = ("cap41", "cap51", "cap63", "cap81", "cap94", "cap131", "cap63 single source", "cap123 single source", "B1.2")


def known() -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", QUICK)
def test_a_facility_instance_is_solved_to_its_published_optimum(name: str) -> None:
    [(instance, optimum)] = [(i, value) for n, i, value in plan_facility.instances(known()) if n == name]
    answer = plan(plan_facility.network(instance), Limits(gap=1e-9, seconds=60))
    assert answer.status == "optimal"
    assert answer.cost == pytest.approx(optimum, abs=plan_facility.TOLERANCE)


@pytest.mark.parametrize(("name", "optimum"), [("network-10-10-L-01", 88557.3), ("network-10-10-H-01", 27523.7)])
def test_a_stochastic_design_is_solved_to_its_published_optimum(name: str, optimum: float) -> None:
    cost = plan_twostage.solve_netdes(DATA / "netdes" / f"{name}.dat", Limits(gap=1e-7, seconds=60))
    assert cost == pytest.approx(optimum, abs=0.06)


def test_lands_is_solved_to_its_published_optimum() -> None:
    folder = DATA / "splib" / "slptestset" / "electric"
    lands = plan_twostage.Smps(folder / "lands.cor", folder / "lands.tim", folder / "lands.sto")
    optimum = pytest.approx(known()["smps_lp"]["LandS_electric"]["opt"], rel=1e-6)
    assert decide(lands.scenarios()).expected == optimum
    assert decide_for(lands.family(), limits=Limits(gap=1e-8), method="decomposed").expected == optimum


def test_what_each_failure_costs_is_the_published_table() -> None:
    cities = plan_reliability.read_cities(DATA / "rflp" / "sortcap.grt")
    five = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["snyder_daskin_49"]
    table = five["five_facility_solution"]
    for name, cost in [(None, table["transport_no_failure"]), *table["transport_if_fails"].items()]:
        assert plan_reliability.cost_if_fails(cities, table["facilities"], name) == pytest.approx(cost, abs=1)


def test_the_cameras_safety_stock_is_the_published_one() -> None:
    stages, factor = plan_safety_stock.read_chain(DATA / "gsm" / "digital_camera.txt")
    assert place(stages, rate=0.24, factor=factor).total == pytest.approx(71475.8, abs=0.1)
