"""One word for one thing: public names use the glossary's words and none of their synonyms."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "doseway").rglob("*.py"))

# synonym -> the glossary's word
BANNED = {
    "temp": "temperature",
    "temps": "temperatures",
    "datalogger": "logger",
    "threshold": "limit",
    "setpoint": "limit",
    "expiry": "expiration_date",
    "package_id": "sscc",
    "hysteresis": "clear_limit",
    "breach": "episode",
    "cosig": "cosignature",
    "countersignature": "cosignature",
    "treehead": "checkpoint",
    "sth": "checkpoint",
}


def public_names(path: Path) -> set[str]:
    names = {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }
    return {word.lower() for name in names for word in re.split(r"_|(?<=[a-z0-9])(?=[A-Z])", name)} | names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_names_use_the_words_of_the_field(path: Path) -> None:
    assert {name: BANNED[name] for name in public_names(path) if name in BANNED} == {}


def test_the_glossary_is_in_alphabetical_order() -> None:
    text = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)[2:]
    assert len(words) > 30
    assert words == sorted(words, key=str.casefold)
