"""Cells as people read them in pages and terminals; the plain values stay in JSON, CSV and workbooks."""

from doseway.plan.sheets import Cell, Column
from doseway.plan.wording import number, percent

_SHARES = ("share", "service", "utilisation", "gap", "index", "ratio", "chance", "probability", "saving / value")


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
