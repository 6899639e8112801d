"""The reports: what they must say, what they must not carry, and that the same case gives the same bytes."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from doseway.evidence.case import Case, Original
from doseway.evidence.pdf import render_pdf
from doseway.evidence.report import render_html
from doseway.evidence.view import view

Desk = Any


class Page(HTMLParser):
    """Collects tags, attributes and texts; every tag must be closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def case(excursion_desk: Desk) -> Case:
    made: Case = excursion_desk.case()
    return made


def test_the_page_is_well_formed_and_asks_for_nothing(case: Case) -> None:
    page = Page(render_html(case).decode())
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image"}
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"src", "href", "style", "action"}
    )
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", render_html(case).decode())


def test_the_security_policy_allows_this_style_sheet_and_nothing_else(case: Case) -> None:
    text = render_html(case).decode()
    css = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(css) == 1
    digest = base64.b64encode(hashlib.sha256(css[0].encode()).digest()).decode()
    found = [attrs["content"] for tag, attrs in Page(text).tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert found == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


def test_both_reports_say_what_an_inspector_looks_for(case: Case) -> None:
    text = " ".join("".join(Page(render_html(case).decode()).texts).split())
    for words in (
        "Proposal to the qualified person, not a release",
        "QA review",
        "Above 8.0 °C",
        "ΔH 83.144 kJ/mol, R 8.3144 J/(mol·K)",
        "at 42 kJ/mol",
        "at 125 kJ/mol",
        "truncated",
        "What this does not prove",
        "Unsigned",
        "log.example/qa",
        "w0, 2025-11-24 16:00 UTC",
        "2 of 3",
        "UTC+01:00",
        "no observation",
    ):
        assert words in text, words
    for rule in case.packets[0].judged[0].inspection.limits["rules"]:
        assert rule["source"] in text
    assert render_pdf(case).startswith(b"%PDF-")


def test_the_same_case_gives_the_same_bytes(case: Case) -> None:
    assert render_html(case) == render_html(case)
    assert render_pdf(case) == render_pdf(case)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><svg onload=1>', "#strong[x] \\ $x$", "運送 שלום.txt", "{{7*7}}"]
)
def test_a_hostile_name_stays_a_name(name: str, desk: Desk) -> None:
    desk.add(name, b"time,temperature [C]\n2024-03-01T00:00:00Z,5.5\n2024-03-01T01:00:00Z,9.5\n", "table")
    case = msgspec.structs.replace(desk.case(), title=name)
    page = Page(render_html(case).decode())
    assert name in "".join(page.texts)
    assert {tag for tag, attrs in page.tags if "onload" in attrs or tag == "script"} == set()
    assert len(render_pdf(case)) > 10_000


def test_every_episode_is_in_the_table_with_its_bounds(case: Case) -> None:
    judged = view(case).files[0].judgements[0]
    episodes = case.packets[0].judged[0].inspection.judgement.episodes
    assert [line.number for line in judged.episodes] == list(range(1, len(episodes) + 1))
    assert all(" to " in line.bounds for line in judged.episodes)
    assert any(line.unknown != "–" for line in judged.episodes)


def test_a_report_without_a_log_claims_no_proof(case: Case) -> None:
    bare = msgspec.structs.replace(case, checkpoint=None)
    text = " ".join("".join(Page(render_html(bare).decode()).texts).split())
    assert "nothing proves that it was not changed since" in text
    assert "log index" not in text.lower()


def test_a_checkpoint_that_does_not_cover_the_judgement_says_so(case: Case) -> None:
    assert case.checkpoint is not None
    early = msgspec.structs.replace(case, checkpoint=msgspec.structs.replace(case.checkpoint, size=2))
    assert dict(view(early).log)["Covers"] == "entries before 2, not all here"
    assert dict(view(case).log)["Covers"] == "all judgements of this report"


def test_a_file_that_could_not_be_read_or_was_erased_makes_the_report_undecided(desk: Desk) -> None:
    desk.reject("holiday.jpg", b"\xff\xd8")
    text = view(desk.case())
    assert text.verdict == "Undecided"
    assert "no format" in text.files[0].trouble
    erased = msgspec.structs.replace(desk.packets[0], original=None, others=())
    desk.packets[0] = erased
    assert "erased" in view(desk.case()).files[0].trouble


def test_the_chart_is_a_drawing_with_a_twin_in_words(case: Case) -> None:
    chart = view(case).files[0].judgements[0].charts[0]
    for svg in (chart.svg, chart.print_svg):
        root = ET.fromstring(svg)
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text is not None
        assert chart.caption.startswith(title.text)
        assert "no observation" in svg
    assert "<style>" not in chart.svg
    assert "<style>" in chart.print_svg
    assert 2 <= len(chart.rows) <= 36
    assert all(len(row) == len(chart.head) for row in chart.rows)
    assert any(row[4] == "12.4 °C" for row in chart.rows)


def test_an_original_is_not_opened_for_a_report(case: Case) -> None:
    def refuse() -> Any:
        raise AssertionError

    packet = msgspec.structs.replace(case.packets[0], original=Original(open=refuse, size_bytes=1, salt=bytes(32)))
    assert render_html(msgspec.structs.replace(case, packets=(packet,))) == render_html(case)
