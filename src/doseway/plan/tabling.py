"""Cells as people read them in pages, notebooks and terminals; plain values stay in JSON, CSV and workbooks."""

from collections.abc import Sequence
from html import escape

from doseway.plan.sheets import Cell, Column, Sheet
from doseway.plan.wording import number, percent

_SHARES = ("share", "service", "utilisation", "gap", "index", "ratio", "chance", "probability", "saving / value")


_ROWS = 20


def shown(value: Cell, column: Column) -> str:
    """Write a cell for people: shares in percent, other numbers with four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    is_share = not column.unit and any(word in column.name for word in _SHARES) and abs(value) <= 10  # noqa: PLR2004
    return percent(value) if is_share else number(value)


def is_number(value: Cell) -> bool:
    """Tell whether a cell is aligned to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def html(words: Sequence[str], sheets: Sequence[Sheet]) -> str:
    """Return an answer as a notebook shows it: its words, then its tables, long ones cut after twenty rows."""
    told = "".join(f"<li>{escape(line)}</li>" for line in words)
    return f"<ul>{told}</ul>" + "".join(_table(one) for one in sheets if one.rows)


def _table(one: Sheet) -> str:
    head = "".join(f"<th>{escape(column.heading)}</th>" for column in one.columns)
    rows = ["".join(_cell(cell, column) for cell, column in zip(row, one.columns, strict=True)) for row in one.rows]
    body = "".join(f"<tr>{row}</tr>" for row in rows[:_ROWS])
    more = f"<p>{len(rows) - _ROWS:,} more rows</p>" if len(rows) > _ROWS else ""
    caption = f"<caption>{escape(one.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(cell: Cell, column: Column) -> str:
    align = ' style="text-align:right"' if is_number(cell) else ""
    return f"<td{align}>{escape(shown(cell, column))}</td>"
