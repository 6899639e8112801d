"""The reference pages are what the code says; whatever exists is in them."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("commands", "settings", "formats", "rules", "profiles", "watch-rules", "facts", "errors", "network")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_these_are_all_generated_pages(generate: ModuleType) -> None:
    assert tuple(generate.PAGES) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(generate: ModuleType, name: str) -> None:
    """When this fails: python docs/generate.py."""
    assert (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8") == generate.page(name)


def test_the_description_of_the_api_is_up_to_date(generate: ModuleType) -> None:
    """When this fails: python docs/generate.py."""
    assert (DOCS / "reference" / "openapi.json").read_text(encoding="utf-8") == generate.openapi()


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md")} - {"index"}
    assert {page for page in pages if page not in index and not page.startswith("adr/")} == set()
