"""Numbers of tables, and the words of their headers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.tables.values import NotANumber, ValueReader, is_missing, is_number, unit_in
from doseway.intake.tables.words import canonical, is_sensor, is_time, plain, quantity_of, unit_of, zone_in
from doseway.model.errors import UnitError
from doseway.model.readings import Quantity
from doseway.model.units import INVALID, decimal_text

TEMPERATURE = Quantity.TEMPERATURE


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("4.5", 4500), ("-4,5", -4500), ("+4", 4000), (".5", 500), ("−4.5", -4500), ("4.5 °C", 4500), ("4.5°C", 4500),
        ("41\u00a0°F", 5000), ("1e1", 10_000), ("  4.5  ", 4500), ("4.2000000000000002", 4200), ("278.15 K", 5000),
    ],
)  # fmt: skip
def test_numbers(text: str, milli: int) -> None:
    unit = "" if any(sign in text for sign in "CFK") else "C"
    assert ValueReader(None).read(text, unit, TEMPERATURE) == milli


@pytest.mark.parametrize(
    "text", ["4.5.6", "4,5,6", "1.234,5", "abc", "4.5 bananas", "0x10", "4 5", "٤", "4" * 70, "4.5%"]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(NotANumber):
        ValueReader(None).read(text, "C", TEMPERATURE)


@given(st.integers(min_value=-(2**31) + 1, max_value=2**31 - 1), st.sampled_from(".,"))
def test_thousandths_survive_the_way_through_text(value: int, sign: str) -> None:
    text = decimal_text(value).replace(".", sign)
    wanted = INVALID if value in {-127_000, 327_670} else value
    assert ValueReader(None).read(text, "C", TEMPERATURE) == wanted


def test_signs_for_no_reading() -> None:
    reader = ValueReader(None)
    for text in ("", "-", "--.-", "NaN", "N/A", "Err", "no probe"):
        assert is_missing(text)
        assert reader.read(text, "C", TEMPERATURE) == INVALID
    assert reader.missing == 7
    assert reader.read("327.67", "C", TEMPERATURE) == reader.read("-127.00", "F", TEMPERATURE) == INVALID
    assert sum(reader.sentinels.values()) == 2


def test_sentinels_are_counted_each_time_they_come() -> None:
    reader = ValueReader(None)
    for _ in range(5):
        reader.read("-127", "C", TEMPERATURE)
        reader.read("85", "C", TEMPERATURE)
    assert (list(reader.sentinels.values()), reader.power_on) == ([5], 5)


def test_no_unit_is_an_error() -> None:
    with pytest.raises(UnitError, match="has no unit"):
        ValueReader(None).read("4.5", "", TEMPERATURE)


def test_numbers_and_units_in_cells() -> None:
    assert is_number("4,5 °C")
    assert not is_number("n/a")
    assert (unit_in("4.5 °F"), unit_in("4.5"), unit_in("text")) == ("F", "", "")


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Temp (°C)", "C"), ("Temp [ºC]", "C"), ("Temp ℃", "C"), ("temp_c", "C"), ("Celsius", "C"), ("degF", "F"),
        ("T [K]", "K"), ("RH %", "%"), ("Druck (hPa)", "hPa"), ("Temperature", ""), ("Clock", ""), ("T (C)", "C"),
    ],
)  # fmt: skip
def test_units_of_headers(header: str, unit: str) -> None:
    assert unit_of(header) == unit


@pytest.mark.parametrize(
    ("header", "quantity"),
    [
        ("Température", TEMPERATURE), ("Fühler 1 °C", TEMPERATURE), ("%RH", Quantity.HUMIDITY), ("Temp limit °C", None),
        ("Taupunkt °C", None), ("Luftfeuchte", Quantity.HUMIDITY), ("Comment", None), ("", None), ("Battery mV", None),
    ],
)  # fmt: skip
def test_quantities_of_headers(header: str, quantity: Quantity | None) -> None:
    assert quantity_of(header) is quantity


def test_other_words() -> None:
    assert plain("Ühr_Zeit ") == "uhr zeit"
    assert is_time("Uhrzeit")
    assert is_sensor("Gerät")
    assert not is_time("Wert")
    assert (zone_in("Zeit (UTC+1)"), zone_in("Time UTC"), zone_in("Time"), zone_in("GMT+25")) == ("+1", "UTC", "", "")
    assert canonical("kPa")(Decimal(101)) == 1_010_000
