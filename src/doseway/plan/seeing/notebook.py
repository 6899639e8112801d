"""Answers in a notebook: HTML to look at, frames to work on. pandas and polars are used where they are installed."""

from html import escape
from typing import Any, Literal

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.questions.answering import Answer
from doseway.plan.seeing.tabling import is_number, shown
from doseway.plan.sheets import Sheet

Library = Literal["dict", "pandas", "polars"]
_ROWS = 20


def html(answer: Answer) -> str:
    """Return an answer as HTML: its words, then its tables, long ones cut after twenty rows."""
    words = "".join(f"<li>{escape(line)}</li>" for line in answer.words())
    return f"<ul>{words}</ul>" + "".join(_table(one) for one in answer.sheets() if one.rows)


def _table(one: Sheet) -> str:
    head = "".join(f"<th>{escape(column.heading)}</th>" for column in one.columns)
    rows = []
    for row in one.rows[:_ROWS]:
        cells = zip(row, one.columns, strict=True)
        align = [
            (' style="text-align:right"' if is_number(cell) else "", shown(cell, column)) for cell, column in cells
        ]
        rows.append("<tr>" + "".join(f"<td{style}>{escape(words)}</td>" for style, words in align) + "</tr>")
    more = f"<p>{len(one.rows) - _ROWS:,} more rows</p>" if len(one.rows) > _ROWS else ""
    caption = f"<caption>{escape(one.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"


def frames(answer: Answer, library: Library = "dict") -> dict[str, Any]:
    """Return the tables of an answer by name: as columns in plain lists, or as frames of pandas or polars.

    Raises:
        Unavailable: the library is not installed.
        UsageError: no such library.
    """
    if library not in {"dict", "pandas", "polars"}:
        raise UsageError(f"there is no library {library!r}", hint="Say dict, pandas or polars.")
    plain = {one.name: one.as_columns() for one in answer.sheets()}
    if library == "dict":
        return plain
    try:
        module = __import__(library)
    except ImportError as error:
        raise Unavailable(f"{library} is not installed", hint=f"Install it with `pip install {library}`.") from error
    return {name: module.DataFrame(columns) for name, columns in plain.items()}
