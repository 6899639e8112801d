"""A chart for the terminal: two columns and four rows of braille dots in each character.

Each column of dots spans from the lowest to the highest reading of its slice of time, so that no excursion is
averaged away; time without observation is hatched and never bridged.
"""

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from doseway.model.units import decimal_text

Extent = tuple[int, int] | None
"""Lowest and highest value of one slice of time, milli-units; None where nothing was observed."""

LABEL_WIDTH: Final = 8
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Unicode braille: [column][row from the top]
_BRAILLE: Final = 0x2800
_SMALLEST_MARGIN: Final = 100


class Scale:
    """Turns values into rows of dots, and says which rows are out of range.

    Args:
        extents: the slices of time that must fit.
        low, high: limits, milli-units; None where there is none.
        height: lines of characters.
    """

    def __init__(self, extents: Sequence[Extent], low: int | None, high: int | None, height: int) -> None:
        self.limits = [limit for limit in (low, high) if limit is not None]
        values = [value for extent in extents if extent for value in extent] + self.limits
        bottom, top = (min(values), max(values)) if values else (0, 0)
        margin = max((top - bottom) // 20, _SMALLEST_MARGIN)
        self.bottom, self.top, self.rows = bottom - margin, top + margin, height * 4
        self.first_row_in = 0 if high is None else self.row(high)
        self.last_row_in = self.rows if low is None else self.row(low)

    def row(self, value: int) -> int:
        """Return the row of dots of a value; 0 is the top."""
        return round((self.top - value) * (self.rows - 1) / (self.top - self.bottom))

    def is_out(self, line: int) -> bool:
        """Tell whether a line of characters lies wholly beyond a limit."""
        return line < self.first_row_in // 4 or line > self.last_row_in // 4

    def label(self, line: int) -> str:
        """Return the axis left of a line: limits, and the ends of the range."""
        values = {self.row(limit) // 4: limit for limit in self.limits}
        ends = {0: round(self.top, -2), self.rows // 4 - 1: round(self.bottom, -2)}
        value = values.get(line, ends.get(line))
        return " " * (LABEL_WIDTH - 1) + "│" if value is None else f"{decimal_text(value):>{LABEL_WIDTH - 2}} ┤"


def draw(extents: Sequence[Extent], low: int | None, high: int | None, *, height: int = 10) -> list[Text]:
    """Draw the extents, two a character, oldest first, with the limits as dashed lines; red is out of range."""
    scale = Scale(extents, low, high, height)
    limit_lines = {scale.row(limit) // 4 for limit in scale.limits}
    lines = []
    for line in range(height):
        text = Text(scale.label(line))
        for cell in range(0, len(extents), 2):
            text.append(*_cell(extents[cell : cell + 2], line, scale, is_limit=line in limit_lines))
        lines.append(text)
    return lines


def _cell(pair: Sequence[Extent], line: int, scale: Scale, *, is_limit: bool) -> tuple[str, str]:
    """Return one character and its style."""
    bits = 0
    for dots, extent in zip(_DOTS, pair, strict=False):
        if extent is None:
            continue
        first, last = scale.row(extent[1]), scale.row(extent[0])
        bits |= sum(dot for row, dot in enumerate(dots, line * 4) if first <= row <= last)
    if bits:
        return chr(_BRAILLE + bits), "bold red" if scale.is_out(line) else "green"
    if all(extent is None for extent in pair):
        return "░", "dim"
    return ("╌", "yellow") if is_limit else (" ", "")
