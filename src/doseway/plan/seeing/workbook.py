"""Answers and networks as XLSX: a sheet for each table, units in the headings, numbers as numbers."""

import io
from collections.abc import Sequence
from typing import Final

from doseway.model.errors import Unavailable
from doseway.plan.questions.answering import rows_of
from doseway.plan.schema import schema
from doseway.plan.sheets import Cell, Sheet, sheet
from doseway.plan.tables import Network

_LONGEST_NAME: Final = 31
_WIDEST: Final = 60
_MOST_ROWS: Final = 1_048_575


def workbook(sheets: Sequence[Sheet], words: Sequence[str] = ()) -> bytes:
    """Return a workbook; with words, the first sheet holds them.

    Raises:
        Unavailable: the writer is not installed.
    """
    told = [sheet("in words", "In words", ["answer"], [(line,) for line in words])] if words else []
    return _written([*told, *sheets])


def network_workbook(network: Network) -> bytes:
    """Return a network as a workbook that `doseway.plan.tables.read_workbook` reads: attributes as headings.

    Raises:
        Unavailable: the writer is not installed.
    """
    sheets = []
    for name, known in schema().items():
        rows = rows_of(network[name])
        used = [key for key in known if any(key in row for row in rows)] or list(known)
        cells = [[_plain(row.get(key)) for key in used] for row in rows]
        sheets.append(sheet(name, name, used, cells))
    return _written(sheets)


def _plain(value: object) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str | int | float) else None


def _written(sheets: Sequence[Sheet]) -> bytes:
    try:
        import xlsxwriter  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        raise Unavailable("a workbook needs XlsxWriter", hint="Install it with `pip install doseway[plan]`.") from error
    stream = io.BytesIO()
    # Text stays text: a name that begins with = is no formula, and one like a link is no link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for one in sheets:
            page = book.add_worksheet(one.name[:_LONGEST_NAME])
            page.freeze_panes(1, 0)
            for i, column in enumerate(one.columns):
                page.write_string(0, i, column.heading, bold)
                longest = max((len(str(row[i])) for row in one.rows[:200] if row[i] is not None), default=0)
                page.set_column(i, i, min(max(longest, len(column.heading)) + 2, _WIDEST))
            for line, row in enumerate(one.rows[:_MOST_ROWS], start=1):
                for i, cell in enumerate(row):
                    if cell is not None:
                        page.write(line, i, cell)
    return stream.getvalue()
