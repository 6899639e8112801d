"""Timelines and tracks: order, duplicates, and what a reading stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coldchain.readings_kit import MINUTE, T0, series_at
from tests.property.drawn_kit import Record, recordings, series_of

from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import Tracks, in_order, tracks_of


def credits_of(pairs: list[tuple[float, float | None]], interval: float | None = 10, **how: int | str) -> list[float]:
    tracks = tracks_of([series_at(pairs)], interval_ms=None if interval is None else round(interval * MINUTE))
    return [credit / MINUTE for credit in Timeline(tracks, **how).credit.tolist()]  # type: ignore[arg-type]  # by name


def test_a_reading_holds_until_the_next_and_the_last_one_an_interval() -> None:
    assert credits_of([(0, 5), (10, 5), (25, 5)]) == [10, 15, 10]


def test_beyond_the_maximum_gap_it_holds_one_interval() -> None:
    assert credits_of([(0, 5), (20, 5), (40.1, 5)]) == [20, 10, 10]
    assert credits_of([(0, 5), (20, 5)], max_gap_ms=15 * MINUTE) == [10, 10]


def test_the_last_reading_may_hold_for_no_time() -> None:
    assert credits_of([(0, 5), (10, 5)], last_reading="none") == [10, 0]


def test_a_record_without_a_value_stands_for_no_time_and_ends_the_one_before() -> None:
    assert credits_of([(0, 5), (10, None), (20, 5)]) == [10, 0, 10]


def test_of_two_values_at_one_time_the_higher_one_holds() -> None:
    assert credits_of([(0, 5), (10, 9), (10, 5), (20, 5)]) == [10, 0, 10, 10]


def test_the_interval_is_the_lower_median_of_the_pauses_where_none_is_declared() -> None:
    assert credits_of([(0, 5), (10, 5), (20, 5), (35, 5), (50, 5)], interval=None)[-1] == 10


def test_one_reading_without_an_interval_stands_for_no_time() -> None:
    assert credits_of([(0, 5)], interval=None) == [0]


@settings(max_examples=100, deadline=None)
@given(recordings().filter(bool), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(records: list[Record], random: "st.random.Random") -> None:  # type: ignore[name-defined]
    mixed = records + random.choices(records, k=5)
    random.shuffle(mixed)
    one, two = (in_order(tracks_of([series_of(some)])) for some in (records, mixed))
    assert one.at.tolist() == two.at.tolist()
    assert one.value.tolist() == two.value.tolist()
    assert list(zip(one.at.tolist(), one.value.tolist(), strict=True)) == sorted(set(records))


@settings(max_examples=100, deadline=None)
@given(recordings().filter(bool), st.sampled_from((None, 5 * MINUTE)))
def test_observed_and_unknown_time_make_up_the_span(records: list[Record], interval: int | None) -> None:
    timeline = Timeline(tracks_of([series_of(records)], interval_ms=interval))
    assert (timeline.credit >= 0).all()
    assert (timeline.credit <= timeline.reach).all()
    assert int(timeline.reach.sum()) == int(timeline.end_ms[0] - timeline.first_ms[0])


def test_tracks_do_not_touch_each_other() -> None:
    at = T0 + MINUTE * np.array([0, 10, 5, 15])
    tracks = Tracks(at, np.array([1, 2, 3, 4], np.int32), [0, 2, 4], interval_ms=[10 * MINUTE, 5 * MINUTE])
    assert (Timeline(tracks).credit / MINUTE).tolist() == [10, 10, 10, 5]
    assert (Timeline(tracks).alone(1).credit / MINUTE).tolist() == [10, 5]


@pytest.mark.parametrize("most", [1, 3, 100])
def test_blocks_are_whole_tracks_and_all_of_them(most: int) -> None:
    tracks = Tracks(np.arange(6), np.zeros(6, np.int32), [0, 4, 4, 5, 6], sensors=list("abcd"))
    blocks = list(tracks.blocks(most))
    assert [sensor for block in blocks for sensor in block.sensors] == list("abcd")
    assert sum(len(block.at) for block in blocks) == 6
