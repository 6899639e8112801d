"""Planning in a real browser: the pages light, dark and on a phone, and the way from an example to a comparison."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.app.plans.plan_kit import csv_zip, tiny
from tests.ui.conftest import Visit, picture, visiting
from tests.ui.test_pages import axe

from doseway.plan.example import example_files

PATIENCE_MS = 180_000
TINY = "/plan/networks/tiny"


def scripted(page: Page) -> None:
    expect(page.locator("html")).to_have_class("scripted")


def bring(page: Page, url: str, path: Path) -> None:
    page.goto(f"{url}/plan")
    page.set_input_files("input[name=file]", path)
    page.get_by_role("button", name="Bring and check").click()


def ask(page: Page, url: str, question: str, network: str = "tiny", **told: str) -> str:
    """Ask by the form, wait for the answer, and return its path."""
    page.goto(f"{url}/plan/networks/{network}")
    page.click(f"#q-{question} > summary")
    for name, value in told.items():
        page.fill(f"#{question}-{name}", value)
    page.click(f"#q-{question} > form > button")
    page.wait_for_url("**/plan/answers/*", timeout=PATIENCE_MS)
    return page.url.removeprefix(url)


@pytest.fixture(scope="module")
def planned(chromium: Browser, demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A tower with a small network, a broken one, and answers of it: their paths, and its address."""
    folder = tmp_path_factory.mktemp("networks")
    (folder / "tiny.xlsx").write_bytes(tiny())
    files: dict[str, str | bytes] = dict(example_files())
    files["periods.csv"] = "period,start,days\nQ1,2027-13-45,90\n"
    (folder / "broken.zip").write_bytes(csv_zip(files))
    for visit in visiting(chromium):
        page = visit.page
        bring(page, demo, folder / "broken.zip")
        expect(page.locator("#findings-title")).to_be_visible()
        bring(page, demo, folder / "tiny.xlsx")
        expect(page.get_by_text("The tables are sound")).to_be_visible()
        first = ask(page, demo, "cheapest")
        second = ask(page, demo, "why", failed="country:CN", product="vial")
        frontier = ask(page, demo, "frontier", shares="100 60")
        ids = [path.rpartition("/")[2] for path in (first, second)]
        yield {
            "url": demo,
            "plan": "/plan",
            "network": TINY,
            "broken": "/plan/networks/broken",
            "answer": first,
            "why": second,
            "frontier": frontier,
            "compare": f"/plan/compare?first={ids[0]}&second={ids[1]}",
        }


PAGES = ("plan", "network", "broken", "answer", "why", "frontier", "compare")


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[tuple[str, Visit]]:
    for visit in visiting(chromium, color_scheme=request.param):
        yield request.param, visit


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(themed: tuple[str, Visit], planned: dict[str, str], name: str) -> None:
    theme, visit = themed
    visit.page.goto(planned["url"] + planned[name])
    scripted(visit.page)
    picture(visit.page, f"plan-{name}-{theme}", full_page=True)
    for details in visit.page.locator("details").all():
        details.evaluate("one => one.open = true")
    assert axe(visit.page) == []


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Visit]:
    yield from visiting(chromium, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_on_a_phone(phone: Visit, planned: dict[str, str], name: str) -> None:
    phone.page.goto(planned["url"] + planned[name])
    scripted(phone.page)
    picture(phone.page, f"plan-{name}-phone", full_page=True)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_without_scripts_and_says_its_drawings_in_words(
    plain_visit: Visit, planned: dict[str, str], name: str
) -> None:
    page = plain_visit.page
    answer = page.goto(planned["url"] + planned[name])
    assert answer is not None
    assert answer.status == 200
    assert page.locator("h1").count() == 1
    for drawing in page.locator("svg.plan-chart").all():
        assert drawing.get_attribute("role") == "img"
        assert drawing.locator("title").first.text_content()
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_what_is_wrong_with_a_network_stands_with_file_row_and_column(visit: Visit, planned: dict[str, str]) -> None:
    visit.page.goto(planned["url"] + planned["broken"])
    row = visit.page.locator("#findings-title ~ .scroll tbody tr").first
    expect(row).to_contain_text("periods.csv")
    expect(row.locator("td").nth(2)).to_have_text("2")
    expect(row.locator("td").nth(3)).to_have_text("2")
    expect(visit.page.locator("#ask-title")).to_have_count(0)
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="With findings marked").click()
    assert download.value.suggested_filename == "broken-v1-marked.xlsx"


