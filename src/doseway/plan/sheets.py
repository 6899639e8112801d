"""Answers as tables: columns with units, rows of plain values. Every figure has one as its twin in text."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

Cell: TypeAlias = str | float | int | bool | None


class Column(msgspec.Struct, frozen=True):
    """A column's name and the unit of its values; "" has none."""

    name: str
    unit: str = ""

    @property
    def heading(self) -> str:
        """The name with the unit, as it stands over the column."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


class Sheet(msgspec.Struct, frozen=True):
    """A table of an answer: a short name for files, a title for people, columns and rows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_columns(self) -> dict[str, list[Cell]]:
        """Return heading → values; what pandas and polars make a frame of."""
        return {column.heading: [row[i] for row in self.rows] for i, column in enumerate(self.columns)}


def sheet(name: str, title: str, columns: Sequence[str | tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> Sheet:
    """Make a sheet; a column is its name, or its name and unit."""
    heads = tuple(Column(column) if isinstance(column, str) else Column(*column) for column in columns)
    return Sheet(name, title, heads, tuple(tuple(row) for row in rows))
