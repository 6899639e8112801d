"""Published instances, where their files are at hand: the same readers and networks as in the benchmarks."""

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from benchmarks import plan_facility, plan_reliability, plan_safety_stock, plan_twostage
from benchmarks.known import DATA, Instance, solved

from doseway.plan.highs import solve
from doseway.plan.twostage import fixed_decisions

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no published instances at {DATA}; set DOSEWAY_DATA")
QUICK = (
    "cap41", "cap51", "cap63", "cap81", "cap94", "cap131", "cap63 single source", "cap123 single source", "B1.2",
)  # fmt: skip
STAGED = (
    "network-10-10-L-01", "network-10-10-H-01", "network-10-10-H-05", "network-10-10-L-08",
    "lands, two stages", "lands-blocks, two stages", "lands-indep, three stages", "lands-dep, three stages",
    "airlift-first", "airlift-second", "assets_small of other sources", "chem", "chem-base", "phone1",
    "4node, 64 scenarios", "4node-base, 64 scenarios",
)  # fmt: skip


def named(instances: Callable[[], Iterator[Instance]], name: str) -> Instance:
    [found] = [instance for instance in instances() if instance.name == name]
    return found


@pytest.mark.parametrize("name", QUICK)
def test_a_facility_instance_is_solved_to_its_published_optimum(name: str) -> None:
    answer = solved(named(plan_facility.instances, name))
    assert answer.is_reproduced
    assert answer.gap is not None
    assert answer.gap <= 1e-9


@pytest.mark.parametrize("name", STAGED)
def test_a_stochastic_program_is_solved_to_its_published_optimum_in_two_ways(name: str) -> None:
    answer = solved(named(plan_twostage.instances, name))
    assert answer.is_reproduced
    assert answer.again == pytest.approx(answer.published, abs=answer.tolerance)
    assert answer.gap is not None
    assert answer.gap <= 1e-7


def test_what_is_printed_of_the_assets_is_not_what_its_own_decisions_cost() -> None:
    # solution.txt prints decisions and -720.472240; on the files beside it they cost what our optimum does.
    family = plan_twostage.slp("assets", "assets", "assets", "assets-small")
    printed = [0.0] * 8 + [102.0, 203.0, 146.0, 80.0, 82.0]
    costs = [
        solve(fixed_decisions(family.arrays(s), family.is_first, np.array(printed))).cost for s in range(len(family))
    ]
    ours = solved(named(plan_twostage.instances, "assets_small"))
    assert ours.cost == pytest.approx(float(family.probabilities @ costs), rel=1e-9)
    assert not ours.is_reproduced


def test_location_and_what_each_failure_costs_are_the_published_figures() -> None:
    answers = [solved(instance) for instance in plan_reliability.instances() if "levels" not in instance.name]
    assert [answer.name for answer in answers if not answer.is_reproduced] == []


def test_location_that_reckons_with_failures_is_that_of_a_model_written_by_hand() -> None:
    assert solved(named(plan_reliability.instances, "49 cities, 4 levels, q = 0.05")).is_reproduced


def test_safety_stock_is_the_published_one_on_every_chain() -> None:
    answers = [solved(instance) for instance in plan_safety_stock.instances()]
    assert [answer.name for answer in answers if not answer.is_reproduced] == []


def test_the_cameras_safety_stock_is_the_published_one() -> None:
    assert plan_safety_stock.placed("digital_camera", 0.24, ()).total == pytest.approx(71475.8, abs=0.1)


@pytest.mark.parametrize(("chain", "rate"), [("bulldozer", 0.3), ("battery", 0.25)])
def test_each_stage_holds_what_the_published_solution_says(chain: str, rate: float) -> None:
    published = json.loads((DATA / "gsm" / f"{chain}_solution.json").read_text(encoding="utf-8"))
    placement = plan_safety_stock.placed(chain, rate, ())
    assert {name: cells["s"] for name, cells in published} == placement.quoted
    for name, cells in published:
        assert placement.cost[name] == pytest.approx(cells["cost"], rel=1e-3, abs=0.5)
