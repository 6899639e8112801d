"""Which channels there are. Built-ins and plug-ins register through one hook."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from doseway.model.errors import UsageError
from doseway.notify.port import ChannelKind

GROUP: Final = "doseway.channels"


def names() -> tuple[str, ...]:
    """Return the ids of all registered channels, sorted; nothing is imported."""
    return tuple(sorted(_points()))


def by_id(name: str) -> ChannelKind:
    """Return one kind of channel.

    Raises:
        UsageError: there is none of that name, or its plug-in cannot be loaded.
    """
    point = _points().get(name)
    if point is None:
        raise UsageError(f"there is no channel {name!r}", hint=f"Known channels: {', '.join(names())}.")
    try:
        kind: ChannelKind = point.load()
    except Exception as error:  # a plug-in may fail in any way
        hint = f"Repair or uninstall the package that provides {point.value}."
        raise UsageError(f"the channel {name!r} cannot be loaded: {error}", hint=hint) from error
    return kind


@cache
def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
