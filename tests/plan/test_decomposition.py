"""Cuts against the extensive form, which is their oracle; kills, stops and restarts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.networks import generated
from benchmarks.readers.netdes import drafts_of, read_design
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.random_networks import networks

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.chain import Chain
from doseway.plan.decomposition.checkpoint import Checkpoint, fingerprint
from doseway.plan.decomposition.family import Family, family_of, family_under
from doseway.plan.executor import Handle, Maker, Remembered, Threads, Worker, WorkerLost
from doseway.plan.highs import Limits, Progress
from doseway.plan.program import Program
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenarios import draw
from doseway.plan.twostage import Method, Risk, decide, decide_each, decide_for, decide_under, undisturbed

TIGHT = Limits(gap=1e-6)
EVENTS = [
    {"event": "ban", "target_kind": "country", "target": "IN", "probability": 0.3, "duration_days": 120},
    {"event": "storm", "target_kind": "region", "target": "Gulf", "probability": 0.3, "duration_days": 40},
]


@pytest.fixture
def family(changed: Callable[..., Any]) -> Family:
    """Sixteen scenarios whose decisions are not those for the expected values."""
    storage = [{"site": "Depot", "product": "vial", "buffer_cost": 1.5, "buffer_max": 300_000}]
    chain = Chain(in_plan_units(changed(disruptions=EVENTS, storage=storage)))
    return family_under(undisturbed(chain), draw(chain, 16, 3))


@settings(max_examples=25, deadline=None)
@given(
    network=networks(),
    seed=st.integers(0, 99),
    risk=st.sampled_from([Risk(), Risk(weight=0.4, level=0.8), Risk(weight=1.0, level=0.6)]),
    width=st.integers(1, 3),
)
def test_cuts_find_what_the_extensive_form_finds(network: Any, seed: int, risk: Risk, width: int) -> None:
    chain = Chain(in_plan_units(network))
    scenarios = draw(chain, 7, seed)
    whole = decide_under(chain, scenarios, risk, TIGHT, method="extensive")
    cut = decide_under(chain, scenarios, risk, TIGHT, method="decomposed", executor=Threads(width))
    size = max(1.0, abs(whole.outcome.cost))
    assert cut.outcome.status == "optimal"
    assert cut.outcome.cost == pytest.approx(whole.outcome.cost, rel=3e-6, abs=1e-4)
    assert cut.outcome.bound <= whole.outcome.cost + 1e-6 * size
    assert cut.outcome.bound <= cut.outcome.cost
    weighted = (1 - risk.weight) * cut.expected + risk.weight * cut.tail
    assert weighted == pytest.approx(cut.outcome.cost, rel=1e-6, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(network=networks(), seed=st.integers(0, 99), method=st.sampled_from(["decomposed", "extensive"]))
def test_one_weight_after_the_other_finds_what_each_finds_alone(network: Any, seed: int, method: Method) -> None:
    chain = Chain(in_plan_units(network))
    family = family_under(undisturbed(chain), draw(chain, 7, seed))
    risks = [Risk(weight=weight, level=0.7) for weight in (0.0, 0.3, 1.0)]
    for risk, found in zip(risks, decide_each(family, risks, TIGHT, method=method), strict=True):
        alone = decide_for(family, risk, TIGHT, method="extensive")
        assert found.outcome.cost == pytest.approx(alone.outcome.cost, rel=3e-6, abs=1e-4)
        assert found.outcome.bound <= alone.outcome.cost + 1e-6 * max(1.0, abs(alone.outcome.cost))
        weighted = (1 - risk.weight) * found.expected + risk.weight * found.tail
        assert weighted == pytest.approx(found.outcome.cost, rel=1e-6, abs=1e-4)


def test_weights_are_compared_at_one_level(family: Family) -> None:
    with pytest.raises(UsageError, match="at one level"):
        list(decide_each(family, [Risk(level=0.5), Risk(level=0.9)]))


def test_what_follows_in_a_scenario_is_solved_when_asked_for(family: Family) -> None:
    answer = decide_for(family, limits=TIGHT, method="decomposed")
    assert len(answer.recourse) == len(family)
    paid = family.base.cost[family.decisions] @ answer.decisions
    for scenario in (0, -1):
        arrays = family.arrays(range(len(family))[scenario])
        assert arrays.cost @ answer.recourse[scenario] - paid == pytest.approx(answer.costs[scenario], rel=1e-6)


@pytest.fixture
def hard() -> Family:
    """A family that takes tens of rounds."""
    chain = Chain(in_plan_units(generated(24, 4)))
    return family_under(undisturbed(chain), draw(chain, 8, 1))


class Buyer:
    """Buy x ≤ limit at 1 now; a demand must be met from it, or from the market at 5 where there is one."""

    def __init__(self, demand: float, market: float) -> None:
        self.program = Program()
        bought = self.program.add_columns("bought", "bought", {}, 1, cost={"c": 1.0}, upper=50.0, stage=1)
        more = self.program.add_columns("more", "more", {}, 1, cost={"c": 5.0}, upper=market)
        row = self.program.add_rows("need", "need", {}, 1, lower=demand)
        self.program.add_entries(np.r_[row, row], np.r_[bought, more], 1.0)


def test_scenarios_of_different_shape_are_refused_with_what_differs() -> None:
    other = Buyer(10, 100)
    other.program.add_columns("third way", "third way", {}, 2)
    with pytest.raises(
        UsageError, match=r"differ in their columns: the first has none, scenario 2 has 2 of 'third way'"
    ):
        decide([(0.5, Buyer(10, 100)), (0.5, other)])
    other = Buyer(10, 100)
    other.program.add_columns("more decided", "more decided", {}, 1, stage=1)
    with pytest.raises(UsageError, match="differ in their decisions"):
        decide([(0.5, Buyer(10, 100)), (0.5, other)])


def test_decisions_that_a_scenario_cannot_follow_are_cut_off() -> None:
    cases = [(0.5, Buyer(10, 100)), (0.5, Buyer(30, 0))]
    answer = decide(cases, limits=TIGHT, method="decomposed")
    assert answer.decisions[0] == pytest.approx(30)
    assert answer.outcome.status == "optimal"
    with pytest.raises(UsageError, match="no decisions are feasible"):
        decide([(0.5, Buyer(10, 100)), (0.5, Buyer(70, 0))], method="decomposed")


def test_the_method_is_chosen_by_size_and_said(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    small = decide_for(family, limits=TIGHT)
    assert small.method == "extensive"
    assert "one program" in small.why
    monkeypatch.setattr("doseway.plan.twostage.LARGEST", 100)
    large = decide_for(family, limits=TIGHT)
    assert large.method == "decomposed"
    assert "by cuts" in large.why
    assert large.expected == pytest.approx(small.expected, rel=1e-5)


def test_campaigns_after_the_event_are_left_to_one_program(changed: Callable[..., Any], rows: Any) -> None:
    recipes = [{**r, "changeover_hours": 5} for r in rows["recipes"]]
    chain = Chain(in_plan_units(changed(disruptions=EVENTS, recipes=recipes)))
    with pytest.raises(UsageError, match="campaigns"):
        decide_under(chain, draw(chain, 3, 1), method="decomposed")
    answer = decide_under(chain, draw(chain, 3, 1), limits=Limits(gap=1e-3))
    assert answer.method == "extensive"
    assert "campaigns" in answer.why


def test_a_stopped_solve_keeps_its_best_plan_and_its_bound(hard: Family) -> None:
    seen: list[Progress] = []

    def watch(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 4

    answer = decide_for(hard, limits=TIGHT, watch=watch, method="decomposed")
    best = decide_for(hard, limits=TIGHT, method="extensive").outcome.cost
    assert answer.outcome.status == "feasible"
    assert answer.outcome.bound <= best <= answer.outcome.cost + 1e-6 * abs(best)
    assert all(p.bound <= p.cost for p in seen)
    assert [p.bound for p in seen] == sorted(p.bound for p in seen)


class Fragile:
    """An executor whose workers die now and then, with all that they know."""

    def __init__(self, deaths: Sequence[int], width: int = 2) -> None:
        self.width, self.deaths, self.told = width, set(deaths), 0
        self.made = 0

    def team(self, makers: Sequence[Maker]) -> "FragileTeam":
        return FragileTeam(self, makers)

    def start(self, make: Maker) -> Handle:
        self.made += 1
        return Mortal(self, make())


class Mortal:
    def __init__(self, owner: Fragile, worker: Worker) -> None:
        self.owner, self.worker = owner, worker

    def tell(self, message: Any) -> Any:
        self.owner.told += 1
        if self.owner.told in self.owner.deaths:
            raise WorkerLost
        return self.worker.tell(message)


class FragileTeam:
    def __init__(self, owner: Fragile, makers: Sequence[Maker]) -> None:
        self.workers = [Remembered(make, owner.start) for make in makers]

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        return [worker.tell(message) for worker, message in zip(self.workers, messages, strict=True)]

    def close(self) -> None: ...


def test_a_killed_worker_changes_nothing(family: Family) -> None:
    risk = Risk(weight=0.5, level=0.8)
    calm = decide_for(family, risk, TIGHT, method="decomposed", executor=Fragile([]))
    shaky = Fragile([2, 5, 6, 11])
    answer = decide_for(family, risk, TIGHT, method="decomposed", executor=shaky)
    assert shaky.made > 2
    assert np.array_equal(answer.decisions, calm.decisions)
    assert np.array_equal(answer.costs, calm.costs)
    assert (answer.outcome.cost, answer.outcome.bound) == (calm.outcome.cost, calm.outcome.bound)


def test_a_worker_that_dies_every_time_is_given_up(family: Family) -> None:
    with pytest.raises(Unavailable, match="again and again"):
        decide_for(family, method="decomposed", executor=Fragile(range(1000)))


def test_a_checkpoint_is_gone_on_from_and_only_for_its_own_problem(hard: Family, tmp_path: Path) -> None:
    family = hard
    path, rounds = tmp_path / "solve.json", []

    def few(progress: Progress) -> bool:
        rounds.append(progress)
        return len(rounds) < 6

    decide_for(family, limits=TIGHT, watch=few, method="decomposed", checkpoint=Checkpoint(path))
    again: list[Progress] = []

    def all_of_them(progress: Progress) -> bool:
        again.append(progress)
        return True

    keep = Checkpoint(path)
    answer = decide_for(family, limits=TIGHT, watch=all_of_them, method="decomposed", checkpoint=keep)
    assert again[0].cost <= rounds[-1].cost + 1e-6 * abs(rounds[-1].cost)
    assert again[1].bound >= rounds[-1].bound - 1e-6 * abs(rounds[-1].bound)
    assert answer.outcome.cost == pytest.approx(decide_for(family, limits=TIGHT).outcome.cost, rel=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["solve.json"]
    assert fingerprint(family, Risk()) != fingerprint(family, Risk(weight=0.5))
    assert Checkpoint(path).load(family, Risk(weight=0.5)) is None
    path.write_text("{")
    with pytest.raises(UsageError, match="no checkpoint"):
        Checkpoint(path).load(family, Risk())


KILLED = """
import sys
from pathlib import Path
from benchmarks.networks import generated
from doseway.plan.chain import Chain
from doseway.plan.decomposition.checkpoint import Checkpoint
from doseway.plan.executor import Threads
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenarios import draw
from doseway.plan.twostage import decide_under
chain = Chain(in_plan_units(generated(24, 4)))
def watch(progress):
    print("round", flush=True)
    return True
