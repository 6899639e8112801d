"""MKT and hours left, to the digits of published and computed vectors (ΔH/R = 10,000 K unless stated)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.coldchain.mkt import hours_left, mkt
from doseway.model.errors import UsageError

MONTHS = [25 + 5 * math.sin(2 * math.pi * month / 12) for month in range(12)]
# values, weights, then MKT at 83.144, 83.0, 42 and 125 kJ/mol
VECTORS: list[tuple[list[float], list[float], float, float, float, float]] = [
    ([20, 30], [1, 1], 26.2599, 26.2578, 25.6188, 26.8299),
    ([2, 8], [1, 1], 5.5364, 5.5355, 5.2599, 5.7991),
    ([4, 4, 4, 25], [1, 1, 1, 1], 14.9152, 14.9053, 11.8548, 17.3795),
    (MONTHS, [1] * 12, 25.6479, 25.6467, 25.3115, 25.9716),
    ([22.5, 40], [29, 1], 24.0087, 24.0060, 23.4009, 25.0250),
    ([24, 29], [29.875, 0.125], 24.0274, 24.0274, 24.0236, 24.0320),
    ([5, 14], [18, 6], 8.2852, 8.2831, 7.7125, 8.8974),
    ([5, 12], [22, 2], 5.8663, 5.8656, 5.7025, 6.0726),
    ([5, 25], [23, 1], 7.7564, 7.7505, 6.4565, 9.8454),
    ([25, 40], [364, 1], 25.0966, 25.0964, 25.0602, 25.1630),
    ([-20, -10], [23, 1], -19.1277, -19.1289, -19.4126, -18.6940),
]


@pytest.mark.parametrize(("values", "weights", "usp", "q_tag", "low", "high"), VECTORS)
def test_mkt_to_four_digits(
    values: list[float], weights: list[float], usp: float, q_tag: float, low: float, high: float
) -> None:
    found = [round(mkt(values, weights, energy), 4) for energy in (83.144, 83.0, 42, 125)]
    assert found == [usp, q_tag, low, high]


def test_equal_weights_are_the_default() -> None:
    assert mkt([20, 30]) == mkt([20, 30], [7, 7])


def test_another_gas_constant_moves_the_vectors_by_less_than_5e_5() -> None:
    for vector in VECTORS:
        values, weights = vector[0], vector[1]
        assert abs(mkt(values, weights) - mkt(values, weights, 83.144, 8.314462618e-3)) < 5e-5


@pytest.mark.parametrize("value", [-80.0, 5.0, 25.0, -268.0])
def test_a_constant_temperature_is_its_own_mkt(value: float) -> None:
    assert mkt([value] * 3) == value


@given(st.lists(st.floats(-200, 100), min_size=1, max_size=20), st.floats(20, 200))
def test_mkt_lies_between_the_extremes(values: list[float], energy: float) -> None:
    assert min(values) <= mkt(values, None, energy) <= max(values)


@given(st.lists(st.floats(-40, 60), min_size=1, max_size=20))
def test_mkt_is_never_below_the_mean(values: list[float]) -> None:
    assert mkt(values) >= math.fsum(values) / len(values) - 1e-9


@given(st.lists(st.tuples(st.floats(-40, 60), st.floats(0.1, 9)), min_size=1, max_size=12), st.randoms())
def test_mkt_does_not_depend_on_the_order(pairs: list[tuple[float, float]], random: "st.random.Random") -> None:  # type: ignore[name-defined]
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, two = (mkt([value for value, _ in some], [weight for _, weight in some]) for some in (pairs, shuffled))
    assert one == two


def test_cold_does_not_underflow() -> None:
    assert mkt([-196.0, -190.0]) == pytest.approx(-190.1, abs=0.5)


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ([], None),
        ([5], [1, 2]),
        ([5], [0]),
        ([5, 6], [1, -1]),
        ([-273.15], None),
        ([math.nan], None),
        ([5], [math.inf]),
    ],
)
def test_what_is_no_temperature_history_is_refused(values: list[float], weights: list[float] | None) -> None:
    with pytest.raises(UsageError):
        mkt(values, weights)


@pytest.mark.parametrize(
    ("window", "base", "excursion", "limit", "hours"),
    [
        (24, 5, 15, 8, 4.521),
        (24, 5, 25, 8, 1.105),
        (24, 5, 12, 8, 7.919),
        (720, 22, 30, 25, 202.391),
        (720, 23, 30, 25, 155.005),
        (720, 24, 30, 25, 90.889),
        (720, 22, 40, 25, 48.657),
        (720, 22, 35, 25, 92.093),
    ],
)
def test_hours_left_to_three_digits(window: float, base: float, excursion: float, limit: float, hours: float) -> None:
    found = hours_left(window, base, excursion, limit)
    assert round(found, 3) == hours
    assert mkt([base, excursion], [window - found, found]) == pytest.approx(limit, abs=1e-9)


def test_no_hours_are_left_where_the_base_is_too_warm_and_all_where_nothing_is() -> None:
    assert hours_left(24, 8, 15, 8) == 0
    assert hours_left(24, 5, 8, 8) == 24


@pytest.mark.parametrize("arguments", [(0, 5, 15, 8), (24, -300, 15, 8)])
def test_impossible_questions_are_refused(arguments: tuple[float, float, float, float]) -> None:
    with pytest.raises(UsageError):
        hours_left(*arguments)
