"""Scenario workers on Ray: the same answers as threads, also when their processes are killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engines.team_kit import answers_as_threads_do

from doseway.engines.ray_team import RayExecutor
from doseway.model.errors import Unavailable


@pytest.fixture(scope="module")
def executor() -> Iterator[RayExecutor]:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    made = RayExecutor(2)
    yield made
    made.ray.shutdown()


# Ray leaves its own processes to the collector, which then warns that they still run.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.slow
def test_actors_answer_as_threads_do_also_when_killed_while_they_solve(executor: RayExecutor, tmp_path: Path) -> None:
    answers_as_threads_do(executor, tmp_path)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(Unavailable, match="not installed"):
        RayExecutor(2)