decide_under(chain, draw(chain, 12, 1), limits=Limits(gap=1e-6), watch=watch, method="decomposed",
             executor=Threads(1), checkpoint=Checkpoint(Path(sys.argv[1])))
print("end", flush=True)
"""


def test_a_solve_that_is_killed_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "solve.json"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}) as process:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    chain = Chain(in_plan_units(generated(24, 4)))
    family = family_under(undisturbed(chain), draw(chain, 12, 1))
    saved = Checkpoint(path).load(family, Risk())
    assert saved is not None
    assert len(saved.cuts) >= 12
    answer = decide_for(family, limits=Limits(gap=1e-4), method="decomposed", checkpoint=Checkpoint(path))
    assert answer.outcome.status == "optimal"


def test_many_scenarios_begin_from_a_sample(monkeypatch: pytest.MonkeyPatch, changed: Callable[..., Any]) -> None:
    monkeypatch.setattr("doseway.plan.decomposition.shaped.BATCH", 5)
    chain = Chain(in_plan_units(changed(disruptions=EVENTS)))
    family = family_under(undisturbed(chain), draw(chain, 40, 3))
    answer = decide_for(family, limits=TIGHT, method="decomposed")
    assert answer.outcome.cost == pytest.approx(decide_for(family, limits=TIGHT).outcome.cost, rel=3e-6)


def test_a_family_needs_a_scenario() -> None:
    with pytest.raises(UsageError, match="no scenario"):
        family_of([])


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_a_design_whose_scenarios_need_it_at_different_nodes_is_solved(tmp_path: Path, method: Method) -> None:
    """Arcs 0-1 and 0-2 cost 10 to open and 1 a unit; 5 units go to node 1 in one scenario, to node 2 in the other."""
    fixed, cost, capacity = "0,10,10;0,0,0;0,0,0", "0,1,1;0,0,0;0,0,0", "0,9,9;0,0,0;0,0,0"
    needs = ("5,-5,0", "5,0,-5")
    head = ["3", "0", "0", "0,1,1;0,0,0;0,0,0", fixed, "2", "0.5,0.5"]
    lines = head + [text for need in needs for text in (cost, capacity, need)]
    path = tmp_path / "network.dat"
    path.write_text("made\n+\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert decide(drafts_of(read_design(path)), limits=TIGHT, method=method).expected == pytest.approx(25)
