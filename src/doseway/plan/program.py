"""A linear program with integers, gathered block by block as arrays, in which every row and column can say what it is.

Columns and rows come in blocks of one kind ("flow", "capacity"); a block keeps the labels of its members as arrays and
one sentence with places for them, so that words cost nothing until somebody asks for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = float | Floats
Label: TypeAlias = tuple[Sequence[str], Ints]
"""The names of a set and, for each member of a block, the position of its name."""
Stage: TypeAlias = Literal[1, 2]


@dataclass(frozen=True)
class Block:
    """Consecutive columns or rows of one kind.

    Attributes:
        sentence: what a member is, with {label} places: "flow of {product} on {lane} in {period}".
        stage: 1 is decided before it is known what happens, 2 after.
        parts: cost components of the columns, such as freight and duty; they add up to the cost.
    """

    name: str
    start: int
    count: int
    sentence: str
    labels: Mapping[str, Label]
    stage: Stage = 2
    parts: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def members(self) -> Ints:
        """The positions of the members in the program."""
        return np.arange(self.start, self.start + self.count, dtype=np.int64)

    def label(self, name: str, member: int) -> str:
        """Return one label of one member, counted from 0 within the block."""
        names, positions = self.labels[name]
        return names[int(positions[member])]

    def says(self, member: int) -> str:
        """Say in words what one member is."""
        return self.sentence.format_map({name: self.label(name, member) for name in self.labels})


@dataclass(frozen=True)
class Arrays:
    """A program as arrays: min cost·x + offset, lower ≤ x ≤ upper, row_lower ≤ A x ≤ row_upper; A by columns (CSC).

    Attributes:
        column_scale, row_scale: size of one natural unit of each; a solver is given x / column_scale.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    is_integer: npt.NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    starts: Ints
    rows: Ints
    values: Floats
    offset: float
    column_scale: Floats
    row_scale: Floats

    @property
    def column_of_entry(self) -> Ints:
        """The column of each entry of the matrix."""
        return np.repeat(np.arange(len(self.cost), dtype=np.int64), np.diff(self.starts))

    def activity(self, x: Floats) -> Floats:
        """Return A x."""
        weights = self.values * x[self.column_of_entry]
        return np.bincount(self.rows, weights, minlength=len(self.row_lower)).astype(np.float64)


