"""The report as one HTML page: no script, no request, readable light, dark, on a phone and on paper."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from doseway.plan.questions.answering import Answer
from doseway.plan.seeing.drawing import Figure, style
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.tabling import is_number, shown
from doseway.plan.wording import several

if TYPE_CHECKING:
    from jinja2 import Template

LONGEST = 200
"""Rows of a table that a page shows; the workbook has all."""


class Chapter(NamedTuple):
    """A chapter of a report: an answer's words, drawings and tables; a drawing's twin stands under it."""

    title: str
    answer: Answer
    figures: tuple[Figure, ...] = ()


class _View(NamedTuple):
    title: str
    note: str
    head: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]


def render(title: str, chapters: Sequence[Chapter], network: Network | None = None, made_by: str = "Doseway") -> bytes:
    """Return the page in UTF-8. Its Content-Security-Policy allows the page's own style sheet and nothing else."""
    css = _resource("plan.css") + style()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    csp = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    views = [
        {
            "title": chapter.title,
            "words": chapter.answer.words(),
            "figures": [
                {"caption": one.caption, "svg": _Safe(one.svg), "title": one.title, "twin": _view(one.twin)}
                for one in chapter.figures
            ],
            "tables": [_view(one) for one in chapter.answer.sheets() if one.rows and not _is_twin(one, chapter)],
        }
        for chapter in chapters
    ]
    basis = None if network is None else {"words": basis_words(network), "table": _view(figures_sheet(network))}
    page = _template().render(title=title, chapters=views, basis=basis, made_by=made_by, css=_Safe(css), csp=_Safe(csp))
    return page.encode()


def basis_words(network: Network) -> list[str]:
    """Say how many rows of the tables are assumed, and how many cite a public figure."""
    assumed = cited = rows = 0
    for name, table in network.tables.items():
        if name != "figures":
            rows += len(table)
            assumed += int(np.count_nonzero(table.flag("assumed")))
            cited += sum("figure:" in source for source in table.text("source"))
    return [
        f"{several(rows, 'row')} of data: {assumed:,} marked as assumed, {cited:,} cite a public figure.",
        "Figures that count different things (sites, filings, volume, value) are never mixed in one row.",
    ]


def figures_sheet(network: Network) -> Sheet:
    """Return the public figures with their sources."""
    table = network["figures"]
    rows = [
        (table.text("figure")[i], float(table.number("value")[i]), table.text("unit")[i], table.text("kind")[i],
         table.text("as_of")[i], table.text("source")[i])
        for i in range(len(table))
    ]  # fmt: skip
    return sheet("figures", "Public figures", ["figure", "value", "unit", "kind", "as of", "source"], rows)


def _is_twin(one: Sheet, chapter: Chapter) -> bool:
    return any(figure.twin.name == one.name for figure in chapter.figures)


def _view(one: Sheet) -> _View:
    numeric = [any(is_number(row[i]) for row in one.rows) for i in range(len(one.columns))]
    head = [(column.heading, right) for column, right in zip(one.columns, numeric, strict=True)]
    rows = [
        [(shown(cell, column), is_number(cell)) for cell, column in zip(row, one.columns, strict=True)]
        for row in one.rows[:LONGEST]
    ]
    rest = len(one.rows) - LONGEST
    return _View(one.title, f"{rest:,} more rows are in the workbook." if rest > 0 else "", head, rows)


class _Safe(str):
    """A text of our own that goes into the page as it is (the protocol of markupsafe)."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # only for a report

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_resource("plan.html.j2"))


def _resource(name: str) -> str:
    return files("doseway.plan.seeing").joinpath("templates", name).read_text(encoding="utf-8")
