"""What the rooms say in English is found again, whole, and told in the reader's language, units and numbers."""

import ast

import messages
import phrases as source
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.ui import phrases
from doseway.ui.languages import translations
from doseway.ui.preferences import Preferences, changed
from doseway.ui.words import Words

TEMPLATES = phrases.texts()
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def words(language: str = "es", unit: str = "C") -> Words:
    return Words(changed(Preferences(), {"language": language, "unit": unit}), translations(language))


def test_what_the_rooms_say_is_known_to_the_pages() -> None:
    """When this fails: make messages, and translate what is new."""
    assert messages.PHRASES.read_text(encoding="utf-8") == messages.said()
    assert list(TEMPLATES) == source.templates()
    assert len(TEMPLATES) > 400


def test_each_template_is_found_again_with_its_values() -> None:
    for text in TEMPLATES:
        names = phrases.phrase(text).names
        values = {name: f"«{number}»" for number, name in enumerate(names)}
        said = text % values
        found = phrases.find(said)
        assert found is not None, text
        assert found[0].text % found[1] == said
        assert found[0].literals == phrases.phrase(text).literals, (text, found[0].text)
        assert list(found[1].values()) == list(values.values())


@given(st.sampled_from(TEMPLATES), st.data())
def test_nothing_that_is_said_is_lost(text: str, data: st.DataObject) -> None:
    said = text % {name: data.draw(VALUES) for name in phrases.phrase(text).names}
    found = phrases.find(said)
    assert found is not None
    assert found[0].text % found[1] == said


@pytest.mark.parametrize(
    "said",
    ["a. " * 1300, "there is no " * 160, ", peak 1" * 240, "a: b; c, " * 200, "1 " * 900, "(" * 1999, "x" * 9999],
)
def test_a_text_made_to_be_cut_endlessly_is_told(said: str) -> None:
    assert words().tell(said)


@given(st.text(max_size=200))
def test_whatever_is_said_is_told(said: str) -> None:
    assert words().tell(said) or not said.strip()


@pytest.mark.parametrize("text", ["Lot 4711. Fill and Finish", "1,2 of", "", " ", "a: b; c, d", "x" * 9000])
def test_what_no_room_says_stays_as_it_is_in_english(text: str) -> None:
    assert words("en").tell(text) == text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Time above 8.0 °C on all days", "Tiempo por encima de 8,0 °C en todos los días"),
        ("1,275 min", "1.275 min"),
        ("3 days", "3 días"),
        ("5.2 °C (5.243)", "5,2 °C (5,243)"),
        ("Alarm 1: time above 8.0 °C in all", "Alarma 1: tiempo por encima de 8,0 °C en total"),
        ("line 3, column 4", "línea 3, columna 4"),
        (
            "12 rows carry, or lack, the device's out-of-limits mark against its own limits. First on line 33.",
            (
                "12 filas llevan, o no llevan, la marca de fuera de límites del dispositivo en contra de sus propios "
                "límites. Primero en la línea 33."
            ),
        ),
        (
            "The device itself raised its alarm above 8.0 °C on 3 of 5 days, from 2026-01-01 to 2026-01-03.",
            "El propio dispositivo activó su alarma por encima de 8,0 °C en 3 de 5 días, del 2026-01-01 al 2026-01-03.",
        ),
        (
            "“Damp” can never fire: it needs a device that measures humidity.",
            "«Damp» nunca puede dispararse: necesita un dispositivo que mida humedad.",
        ),
        ("there is no profile 'acme'", "no existe el perfil 'acme'"),
    ],
)
def test_it_is_told_in_spanish(said: str, told: str) -> None:
    assert words().tell(said) == told


def test_figures_are_told_in_the_readers_unit() -> None:
    said = "The log goes up to 18.5 °C, but the device says at most 16.8 °C."
    assert words("en").tell(said) == said
    assert words("en", "F").tell(said) == "The log goes up to 65.3 °F, but the device says at most 62.2 °F."
    assert words("es", "F").tell("5.2 °C (5.243)") == "41,4 °F (41,437)"


@pytest.mark.parametrize(
    ("code", "template"),
    [
        ("raise DataError(f'{count:,} rows are {word!r}')", "%(count)s rows are %(word)s"),
        ("text = f'{degrees(x.limit_milli)} of ' + f'{a}{b} in all'", "%(limit_milli)s of %(a)s in all"),
        ("note('{} rows are 5 % wrong')", "%(value)s rows are 5 %% wrong"),
        ("word = 'above' if side else 'below'", "above"),
        ("several(n, 'lane')", "lanes"),
    ],
)
def test_templates_are_found_in_the_source(code: str, template: str) -> None:
    assert template in {source.template_of(parts) for parts in source.texts_of(ast.parse(code))}


@pytest.mark.parametrize(
    "code",
    ['"""What it is for."""', "row.get('Int Sensor timeout')", "a == 'two words'", "{'two words': 1}", "f'{a}{b}'"],
)
def test_what_is_no_sentence_is_not_found(code: str) -> None:
    assert not list(source.texts_of(ast.parse(code)))
