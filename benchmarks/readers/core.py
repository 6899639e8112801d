"""The core of an SMPS instance: a linear or mixed-integer program in MPS, fixed or free."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.readers.words import lines_of, number_at, wrong

Cell = tuple[str, str]
"""Column and row; the column of a right side is the name of the right side's vector."""
_SECTIONS = ("NAME", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA")
_SIGNS = ("N", "L", "G", "E")
_LIMITS = ("UP", "LO", "FX", "UI", "LI")
_WITHOUT = ("FR", "MI", "PL", "BV")


@dataclass
class Core:
    """What the file says, by name; `objective` is its first free row.

    Attributes:
        rows: sign of each row, in order; `columns` in order, and whether each must be whole.
        lower, upper: limits of columns that differ from [0, ∞); a whole column without limits is 0 or 1.
    """

    objective: str = ""
    rows: dict[str, str] = field(default_factory=dict)
    columns: dict[str, bool] = field(default_factory=dict)
    entries: dict[Cell, float] = field(default_factory=dict)
    rhs: dict[str, float] = field(default_factory=dict)
    ranges: dict[str, float] = field(default_factory=dict)
    lower: dict[str, float] = field(default_factory=dict)
    upper: dict[str, float] = field(default_factory=dict)

    def sides(self, row: str, rhs: float) -> tuple[float, float]:
        """Return the limits of a row with a right side: L above, G below, E both; a range adds or moves the other."""
        sign, width = self.rows[row], self.ranges.get(row)
        low = rhs if sign in {"G", "E"} else -np.inf
        high = rhs if sign in {"L", "E"} else np.inf
        if width is None:
            return low, high
        if sign == "L":
            return rhs - abs(width), high
        if sign == "G":
            return low, rhs + abs(width)
        return rhs + min(width, 0.0), rhs + max(width, 0.0)


def read_core(path: Path) -> Core:
    """Read the program.

    Raises:
        FormatError: an unknown section or name, or what is no number.
    """
    reader = _Reader(path)
    for line, text in lines_of(path):
        if text.strip() and not text.startswith("*"):
            reader.take(line, text)
    if not reader.core.objective or not reader.core.columns:
        raise wrong(path, 1, "the program has no objective or no columns")
    return reader.core


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path, self.core = path, Core()
        self.section, self.is_whole = "", False

    def take(self, line: int, text: str) -> None:
        """Take one line."""
        words = text.split()
        if not text[0].isspace():
            self.section = words[0]
            if self.section not in _SECTIONS:
                raise wrong(self.path, line, f"the section {self.section!r} is not one of MPS", ", ".join(_SECTIONS))
        elif self.section == "ROWS":
            self._row(line, words)
        elif self.section == "COLUMNS":
            self._column(line, words)
        elif self.section in {"RHS", "RANGES"}:
            self._sides(line, words)
        elif self.section == "BOUNDS":
            self._bound(line, words)
        else:
            raise wrong(self.path, line, "a line before the first section")

    def _row(self, line: int, words: list[str]) -> None:
        if len(words) != 2 or words[0] not in _SIGNS:
            raise wrong(self.path, line, "a row is a sign, N, L, G or E, and a name")
        self.core.rows[words[1]] = words[0]
        if words[0] == "N" and not self.core.objective:
            self.core.objective = words[1]

    def _column(self, line: int, words: list[str]) -> None:
        if "'MARKER'" in words:
            self.is_whole = "'INTORG'" in words
            return
        self.core.columns.setdefault(words[0], self.is_whole)
        for row, value in self._pairs(line, words[1:]):
            self.core.entries[words[0], row] = value

    def _sides(self, line: int, words: list[str]) -> None:
        pairs = words[len(words) % 2 :]  # the name of the vector may be left out
        where = self.core.rhs if self.section == "RHS" else self.core.ranges
        where.update(self._pairs(line, pairs))

    def _pairs(self, line: int, words: list[str]) -> list[tuple[str, float]]:
        """Return names of rows and values."""
        if not words or len(words) % 2:
            raise wrong(self.path, line, "names of rows and numbers do not pair")
        pairs = []
        for row, word in zip(words[::2], words[1::2], strict=True):
            if row not in self.core.rows:
                raise wrong(self.path, line, f"there is no row {row!r}")
            pairs.append((row, number_at(self.path, line, word, f"the value of {row}")))
        return pairs

    def _bound(self, line: int, words: list[str]) -> None:
        kind, core = words[0], self.core
        if kind not in _LIMITS + _WITHOUT:
            raise wrong(self.path, line, f"there is no bound {kind!r}", ", ".join(_LIMITS + _WITHOUT))
        names = words[1:-1] if kind in _LIMITS else words[1:]
        if not names or names[-1] not in core.columns:
            raise wrong(self.path, line, f"there is no column {(names or ['?'])[-1]!r}")
        column = names[-1]
        value = number_at(self.path, line, words[-1], "the bound") if kind in _LIMITS else 0.0
        low = {"LO": value, "LI": value, "FX": value, "FR": -np.inf, "MI": -np.inf, "BV": 0.0}
        high = {"UP": value, "UI": value, "FX": value, "FR": np.inf, "PL": np.inf, "BV": 1.0}
        if kind in low:
            core.lower[column] = low[kind]
            if core.columns[column] and kind not in high:
                core.upper.setdefault(column, np.inf)
        if kind in high:
            core.upper[column] = high[kind]
        core.columns[column] |= kind in {"UI", "LI", "BV"}
