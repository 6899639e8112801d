"""Rows of a text table: encoding, lines, cells, one row in memory at a time."""

import codecs
import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final, Protocol

from doseway.intake.port import DecodeOptions
from doseway.model.errors import FormatError, Place, UsageError
from doseway.model.readings import Note

SAMPLE_ROWS: Final = 400
_SAMPLE_BYTES: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")  # str.splitlines cuts at signs that cells may hold
_LINES_A_ROW: Final = 16  # a cell with line breaks inside quotes; an unclosed quote must not swallow the file
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Rows(Protocol):
    """A table that can be read several times."""

    notes: list[Note]

    def __iter__(self) -> Iterator[list[str]]:
        """Give every row as cells, from the first."""

    @property
    def number(self) -> int:
        """The line or row last given, from 1."""

    def place(self, row: list[str], cell: int) -> Place:
        """Return where a cell of the row last given stands."""


class TextRows:
    """The rows of a CSV, TSV or the like."""

    def __init__(self, stream: BinaryIO, options: DecodeOptions, *, encoding: str | None, delimiter: str) -> None:
        self._stream = stream
        self._options = options
        self._encoding = encoding or sniff_encoding(stream, options)
        self._delimiter = delimiter
        self._byte = self._next_byte = 0
        self._line = self._first_line = 0
        self.notes: list[Note] = []
        if encoding is None and self._encoding == "cp1252":
            self.notes.append(Note("encoding-guessed", "The text is no UTF-8; it was read as Windows-1252 (Latin-1)."))

    @property
    def number(self) -> int:
        """The line on which the row last given began."""
        return self._first_line

    def with_delimiter(self, delimiter: str) -> "TextRows":
        """Return the same text cut at another sign."""
        other = TextRows(self._stream, self._options, encoding=self._encoding, delimiter=delimiter)
        other.notes = list(self.notes)
        return other

    def __iter__(self) -> Iterator[list[str]]:
        self._line = self._first_line = self._byte = self._next_byte = 0
        reader = csv.reader(self._lines(), delimiter=self._delimiter, skipinitialspace=True)
        try:
            while True:
                self._first_line = 0
                try:
                    row = next(reader)
                except StopIteration:
                    return
                yield row
        except csv.Error as error:
            raise FormatError(f"the row cannot be cut into cells: {error}", where=self._here()) from error

    def place(self, row: list[str], cell: int) -> Place:
        """Return where a cell stands; the column is exact for rows without quotes."""
        column = sum(len(one) + 1 for one in row[:cell]) + 1
        return Place(self._options.name, self._first_line, column, self._byte + column - 1)

    def _here(self) -> Place:
        return Place(self._options.name, self._first_line or self._line, byte=self._byte)

    def _lines(self) -> Iterator[str]:
        """Give decoded lines, without a byte order mark."""
        for text, size in _decoded_lines(self._stream, self._encoding, self._options):
            self._line += 1
            start = self._next_byte
            self._next_byte += size
            if not self._first_line:
                self._first_line, self._byte = self._line, start
            elif self._line - self._first_line >= _LINES_A_ROW:
                raise FormatError(
                    f"a quoted cell of more than {_LINES_A_ROW} lines",
                    hint="A quotation mark is not closed.",
                    where=self._here(),
                )
            yield text


def sample(rows: Rows) -> list[tuple[int, list[str]]]:
    """Return the first rows with their numbers: what a layout is detected from."""
    found: list[tuple[int, list[str]]] = []
    size = 0
    for row in islice(rows, SAMPLE_ROWS):
        size += sum(map(len, row)) + len(row)
        if size > _SAMPLE_BYTES:
            break
        found.append((rows.number, row))
    return found


def sniff_encoding(stream: BinaryIO, options: DecodeOptions) -> str:
    """Return a text's encoding: by its mark, by the zero bytes of UTF-16, else UTF-8 where all of it is, else 1252.

    Raises:
        FormatError: the text is larger than allowed.
    """
    stream.seek(0)
    head = stream.read(_CHUNK)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if len(head) > 1 and head[0] == 0 and head[1] != 0:
        return "utf-16-be"
    if len(head) > 1 and head[0] != 0 and head[1] == 0:
        return "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk, size = head, 0
    try:
        while chunk:
            size += len(chunk)
            options.check_bytes(size)
            decoder.decode(chunk)
            chunk = stream.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decoded_lines(stream: BinaryIO, encoding: str, options: DecodeOptions) -> Iterator[tuple[str, int]]:
    """Give each line with its line end, and its size in bytes."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    except LookupError as error:
        raise UsageError(f"{encoding!r} is no encoding", hint="Give utf-8, utf-16 or cp1252.") from error
    wide = encoding.startswith("utf-16")
    stream.seek(0)
    pending, total, number = "", 0, 0
    while True:
        chunk = stream.read(_CHUNK)
        total += len(chunk)
        options.check_bytes(total)
        pending += decoder.decode(chunk, final=not chunk)
        lines = _LINE.findall(pending)
        # A last piece without its end stays; so does a "\r" that may be half of "\r\n".
        pending = lines.pop() if chunk and lines and not lines[-1].endswith("\n") else ""
        for line in lines:
            number += 1
            size = len(line) * 2 if wide else len(line) if line.isascii() else len(line.encode(encoding, "replace"))
            if size > options.max_line_bytes:
                raise FormatError(f"a line of more than {options.max_line_bytes:,} bytes", where=_line(options, number))
            yield line, size
        if len(pending) > options.max_line_bytes:
            raise FormatError(f"a line of more than {options.max_line_bytes:,} bytes", where=_line(options, number + 1))
        if not chunk:
            return


def _line(options: DecodeOptions, number: int) -> Place:
    return Place(options.name, number)
