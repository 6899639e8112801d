"""The body of a request: one JSON message, an array of them, or one on each line (NDJSON).

    body  = [ BOM ] ( value | "[" value *( "," value ) "]" | value 1*( LF value ) [ LF ] )

A value that ends where a line ends and is followed by another value on the next line cannot be one JSON text, so the
three forms are told apart by the bytes. Unknown members are ignored; a member of the wrong type is refused.
"""

import re
from typing import Any, Final, Generic, NoReturn, TypeVar

import msgspec

from doseway.intake.port import DecodeOptions
from doseway.model.errors import FormatError, Place

T = TypeVar("T")

_BOM: Final = b"\xef\xbb\xbf"
_NEXT_OBJECT: Final = re.compile(rb"\}[ \t\r]*\n\s*\{")
_NEXT_ARRAY: Final = re.compile(rb"\][ \t\r]*\n\s*\[")
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_MESSAGE: Final = re.compile(r"`\$\[(\d+)\]")
_HINT: Final = "The body is one JSON message, an array of them, or one on each line."


class Batch(Generic[T]):
    """The messages of one body in order, and where each stands."""

    __slots__ = ("_name", "body", "is_lines", "messages")

    def __init__(self, messages: list[T], body: bytes, name: str, *, is_lines: bool) -> None:
        self.messages = messages
        self.body = body
        self._name = name
        self.is_lines = is_lines

    def place(self, number: int) -> Place:
        """Return where the message of a number, from 1, stands: its line in NDJSON."""
        return Place(self._name, line=_line(self.body, number) if self.is_lines else None)


class Bodies(Generic[T]):
    """Decodes bodies whose messages all have one type.

    Args:
        kind: the struct of one message.
        is_array: one message is itself a JSON array, so that an array is a single message.
    """

    def __init__(self, kind: type[T], *, is_array: bool = False) -> None:
        self._one: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)
        self._many: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._is_array = is_array

    def read(self, body: bytes, options: DecodeOptions) -> Batch[T]:
        """Decode a body.

        Raises:
            FormatError: it is none of the three forms, or a message does not have its type; names message and byte.
        """
        options.check_bytes(len(body))
        body = body.removeprefix(_BOM)
        is_lines = b"\n" in body and bool((_NEXT_ARRAY if self._is_array else _NEXT_OBJECT).search(body))
        try:
            if is_lines:
                messages = self._one.decode_lines(body)
            elif not self._is_array and body.lstrip()[:1] == b"[":
                messages = self._many.decode(body)
            else:
                messages = [self._one.decode(body)]
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            _refuse(error, body, options.name, is_lines=is_lines)
        return Batch(messages, body, options.name, is_lines=is_lines)


def plain(body: bytes, options: DecodeOptions) -> Batch[dict[str, Any]]:
    """Decode a body whose messages are objects of any shape. Raises as `Bodies.read` does."""
    return _PLAIN.read(body, options)


def number_of(value: Any) -> float | None:
    """Return what JSON gives as a number; None for anything else, truths included.

    Raises:
        FormatError: it has more digits than any measurement.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError as error:
        raise FormatError("a number with hundreds of digits is no measurement") from error


_PLAIN: Final[Bodies[dict[str, Any]]] = Bodies(dict[str, Any])


def _refuse(error: Exception, body: bytes, name: str, *, is_lines: bool) -> NoReturn:
    """Say what is wrong in words, and where."""
    if isinstance(error, RecursionError):
        raise FormatError("values nest too deeply", hint=_HINT, where=Place(name)) from error
    text = str(error)
    byte, number = _BYTE.search(text), _MESSAGE.search(text)
    line = _line(body, int(number[1]) + 1) if number and is_lines else None
    if number:
        text = f"message {int(number[1]) + 1}: {text.replace(number[0], '`$', 1)}"
    raise FormatError(
        f"no message of this format: {text}",
        hint=_HINT if byte or not body.strip() else "",
        where=Place(name, line=line, byte=int(byte[1]) if byte else None),
    ) from error


def _line(body: bytes, number: int) -> int | None:
    """Return the line of the message of a number; blank lines hold none."""
    filled = (index for index, line in enumerate(body.split(b"\n"), start=1) if line.strip())
    return next((line for position, line in enumerate(filled, start=1) if position == number), None)
