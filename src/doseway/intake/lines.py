"""Lines of bytes with their place, read one at a time: a file of any size needs one line of memory."""

from collections.abc import Iterator
from typing import BinaryIO

from doseway.intake.port import DecodeOptions
from doseway.model.errors import FormatError, Place


class Lines:
    """Iterates over the lines of a stream, line ends kept.

    Attributes:
        number: of the line last given, from 1.
        byte: offset of its first byte.
    """

    def __init__(self, stream: BinaryIO, options: DecodeOptions) -> None:
        self._stream = stream
        self._options = options
        self.number = 0
        self.byte = 0

    def __iter__(self) -> Iterator[bytes]:
        limit = self._options.max_line_bytes
        largest = self._options.max_bytes
        self._stream.seek(0)
        readline = self._stream.readline
        end = 0
        while line := readline(limit + 1):
            self.number += 1
            self.byte = end
            if len(line) > limit:
                raise FormatError(
                    f"a line of more than {limit:,} bytes",
                    hint="This is no text export, or it is damaged.",
                    where=self.place(),
                )
            end += len(line)
            if end > largest:
                self._options.check_bytes(end)
            yield line

    def place(self, column: int | None = None) -> Place:
        """Return the place of the current line; `column` counts from 1."""
        return Place(self._options.name, self.number, column, self.byte + (column - 1 if column else 0))
