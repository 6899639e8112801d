"""Scenario workers on Dask: the same answers as threads, also when their processes are killed."""

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.engines.team_kit import answers_as_threads_do, assert_same, decided, family

from doseway.engines.dask_team import DaskExecutor, DaskTeam, _Life
from doseway.model.errors import DosewayError, Unavailable
from doseway.plan.executor import Threads


class Sum:
    """Answers with the sum of all that it was told: a worker whose answer depends on every message."""

    def __init__(self) -> None:
        self.total = 0

    def tell(self, message: int) -> int:
        if message < 0:
            raise DosewayError("nothing below zero")
        self.total += message
        return self.total


@pytest.fixture(scope="module")
def executor() -> Iterator[DaskExecutor]:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    made = DaskExecutor(2)
    yield made
    made.close()


def kill(executor: DaskExecutor, place: str) -> None:
    os.kill(executor.client.run(os.getpid, workers=[place])[place], signal.SIGKILL)


@pytest.mark.slow
def test_processes_answer_as_threads_do_also_when_killed_while_they_solve(
    executor: DaskExecutor, tmp_path: Path
) -> None:
    answers_as_threads_do(executor, tmp_path)


@pytest.mark.slow
def test_a_process_that_is_killed_between_messages_changes_nothing(executor: DaskExecutor) -> None:
    class Killing:
        width = 2

        def team(self, makers: Any) -> "Killing":
            self.inner, self.rounds = executor.team(makers), 0
            return self

        def ask(self, messages: Any) -> list[Any]:
            self.rounds += 1
            if self.rounds in {2, 7}:
                [place] = executor.client.who_has(self.inner.members[1].life).popitem()[1]
                kill(executor, place)
            return self.inner.ask(messages)

        def close(self) -> None:
            self.inner.close()

    scenarios, killing = family(), Killing()
    assert_same(decided(scenarios, killing), decided(scenarios, Threads(2)))
    assert killing.rounds > 7


@pytest.mark.slow
def test_every_process_at_once_may_be_killed(executor: DaskExecutor) -> None:
    team = executor.team([Sum, Sum])
    assert team.ask([1, 10]) == [1, 10]
    for place in executor.client.nthreads():
        kill(executor, place)
    assert team.ask([2, 20]) == [3, 30]
    team.close()


@pytest.mark.slow
def test_what_a_worker_raises_is_raised_here(executor: DaskExecutor) -> None:
    team = executor.team([Sum])
    with pytest.raises(DosewayError, match="below zero"):
        team.ask([-1])
    team.close()


@pytest.mark.slow
def test_a_scheduler_elsewhere_is_joined_by_its_address(executor: DaskExecutor) -> None:
    joined = DaskExecutor(3, address=executor.client.scheduler.address)
    team = joined.team([Sum, Sum, Sum])  # more workers than processes
    assert team.ask([1, 2, 3]) == [1, 2, 3]
    assert team.ask([1, 2, 3]) == [2, 4, 6]
    team.close()
    joined.close()
    assert executor.client.nthreads()


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://nowhere"])
def test_a_scheduler_that_is_not_there_is_said(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setattr("doseway.engines.dask_team._PATIENCE", "500 ms")
    with pytest.raises(Unavailable, match="does not answer"):
        DaskExecutor(2, address=address)


def test_a_message_counts_once_and_a_copy_that_forgot_is_told_again() -> None:
    life = _Life(Sum)
    assert life.tell(0, [], 5).answer == 5
    assert life.tell(0, [], 5).answer == 5  # sent again: the answer was lost
    assert life.tell(1, [], 2).answer == 7
    copy = pickle.loads(pickle.dumps(life))
    assert copy.tell(2, [], 1).told == 0  # it knows nothing, and says so
    reply = copy.tell(2, [5, 2], 1)
    assert (reply.told, reply.answer) == (3, 8)


def test_a_team_needs_processes() -> None:
    class Empty:
        def nthreads(self) -> dict[str, int]:
            return {}

    with pytest.raises(Unavailable, match="no workers"):
        DaskTeam(Empty(), [Sum])


def test_without_dask_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(Unavailable, match="not installed"):
        DaskExecutor(2)
