"""Every page in a real browser, light, dark and on a phone: axe finds nothing, nothing leaves, nothing is cut off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.ui.conftest import ROOT, Visit, picture, visiting

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "overview": "/",
    "overview-filtered": "/?phase=in-transit&alerting=1",
    "shipment": "/shipments/shp-0001",
    "shipment-planned": "/shipments/shp-0004",
    "alerts": "/alerts",
    "alerts-all": "/alerts?state=open&state=closed&state=retracted",
    "devices": "/devices",
    "shipments": "/documents/shipment",
    "site": "/documents/site/basel-plant",
    "new-shipment": "/documents/shipment/new",
    "profiles": "/profiles",
    "profile": "/profiles/usp-cct",
    "watches": "/watches",
    "watch": "/watches/standard",
    "own-watch": "/documents/watch/own-vans",
    "import": "/import",
    "log": "/log",
    "sign-in": "/sign-in",
    "not-found": "/nothing-here",
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[tuple[str, Visit]]:
    for visit in visiting(chromium, color_scheme=request.param):
        yield request.param, visit


def axe(page: Page) -> list[str]:
    if not AXE.exists():
        pytest.skip("axe-core is not there; `npm ci` in web/ brings it")
    page.evaluate(AXE.read_text())
    found: Any = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def settle(page: Page) -> None:
    """Wait for the islands: they say when they have drawn."""
    expect(page.locator("html")).to_have_class("scripted")
    for island in ("dw-overview", "dw-route", "dw-chart"):
        for found in page.locator(island).all():
            expect(found).to_have_attribute("ready", "")


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(themed: tuple[str, Visit], demo: str, name: str) -> None:
    theme, visit = themed
    visit.page.goto(demo + PAGES[name])
    settle(visit.page)
    for details in visit.page.locator("details").all():
        details.evaluate("one => one.open = true")
    assert axe(visit.page) == []
    visit.page.reload()
    settle(visit.page)
    picture(visit.page, f"{name}-{theme}", full_page=True)


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Visit]:
    yield from visiting(chromium, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_on_a_phone(phone: Visit, demo: str, name: str) -> None:
    phone.page.goto(demo + PAGES[name])
    settle(phone.page)
    picture(phone.page, f"{name}-phone")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/", "/alerts", "/devices", "/documents/shipment", "/log", "/import"])
def test_an_empty_tower_says_what_to_do_next(visit: Visit, empty: str, path: str) -> None:
    visit.page.goto(empty + path)
    if path != "/log":
        expect(visit.page.locator(".empty")).to_be_visible()
    assert axe(visit.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_without_scripts(plain_visit: Visit, demo: str, name: str) -> None:
    answer = plain_visit.page.goto(demo + PAGES[name])
    assert answer is not None
    assert answer.status == (404 if name == "not-found" else 200)
    expect(plain_visit.page.locator("main")).not_to_be_empty()
    assert plain_visit.page.locator("h1").count() == 1


def test_the_static_files_may_be_kept_for_good_and_are_small(visit: Visit, demo: str) -> None:
    visit.page.goto(demo)
    settle(visit.page)
    request = visit.page.context.request
    script = visit.page.locator("script[type=module]").get_attribute("src") or ""
    answer = request.get(demo + script)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    licences = request.get(f"{demo}/static/THIRD-PARTY.txt").text()
    assert licences.count("=" * 80) >= 8
    assert "maplibre-gl 6" in licences
    assert request.get(f"{demo}/static/..%2f__init__.py").status == 404
    always = Path(ROOT / "src/doseway/ui/static/app.js").read_bytes()
    assert len(always) < 250_000
    assert b"maplibre" not in always, "it is fetched only where a graphics card draws the maps"