class Program:
    """Gathers blocks of columns and rows, and the entries of the matrix."""

    def __init__(self) -> None:
        self.column_blocks: list[Block] = []
        self.row_blocks: list[Block] = []
        self.offset = 0.0
        self._columns: list[tuple[Floats, Floats, Floats, npt.NDArray[np.bool_], Floats]] = []
        self._rows: list[tuple[Floats, Floats, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._implied: list[Ints] = []

    @property
    def column_count(self) -> int:
        """Columns so far."""
        return self.column_blocks[-1].start + self.column_blocks[-1].count if self.column_blocks else 0

    @property
    def row_count(self) -> int:
        """Rows so far."""
        return self.row_blocks[-1].start + self.row_blocks[-1].count if self.row_blocks else 0

    def add_columns(
        self,
        name: str,
        sentence: str,
        labels: Mapping[str, Label],
        count: int,
        *,
        cost: Mapping[str, Numbers] | None = None,
        lower: Numbers = 0.0,
        upper: Numbers = np.inf,
        is_integer: bool = False,
        scale: Numbers = 1.0,
        stage: Stage = 2,
    ) -> Ints:
        """Add a block of columns and return their positions; `cost` is given by component."""
        parts = {part: filled(value, count) for part, value in (cost or {}).items()}
        total = np.sum(list(parts.values()), axis=0) if parts else np.zeros(count)
        block = Block(name, self.column_count, count, sentence, labels, stage, parts)
        self.column_blocks.append(block)
        integer = np.full(count, is_integer)
        self._columns.append((total, filled(lower, count), filled(upper, count), integer, filled(scale, count)))
        return block.members

    def add_rows(
        self,
        name: str,
        sentence: str,
        labels: Mapping[str, Label],
        count: int,
        *,
        lower: Numbers = -np.inf,
        upper: Numbers = np.inf,
        scale: Numbers = 1.0,
        stage: Stage = 2,
    ) -> Ints:
        """Add a block of rows and return their positions."""
        block = Block(name, self.row_count, count, sentence, labels, stage)
        self.row_blocks.append(block)
        self._rows.append((filled(lower, count), filled(upper, count), filled(scale, count)))
        return block.members

    def add_entries(self, rows: Ints, columns: Ints, values: Numbers) -> None:
        """Add entries of the matrix; several at one place add up."""
        self._entries.append((rows, columns, filled(values, len(rows))))

    def free_rows(self, rows: Ints) -> None:
        """Take the limits off rows that others imply: they say nothing, and make a simplex solver stumble."""
        self._implied.append(rows)

    def column_block(self, name: str) -> Block:
        """Return a block of columns by its name; one that was never added is empty."""
        return next((block for block in self.column_blocks if block.name == name), Block(name, 0, 0, "", {}))

    def row_block(self, name: str) -> Block:
        """Return a block of rows by its name; one that was never added is empty."""
        return next((block for block in self.row_blocks if block.name == name), Block(name, 0, 0, "", {}))

    def column_says(self, column: int) -> str:
        """Say in words what a column is."""
        block = _block_of(self.column_blocks, column)
        return block.says(column - block.start)

    def row_says(self, row: int) -> str:
        """Say in words what a row is."""
        block = _block_of(self.row_blocks, row)
        return block.says(row - block.start)

    def arrays(self) -> Arrays:
        """Return the program as arrays, entries at one place added up."""
        cost, lower, upper, integer, scale = (_joined([c[i] for c in self._columns]) for i in range(5))
        row_lower, row_upper, row_scale = (_joined([r[i] for r in self._rows]) for i in range(3))
        implied = _joined(self._implied).astype(np.int64)
        row_lower[implied], row_upper[implied] = -np.inf, np.inf
        rows, columns, values = (_joined([e[i] for e in self._entries]) for i in range(3))
        starts, indices, values = _compressed(rows.astype(np.int64), columns.astype(np.int64), values, len(cost))
        return Arrays(
            cost, lower, upper, integer.astype(np.bool_), row_lower, row_upper,
            starts, indices, values, self.offset, scale, row_scale,
        )  # fmt: skip


def filled(value: Numbers, count: int) -> Floats:
    """Return `count` numbers: the array given, or one number repeated."""
    return np.full(count, value, dtype=np.float64) if np.ndim(value) == 0 else np.asarray(value, dtype=np.float64)


def codes(names: Sequence[str], positions: npt.ArrayLike) -> Label:
    """Make a label of a block from the names of a set and each member's position in it."""
    return names, np.asarray(positions, dtype=np.int64)


def _joined(parts: Sequence[npt.NDArray[np.generic]]) -> Floats:
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def _block_of(blocks: Sequence[Block], position: int) -> Block:
    """Return the block that holds a position."""
    return next(block for block in blocks if block.start <= position < block.start + block.count)


def _compressed(rows: Ints, columns: Ints, values: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    """Sort entries by column and row, add up those at one place, drop zeros, and compress by columns."""
    order = np.lexsort((rows, columns))
    rows, columns, values = rows[order], columns[order], values[order]
    if len(rows):
        is_first = np.r_[True, (np.diff(rows) != 0) | (np.diff(columns) != 0)]
        values = np.add.reduceat(values, np.flatnonzero(is_first))
        rows, columns = rows[is_first], columns[is_first]
        rows, columns, values = rows[values != 0], columns[values != 0], values[values != 0]
    starts = np.r_[0, np.cumsum(np.bincount(columns, minlength=count))].astype(np.int64)
    return starts, rows, values
