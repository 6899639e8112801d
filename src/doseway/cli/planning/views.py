"""How the tables of an answer look in a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from doseway.cli.views import console
from doseway.plan.sheets import Sheet
from doseway.plan.tabling import is_number, shown

_ROWS = 15


def print_sheets(sheets: Sequence[Sheet]) -> None:
    """Print tables; long ones are cut, and say so."""
    out = console()
    for one in sheets:
        if not one.rows:
            continue
        table = Table(
            title=Text(one.title, style="bold"), title_justify="left", box=None, header_style="dim", pad_edge=False
        )
        for i, column in enumerate(one.columns):
            right = any(is_number(row[i]) for row in one.rows)
            table.add_column(Text(column.heading), justify="right" if right else "left", overflow="fold")
        for row in one.rows[:_ROWS]:
            table.add_row(*(Text(shown(cell, column)) for cell, column in zip(row, one.columns, strict=True)))
        out.print()
        out.print(table)
        if len(one.rows) > _ROWS:
            out.print(Text(f"{len(one.rows) - _ROWS:,} more rows: --xlsx or --json have them all", style="dim"))
