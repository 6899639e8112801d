"""A Spanish reader finds no English where quality looks first: what a file says, what is wrong, what rules ask for."""

import re

import pytest
from playwright.sync_api import expect
from tests.ui.conftest import ROOT, Visit, picture

ENGLISH = re.compile(r"\b(the|of|is not|and|with|was|were|above|below|there|which)\b")
FILE = ROOT / "examples" / "files" / "tarmac-excursion.txt"


@pytest.fixture
def spanish(visit: Visit, demo: str) -> Visit:
    visit.page.context.add_cookies([{"name": "doseway_preferences", "value": "language=es", "url": demo}])
    return visit


def english(visit: Visit, selector: str) -> list[str]:
    """Return the lines of a part of the page, its folded parts too, that hold an English word."""
    text = str(visit.page.locator(selector).evaluate("one => [...one.querySelectorAll('li, td, th, dt, dd, p, label')]"
    ".filter(one => !one.closest('[lang=en], figure')).map(one => one.textContent.trim()).join('\\n')"))  # fmt: skip
    return [line for line in text.splitlines() if ENGLISH.search(line)]


def test_what_a_file_says_is_told_in_spanish(spanish: Visit, demo: str) -> None:
    page = spanish.page
    page.goto(f"{demo}/import")
    page.locator("input[name=file]").set_input_files(FILE)
    expect(page.locator("#preview-title")).to_contain_text("tarmac-excursion")
    expect(page.locator("#preview")).to_contain_text("Tiempo por encima de 8,0 °C en todos los días")
    picture(page, "import-es", full_page=True)
    assert english(spanish, "#preview") == []


def test_an_error_and_the_rules_of_a_form_are_told_in_spanish(spanish: Visit, demo: str) -> None:
    page = spanish.page
    page.goto(f"{demo}/documents/watch/own-vans")
    assert english(spanish, "#rules") == []
    expect(page.locator("#rules-0 .parameters")).to_contain_text("Avisar tras raise_after_s")
    page.goto(f"{demo}/profiles/no-such-profile")
    expect(page.locator("main")).to_contain_text("no existe")
