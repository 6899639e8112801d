"""What every question shares: the shape of an answer, how hard to try, and networks that differ in one thing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from doseway.plan.cells import day_of
from doseway.plan.highs import Limits, Watch
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.schema import attributes
from doseway.plan.sheets import Sheet
from doseway.plan.tables import Network, Table
from doseway.plan.tabling import html

DUST: Final = 1e-6
"""Parts of a whole below this are the solver's, and not worth a word."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: its data as fields, the same in words and as tables."""

    def words(self) -> list[str]:
        """Return the answer in sentences; every number in them is in the tables too."""
        raise NotImplementedError

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return html(self.words(), self.sheets())


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How hard to try, and who watches.

    Attributes:
        limits: gap, seconds for each solve, threads.
        watch: told of progress; may stop a solve, and the best plan so far counts.
        is_tier_first: serve the most needed clinical tier as far as possible before a cost is looked at.
    """

    limits: Limits = Limits(gap=1e-3, seconds=120.0)
    watch: Watch | None = None
    is_tier_first: bool = False


def rows_of(table: Table) -> list[dict[str, object]]:
    """Return a table's rows as they would be written in Python; blanks are left out."""
    known = attributes(table.name)
    return [
        {name: _plain(table, name, row, known[name].type) for name in known if _is_given(table, name, row)}
        for row in range(len(table))
    ]


def _is_given(table: Table, name: str, row: int) -> bool:
    if name in table.texts:
        return bool(table.text(name)[row])
    return bool(np.isfinite(table.number(name)[row]))


def _plain(table: Table, name: str, row: int, kind: str) -> object:
    if name in table.texts:
        return table.text(name)[row]
    value = float(table.number(name)[row])
    if kind == "date":
        return day_of(value)
    return value == 1.0 if kind == "yes/no" else value


def with_rows(network: Network, table: str, *added: Mapping[str, object]) -> Network:
    """Return the network with rows added to a table."""
    return network.replace(**{table: [*rows_of(network[table]), *added]})


def first_effect(network: Network) -> str:
    """Return the first day, ISO 8601, on which every decision taken today could be in force, or the last period's."""
    starts = np.sort(network["periods"].number("start"))
    waits = [0.0, *network["lines"].number("activation_days"), *network["recipes"].number("qualification_days")]
    later = starts[starts >= starts[0] + max(waits)]
    return day_of(float(later[0] if len(later) else starts[-1]))


def closed(arrays: Arrays, columns: Ints) -> Arrays:
    """Return the program in which some columns are zero."""
    upper = arrays.upper.copy()
    upper[columns] = 0.0
    return replace(arrays, upper=upper, lower=np.minimum(arrays.lower, upper))


def with_columns(arrays: Arrays, entries: list[tuple[Ints, Floats]], *, cost: Floats, upper: float) -> Arrays:
    """Return the program with further columns, each given as its rows and values; their scale is 1."""
    count = len(entries)
    sizes = np.array([len(rows) for rows, _ in entries], dtype=np.int64)
    order = [np.argsort(rows, kind="stable") for rows, _ in entries]
    changes: dict[str, Any] = {
        "cost": np.r_[arrays.cost, cost],
        "lower": np.r_[arrays.lower, np.zeros(count)],
        "upper": np.r_[arrays.upper, np.full(count, upper)],
        "is_integer": np.r_[arrays.is_integer, np.zeros(count, dtype=np.bool_)],
        "column_scale": np.r_[arrays.column_scale, np.ones(count)],
        "starts": np.r_[arrays.starts, arrays.starts[-1] + np.cumsum(sizes)],
        "rows": np.concatenate([arrays.rows, *(rows[o] for (rows, _), o in zip(entries, order, strict=True))]),
        "values": np.concatenate([arrays.values, *(v[o] for (_, v), o in zip(entries, order, strict=True))]),
    }
    return replace(arrays, **changes)
