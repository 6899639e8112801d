"""The indented `Key: value` lines of a Berlinger export as a tree.

Grammar, line by line, one space of indent per level:

    line   = indent pair *( ", " pair ) CRLF
    pair   = key ":" [ " " value ]

A key without a value opens a block when deeper lines follow; a bare number opens a numbered one. One block may hold
several lines with the same keys (the events of an alarm).
"""

import re
from datetime import date
from typing import Final

from doseway.intake.port import EARLIEST_MS, LATEST_MS
from doseway.model.errors import FormatError, Place
from doseway.model.units import DAY_MS, INVALID, MINUTE_MS, milli

MAX_LINES: Final = 20_000
MAX_TEXT_BYTES: Final = 2 * 1024 * 1024
MAX_LINE_BYTES: Final = 4096
NO_VALUE: Final = "--.-"
_FREE_TEXT: Final = ("Serial", "PCB", "Lot", "Issuer", "Owner", "Device", "User String")
_NUMBER: Final = re.compile(r"[+-]?\d{1,6}(\.\d{1,3})?", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_EPOCH_ORDINAL: Final = 719_163  # date(1970, 1, 1).toordinal()


class Row:
    """One line of a block: its pairs, and where it stands."""

    __slots__ = ("pairs", "place", "text")

    def __init__(self, pairs: dict[str, str], place: Place, text: str) -> None:
        self.pairs = pairs
        self.place = place
        self.text = text

    def get(self, key: str) -> str:
        """Return a value, empty where the device gives none."""
        return self.pairs.get(key, "")

    def where(self, key: str) -> Place:
        """Return the place of a value in the input."""
        column = self.text.find(f"{key}:") + len(key) + 2
        column += self.text[column - 1 : column] == " "
        line_byte = self.place.byte or 0
        return Place(self.place.source, self.place.line, column, line_byte + column - 1)

    def whole(self, key: str) -> int | None:
        """Return a value as a whole number, not below zero; None where the device gives none."""
        text = self.get(key)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > len("999999999"):
            raise FormatError(f"{key} is {text!r}, not a whole number", where=self.where(key))
        return int(text)

    def milli(self, key: str) -> int | None:
        """Return a decimal in thousandths; None where the device gives none or says `--.-`."""
        text = self.get(key)
        if not text or text == NO_VALUE:
            return None
        if not _NUMBER.fullmatch(text):
            raise FormatError(f"{key} is {text!r}, not a number", where=self.where(key))
        return milli(text)

    def local_ms(self, key: str) -> int | None:
        """Return a `yyyy-MM-dd hh:mm` time as if it were UTC; None where the device gives none."""
        text = self.get(key)
        if not text:
            return None
        day, _, time = text.partition(" ")
        minutes = minute_of_day(time)
        start = day_ms(day)
        if minutes is None or start is None:
            raise FormatError(f"{key} is {text!r}, not a time such as 2022-11-08 04:49", where=self.where(key))
        return start + minutes * MINUTE_MS


class Block:
    """A block of the tree: its own lines and the blocks within."""

    __slots__ = ("blocks", "place", "rows")

    def __init__(self, place: Place) -> None:
        self.rows: list[Row] = []
        self.blocks: dict[str, Block] = {}
        self.place = place

    def block(self, name: str) -> "Block":
        """Return a block within; an empty one where there is none."""
        return self.blocks.get(name) or Block(self.place)

    def row(self, key: str) -> Row:
        """Return the one line that has a key; an empty one where there is none.

        Raises:
            FormatError: two lines have it, so that one of them contradicts the other.
        """
        found = [row for row in self.rows if key in row.pairs]
        if len(found) > 1:
            raise FormatError(f"{key} is given twice, first on line {found[0].place.line}", where=found[1].where(key))
        return found[0] if found else Row({}, self.place, "")

    def text(self, key: str) -> str:
        """Return a value, empty where there is none."""
        return self.row(key).get(key)


class TreeReader:
    """Builds the tree from lines as they stream by."""

    def __init__(self, source: str) -> None:
        self.root = Block(Place(source))
        self._path = [self.root]
        self._lines = 0
        self._bytes = 0

    def feed(self, line: bytes, place: Place) -> str:
        """Take one line; returns the name of the top-level block or key that it opens, empty for deeper lines.

        Raises:
            FormatError: the line is not `Key: value`, is indented too far, or there are too many lines.
        """
        self._count(line, place)
        text = line.decode("latin-1").rstrip("\r\n")
        content = text.lstrip(" ")
        depth = len(text) - len(content)
        if not content:
            return ""
        if depth >= len(self._path):
            column = len(self._path)
            raise FormatError(
                "the line is indented deeper than any block that is open",
                where=Place(place.source, place.line, column, (place.byte or 0) + column - 1),
            )
        del self._path[depth + 1 :]
        self._add(text, content, place)
        return content.partition(":")[0] if depth == 0 else ""

    def _add(self, text: str, content: str, place: Place) -> None:
        pairs = split_pairs(content)
        if pairs is None:
            column = len(text) - len(content) + 1
            raise FormatError(
                f"{content[:40]!r} is no `Key: value`",
                hint="The line is damaged, or the file is no Berlinger export.",
                where=Place(place.source, place.line, column, (place.byte or 0) + column - 1),
            )
        here = self._path[-1]
        names = list(pairs)
        opened = Block(place)
        if len(names) == 1 and not pairs[names[0]]:
            opened = here.blocks.setdefault(names[0], opened)
            if opened.place is not place:
                raise FormatError(f"{names[0]} is given twice, first on line {opened.place.line}", where=place)
        here.rows.append(Row(pairs, place, text))
        self._path.append(opened)

    def _count(self, line: bytes, place: Place) -> None:
        self._lines += 1
        self._bytes += len(line)
        if len(line) > MAX_LINE_BYTES:
            raise FormatError(f"a header line of more than {MAX_LINE_BYTES:,} bytes", where=place)
        if self._lines > MAX_LINES or self._bytes > MAX_TEXT_BYTES:
            raise FormatError(
                f"more than {MAX_LINES:,} lines or {MAX_TEXT_BYTES:,} bytes outside of the log",
                hint="No device writes as much; the file is not what it claims to be.",
                where=place,
            )


def split_pairs(content: str) -> dict[str, str] | None:
    """Split `a: 1, b: 2` into pairs at the first `:` of each; free text is not split; None where it is no pair."""
    key, colon, value = content.partition(":")
    if not colon:
        return None
    if key.startswith(_FREE_TEXT):
        return {key: value.strip(" ")}
    pairs: dict[str, str] = {}
    last = ""
    for part in content.split(", "):
        key, colon, value = part.rstrip(",").partition(":")
        if not colon:
            if not last:
                return None
            pairs[last] += f", {part}"  # a comma within a value
            continue
        last = key
        pairs[key] = value.strip(" ")
    return pairs


def day_ms(text: str) -> int | None:
    """Return the midnight that begins a `yyyy-MM-dd` day, as if it were UTC; None where no logger can have it."""
    if len(text) != len("yyyy-MM-dd"):
        return None
    try:
        start = (date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL) * DAY_MS
    except ValueError:
        return None
    return start if EARLIEST_MS <= start < LATEST_MS else None


def minute_of_day(text: str) -> int | None:
    """Return the minutes since midnight of an `hh:mm` time; None where it is none."""
    found = _TIME.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def value_of(text: str) -> int:
    """Return a logged temperature in milli-°C, `INVALID` for `--.-`."""
    return INVALID if text == NO_VALUE else milli(text)
