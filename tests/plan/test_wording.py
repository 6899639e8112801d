"""Numbers in words have four digits, and never an exponent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.plan.wording import amount, days, listing, money, number, percent, result, several


@given(st.floats(-1e15, 1e15))
def test_a_number_in_words_is_the_number_to_four_digits(value: float) -> None:
    words = number(value)
    assert "e" not in words
    assert float(words.replace(",", "")) == pytest.approx(value, rel=5.001e-4, abs=1e-12)


@given(st.floats(-1e15, 1e15))
def test_money_keeps_its_sign_and_its_size(value: float) -> None:
    words = money(value, "USD")
    sign, _, rest = words.partition("USD ")
    digits, _, word = rest.partition(" ")
    told = float(digits.replace(",", "")) * {"": 1, "million": 1e6, "billion": 1e9}[word] * (-1 if sign else 1)
    assert told == pytest.approx(value, rel=5.001e-4, abs=0.005)


def test_words_for_people() -> None:
    assert amount(1234567, "vials") == "1,235,000 vials"
    assert percent(0.29414) == "29.41 %"
    assert (days(1), days(45)) == ("1 day", "45 days")
    assert (several(1, "site"), several(3, "site"), several(2, "entry", "entries")) == (
        "1 site",
        "3 sites",
        "2 entries",
    )
    assert (listing(["a", "b"]), listing(["a"]), listing([]), listing(list("abcdefg"), 3)) == (
        "a and b", "a", "", "a, b, c and 4 more",
    )  # fmt: skip
    assert (result(5, "EUR"), result(-5, "EUR")) == ("costs EUR 5", "earns EUR 5")
