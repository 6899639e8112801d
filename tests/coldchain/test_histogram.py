"""Histograms: the same whichever way they are added up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from doseway.coldchain.histogram import from_items, histogram

TENTHS = st.integers(-800, 600).map(lambda value: value * 100)
VALUES = st.one_of(TENTHS, st.integers(-90_000, 90_000), st.sampled_from((-(2**31) + 1, 2**31 - 1)))


@given(st.lists(st.tuples(VALUES, st.integers(0, 10**9)), max_size=40))
def test_weights_are_added_up_by_value(pairs: list[tuple[int, int]]) -> None:
    wanted: dict[int, int] = {}
    for value, weight in pairs:
        wanted[value] = wanted.get(value, 0) + weight
    values = np.array([value for value, _ in pairs], np.int32)
    found = histogram(values, np.array([weight for _, weight in pairs], np.int64))
    assert found.as_dict() == {value: weight for value, weight in wanted.items() if weight}
    assert found.value.tolist() == sorted(found.value.tolist())


@given(st.dictionaries(VALUES, st.integers(1, 9)), st.dictionaries(VALUES, st.integers(1, 9)))
def test_joining_is_adding(one: dict[int, int], two: dict[int, int]) -> None:
    found = from_items(one.items()).plus(two).as_dict()
    assert found == {value: one.get(value, 0) + two.get(value, 0) for value in one.keys() | two.keys()}
