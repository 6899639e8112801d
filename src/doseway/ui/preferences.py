"""How somebody likes to see things: language, °C or °F, site or UTC time, colours, maps, shortcuts. In a cookie."""

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode

import msgspec

from doseway.ui.languages import LANGUAGES, preferred

COOKIE: Final = "doseway_preferences"


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the cookie; a value that is none of these is the default."""

    language: str = "en"
    unit: Literal["C", "F"] = "C"
    time: Literal["site", "UTC"] = "site"
    theme: Literal["auto", "light", "dark"] = "auto"
    map: Literal["auto", "canvas", "webgl"] = "auto"
    keys: Literal["on", "off"] = "on"

    def text(self) -> str:
        """Write them as the cookie's value."""
        return urlencode(msgspec.structs.asdict(self))


def read(cookie: str, accept_language: str) -> Preferences:
    """Read the cookie; without one the language is the browser's."""
    return changed(Preferences(language=preferred(accept_language)), dict(parse_qsl(cookie[:300])))


def changed(old: Preferences, values: Mapping[str, str]) -> Preferences:
    """Take over what is valid of some values."""
    new = old
    for name, value in values.items():
        if name not in Preferences.__struct_fields__ or (name == "language" and value not in LANGUAGES):
            continue
        try:
            new = msgspec.convert({**msgspec.structs.asdict(new), name: value}, Preferences)
        except msgspec.ValidationError:
            continue
    return new