def test_an_answer_says_how_it_came_to_be_and_can_be_taken_along(visit: Visit, planned: dict[str, str]) -> None:
    page = visit.page
    page.goto(planned["url"] + planned["answer"])
    expect(page.locator(".figures")).to_contain_text("gap to the bound")
    expect(page.locator("#came-title + dl")).to_contain_text("HiGHS 1.")
    for name in ("The network", "From source to market", "How full the lines are", "Time to survive"):
        expect(page.locator(".drawing h3", has_text=name)).to_have_count(1)
    for ending in ("PDF", "XLSX", "HTML", "Proof"):
        with page.expect_download() as download:
            page.get_by_role("link", name=ending, exact=True).click()
        assert download.value.path().stat().st_size > 1000


def test_a_question_that_makes_no_sense_is_said_where_it_was_asked(visit: Visit, planned: dict[str, str]) -> None:
    page = visit.page
    page.goto(planned["url"] + TINY)
    page.click("#q-frontier > summary")
    page.fill("#frontier-shares", "eighty")
    page.click("#q-frontier > form > button")
    expect(page.get_by_role("alert")).to_contain_text("'eighty' is no percentage")
    expect(page.locator("#frontier-shares")).to_have_value("eighty")


def test_two_plans_are_compared_from_an_answer(visit: Visit, planned: dict[str, str]) -> None:
    page = visit.page
    page.goto(planned["url"] + planned["answer"])
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("h1")).to_have_text("Compare two plans")
    expect(page.locator(".said").first).to_contain_text("dearer")


def test_the_pages_speak_spanish(chromium: Browser, planned: dict[str, str]) -> None:
    for visit in visiting(chromium, locale="es-ES"):
        visit.page.goto(planned["url"] + TINY)
        expect(visit.page.locator("#ask-title")).to_have_text("Preguntar")
        visit.page.goto(planned["url"] + planned["answer"])
        expect(visit.page.locator("h1")).to_have_text("Plan más barato que atiende la demanda")


def test_a_viewer_sees_and_cannot_ask(visit: Visit, guarded: str) -> None:
    page = visit.page
    page.goto(f"{guarded}/sign-in?then=/plan")
    page.fill("input[name=name]", "vera")
    page.fill("input[name=password]", "correct-horse-battery")
    page.locator("main form button").click()
    expect(page.locator("h1")).to_have_text("Planning")
    expect(page.locator("#example")).to_have_count(0)
    expect(page.locator("#bring-title")).to_have_count(0)


def test_from_the_example_to_a_stopped_solve_with_its_map(visit: Visit, demo: str) -> None:
    """Open the example with one click, ask, watch bound and gap, stop: the best plan so far is kept, with its map."""
    page = visit.page
    page.goto(demo)
    page.get_by_role("link", name="Planning").click()
    page.click("#example")
    expect(page.locator("svg.plan-chart")).to_be_visible()
    page.click("#q-cheapest > summary")
    page.click("#q-cheapest .how > summary")
    page.fill("#cheapest-gap", "0")
    page.fill("#cheapest-seconds", "3600")
    page.click("#q-cheapest > form > button")
    expect(page.locator("#job")).to_contain_text("Being answered")
    expect(page.locator("#job meter")).to_be_visible(timeout=PATIENCE_MS)
    page.click("#stop")
    page.wait_for_url("**/plan/answers/*", timeout=PATIENCE_MS)
    expect(page.locator(".page-head")).to_contain_text("Best so far, not proved optimal")
    expect(page.locator(".page-head")).to_contain_text("Stopped by somebody")
    expect(page.locator(".drawing h3", has_text="The network")).to_have_count(1)
