"""Where scenarios are solved, in words: threads, or processes of Ray or Dask."""

from pathlib import Path

import pytest

from doseway.app.planning import workers
from doseway.app.settings import load_settings
from doseway.engines import dask_team, ray_team
from doseway.model.errors import UsageError
from doseway.plan.executor import Threads


def test_a_number_is_so_many_threads() -> None:
    executor = workers("3")
    assert isinstance(executor, Threads)
    assert executor.width == 3


@pytest.mark.parametrize(
    ("words", "width", "address"),
    [
        ("ray", 2, None),
        ("ray:7", 7, None),
        ("ray://solver.example:10001", 2, "ray://solver.example:10001"),
        ("ray://solver.example:10001?16", 16, "ray://solver.example:10001"),
        ("dask", 2, None),
        ("dask:7", 7, None),
        ("dask://solver.example:8786", 2, "tcp://solver.example:8786"),
        ("dask://solver.example:8786?16", 16, "tcp://solver.example:8786"),
    ],
)
def test_a_cluster_is_reached_by_its_name_or_its_address(
    words: str, width: int, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, str | None]] = []

    class Reached(Threads):
        def __init__(self, width: int, *, address: str | None = None) -> None:
            super().__init__(width)
            asked.append((width, address))

    mine = (ray_team, "RayExecutor") if words.startswith("ray") else (dask_team, "DaskExecutor")
    monkeypatch.setattr(*mine, Reached)
    workers(words)
    assert asked == [(width, address)]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "0",
        "-1",
        "many",
        "spark://host",
        "ray:0",
        "ray:x",
        "ray://host?x",
        "dask:0",
        "dask:-1",
        "dask://",
        "dask://host?x",
        "dask4",
    ],
)
def test_what_are_no_workers_is_refused(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_team, "RayExecutor", lambda width, **_: Threads(width))
    with pytest.raises(UsageError, match="workers"):
        workers(words)


def test_the_settings_say_where(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text('workers = "ray:4"\n', encoding="utf-8")
    assert load_settings({}, tmp_path).workers == "ray:4"
    assert load_settings({"DOSEWAY_WORKERS": "5"}, tmp_path).workers == "5"
    assert load_settings({}, tmp_path / "none").workers == "2"
