"""Stochastic programs in SMPS (Birge, Dempster, Gassmann et al. 1987), two stages or more, as a planner's family.

With more than two stages a scenario of the family is a branch of the tree: all that may follow one outcome of the
second stage, its parts weighted by their chance. That is exact, and the first decisions are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.readers.core import Cell, Core, read_core
from benchmarks.readers.outcomes import Cells, Outcome, read_outcomes
from benchmarks.readers.words import Floats, lines_of, wrong
from doseway.model.errors import UsageError
from doseway.plan.decomposition.family import Family, Flags
from doseway.plan.program import Arrays, Ints
from doseway.plan.scenario_change import Change, Sparse, between, with_cells_of

_TWO = 2
Stages = dict[str, int]
"""Name of a period, column or row → its stage, from 0."""


def read_stages(path: Path, core: Core) -> tuple[Stages, Stages, Stages]:
    """Return the stages of periods, columns and rows; the file names where each period begins.

    Raises:
        FormatError: a name that the core does not have, or periods out of order.
    """
    begins: list[tuple[int, int, str]] = []
    section = ""
    for line, text in lines_of(path):
        words = text.split()
        if not words or text.startswith("*"):
            continue
        if not text[0].isspace():
            section = words[0]
            if section == "PERIODS" and words[1:2] == ["EXPLICIT"]:
                raise wrong(path, line, "periods given name by name are not read", "Order the core by period.")
        elif section == "PERIODS":
            begin = _begin(path, line, words, core)
            if begins and (begin[0] <= begins[-1][0] or begin[1] <= begins[-1][1]):
                raise wrong(path, line, f"{begin[2]} does not come after {begins[-1][2]} in the core")
            begins.append(begin)
    if len(begins) < _TWO:
        raise wrong(path, 1, "there are fewer than two periods")
    periods = {name: stage for stage, (_, _, name) in enumerate(begins)}
    columns = _stages(list(core.columns), [column for column, _, _ in begins])
    return periods, columns, _stages(list(core.rows), [row for _, row, _ in begins])


def _begin(path: Path, line: int, words: Sequence[str], core: Core) -> tuple[int, int, str]:
    """Return positions of a period's first column and row, and its name."""
    if len(words) != 3:
        raise wrong(path, line, "a period is its first column, its first row and its name")
    column, row, name = words
    if column not in core.columns or row not in core.rows:
        raise wrong(path, line, f"the core has no column {column!r} or no row {row!r}")
    return list(core.columns).index(column), list(core.rows).index(row), name


def _stages(names: Sequence[str], begins: Sequence[int]) -> Stages:
    places = np.maximum(np.searchsorted(begins, np.arange(len(names)), side="right") - 1, 0)
    return dict(zip(names, map(int, places), strict=True))


@dataclass(frozen=True)
class _Node:
    """An outcome of one stage in a branch; `parent` is its place in the list of nodes, `chance` that within the branch.

    `line` holds the places of its ancestors and itself, by stage.
    """

    line: tuple[int, ...]
    chance: float
    cells: Cells

    @property
    def stage(self) -> int:
        """Its stage, from 0."""
        return len(self.line) - 1


