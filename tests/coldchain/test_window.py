"""Windows and loads: exact comparison, no overflow."""

import pytest

from doseway.coldchain.window import LOAD_ONE, Window, cap_of, load, worst_of
from doseway.model.units import DAY_MS


def test_the_load_at_the_limit_is_one() -> None:
    assert load(8_000, 8_000, 10_000.0, cap_of(DAY_MS)) == LOAD_ONE


@pytest.mark.parametrize("window", [1, DAY_MS, 30 * DAY_MS])
def test_no_sum_over_a_window_leaves_64_bits(window: int) -> None:
    for value in (100_000, 2**31 - 1):
        for limit in (-200_000, -80_000, 8_000):
            assert load(value, limit, 120_000.0, cap_of(window)) * window < 2**63


def test_hotter_than_100_degrees_counts_as_100() -> None:
    assert load(100_000, 25_000, 10_000.0, 2**62) == load(500_000, 25_000, 10_000.0, 2**62)


def test_a_window_is_over_its_limit_only_above_it() -> None:
    assert not Window(0, 10, 10 * LOAD_ONE, 10).is_over
    assert Window(0, 10, 10 * LOAD_ONE + 1, 10).is_over


def test_of_equal_windows_the_first_is_the_worst_and_ratios_are_compared_exactly() -> None:
    first, second = Window(0, 10, 3, 10), Window(5, 15, 6, 20)
    assert worst_of([second, first]) is first
    a_hair_worse = Window(9, 19, 3 * 10**17 + 1, 10**18)
    assert worst_of([Window(1, 11, 3 * 10**17, 10**18), a_hair_worse]) is a_hair_worse
    assert worst_of([]) is None
