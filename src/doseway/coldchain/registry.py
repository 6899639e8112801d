"""Which rules there are. Built-ins and plug-ins register through the entry-point group `doseway.rules`."""

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from doseway.coldchain.port import Rule
from doseway.coldchain.terms import unknown
from doseway.model.errors import ProfileError

GROUP: Final = "doseway.rules"


def names() -> tuple[str, ...]:
    """Return the ids of all registered rules, sorted; no rule is imported."""
    return tuple(sorted(_points()))


def rule(name: str, source: str = "") -> Rule[Any]:
    """Return one rule.

    Args:
        name: its id.
        source: the document that asks for it, for the message.

    Raises:
        ProfileError: there is none of that name (names the nearest), or its plug-in cannot be loaded.
    """
    point = _points().get(name)
    if point is None:
        raise unknown("the rule", name, _points(), source)
    return _load(point)


def broken() -> dict[str, str]:
    """Return the rules that cannot be loaded, each with the reason; for `doseway doctor`."""
    failures: dict[str, str] = {}
    for name in names():
        try:
            rule(name)
        except ProfileError as error:
            failures[name] = str(error)
    return failures


@lru_cache(maxsize=1)
def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Rule[Any]:
    try:
        found: Rule[Any] = point.load()
    except Exception as error:  # a plug-in may fail in any way
        raise ProfileError(
            f"the rule {point.name!r} cannot be loaded: {error}",
            hint=f"Repair or uninstall the package that provides {point.value}.",
        ) from error
    return found
