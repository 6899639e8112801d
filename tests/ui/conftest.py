"""A served tower and a real Chromium: the system's own, without a graphics card, that may talk to this machine only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SLOWLY_MS = 60_000
"""How long a page may take on a machine that does other things."""
MODES = ("demo", "accounts", "empty")

expect.set_options(timeout=30_000)


class Served:
    """A tower in a process of its own."""

    def __init__(self, folder: Path, mode: str) -> None:
        command = [sys.executable, "-m", "tests.ui.served", str(folder), mode]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            self.process.kill()
            raise AssertionError(self.process.communicate()[1])

    def end(self) -> None:
        self.process.terminate()
        _, errors = self.process.communicate(timeout=120)
        assert "a request failed" not in errors, errors
        assert self.process.returncode == 0, errors


def served(tmp_path_factory: pytest.TempPathFactory, mode: str) -> Iterator[str]:
    one = Served(tmp_path_factory.mktemp(mode), mode)
    yield one.url
    one.end()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory, "demo")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory, "accounts")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory, "empty")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed; `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page that notes every request and every complaint."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self) -> None:
        """No request left this machine, and the browser complained of nothing, our own policy included."""
        outside = [url for url in self.requests if urlsplit(url).hostname not in {"127.0.0.1", None}]
        assert outside == []
        assert self.requests
        assert [text for text in self.complaints if "status of 4" not in text] == []


def picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """A picture for people to look at, where `make screens` asks for it: no check hangs on the browser's camera."""
    if folder := os.environ.get("DOSEWAY_SCREENS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=full_page)


def visiting(browser: Browser, **options: object) -> Iterator[Visit]:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
    context.set_default_timeout(SLOWLY_MS)
    visit = Visit(context)
    yield visit
    visit.check()
    context.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    yield from visiting(chromium)


@pytest.fixture
def plain_visit(chromium: Browser) -> Iterator[Visit]:
    """A browser without scripts."""
    yield from visiting(chromium, java_script_enabled=False)
