"""Questions answered in this process: what an answer holds, and what a solve by cuts leaves to go on from."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.plan.conftest import chain_rows

from doseway.app.plans import made
from doseway.app.plans.answering import Asked, answered, compared
from doseway.app.plans.asks import ASKS, plain, read_ask
from doseway.model.errors import DataError, UsageError
from doseway.plan import twostage
from doseway.plan.tables import from_rows


def asked(folder: Path, question: str, **told: Any) -> Asked:
    parts: list[tuple[int, int]] = []
    return Asked(
        network=from_rows(**chain_rows()), ask=read_ask(question, told), plan=None, watch=lambda _progress: True,
        told=lambda done, of: parts.append((done, of)), checkpoint=folder / "checkpoint.json", where="2",
    )  # fmt: skip


@pytest.mark.parametrize("question", ["cheapest", "failures", "capacity"])
def test_an_answer_comes_back_from_its_bytes_as_it_was(tmp_path: Path, question: str) -> None:
    one = answered(question, asked(tmp_path, question))
    again = made.from_bytes(made.to_bytes(one))
    assert made.to_bytes(again) == made.to_bytes(one)
    assert (again.chapters, again.plan, again.status) == (one.chapters, one.plan, one.status)
    for figure in (figure for part in again.chapters for figure in part.figures):
        assert figure.svg.startswith("<svg")
        assert "<script" not in figure.svg
        assert "var(" not in figure.printed()


def test_a_plan_answer_has_every_drawing_once_and_no_table_twice(tmp_path: Path) -> None:
    one = answered("cheapest", asked(tmp_path, "cheapest"))
    names = [figure.name for part in one.chapters for figure in part.figures]
    assert {"network", "sankey", "loads", "exposure", "survival"} <= set(names)
    assert len(names) == len(set(names))
    twins = {figure.twin.name for part in one.chapters for figure in part.figures}
    assert not twins & {sheet.name for part in one.chapters for sheet in part.sheets}


def test_a_solve_by_cuts_leaves_what_the_next_one_goes_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twostage, "LARGEST", 0)
    told = {"scenarios": 8, "is_quick": True}
    first = answered("uncertain", asked(tmp_path, "uncertain", **told))
    kept = (tmp_path / "checkpoint.json").read_bytes()
    again = answered("uncertain", asked(tmp_path, "uncertain", **told))
    assert first.answer["method"] == "decomposed"
    assert again.cost == pytest.approx(first.cost, rel=1e-6)
    assert msgspec.json.decode(kept)["problem"] == msgspec.json.decode(
        (tmp_path / "checkpoint.json").read_bytes()
    )["problem"]  # fmt: skip


def test_the_same_plan_twice_differs_in_nothing(tmp_path: Path) -> None:
    plan = answered("cheapest", asked(tmp_path, "cheapest")).plan
    assert plan is not None
    one = compared(plan, plan, ("this", "that"))
    assert "The two are the same." in one.chapters[0].words
    assert [figure.name for figure in one.chapters[0].figures] == ["compare", "made"]


@pytest.mark.parametrize("question", ASKS)
def test_what_is_not_said_is_the_default_and_what_is_unknown_is_refused(question: str) -> None:
    assert plain(read_ask(question, {})) == {}
    assert plain(read_ask(question, {"gap": 0.5})) == {"gap": 0.5}
    with pytest.raises(DataError, match=question):
        read_ask(question, {"speed": 1})
    with pytest.raises(UsageError, match="no question"):
        read_ask(question + "x", {})
