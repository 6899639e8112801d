"""Envelopes: no extreme is averaged away, no gap is drawn over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coldchain.readings_kit import MINUTE, T0, every, series_at
from tests.property.drawn_kit import Record, recordings, series_of

from doseway.coldchain.envelope import envelope
from doseway.model.errors import UsageError
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID


@settings(max_examples=100, deadline=None)
@given(recordings().filter(bool), st.integers(1, 50))
def test_the_extremes_of_all_columns_are_those_of_the_series(records: list[Record], columns: int) -> None:
    start, end = records[0][0], records[-1][0] + 1
    found = envelope(series_of(records), columns, start, end + columns)
    values = [value for _, value in records if value != INVALID]
    assert min((one.low for one in found if one.low is not None), default=None) == min(values, default=None)
    assert max((one.high for one in found if one.high is not None), default=None) == max(values, default=None)
    assert [one.start_ms for one in found[1:]] == [one.end_ms for one in found[:-1]]
    assert all(0 <= one.unknown_ms <= one.end_ms - one.start_ms for one in found)


def test_one_hot_sample_among_thousands_is_seen() -> None:
    series = every(1, [5.0] * 5000 + [30.0] + [5.0] * 5000)
    assert sum(one.high == 30_000 for one in envelope(series, 10, T0, T0 + 10_001 * MINUTE)) == 1


def test_a_gap_is_a_gap() -> None:
    series = series_at([(0, 5), (10, 5), (100, 5), (110, 5)])
    found = envelope(series, 12, T0, T0 + 120 * MINUTE, interval_ms=10 * MINUTE)
    assert [one.is_gap for one in found] == [False] * 2 + [True] * 8 + [False] * 2
    assert sum(one.unknown_ms for one in found) == 80 * MINUTE


def test_the_whole_time_is_unknown_without_a_reading() -> None:
    for series in (Series("s", Quantity.HUMIDITY), every(10, [None])):
        (one,) = envelope(series, 1, T0, T0 + 5)
        assert (one.is_gap, one.low, one.unknown_ms) == (True, None, 5)


def test_any_quantity_has_an_envelope() -> None:
    humid = Series("h", Quantity.HUMIDITY)
    humid.add(T0, 60_000)
    (one,) = envelope(humid, 1, T0, T0 + MINUTE, interval_ms=MINUTE)
    assert (one.low, one.high, one.unknown_ms) == (60_000, 60_000, 0)


@pytest.mark.parametrize(("columns", "end"), [(0, 5), (-1, 5), (10, 0), (10**9, 5)])
def test_no_columns_or_no_time_are_refused(columns: int, end: int) -> None:
    with pytest.raises(UsageError):
        envelope(every(1, [5]), columns, T0, T0 + end)
