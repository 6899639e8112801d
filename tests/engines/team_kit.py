"""What the tests of scenario workers in other processes share: a family of scenarios, and workers that die."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.networks import generated

from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.executor import Executor, Maker, Team, Threads, Worker
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.risk import Risk
from doseway.plan.scenarios import draw
from doseway.plan.twostage import TwoStage, decide_for, undisturbed

RISK = Risk(weight=0.5, level=0.8)


def family() -> Family:
    chain = Chain(in_plan_units(generated(24, 4)))
    return family_under(undisturbed(chain), draw(chain, 8, 1))


def decided(scenarios: Family, executor: Executor) -> TwoStage:
    return decide_for(scenarios, RISK, Limits(gap=1e-5), method="decomposed", executor=executor)


@dataclass
class Dying:
    """A worker whose process is killed while it answers, once for each of some messages; files say that it was."""

    inner: Worker
    graves: Path
    deadly: tuple[int, ...]
    told: int = 0

    def tell(self, message: Any) -> Any:
        self.told += 1
        grave = self.graves / f"{self.told}"
        if self.told in self.deadly and not grave.exists():
            grave.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner.tell(message)


@dataclass(frozen=True)
class DyingMaker:
    make: Maker
    graves: Path
    deadly: tuple[int, ...]

    def __call__(self) -> Worker:
        return Dying(self.make(), self.graves, self.deadly)


@dataclass
class Deadly:
    """An executor, the second of whose workers dies in the middle of messages 2 and 6."""

    executor: Executor
    graves: Path
    teams: list[Team] = field(default_factory=list)

    @property
    def width(self) -> int:
        return self.executor.width

    def team(self, makers: Sequence[Maker]) -> Team:
        dying = [DyingMaker(make, self.graves, (2, 6)) if i == 1 else make for i, make in enumerate(makers)]
        self.teams.append(self.executor.team(dying))
        return self.teams[-1]


def assert_same(answer: TwoStage, other: TwoStage) -> None:
    """To the bit."""
    assert np.array_equal(answer.decisions, other.decisions)
    assert np.array_equal(answer.costs, other.costs)
    assert answer.outcome.bound == other.outcome.bound


def answers_as_threads_do(executor: Executor, graves: Path) -> None:
    """The same answer, to the bit, also when a process is killed twice while it solves."""
    scenarios = family()
    threads = decided(scenarios, Threads(executor.width))
    assert_same(decided(scenarios, executor), threads)
    assert_same(decided(scenarios, Deadly(executor, graves)), threads)
    assert {grave.name for grave in graves.iterdir()} == {"2", "6"}
