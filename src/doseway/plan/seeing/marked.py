"""The tables of a network as they were brought, with what the checks found: the cell coloured, the reason beside it."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from doseway.model.errors import Unavailable
from doseway.plan.findings import Finding

if TYPE_CHECKING:
    import xlsxwriter

_LONGEST_NAME: Final = 31
_WIDEST: Final = 40
_MOST_CELLS: Final = 2_000_000
_BAD: Final = {"error": "#f6c7c3", "warning": "#fbe6a9"}


class Raw(NamedTuple):
    """A table before it is understood: its name, how findings call its source, and its rows with their lines."""

    name: str
    source: str
    rows: list[tuple[int, list[str]]]


def marked_workbook(tables: Sequence[Raw], findings: Sequence[Finding]) -> bytes:
    """Return a workbook: first the findings, then each table with its cells marked.

    Raises:
        Unavailable: the writer is not installed.
    """
    try:
        import xlsxwriter  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        raise Unavailable("a workbook needs XlsxWriter", hint="Install it with `pip install doseway[plan]`.") from error
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": True}
    with xlsxwriter.Workbook(stream, options) as book:
        formats = {name: book.add_format({"bg_color": colour}) for name, colour in _BAD.items()}
        formats["head"] = book.add_format({"bold": True, "bottom": 1})
        _list(book, findings, formats)
        taken = {"findings"}
        for one in tables:
            name = one.name[:_LONGEST_NAME]
            if name.lower() not in taken:
                taken.add(name.lower())
                _table(book.add_worksheet(name), one, [f for f in findings if f.where.source == one.source], formats)
    return stream.getvalue()


def _list(book: "xlsxwriter.Workbook", findings: Sequence[Finding], formats: dict[str, Any]) -> None:
    page = book.add_worksheet("findings")
    page.freeze_panes(1, 0)
    for i, heading in enumerate(("severity", "file", "row", "column", "what", "what to do", "code")):
        page.write_string(0, i, heading, formats["head"])
    page.set_column(0, 3, 14)
    page.set_column(4, 5, 60)
    for line, one in enumerate(findings, start=1):
        page.write_string(line, 0, one.severity, formats[one.severity])
        cells = (one.where.source, one.where.line, one.where.column, one.text, one.hint, one.code)
        for i, cell in enumerate(cells, start=1):
            if isinstance(cell, int):
                page.write_number(line, i, cell)
            elif cell:
                page.write_string(line, i, cell)
    if not findings:
        page.write_string(1, 0, "The tables are sound.")


def _table(page: Any, one: Raw, findings: Sequence[Finding], formats: dict[str, Any]) -> None:
    bad: dict[tuple[int, int | None], list[Finding]] = {}
    for finding in findings:
        bad.setdefault((finding.where.line or 1, finding.where.column), []).append(finding)
    page.freeze_panes(1, 0)
    room = _MOST_CELLS
    for line, (number, cells) in enumerate(one.rows):
        whole = bad.get((number, None), [])
        for column, cell in enumerate(cells):
            found = [*bad.get((number, column + 1), []), *whole]
            style = formats[min(one.severity for one in found)] if found else formats["head"] if line == 0 else None
            page.write(line, column, cell, style)
            if found and (column == 0 or not whole):
                page.write_comment(line, column, "\n".join(f"{f.severity}: {f.text}. {f.hint}" for f in found))
        room -= len(cells)
        if room < 0:
            break
    widths = (max((len(cells[i]) for _, cells in one.rows[:100] if i < len(cells)), default=0) for i in range(60))
    for i, wide in enumerate(widths):
        if wide:
            page.set_column(i, i, min(wide + 2, _WIDEST))
