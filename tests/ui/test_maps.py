"""The maps' two grounds: a canvas anywhere, MapLibre where there is a graphics card or the reader asks for it."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.ui.conftest import SLOWLY_MS, Visit, picture

# What a browser with a graphics card says of it, put into one that has none.
CARD = """
const ask = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? "ANGLE (NVIDIA, NVIDIA RTX A2000 Direct3D11)" : ask.call(this, name);
};
const make = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  return make.call(this, kind, { ...options, failIfMajorPerformanceCaveat: false });
};
"""


def wish(page: Page, url: str, ground: str) -> None:
    page.context.add_cookies([{"name": "doseway_preferences", "value": f"map={ground}", "url": url}])


def names(visit: Visit) -> set[str]:
    return {urlsplit(one).path.rpartition("/")[2].partition("-")[0] for one in visit.requests}


def test_without_a_graphics_card_nothing_of_maplibre_is_fetched(visit: Visit, demo: str) -> None:
    visit.page.goto(demo)
    expect(visit.page.locator("dw-overview")).to_have_attribute("ground", "canvas")
    expect(visit.page.locator("dw-overview")).to_have_attribute("ready", "")
    visit.page.wait_for_load_state("load")
    assert not {"gl", "maplibre"} & names(visit)


def test_with_a_graphics_card_maplibre_comes_by_itself_unless_the_reader_will_not(visit: Visit, demo: str) -> None:
    page = visit.page
    page.add_init_script(CARD)
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ground", "webgl", timeout=SLOWLY_MS)
    assert {"gl", "maplibre"} <= names(visit)
    wish(page, demo, "canvas")
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ready", "")
    expect(page.locator("dw-overview")).to_have_attribute("ground", "canvas")


@pytest.mark.parametrize("ground", ["canvas", "webgl"])
def test_both_grounds_are_worked_with_the_same_keys(visit: Visit, demo: str, ground: str) -> None:
    page = visit.page
    wish(page, demo, ground)
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ground", ground, timeout=SLOWLY_MS)
    page.locator("dw-overview .marks").focus()
    for key in ("+", "ArrowLeft", "-", "0", "n", "n"):
        page.keyboard.press(key)
    tip = page.locator("dw-overview .map-tip")
    expect(tip).to_be_visible()
    found = tip.locator("strong").inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo}/shipments/{found}")
    expect(page.locator("dw-route")).to_have_attribute("ground", ground, timeout=SLOWLY_MS)


def test_both_grounds_take_the_colours_of_the_theme(visit: Visit, demo: str) -> None:
    page = visit.page
    wish(page, demo, "webgl")
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ground", "webgl", timeout=SLOWLY_MS)
    light = sea(page)
    picture(page, "overview-webgl-light")
    page.emulate_media(color_scheme="dark")
    for _ in range(100):
        if sum(sea(page)) < sum(light) / 3:
            break
        page.wait_for_timeout(100)
    assert sum(sea(page)) < sum(light) / 3
    picture(page, "overview-webgl-dark")


def sea(page: Page) -> list[int]:
    """The colour in a corner of the map, where no land is."""
    return list(
        page.evaluate(
            """() => {
              const from = document.querySelector(".maplibregl-canvas");
              const to = document.createElement("canvas");
              to.width = to.height = 1;
              const pen = to.getContext("2d");
              pen.drawImage(from, 4, from.height - 60, 1, 1, 0, 0, 1, 1);
              return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
            }"""
        )
    )


def test_a_card_that_goes_away_leaves_the_canvas(visit: Visit, demo: str) -> None:
    page = visit.page
    wish(page, demo, "webgl")
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ground", "webgl", timeout=SLOWLY_MS)
    page.locator(".maplibregl-canvas").evaluate(
        "one => one.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    expect(page.locator("dw-overview")).to_have_attribute("ground", "canvas")
    page.locator("dw-overview .marks").focus()
    page.keyboard.press("n")
    expect(page.locator("dw-overview .map-tip")).to_be_visible()


def test_two_fingers_zoom(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(demo)
    expect(page.locator("dw-overview")).to_have_attribute("ready", "")
    marks = page.locator("dw-overview .marks")
    before = marks.evaluate("one => one.toDataURL()")
    marks.evaluate(
        """one => {
          const box = one.getBoundingClientRect();
          one.setPointerCapture = () => {};
          const send = (kind, pointerId, x) => one.dispatchEvent(
            new PointerEvent(kind, { pointerId, clientX: box.left + x, clientY: box.top + 200, bubbles: true }));
          send("pointerdown", 1, 180);
          send("pointerdown", 2, 220);
          send("pointermove", 2, 380);
          send("pointerup", 2, 380);
          send("pointerup", 1, 180);
          return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        }"""
    )
    assert marks.evaluate("one => one.toDataURL()") != before
    expect(page).to_have_url(f"{demo}/")
