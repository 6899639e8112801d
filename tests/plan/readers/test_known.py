"""The table of published instances: what counts as reproduced, and what is said of the rest."""

import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from benchmarks import known, known_optima
from benchmarks.known import Found, Instance, Solved, half_of_last_digit, solved

from doseway.model.errors import Unavailable
from doseway.plan.highs import Limits


def instance(cost: float, *, published: float = 100.0, bound: float | None = None, note: str = "") -> Instance:
    def solve(limits: Limits) -> Found:
        return Found(cost, cost if bound is None else bound)

    return Instance("made", published, 0.05, solve, "nobody", again=solve, note=note)


def never(limits: Limits) -> Found:
    raise Unavailable("time ran out before any plan was found")


@pytest.mark.parametrize(("cost", "is_it"), [(100.0, True), (100.05, True), (99.95, True), (100.06, False)])
def test_a_figure_is_reproduced_within_its_tolerance(cost: float, is_it: bool) -> None:
    assert solved(instance(cost)).is_reproduced is is_it


def test_a_gap_is_what_was_proved() -> None:
    assert solved(instance(100.0, bound=99.0)).gap == pytest.approx(0.01)


def test_no_plan_in_time_is_no_figure() -> None:
    answer = solved(Instance("made", 100.0, 0.05, never, "nobody"))
    assert (answer.cost, answer.gap, answer.is_reproduced) == (None, None, False)
    assert known._row(answer)["value"] is None
    assert "no plan in time" in known_optima.said(answer)


def test_a_row_says_when_it_is_not_the_published_figure() -> None:
    assert known._row(solved(instance(101.0)))["note"].startswith("NOT the published figure")
    assert "NOT" not in known._row(solved(instance(100.0)))["note"]


def test_the_tolerance_of_a_printed_figure_is_half_of_its_last_digit() -> None:
    assert half_of_last_digit([12.3], 1) == pytest.approx(0.05)
    assert half_of_last_digit([123.0], 0) == pytest.approx(0.5)


def test_the_page_counts_marks_and_explains() -> None:
    answers = [solved(instance(100.0)), solved(instance(101.0, note="the file is another one"))]
    result = known_optima.Kept(at="2027-01-01", machine="2 cores", answers=answers)
    page = known_optima.page({"plan_facility": result}, ["capc-5000"])
    assert "1 of 2 published figures" in page
    assert "| made | 100 | 100 | yes | 0 | 100 |" in page
    assert "| made | 100 | 101 | **no** | 0 | 101 |" in page
    assert "made: the file is another one." in page
    assert "capc-5000" in page


def test_answers_are_kept_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = SimpleNamespace(instances=lambda: [instance(100.0), instance(101.0)])
    monkeypatch.setitem(sys.modules, "benchmarks.made", workload)
    known_optima.measured("made", tmp_path)
    found = known_optima.kept_of("made", tmp_path)
    assert found is not None
    assert [answer.cost for answer in found.answers] == [100.0, 101.0]
    assert known_optima.kept_of("plan_twostage", tmp_path) is None
    assert msgspec.json.decode((tmp_path / "made.json").read_bytes())["answers"][1]["cost"] == 101.0


def test_what_is_reproduced_already_is_not_solved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solving: list[str] = []

    def counted(name: str, cost: float) -> Instance:
        def solve(limits: Limits) -> Found:
            solving.append(name)
            return Found(cost, cost)

        return Instance(name, 100.0, 0.05, solve, "nobody")

    workload = SimpleNamespace(instances=lambda: [counted("good", 100.0), counted("bad", 101.0)])
    monkeypatch.setitem(sys.modules, "benchmarks.made", workload)
    known_optima.measured("made", tmp_path)
    known_optima.measured("made", tmp_path, is_resumed=True)
    assert solving == ["good", "bad", "bad"]


def test_every_title_is_a_workload() -> None:
    for name in known_optima.TITLES:
        assert (Path(known_optima.__file__).parent / f"{name}.py").is_file()


def test_a_solved_instance_survives_its_file() -> None:
    answer = solved(instance(100.0))
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Solved) == answer
