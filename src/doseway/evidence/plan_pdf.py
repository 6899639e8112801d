"""An answer of planning as PDF, set by typst like the evidence report; the same answer gives the same bytes."""

from importlib.resources import files
from typing import Any, Final

import msgspec

from doseway.model.units import SECOND_MS
from doseway.plan.sheets import Sheet
from doseway.plan.tabling import is_number, shown

LONGEST: Final = 40
"""Rows of a table that are printed; the workbook has all."""
_WIDEST: Final = 9


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter: its words, its drawings as (title, caption, SVG with fixed colours), its tables."""

    title: str
    words: list[str]
    figures: list[tuple[str, str, str]]
    sheets: list[Sheet]


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed; `facts` are pairs of words about how it came to be."""

    title: str
    software: str
    facts: list[tuple[str, str]]
    chapters: list[Told]


def render_plan_pdf(report: PlanReport, made_at_ms: int) -> bytes:
    """Return the PDF, tagged for screen readers, with the answer's own time as its date."""
    # Imported here: the typesetter is large, and only reports need it.
    import typst  # noqa: PLC0415

    template = files("doseway.evidence").joinpath("templates", "plan.typ").read_bytes()
    data = msgspec.json.encode(_view(report)).decode()
    pdf = typst.compile(template, sys_inputs={"data": data}, format="pdf", timestamp=made_at_ms // SECOND_MS)
    assert isinstance(pdf, bytes)  # one document, no output path
    return pdf


def _view(report: PlanReport) -> dict[str, Any]:
    return {
        "title": report.title,
        "software": report.software,
        "facts": report.facts,
        "chapters": [
            {
                "title": one.title,
                "words": one.words,
                "figures": [{"title": title, "caption": words, "svg": svg} for title, words, svg in one.figures],
                "sheets": [_sheet(sheet) for sheet in one.sheets if sheet.rows and len(sheet.columns) <= _WIDEST],
            }
            for one in report.chapters
        ],
    }


def _sheet(one: Sheet) -> dict[str, Any]:
    numeric = [any(is_number(row[i]) for row in one.rows) for i in range(len(one.columns))]
    rest = len(one.rows) - LONGEST
    return {
        "title": one.title,
        "head": [column.heading for column in one.columns],
        "right": numeric,
        "rows": [
            [shown(cell, column) for cell, column in zip(row, one.columns, strict=True)] for row in one.rows[:LONGEST]
        ],
        "note": f"{rest:,} more rows are in the workbook." if rest > 0 else "",
    }