class Smps:
    """A stochastic program read from its three files."""

    def __init__(self, core: Path, time_file: Path, stochastic: Path) -> None:
        """Read the files.

        Raises:
            FormatError: one of them is wrong; says the line.
        """
        self.core = read_core(core)
        self.periods, self.columns, self.rows = read_stages(time_file, self.core)
        self.rows = {row: stage for row, stage in self.rows.items() if self.core.rows[row] != "N"}
        self.outcomes = read_outcomes(stochastic, self.core, self.periods, self._stage_of)
        for cell in {cell for outcome in self.outcomes for cell in outcome.cells if cell[0] in self.columns}:
            self.core.entries.setdefault(cell, 0.0)  # a place for what only an outcome says

    def _stage_of(self, cell: Cell) -> int | None:
        """Return the stage in which a cell is needed."""
        column, row = cell
        return self.columns.get(column) if row == self.core.objective else self.rows.get(row)

    def family(self) -> Family:
        """Return the scenarios as changes of one program, for tens of thousands of them.

        Raises:
            UsageError: branches of the tree that differ in shape, or a row that depends on what is decided later.
        """
        if len(self.periods) > _TWO:
            return self._family_of_branches()
        base = self._arrays([_Node((0,), 1.0, {}), _Node((0, 1), 1.0, {})])
        inside = base.column_of_entry * len(base.row_lower) + base.rows
        changes = [self._change(inside, outcome.cells) for outcome in self.outcomes]
        return Family(base, *self._first([0, 1]), _chances([[outcome] for outcome in self.outcomes]), changes)

    def _first(self, stages: Sequence[int]) -> tuple[Flags, Flags]:
        """Return which columns and rows of nodes of these stages are decided first."""
        columns, rows = (
            np.concatenate([np.full(list(names.values()).count(stage), stage == 0) for stage in stages])
            for names in (self.columns, self.rows)
        )
        return columns, rows

    def _family_of_branches(self) -> Family:
        branches: dict[object, list[Outcome]] = {}
        for outcome in self.outcomes:
            branches.setdefault(outcome.nodes[1], []).append(outcome)
        nodes = [self._nodes(branch) for branch in branches.values()]
        if len({tuple(node.line for node in listed) for listed in nodes}) > 1:
            raise UsageError("the branches of the tree differ in shape", hint="Give every outcome the same successors.")
        programs = [self._arrays(listed) for listed in nodes]
        base = with_cells_of(programs[0], programs)
        changes = [between(base, program) for program in programs]
        return Family(base, *self._first([node.stage for node in nodes[0]]), _chances([*branches.values()]), changes)

    def _nodes(self, branch: Sequence[Outcome]) -> list[_Node]:
        """Return the nodes of a branch, the root first, parents before children."""
        total = sum(outcome.chance for outcome in branch)
        at: dict[object, int] = {branch[0].nodes[0]: 0}
        nodes = [_Node((0,), 1.0, {})]
        for stage in range(1, len(self.periods)):
            for name in dict.fromkeys(outcome.nodes[stage] for outcome in branch):
                mine = [outcome for outcome in branch if outcome.nodes[stage] == name]
                line = (*nodes[at[mine[0].nodes[stage - 1]]].line, len(nodes))
                at[name] = len(nodes)
                nodes.append(_Node(line, sum(outcome.chance for outcome in mine) / total, mine[0].cells))
        return nodes

    def _arrays(self, nodes: Sequence[_Node]) -> Arrays:
        """Return the program of a branch: each node has the columns and rows of its stage, and sees its ancestors'."""
        core = self.core
        columns = [(n, c) for n, node in enumerate(nodes) for c, stage in self.columns.items() if stage == node.stage]
        rows = [(n, r) for n, node in enumerate(nodes) for r, stage in self.rows.items() if stage == node.stage]
        column_at, row_at = ({key: i for i, key in enumerate(keys)} for keys in (columns, rows))
        value = [core.entries | {k: v for k, v in node.cells.items() if k[0] in core.columns} for node in nodes]
        rhs = [core.rhs | {k[1]: v for k, v in node.cells.items() if k[0] not in core.columns} for node in nodes]
        triplets = [
            (column_at[self._seen(node, c, r), c], row_at[n, r], v)
            for n, node in enumerate(nodes)
            for (c, r), v in value[n].items()
            if self.rows.get(r) == node.stage
        ]
        starts, at_rows, values = _by_columns(triplets, len(columns))
        whole = np.array([core.columns[c] for _, c in columns], dtype=np.bool_)
        upper = np.array([core.upper.get(c, 1.0 if core.columns[c] else np.inf) for _, c in columns])
        sides = np.array([core.sides(r, rhs[n].get(r, 0.0)) for n, r in rows]).reshape(-1, 2)
        return Arrays(
            cost=np.array([nodes[n].chance * value[n].get((c, core.objective), 0.0) for n, c in columns]),
            lower=np.array([core.lower.get(c, 0.0) for _, c in columns]),
            upper=upper,
            is_integer=whole,
            row_lower=sides[:, 0],
            row_upper=sides[:, 1],
            offset=-core.rhs.get(core.objective, 0.0),
            column_scale=np.ones(len(columns)),
            row_scale=np.ones(len(rows)),
            starts=starts,
            rows=at_rows,
            values=values,
        )

    def _seen(self, node: _Node, column: str, row: str) -> int:
        """Return the node whose column a row sees: the ancestor of the column's stage."""
        if self.columns[column] > node.stage:
            raise UsageError(f"the row {row} of stage {node.stage + 1} depends on {column}, which is decided later")
        return node.line[self.columns[column]]

    @cached_property
    def _places(self) -> tuple[dict[str, int], dict[str, int]]:
        """Where the columns and rows of a program of two stages stand: by stage, in the order of the core."""
        columns, rows = (sorted(names, key=names.__getitem__) for names in (self.columns, self.rows))
        return {name: i for i, name in enumerate(columns)}, {name: i for i, name in enumerate(rows)}

    def _change(self, inside: Ints, cells: Cells) -> Change:
        """Return what one outcome changes in a program of two stages, whose entries are at these cells."""
        column_at, row_at = self._places
        cost = [(column_at[c], v) for (c, r), v in cells.items() if c in column_at and r not in row_at]
        entries = {
            column_at[c] * len(row_at) + row_at[r]: v for (c, r), v in cells.items() if c in column_at and r in row_at
        }
        places = np.searchsorted(inside, list(entries)).tolist()
        sides = [(row_at[r], *self.core.sides(r, v)) for (c, r), v in cells.items() if c not in column_at]
        return Change(
            cost=_sparse(cost),
            entries=_sparse(list(zip(places, entries.values(), strict=True))),
            row_lower=_sparse([(row, low) for row, low, _ in sides if np.isfinite(low)]),
            row_upper=_sparse([(row, high) for row, _, high in sides if np.isfinite(high)]),
        )


def _chances(branches: Sequence[Sequence[Outcome]]) -> Floats:
    """Return the chance of each branch; files round them."""
    chances = np.array([sum(outcome.chance for outcome in branch) for branch in branches])
    return np.asarray(chances / chances.sum(), dtype=np.float64)


def _by_columns(triplets: Sequence[tuple[int, int, float]], width: int) -> tuple[Ints, Ints, Floats]:
    """Return the matrix by columns: where each begins, and rows and values of the entries."""
    table = np.array(sorted(triplets), dtype=np.float64).reshape(-1, 3)
    column = table[:, 0].astype(np.int64)
    starts = np.r_[0, np.cumsum(np.bincount(column, minlength=width))].astype(np.int64)
    return starts, table[:, 1].astype(np.int64), table[:, 2]


def _sparse(pairs: Sequence[tuple[int, float]]) -> Sparse:
    return np.array([place for place, _ in pairs], dtype=np.int64), np.array([value for _, value in pairs], dtype=float)
