"""The overview of 5,000 active shipments in a real browser: from navigation until one can work with it.

A real tower in a process of its own holds the shipments with their sites, legs, devices, readings and positions. Each
round is a browser without a cache. `ready` is the browser's own clock when the map has drawn all shipments (the list is
there before); `filter` is from the last key of a shipment's number to the list that shows it alone, the 250 ms included
that the page waits for a next key. Limit: a person waits 2 s.
"""

import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
from argon2 import PasswordHasher
from playwright.sync_api import Browser, sync_playwright

from benchmarks.row import REPEATS, Row, row
from benchmarks.tower_ingest import START_MS, put
from doseway.api.serve import serve
from doseway.app.accounts import Accounts
from doseway.app.live import seen
from doseway.app.logbook import SystemClock
from doseway.app.settings import Settings
from doseway.app.tower.opening import Tower, open_tower
from doseway.cli.composing import compose
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.intake.door import Incoming
from doseway.intake.port import DecodeOptions
from doseway.model.documents import DeviceCard, Document, Leg, Product, Shipment, Site
from doseway.model.places import Circle, Fix
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus

SHIPMENTS = 5_000
SITES = 60
HOUR_MS = 3_600_000
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_PACKET = 100
_UNSIGNED = SignatureCheck(status=SignatureStatus.UNSIGNED)
_READY = """
new MutationObserver((_, observer) => {
  const map = document.querySelector("dw-overview[ready]");
  if (map) { document.documentElement.dataset.readyMs = performance.now(); observer.disconnect(); }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["ready"] });
"""


def site_of(number: int) -> tuple[float, float]:
    """Return latitude and longitude of a site, spread over the inhabited world."""
    return 55 - 85 * ((number * 29) % SITES) / SITES, -120 + 270 * number / SITES


def documents() -> Iterator[Document]:
    """Yield what is planned."""
    yield Product(id="vaccine", title="Vaxilin 0.5 ml syringes", profile="usp-cct")
    for number in range(SITES):
        latitude, longitude = (round(value * 1e6) for value in site_of(number))
        area = Circle(latitude_udeg=latitude, longitude_udeg=longitude, radius_m=1_500)
        yield Site(id=f"site-{number:02}", title=f"Depot {number}", area=area)
    for number in range(SHIPMENTS):
        ends = (f"site-{number % SITES:02}", f"site-{(number * 7 + 11) % SITES:02}")
        times = (START_MS, START_MS + 60 * HOUR_MS)
        leg = Leg(mode="air", from_site=ends[0], to_site=ends[1], depart_at_ms=times[0], arrive_at_ms=times[1])
        title = f"Vaxilin 0.5 ml syringes, lot {number}"
        yield Shipment(id=f"s{number:05}", title=title, product="vaccine", legs=(leg,), promised_at_ms=times[1])
        yield DeviceCard(id=f"d{number:05}", model="T1")


class BenchFormat:
    """A JSON array of shipments' numbers: an hour of each one's device, on its way, every 50th too warm."""

    id, version, title = "bench", 1, "Benchmark messages"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Make one recording a device."""
        del options
        return tuple(map(_recording, msgspec.json.decode(body, type=list[int])))


def _recording(number: int) -> Recording:
    series = Series("probe", Quantity.TEMPERATURE)
    warm = 5_000 if number % 50 == 0 else 0
    for step in range(7):
        series.add(START_MS + step * HOUR_MS // 6, 5_000 + warm + number % 37 * 20)
    (south, west), (north, east) = site_of(number % SITES), site_of((number * 7 + 11) % SITES)
    part = 0.1 + 0.8 * math.modf(number * 0.6180339887)[0]
    place = (south + (north - south) * part, west + (east - west) * part)
    fix = Fix(
        observed_at_ms=START_MS + HOUR_MS,
        latitude_udeg=round(place[0] * 1e6),
        longitude_udeg=round(place[1] * 1e6),
        accuracy_mm=50_000,
    )
    card = Device(model="T1", serial=f"d{number:05}")
    return Recording(format="bench", format_version=1, device=card, series=(series,), signature=_UNSIGNED, fixes=(fix,))


def fill(tower: Tower) -> None:
    """Plan the shipments, and let every device send."""
    put(tower, documents(), {f"s{number:05}": f"d{number:05}" for number in range(SHIPMENTS)})
    numbers = range(SHIPMENTS)
    bodies = [msgspec.json.encode(list(numbers[at : at + _PACKET])) for at in range(0, SHIPMENTS, _PACKET)]
    sent = [
        tower.admit(Incoming(door="http", format="bench", body=body, by="bench", received_at_ms=START_MS + HOUR_MS))
        for body in bodies
    ]
    assert tower.board.wait_for(max(one.result().packet for one in sent), 600)
    tower.settle()
    counts = tower.board.counts()
    assert (counts.shipments, counts.located) == (SHIPMENTS, SHIPMENTS), counts
    assert not counts.phases.get("closed")


def hold(folder: Path) -> None:
    """Serve such a tower, and print its address."""
    settings = Settings(store=folder / "store")
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(SqliteAccounts(folder / "accounts.sqlite"), SystemClock(), hasher)
    with open_tower(settings, messages={"bench": BenchFormat()}) as tower:
        fill(tower)
        app = compose(seen(settings, tower), accounts, settings, is_demo=True)
        serve(cast("Any", app), on_ready=lambda url: print(url, flush=True))


def visit(browser: Browser, url: str, number: int) -> tuple[float, float]:
    """Open the overview in a fresh browser; return ms until the map is ready, and ms until the list is filtered."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_READY)
    page.goto(url)
    page.locator("html[data-ready-ms]").wait_for(state="attached")
    ready = float(page.locator("html").get_attribute("data-ready-ms") or "nan")
    wanted = f"s{number:05}"
    page.locator("[data-search]").type(wanted[:-1])
    start = float(page.evaluate("performance.now()"))
    page.keyboard.press(wanted[-1])
    page.locator(f"#list tbody tr:only-child[data-shipment={wanted}]").wait_for()
    filtered = float(page.evaluate("performance.now()")) - start
    context.close()
    return ready, filtered


def run() -> list[Row]:
    """Return the times of a page of 5,000 shipments, medians."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        code = f"from pathlib import Path; from benchmarks.page_overview import hold; hold(Path({folder!r}))"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                times = [visit(browser, url, 17 + round_number * 997) for round_number in range(REPEATS)]
                browser.close()
            process.terminate()
    ready, filtered = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        row("page_overview_5000_ready", round(ready), "ms from navigation, of 2000"),
        row("page_overview_5000_filter", round(filtered), "ms from the last key"),
    ]
