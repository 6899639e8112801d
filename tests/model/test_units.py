"""Units: exact thousandths, and the difference between a value and a difference."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.errors import UnitError
from doseway.model.units import (
    Celsius,
    CelsiusDelta,
    decimal_text,
    delta_to_fahrenheit,
    milli,
    milli_from_fahrenheit,
    milli_from_kelvin,
    to_fahrenheit,
)

SENSOR_VALUES = st.integers(min_value=-(2**31) + 1, max_value=2**31 - 1)


@given(SENSOR_VALUES)
def test_thousandths_survive_the_way_through_text(value: int) -> None:
    assert milli(decimal_text(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("4.2", 4200), ("-0.5", -500), ("+8.0", 8000), ("2.0005", 2000), ("2.0015", 2002), ("1e1", 10000), ("-0", 0)],
)
def test_a_decimal_is_read_half_even(text: str, value: int) -> None:
    assert milli(text) == value


def test_float32_noise_is_rounded_away() -> None:
    assert milli(str(33.29999923706055)) == 33300


@pytest.mark.parametrize("text", ["", "--.-", "4,2", "NaN", "Infinity", "-inf", "2147484", "1e99", "0x10", "sNaN"])
def test_what_no_sensor_can_say_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        milli(text)


@pytest.mark.parametrize("convert", [milli_from_fahrenheit, milli_from_kelvin])
def test_conversions_refuse_what_is_no_number(convert: type) -> None:
    with pytest.raises(UnitError):
        convert("warm")


@pytest.mark.parametrize(("fahrenheit", "value"), [("32", 0), ("73.4", 23000), ("-40", -40000), ("46.4", 8000)])
def test_fahrenheit_is_read_exactly(fahrenheit: str, value: int) -> None:
    assert milli_from_fahrenheit(fahrenheit) == value


def test_kelvin_is_read_exactly() -> None:
    assert milli_from_kelvin(Decimal("281.15")) == 8000


def test_a_difference_is_not_a_value() -> None:
    assert to_fahrenheit(Celsius(10.0)) == 50.0
    assert delta_to_fahrenheit(CelsiusDelta(10.0)) == 18.0
