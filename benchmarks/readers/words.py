"""A file as words, each with the number of its line, so that an error can say where."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from doseway.model.errors import FormatError, Place

Floats = npt.NDArray[np.float64]


def wrong(path: Path, line: int, what: str, hint: str = "") -> FormatError:
    """Return the error for a line of a file, counted from 1."""
    return FormatError(what, hint=hint, where=Place(source=path.name, line=line))


def number_at(path: Path, line: int, word: str, what: str) -> float:
    """Return a word as a finite number.

    Raises:
        FormatError: it is none.
    """
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise wrong(path, line, f"{what} is no number: {word!r}")
    return value


def lines_of(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a text file with their numbers.

    Raises:
        FormatError: the file is no text.
    """
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise wrong(path, line, "this is no ASCII text") from error
    return list(enumerate(text.splitlines(), 1))


class Words:
    """The words of a file in their order, whatever the lines: how OR-Library and its descendants write numbers."""

    def __init__(self, path: Path, skip: int = 0) -> None:
        """Take the words, leaving out some lines at the beginning."""
        self.path = path
        self._words = [(number, word) for number, line in lines_of(path)[skip:] for word in line.split()]
        self._next = 0

    @property
    def line(self) -> int:
        """The line of the next word, or of the last one."""
        if not self._words:
            return 1
        return self._words[min(self._next, len(self._words) - 1)][0]

    def word(self, what: str) -> str:
        """Take the next word.

        Raises:
            FormatError: there is none.
        """
        if self._next >= len(self._words):
            raise wrong(self.path, self.line, f"the file ends where {what} should be", "Is it complete?")
        self._next += 1
        return self._words[self._next - 1][1]

    def back(self) -> None:
        """Put the last word back."""
        self._next -= 1

    def number(self, what: str, least: float = 0.0) -> float:
        """Take the next word as a number.

        Raises:
            FormatError: it is none, or too small.
        """
        word, line = self.word(what), self._words[self._next - 1][0]
        value = number_at(self.path, line, word, what)
        if value < least:
            raise wrong(self.path, line, f"{what} is {word}, less than {least:g}")
        return value

    def count(self, what: str) -> int:
        """Take the next word as a whole number of at least 1.

        Raises:
            FormatError: it is none.
        """
        line, value = self.line, self.number(what, 1.0)
        if value != int(value):
            raise wrong(self.path, line, f"{what} is {value:g}, which is not whole")
        return int(value)

    def numbers(self, count: int, what: str) -> Floats:
        """Take so many numbers.

        Raises:
            FormatError: there are fewer, or one is none.
        """
        return np.array([self.number(what) for _ in range(count)])

    def end(self) -> None:
        """Demand that nothing is left.

        Raises:
            FormatError: something is.
        """
        if self._next < len(self._words):
            line, word = self._words[self._next]
            raise wrong(self.path, line, f"{word!r} and more is left over", "Do the two counts of the first line fit?")
