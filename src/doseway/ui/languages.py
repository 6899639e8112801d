"""The languages of the pages (gettext): English as written in the source, and what `locale/` holds beside it."""

import gettext
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = {"en": "English", "es": "Español"}
DOMAIN: Final = "doseway"


def mark(text: str) -> str:
    """Mark a text for translation where it is defined; it is translated where it is shown."""
    return text


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language."""
    if language == "en":
        return gettext.NullTranslations()
    file = files("doseway.ui") / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with file.open("rb") as stream:
        return gettext.GNUTranslations(stream)


def preferred(accept_language: str) -> str:
    """Choose the language that a browser asks for first among those that there are, else English."""
    for part in accept_language.lower().split(","):
        language = part.partition(";")[0].strip().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "en"
