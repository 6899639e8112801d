"""The stochastic file of an SMPS instance: what may happen, independent, in blocks or scenario by scenario."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.readers.core import Cell, Core
from benchmarks.readers.words import lines_of, number_at, wrong
from doseway.model.errors import FormatError

Cells = dict[Cell, float]
_SECTIONS = ("STOCH", "INDEP", "BLOCKS", "SCENARIOS", "ENDATA")
_MODIFIERS = ("REPLACE", "ADD", "MULTIPLY")
_ROUNDING = 1e-3
"""Chances are printed with few digits: 60 times 0.0166667."""


@dataclass(frozen=True)
class Outcome:
    """One way through the tree: its chance, the names of its nodes by stage, and the cells that it changes."""

    chance: float
    nodes: tuple[object, ...]
    cells: Cells


@dataclass
class _Element:
    """What is drawn by itself: its stage, and its outcomes as chance and cells; the line where it began."""

    stage: int
    line: int
    outcomes: list[tuple[float, Cells]]


def read_outcomes(
    path: Path, core: Core, periods: dict[str, int], stage_of: Callable[[Cell], int | None]
) -> list[Outcome]:
    """Read the file.

    Args:
        path: the file.
        core: what it changes.
        periods: stage of each period, from 0.
        stage_of: stage in which a cell is needed; None for a cell that the core cannot have.

    Raises:
        FormatError: an unknown section or name, chances that do not add up, or what comes out after it is needed.
    """
    reader = _Reader(path, core, periods, stage_of)
    for line, text in lines_of(path):
        if text.strip() and not text.startswith("*"):
            reader.take(line, text)
    if reader.scenarios and reader.elements:
        raise wrong(path, 1, "scenarios and independent outcomes in one file")
    listed = list(reader.scenarios.values()) if reader.scenarios else list(reader.combined())
    total = sum(outcome.chance for outcome in listed)
    if abs(total - 1) > _ROUNDING:
        raise wrong(path, 1, f"the chances add up to {total:g}, not to 1")
    return listed


class _Reader:
    def __init__(self, path: Path, core: Core, periods: dict[str, int], stage_of: Callable[[Cell], int | None]) -> None:
        self.path, self.core, self.periods, self.stage_of = path, core, periods, stage_of
        self.section, self.modifier = "", "REPLACE"
        self.elements: dict[str, _Element] = {}
        self.scenarios: dict[str, Outcome] = {}
        self.into: tuple[Cells, int] | None = None

    def take(self, line: int, text: str) -> None:
        """Take one line."""
        words = text.replace("'", " ").split()
        if not text[0].isspace():
            self._header(line, words)
        elif self.section == "INDEP":
            self._independent(line, words)
        elif words[0] in {"BL", "SC"} and len(words) in {4, 5}:
            if (words[0] == "BL") != (self.section == "BLOCKS"):
                raise self._wrong(line, f"{words[0]} does not belong in {self.section}")
            (self._block if words[0] == "BL" else self._scenario)(line, words)
        elif self.into is not None:
            cells, stage = self.into
            for row, word in zip(words[1::2], words[2::2], strict=False):
                self._put(line, cells, (words[0], row), word, stage)
            if len(words) % 2 == 0:
                raise self._wrong(line, "names of rows and numbers do not pair")
        else:
            raise self._wrong(line, "a line before the first block or scenario")

    def _wrong(self, line: int, what: str, hint: str = "") -> FormatError:
        return wrong(self.path, line, what, hint)

    def _header(self, line: int, words: list[str]) -> None:
        self.section, self.into = words[0], None
        if self.section not in _SECTIONS:
            raise self._wrong(line, f"there is no section {self.section!r}", ", ".join(_SECTIONS))
        if self.section in {"INDEP", "BLOCKS", "SCENARIOS"}:
            law = words[1] if len(words) > 1 else "DISCRETE"
            if law != "DISCRETE":
                raise self._wrong(line, f"outcomes by {law} are not listed", "Only DISCRETE ones are read.")
            self.modifier = words[2] if len(words) > 2 else "REPLACE"
            if self.modifier not in _MODIFIERS:
                raise self._wrong(line, f"there is no modifier {self.modifier!r}", ", ".join(_MODIFIERS))

    def _period(self, line: int, word: str) -> int:
        if word not in self.periods:
            raise self._wrong(line, f"there is no period {word!r}", ", ".join(self.periods))
        return self.periods[word]

    def _chance(self, line: int, word: str) -> float:
        chance = number_at(self.path, line, word, "a chance")
        if not 0 <= chance <= 1:
            raise self._wrong(line, f"a chance is {word}, not from 0 to 1")
        return chance

    def _independent(self, line: int, words: list[str]) -> None:
        """Take column, row, value, perhaps the period, and the chance."""
        if len(words) not in {4, 5}:
            raise self._wrong(line, "an outcome is column, row, value, period and chance")
        cell = (words[0], words[1])
        stage = self._period(line, words[3]) if len(words) == 5 else self.stage_of(cell) or 1
        element = self.elements.setdefault(" ".join(cell), _Element(stage, line, []))
        cells: Cells = {}
        self._put(line, cells, cell, words[2], stage)
        element.outcomes.append((self._chance(line, words[-1]), cells))

    def _block(self, line: int, words: list[str]) -> None:
        """Begin an outcome of a block; what it leaves out is as in the block's first one."""
        name, stage = words[1], self._period(line, words[2])
        element = self.elements.setdefault(name, _Element(stage, line, []))
        cells = dict(element.outcomes[0][1]) if element.outcomes else {}
        element.outcomes.append((self._chance(line, words[3]), cells))
        self.into = (cells, stage)

    def _scenario(self, line: int, words: list[str]) -> None:
        """Begin a scenario: it is as its parent up to the period in which it branches off."""
        name, parent, chance = words[1], words[2], self._chance(line, words[3])
        stage = self._period(line, words[4]) if len(words) == 5 else 0
        before = self.scenarios.get(parent)
        if before is None and parent.upper() != "ROOT":
            raise self._wrong(line, f"there is no scenario {parent!r} to branch off from")
        kept = before.nodes[: max(stage, 1)] if before else ("root",)
        nodes = kept + tuple((name, t) for t in range(len(kept), len(self.periods)))
        cells = dict(before.cells) if before else {}
        self.scenarios[name] = Outcome(chance, nodes, cells)
        self.into = (cells, stage)

    def _put(self, line: int, cells: Cells, cell: Cell, word: str, stage: int) -> None:
        """Put a value into an outcome."""
        needed = self.stage_of(cell)
        if needed is None:
            raise self._wrong(line, f"the core has no place for {cell[0]} in {cell[1]}")
        if needed == 0 or needed < stage:
            raise self._wrong(line, f"{cell[0]} in {cell[1]} is needed before it is known")
        value = number_at(self.path, line, word, f"the value of {cell[1]}")
        usual = self.core.entries.get(
            cell, self.core.rhs.get(cell[1], 0.0) if cell[0] not in self.core.columns else 0.0
        )
        cells[cell] = {"REPLACE": value, "ADD": usual + value, "MULTIPLY": usual * value}[self.modifier]

    def combined(self) -> Iterator[Outcome]:
        """Return every combination of the independent outcomes."""
        for name, element in self.elements.items():
            total = sum(chance for chance, _ in element.outcomes)
            if abs(total - 1) > _ROUNDING:
                raise self._wrong(element.line, f"the chances of {name} add up to {total:g}, not to 1")
        ordered = sorted(self.elements.values(), key=lambda element: element.stage)
        ends = [sum(element.stage <= stage for element in ordered) for stage in range(len(self.periods))]
        for picks in product(*(range(len(element.outcomes)) for element in ordered)):
            chance = 1.0
            cells: Cells = {}
            for element, pick in zip(ordered, picks, strict=True):
                chance *= element.outcomes[pick][0]
                cells |= element.outcomes[pick][1]
            yield Outcome(chance, tuple((stage, *picks[:end]) for stage, end in enumerate(ends)), cells)
