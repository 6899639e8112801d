"""Brings the catalogues of the pages' languages up to date with the source: `make messages`.

New texts come in without a translation, which a test does not let pass; texts that are gone are taken out.
"""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import phrases
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

UI: Final = Path(__file__).parents[1] / "src" / "doseway" / "ui"
PHRASES: Final = UI / "phrases.txt"
_METHODS: Final = [("**.py", "python"), ("**.html", "jinja2")]
_KEYWORDS: Final = {"mark": None, "_": None, "ngettext": (1, 2)}
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGING: Final = ("POT-Creation", "PO-Revision", "Last-Translator", "Language-Team", "Generated-By", "Report-Msgid")


def source() -> Catalog:
    """Return every text of the pages."""
    found = Catalog(domain="doseway")
    for _, _, text, _, context in extract_from_dir(UI, _METHODS, keywords=_KEYWORDS):
        found.add(text, context=context)
    for said in phrases.templates():
        found.add(said)
    return found


def said() -> str:
    """Return the file from which the pages know what the rooms say: a line for each template, after a sign."""
    return "".join(f"|{text}\n" for text in phrases.templates())


def files() -> list[Path]:
    """Return the catalogues."""
    return sorted((UI / "locale").glob("*/LC_MESSAGES/doseway.po"))


def read(path: Path) -> Catalog:
    """Read a catalogue."""
    with path.open("rb") as stream:
        return read_po(stream, locale=path.parents[1].name)


def compiled(catalogue: Catalog) -> bytes:
    """Return the form in which the pages read a catalogue."""
    catalogue.creation_date = catalogue.revision_date = _NO_DATE  # the same text gives the same bytes
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def text(catalogue: Catalog) -> str:
    """Return a catalogue as it is kept: sorted, and without lines that change by themselves."""
    out = io.BytesIO()
    write_po(out, catalogue, no_location=True, sort_output=True, ignore_obsolete=True, width=120)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(tuple(f'"{name}' for name in _CHANGING)))


def main() -> None:
    """Write down what the rooms say; update and compile every catalogue."""
    PHRASES.write_text(said(), encoding="utf-8")
    for path in files():
        catalogue = read(path)
        catalogue.update(source(), no_fuzzy_matching=True)
        path.write_text(text(catalogue), encoding="utf-8")
        path.with_suffix(".mo").write_bytes(compiled(read(path)))


if __name__ == "__main__":
    main()
