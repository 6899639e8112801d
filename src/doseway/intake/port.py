"""The port that every format implements, and what its caller may tell it."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from doseway.model.errors import FormatError, Place
from doseway.model.readings import Recording

HEAD_BYTES: Final = 4096
"""How much of a file's beginning `Format.matches` is given."""
READING_BYTES: Final = 12
"""What one reading takes in a `Series`: an int64 time and an int32 value."""
WORKING_BYTES: Final = 16 * 1024 * 1024
"""What a decoder may hold at once beyond its readings: a chunk, a line, a header, shared strings of a workbook."""
MOST_READINGS: Final = 20_000_000
"""Of one input, where nobody says otherwise."""

EARLIEST_MS: Final = 0
"""1970-01-01: no logger has measured before. A clock that was never set may stand here."""
LATEST_MS: Final = 7_258_118_400_000
"""2200-01-01: a later time is damage, not a reading."""


class DecodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller of a decoder knows and the bytes do not say, and the caps that hold.

    Attributes:
        name: the input's name for error messages.
        zone: the zone of device times that carry none: `+01:00`, `UTC` or an IANA name; None: undeclared.
        issuers: public keys of file signers that the user trusts, hex as written in files, to where each came from.
        mapping: the columns of a table, as in `doseway.intake.tables.mapping`; None: detected, and said in notes.
        received_at_ms: when the input arrived, Unix ms; needed only by formats whose times are relative to it.
        max_bytes, max_readings, max_line_bytes: caps; input beyond them is refused, never cut.
    """

    name: str = ""
    zone: str | None = None
    issuers: Mapping[str, str] = {}
    mapping: Mapping[str, Any] | None = None
    received_at_ms: int | None = None
    max_bytes: int = 4 * 1024**3
    max_readings: int = MOST_READINGS
    max_line_bytes: int = 64 * 1024

    @property
    def memory_bytes(self) -> int:
        """The stated cap on a decoder's memory: its readings and a fixed working set."""
        return self.max_readings * READING_BYTES + WORKING_BYTES

    def check_readings(self, readings: int, where: Place) -> None:
        """Refuse more readings than allowed.

        Raises:
            FormatError: there are more than `max_readings`.
        """
        if readings > self.max_readings:
            raise FormatError(
                f"more than {self.max_readings:,} readings", hint="Raise the cap, or split the file.", where=where
            )

    def check_bytes(self, size: int) -> None:
        """Refuse a larger input than allowed.

        Raises:
            FormatError: it has more than `max_bytes`.
        """
        if size > self.max_bytes:
            raise FormatError(
                f"larger than {self.max_bytes:,} bytes",
                hint="Raise the cap, or split the file.",
                where=Place(self.name, byte=self.max_bytes),
            )


class Format(Protocol):
    """One wire format: recognises its bytes and decodes them, without I/O beyond the given stream."""

    @property
    def id(self) -> str:
        """The stable name, as logged with every decoded packet."""

    @property
    def version(self) -> int:
        """The decoder's version; raised when the same bytes decode to something else."""

    @property
    def title(self) -> str:
        """The name for people."""

    def matches(self, head: bytes, name: str) -> bool:
        """Say whether an input with this beginning (at most `HEAD_BYTES`) and name looks like this format."""

    def decode(self, stream: BinaryIO, options: DecodeOptions) -> Recording:
        """Decode a seekable stream from its start to its end, in bounded memory.

        Raises:
            FormatError: the bytes are not what the format says; names line, column and byte.
            UnitError: values without a known unit.
            DataError: other things that the input or the options get wrong.
        """


class MessageFormat(Protocol):
    """One live wire format: what a tracker or a platform sends in one message, batch or request body.

    Pure: bytes in, recordings out, one for each device that speaks. A device's own time is `observed_at_ms`; a format
    whose messages carry none uses `options.received_at_ms` and says so in a note.
    """

    @property
    def id(self) -> str:
        """The stable name, as in `POST /ingest/{id}` and as logged with every packet."""

    @property
    def version(self) -> int:
        """The decoder's version; raised when the same bytes decode to something else."""

    @property
    def title(self) -> str:
        """The name for people."""

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode one body: a single message, a JSON array, or NDJSON.

        Raises:
            FormatError, UnitError, DataError: the body is not what the format says; names the place. All or nothing.
        """
