"""Paper, strong contrast, forced colours and calm: what readers ask of their system."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.ui.conftest import Visit, picture, visiting
from tests.ui.test_pages import axe, settle

PRINTED = {"shipment": "/shipments/shp-0001", "alerts": "/alerts", "log": "/log", "overview": "/"}
ON_PAPER = {
    "shipment": ("Cardiprol 20 mg tablets, lot 4701", "Above 25.0", "TRK-1001", "Helvetia Pharma", "Nobody decided"),
    "alerts": ("Freezing", "shp-0008", "Likely theft", "Carrier called"),
    "log": ("doseway.test/log", "Root hash", "Silent devices", "TRK-1009"),
    "overview": ("shp-0001", "Houston clinic", "shp-0060"),
}
NOT_ON_PAPER = ("Acknowledge", "Evidence pack", "Keyboard", "Filters", "Record the decision", "Choose File")


@pytest.fixture(scope="module", params=["light", "dark"])
def reader(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Visit]:
    yield from visiting(chromium, color_scheme=request.param)


@pytest.mark.parametrize("name", PRINTED)
def test_paper_has_what_matters_and_nothing_to_press(reader: Visit, demo: str, tmp_path: Path, name: str) -> None:
    page = reader.page
    page.goto(demo + PRINTED[name])
    settle(page)
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("body")).to_have_css("color", "rgb(0, 0, 0)")
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    picture(page, f"{name}-print", full_page=True)
    page.emulate_media(media="null")
    out = tmp_path / "page.pdf"
    page.pdf(path=out, format="A4")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed; `apt-get install poppler-utils`")
    text = subprocess.run(["pdftotext", "-layout", out, "-"], capture_output=True, text=True, check=True).stdout
    assert [one for one in ON_PAPER[name] if one not in text] == []
    assert [one for one in NOT_ON_PAPER if one in text] == []
    assert text.count("\f") <= 5


def test_what_was_drawn_for_a_dark_screen_is_drawn_anew_for_paper(chromium: Browser, demo: str) -> None:
    for visit in visiting(chromium, color_scheme="dark"):
        page = visit.page
        page.goto(f"{demo}/shipments/shp-0001")
        settle(page)
        assert corner(page) < 100
        page.emulate_media(media="print")
        for _ in range(100):
            if corner(page) == 3 * 255:
                break
            page.wait_for_timeout(100)
        assert corner(page) == 3 * 255


def corner(page: Page) -> int:
    """How bright the sea is on the map of the way."""
    return int(
        page.evaluate(
            """() => {
              const [ground] = document.querySelectorAll("dw-route canvas");
              const pen = ground.getContext("2d");
              const pixel = pen.getImageData(ground.width / 2, ground.height - 4, 1, 1).data;
              return pixel[0] + pixel[1] + pixel[2];
            }"""
        )
    )


@pytest.mark.parametrize("path", ["/", "/shipments/shp-0001", "/alerts", "/log"])
def test_more_contrast_is_given_to_who_asks(chromium: Browser, demo: str, path: str) -> None:
    for visit in visiting(chromium, contrast="more"):
        visit.page.goto(demo + path)
        settle(visit.page)
        expect(visit.page.locator(".quiet, .foot").first).to_have_css("color", "rgb(20, 32, 43)")
        assert axe(visit.page) == []
        picture(visit.page, f"contrast{path.replace('/', '-')}")


@pytest.mark.parametrize("path", ["/", "/shipments/shp-0001", "/alerts", "/devices", "/import", "/log"])
def test_forced_colours_keep_every_word_and_say_where_one_is(chromium: Browser, demo: str, path: str) -> None:
    for visit in visiting(chromium, forced_colors="active"):
        page = visit.page
        page.goto(demo + path)
        settle(page)
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        here = page.locator(".main-nav a[aria-current]")
        other = page.locator(".main-nav a:not([aria-current])").first
        assert back(here) != back(other)
        if path == "/alerts":
            page.keyboard.press("j")
            expect(page.locator(".alert-row:focus")).to_have_css("outline-width", "4px")
        assert axe(page) == []
        picture(page, f"forced{path.replace('/', '-')}")


def back(one: object) -> str:
    return str(one.evaluate("it => getComputedStyle(it).backgroundColor"))  # type: ignore[attr-defined]  # a locator


def test_nothing_moves_for_who_wants_calm(chromium: Browser, demo: str) -> None:
    for visit in visiting(chromium, reduced_motion="reduce"):
        visit.page.goto(f"{demo}/shipments/shp-0001")
        settle(visit.page)
        durations = visit.page.evaluate(
            """() => [...document.querySelectorAll("*")].map(one => getComputedStyle(one))
                 .filter(style => style.transitionDuration.split(", ").some(time => time !== "0s")
                   || style.animationName !== "none").length"""
        )
        assert durations == 0
