"""Which formats there are, and which one an input is in. Built-ins and plug-ins register through one hook."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import BinaryIO, Final

from doseway.intake.port import HEAD_BYTES, Format
from doseway.model.errors import FormatError, Place, UsageError

GROUP: Final = "doseway.formats"
_LAST: Final = "table"  # reads nearly any text with times and numbers, so the precise formats are asked first
_SHOWN_BYTES: Final = 24


def names() -> tuple[str, ...]:
    """Return the ids of all registered formats in the order in which they are asked; nothing is imported."""
    return tuple(sorted(_points(), key=lambda name: (name == _LAST, name)))


def by_id(name: str) -> Format:
    """Return one format.

    Raises:
        UsageError: there is none of that name, or its plug-in cannot be loaded.
    """
    point = _points().get(name)
    if point is not None:
        return _load(point)
    raise UsageError(f"there is no format {name!r}", hint=f"Known formats: {', '.join(names())}.")


def all_formats() -> tuple[Format, ...]:
    """Load and return every format that can be loaded, in the order in which they are asked."""
    return tuple(_loadable(failures={}))


def broken() -> dict[str, str]:
    """Return the plug-ins that cannot be loaded, each with the reason; for `doseway doctor`."""
    failures: dict[str, str] = {}
    list(_loadable(failures))
    return failures


def detect(head: bytes, name: str) -> Format:
    """Return the format of an input by its first `HEAD_BYTES` bytes and its name.

    Formats are loaded one after the other until one recognises the input.

    Raises:
        FormatError: no format recognises it; says what it looks like and what can be read.
    """
    head = head[:HEAD_BYTES]
    asked: list[str] = []
    failures: dict[str, str] = {}
    for one in _loadable(failures):
        if one.matches(head, name):
            return one
        asked.append(one.title)
    hint = f"Doseway reads: {'; '.join(asked)}. If it is one of these, the file is damaged: export it again."
    if failures:
        hint += f" Formats that could not be loaded: {', '.join(failures)}."
    raise FormatError(f"no known format; {describe(head)}", hint=hint, where=Place(name))


def detect_stream(stream: BinaryIO, name: str) -> Format:
    """Return the format of a seekable stream, which is left at its start. Raises as `detect` does."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return detect(head, name)


def describe(head: bytes) -> str:
    """Say in words what bytes look like."""
    if not head:
        return "the file is empty"
    known = ((b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive"), (b"\xd0\xcf\x11\xe0", "an old Office file"))
    for magic, what in known:
        if head.startswith(magic):
            return f"it looks like {what}"
    if not head.strip(b"\x00"):
        return "it begins with zero bytes only"
    return f"it begins with {head[:_SHOWN_BYTES]!r}"


@cache
def _points() -> dict[str, EntryPoint]:
    """Return the registered formats; searching the installed packages takes milliseconds, so it is done once."""
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Format:
    try:
        one: Format = point.load()
    except Exception as error:  # a plug-in may fail in any way
        raise UsageError(
            f"the format {point.name!r} cannot be loaded: {error}",
            hint=f"Repair or uninstall the package that provides {point.value}.",
        ) from error
    return one


def _loadable(failures: dict[str, str]) -> Iterator[Format]:
    """Give the formats in order; one broken plug-in must not keep the others from reading."""
    for name in names():
        try:
            yield by_id(name)
        except UsageError as error:
            failures[name] = str(error)
