"""Scenario workers on Ray: the same answers as threads, also when an actor is killed."""

import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from benchmarks.networks import generated

from doseway.engines.ray_team import RayExecutor, RayTeam
from doseway.model.errors import Unavailable
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.executor import Maker, Threads
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.risk import Risk
from doseway.plan.scenarios import draw
from doseway.plan.twostage import TwoStage, decide_for, undisturbed

RISK = Risk(weight=0.5, level=0.8)


@pytest.fixture(scope="module")
def family() -> Family:
    chain = Chain(in_plan_units(generated(24, 4)))
    return family_under(undisturbed(chain), draw(chain, 8, 1))


@pytest.fixture(scope="module")
def executor() -> Iterator[RayExecutor]:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    made = RayExecutor(2)
    yield made
    made.ray.shutdown()


def decided(family: Family, executor: Any) -> TwoStage:
    return decide_for(family, RISK, Limits(gap=1e-5), method="decomposed", executor=executor)


class Deadly:
    """Kills an actor's process after some rounds."""

    def __init__(self, executor: RayExecutor) -> None:
        self.executor, self.width, self.killed = executor, executor.width, 0

    def team(self, makers: Sequence[Maker]) -> "DeadlyTeam":
        return DeadlyTeam(self, self.executor.team(makers))


class DeadlyTeam:
    def __init__(self, owner: Deadly, team: RayTeam) -> None:
        self.owner, self.inner, self.rounds = owner, team, 0

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        self.rounds += 1
        if self.rounds in {2, 7}:
            ray = self.owner.executor.ray
            os.kill(ray.get(self.inner.actors[1].process.remote()), signal.SIGKILL)
            self.owner.killed += 1
        return self.inner.ask(messages)

    def close(self) -> None:
        self.inner.close()


# Ray leaves its own processes to the collector, which then warns that they still run.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.slow
def test_actors_answer_as_threads_do_and_a_killed_one_changes_nothing(family: Family, executor: RayExecutor) -> None:
    threads, actors = decided(family, Threads(2)), decided(family, executor)
    deadly = Deadly(executor)
    killed = decided(family, deadly)
    assert deadly.killed == 2
    for answer in (actors, killed):
        assert np.array_equal(answer.decisions, threads.decisions)
        assert np.array_equal(answer.costs, threads.costs)
        assert answer.outcome.bound == threads.outcome.bound


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(Unavailable, match="not installed"):
        RayExecutor(2)
