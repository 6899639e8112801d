"""Topic templates: `application/{application}/device/{device}/event/up` subscribes with `+` and captures by name."""

import re
from typing import Final

from doseway.model.errors import UsageError

_CAPTURE: Final = re.compile(r"\{([a-z_]+)\}")
_REST: Final = "#"
_SPECIAL: Final = frozenset("+#{}")


class TopicTemplate:
    """One template: literal levels, `{name}` for a level, `+` for one that does not matter, `#` for the rest.

    Attributes:
        subscription: the MQTT topic filter.
        names: what is captured.
    """

    def __init__(self, text: str) -> None:
        """Read a template.

        Raises:
            UsageError: it is empty, a level mixes text and a capture, or `#` is not the last level.
        """
        levels = text.split("/")
        for place, level in enumerate(levels, start=1):
            is_wildcard = level == "+" or (level == "#" and place == len(levels))
            if not is_wildcard and not _CAPTURE.fullmatch(level) and _SPECIAL.intersection(level):
                hint = "A level is text, {name}, + or, as the last one, #: v3/{application}/devices/{device}/up"
                raise UsageError(f"{text!r} is no topic template: the level {level!r}", hint=hint)
        self.names: tuple[str, ...] = tuple(_CAPTURE.findall(text))
        if not text or len(set(self.names)) != len(self.names):
            raise UsageError(f"{text!r} is empty, or captures one name twice")
        self.subscription = _CAPTURE.sub("+", text)
        parts = [self._pattern(level) for level in levels]
        rest = ""
        if parts[-1] == _REST:
            rest = "(?:/.*)?" if parts[1:] else ".*"  # a/# is also a itself (MQTT 5 4.7.1.2)
            parts.pop()
        self._matcher = re.compile("/".join(parts) + rest, re.DOTALL)

    def match(self, topic: str) -> dict[str, str] | None:
        """Return what a topic has in the captures' places; None: it is another topic."""
        found = self._matcher.fullmatch(topic)
        return None if found is None else found.groupdict()

    @staticmethod
    def _pattern(level: str) -> str:
        capture = _CAPTURE.fullmatch(level)
        if capture:
            return f"(?P<{capture[1]}>[^/]*)"
        return {"+": "[^/]*", "#": _REST}.get(level, re.escape(level))
