"""No text of the pages is without its translation, and what is compiled is what was translated."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from doseway.ui.languages import LANGUAGES, preferred, translations
from doseway.ui.preferences import Preferences, changed, read
from doseway.ui.words import Words

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "web" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_language_has_a_catalogue(messages: ModuleType) -> None:
    assert {path.parents[1].name for path in messages.files()} == set(LANGUAGES) - {"en"}


def test_no_text_is_untranslated_and_none_is_left_over(messages: ModuleType) -> None:
    """When this fails: make messages, and translate what is new."""
    texts = {message.id for message in messages.source() if message.id}
    assert len(texts) > 300
    for path in messages.files():
        known = {message.id: message.string for message in messages.read(path) if message.id}
        assert set(known) == texts
        for text, translated in known.items():
            pairs = zip(text, translated, strict=True) if isinstance(text, tuple) else [(text, translated)]
            for one, other in pairs:
                assert other, one
                assert set(PLACE.findall(one)) == set(PLACE.findall(other)), one


def test_the_compiled_catalogue_is_of_this_text(messages: ModuleType) -> None:
    for path in messages.files():
        assert path.with_suffix(".mo").read_bytes() == messages.compiled(messages.read(path))
        assert messages.text(messages.read(path)) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "en"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("de-DE,de;q=0.9", "en"),
        ("fr, ES;q=0.5", "es"),
        ("x" * 9999, "en"),
    ],
)
def test_a_browser_is_spoken_to_in_its_language(asked: str, given: str) -> None:
    assert preferred(asked) == given


def test_preferences_survive_a_cookie_that_anybody_wrote() -> None:
    chosen = changed(Preferences(), {"unit": "F", "language": "es", "theme": "dark", "time": "UTC", "keys": "off"})
    assert read(chosen.text(), "") == chosen
    for cookie in ("unit=K&language=xx&theme=", "%%%", "a" * 10_000, "unit", "unit=F&unit=C"):
        assert read(cookie, "").language == "en"
    assert read("unit=K", "es").language == "es"


@pytest.mark.parametrize(
    ("language", "unit", "value", "text"),
    [
        ("en", "C", 4_240, "4.2 °C"),
        ("es", "C", 4_240, "4,2 °C"),
        ("en", "F", 4_240, "39.6 °F"),
        ("en", "C", -25_000, "−25.0 °C"),
        ("en", "F", -40_000, "−40.0 °F"),
        ("en", "C", None, "–"),
    ],
)
def test_temperatures_are_written_as_the_reader_likes(language: str, unit: str, value: int | None, text: str) -> None:
    chosen = changed(Preferences(), {"language": language, "unit": unit})
    assert Words(chosen, translations(language)).temperature(value) == text


def test_times_are_those_of_the_site_or_utc_over_a_change_of_the_clocks() -> None:
    site, utc = (Words(changed(Preferences(), {"time": one}), translations("en")) for one in ("site", "UTC"))
    before, after = 1_774_746_000_000, 1_774_749_600_000  # 2026-03-29 01:00Z and 02:00Z: CET ends at 01:00Z
    assert site.moment(before - 1000, "Europe/Zurich") == "2026-03-29 01:59 CET"
    assert site.moment(before, "Europe/Zurich") == "2026-03-29 03:00 CEST"
    assert utc.moment(after, "Europe/Zurich") == "2026-03-29 02:00 UTC"
    assert 'datetime="2026-03-29T01:00:00.000Z"' in site.when(before, "Europe/Zurich")


def test_durations_and_other_quantities() -> None:
    words = Words(Preferences(), translations("en"))
    assert [words.span(ms) for ms in (0, 59_000, 60_000, 13_200_000, 187_200_000, None)] == [
        "0 min",
        "0 min",
        "1 min",
        "3 h 40 min",
        "2 d 4 h",
        "–",
    ]
    assert words.value(45_230, "humidity") == "45.2 % RH"
    assert (words.value(1000, "door"), words.value(0, "door")) == ("open", "closed")
    assert words.rule("spoofed_position_x") == "Spoofed position x"
