"""The page carries nothing from outside, escapes what it is given; the workbook holds numbers as numbers."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import python_calamine

import doseway.plan as surface
from doseway.model.errors import UsageError
from doseway.plan.highs import Limits
from doseway.plan.questions.answering import Effort
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.record import network_hash
from doseway.plan.seeing.notebook import frames
from doseway.plan.seeing.report import Chapter, basis_words, render
from doseway.plan.seeing.workbook import network_workbook, workbook
from doseway.plan.seeing.world import world
from doseway.plan.sheets import sheet
from doseway.plan.tables import Network, read_workbook

EXACT = Effort(limits=Limits(gap=1e-6))
EVIL = '<img src=x onerror="alert(1)">'


def test_the_page_is_one_file_and_forbids_everything_else(network: Network) -> None:
    answer = cheapest(network, EXACT)
    page = render("A plan", [Chapter("Plan", answer, (world(network, answer.plan),))], network).decode()
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    for line in answer.words():
        assert line.replace("'", "&#39;") in page


def test_names_in_the_page_are_text(rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]) -> None:
    lines = [{**r, "line": EVIL if r["line"] == "f1" else r["line"]} for r in rows["lines"]]
    recipes = [{**r, "line": EVIL if r["line"] == "f1" else r["line"]} for r in rows["recipes"]]
    network = changed(lines=lines, recipes=recipes)
    answer = cheapest(network, EXACT)
    page = render(EVIL, [Chapter(EVIL, answer, (world(network, answer.plan),))], network).decode()
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_workbook_has_units_in_its_headings_and_numbers_as_numbers() -> None:
    one = sheet("t", "T", ["name", ("cost", "USD")], [("=1+1", 2.5), ("https://x.example", None)])
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook([one], ["In words."])))
    assert book.sheet_names == ["in words", "t"]
    assert book.get_sheet_by_name("t").to_python() == [["name", "cost [USD]"], ["=1+1", 2.5], ["https://x.example", ""]]


def test_a_network_written_as_a_workbook_is_the_same_network(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "n.xlsx"
    path.write_bytes(network_workbook(network))
    assert network_hash(read_workbook(path)) == network_hash(network)


def test_the_basis_counts_what_is_assumed() -> None:
    network = surface.worked_example()
    first, _ = basis_words(network)
    assumed = sum(int(t.flag("assumed").sum()) for name, t in network.tables.items() if name != "figures")
    assert f"{assumed:,} marked as assumed" in first


def test_frames_are_plain_or_of_a_library(network: Network) -> None:
    answer = cheapest(network, EXACT)
    plain = frames(answer)
    frame = frames(answer, "pandas")["flows"]
    assert isinstance(frame, pd.DataFrame)
    assert frame["quantity"].tolist() == plain["flows"]["quantity"]
    polars = pytest.importorskip("polars")
    assert isinstance(frames(answer, "polars")["costs"], polars.DataFrame)
    with pytest.raises(UsageError, match="no library"):
        frames(answer, "excel")  # type: ignore[arg-type]  # a user's slip


def test_an_answer_shows_itself_in_a_notebook(network: Network) -> None:
    page = cheapest(network, EXACT)._repr_html_()
    assert page.startswith("<ul><li>The plan")
    assert "<table>" in page


def test_the_surface_for_notebooks_is_there_and_lazy() -> None:
    for name in dir(surface):
        assert getattr(surface, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = surface.nothing_like_it
