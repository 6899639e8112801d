"""Statistics of whole recordings."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coldchain.readings_kit import MINUTE, T0, every, judged, series_at

from doseway.coldchain.histogram import from_items, mean_milli, mkt_milli
from doseway.coldchain.mkt import mkt

HOT = {"rule": "excursion", "side": "high", "limit_c": 8}
WEIGHTS = st.dictionaries(st.integers(-80_000, 60_000), st.integers(1, 10**12), min_size=1, max_size=30)


def test_counts_and_coverage() -> None:
    (one,) = judged(HOT, series_at([(0, 5), (10, None), (20, 5), (80, 7)])).statistics
    assert (one.readings, one.invalid, one.contradictory) == (3, 1, 0)
    assert (one.first_at_ms, one.last_at_ms) == (T0, T0 + 80 * MINUTE)
    assert (one.span_ms, one.observed_ms, one.unknown_ms) == (90 * MINUTE, 30 * MINUTE, 60 * MINUTE)
    assert one.coverage_ppm == 333_333
    assert (one.min_milli, one.max_milli) == (5000, 7000)


def test_mean_and_mkt_are_weighted_by_time() -> None:
    (one,) = judged(HOT, series_at([(0, 4), (30, 25), (40, 4)]), max_gap_s=3600).statistics
    assert one.mean_milli == (4 * 40 + 25 * 10) * 1000 // 50
    assert one.mkt_milli == round(mkt([4, 25], [40, 10]) * 1000)


def test_conditioning_is_part_of_the_recording() -> None:
    (one,) = judged(HOT, every(10, [20, 5, 5]), start_delay_s=600).statistics
    assert (one.readings, one.max_milli) == (3, 20_000)


def test_nothing_is_computed_from_no_value() -> None:
    (one,) = judged(HOT, every(10, [None, None])).statistics
    assert (one.mean_milli, one.mkt_milli, one.min_milli, one.coverage_ppm) == (None, None, None, 0)


@given(WEIGHTS)
def test_the_mean_is_exact(weights: dict[int, int]) -> None:
    exact = Fraction(sum(value * weight for value, weight in weights.items()), sum(weights.values()))
    found = mean_milli(from_items(weights.items()))
    assert found is not None
    assert Fraction(-1, 2) < found - exact <= Fraction(1, 2)


def test_the_mean_of_impossible_values_does_not_overflow() -> None:
    assert mean_milli(from_items([(2**31 - 1, 10**14), (2**31 - 3, 10**14)])) == 2**31 - 2


@settings(max_examples=100)
@given(WEIGHTS, st.sampled_from((42.0, 83.144, 125.0)))
def test_two_ways_to_the_mkt_agree(weights: dict[int, int], energy: float) -> None:
    """By log-sum-exp in °C, and by rates against a fixed reference in thousandths."""
    found = mkt_milli(from_items(weights.items()), energy * 1000)
    assert found is not None
    other = mkt([value / 1000 for value in weights], list(weights.values()), energy)
    assert abs(found[0] - other * 1000) < 0.51


def test_helium_is_its_own_mkt() -> None:
    assert mkt_milli(from_items([(-269_000, 5)]), 83_144) == [-269_000]
