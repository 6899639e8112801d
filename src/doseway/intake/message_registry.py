"""The registry of live message formats. Built-ins and plug-ins register through one hook, as file formats do."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from doseway.intake.port import MessageFormat
from doseway.model.errors import UsageError

GROUP: Final = "doseway.messages"


def names() -> tuple[str, ...]:
    """Return the ids of all registered message formats, sorted; nothing is imported."""
    return tuple(sorted(_points()))


def by_id(name: str) -> MessageFormat:
    """Return one message format.

    Raises:
        UsageError: there is none of that name, or its plug-in cannot be loaded.
    """
    point = _points().get(name)
    if point is None:
        raise UsageError(f"there is no message format {name[:40]!r}", hint=f"Known formats: {', '.join(names())}.")
    return _load(point)


def all_formats() -> tuple[MessageFormat, ...]:
    """Load and return every message format that can be loaded."""
    failures = broken()
    return tuple(by_id(name) for name in names() if name not in failures)


def broken() -> dict[str, str]:
    """Return the plug-ins that cannot be loaded, each with the reason; for `doseway doctor`."""
    failures: dict[str, str] = {}
    for name in names():
        try:
            by_id(name)
        except UsageError as error:
            failures[name] = str(error)
    return failures


@cache
def _points() -> dict[str, EntryPoint]:
    """Return the registered formats; searching the installed packages takes milliseconds, so it is done once."""
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _load(point: EntryPoint) -> MessageFormat:
    try:
        one: MessageFormat = point.load()
    except Exception as error:  # a plug-in may fail in any way
        raise UsageError(
            f"the message format {point.name!r} cannot be loaded: {error}",
            hint=f"Repair or uninstall the package that provides {point.value}.",
        ) from error
    return one
