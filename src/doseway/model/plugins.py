"""What is registered under an entry-point group: built-ins and a user's own packages, by the same hook."""

from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast

from doseway.model.errors import ProfileError
from doseway.model.terms import unknown

PluginT = TypeVar("PluginT")


class Registry(Generic[PluginT]):
    """The plug-ins of one group; each is imported when it is asked for.

    Attributes:
        group: the entry-point group. noun: what its members are called in messages, such as `rule`.
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group = group
        self.noun = noun
        self._loaded: dict[str, PluginT] = {}

    def names(self) -> tuple[str, ...]:
        """Return the ids of all that are registered, sorted; nothing is imported."""
        return tuple(sorted(self._points))

    def get(self, name: str, source: str = "") -> PluginT:
        """Return one plug-in.

        Args:
            name: its id.
            source: the document that asks for it, for the message.

        Raises:
            ProfileError: there is none of that name (names the nearest), or it cannot be loaded.
        """
        loaded = self._loaded.get(name)
        if loaded is not None:
            return loaded
        point = self._points.get(name)
        if point is None:
            raise unknown(f"the {self.noun}", name, self._points, source)
        try:
            found: Any = point.load()
        except Exception as error:  # a plug-in may fail in any way
            raise ProfileError(
                f"the {self.noun} {point.name!r} cannot be loaded: {error}",
                hint=f"Repair or uninstall the package that provides {point.value}.",
            ) from error
        return self._loaded.setdefault(name, cast("PluginT", found))

    def broken(self) -> dict[str, str]:
        """Return the plug-ins that cannot be loaded, each with the reason; for `doseway doctor`."""
        failures: dict[str, str] = {}
        for name in self.names():
            try:
                self.get(name)
            except ProfileError as error:
                failures[name] = str(error)
        return failures

    @cached_property
    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}
