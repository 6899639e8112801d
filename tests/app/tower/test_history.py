"""Histories are sets: whatever way observations come, the same history stands."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.app.tower.history import EMPTY, FIX, UNKNOWN, History, history_of, union
from doseway.model.places import Fix, Signal
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus

Observation = tuple[str, int, int]
OBSERVATIONS = st.lists(
    st.tuples(st.sampled_from(["probe", "ambient", "fix", "signal"]), st.integers(0, 40), st.integers(0, 3)),
    max_size=40,
)


def recording(observations: list[Observation]) -> Recording:
    series = {name: Series(name, Quantity.TEMPERATURE) for name in ("probe", "ambient")}
    for kind, at_ms, value in observations:
        if kind in series:
            series[kind].add(at_ms, value)
    return Recording(
        format="t",
        format_version=1,
        device=Device(serial="d"),
        series=tuple(series.values()),
        signature=SignatureCheck(status=SignatureStatus.UNSIGNED),
        fixes=tuple(
            Fix(observed_at_ms=at, latitude_udeg=value, longitude_udeg=-value, accuracy_mm=value or None)
            for kind, at, value in observations
            if kind == "fix"
        ),
        signals=tuple(
            Signal(observed_at_ms=at, kind=f"k{value}") for kind, at, value in observations if kind == "signal"
        ),
    )


@settings(deadline=None)
@given(OBSERVATIONS, st.integers(1, 7), st.integers(0, 1 << 20))
def test_order_batches_and_repetition_leave_no_trace(observations: list[Observation], size: int, seed: int) -> None:
    whole = history_of([recording(observations)])
    shuffled = [*observations, *observations[::2]]
    random.Random(seed).shuffle(shuffled)
    history = EMPTY
    for start in range(0, len(shuffled), size):
        history = union([history, history_of([recording(shuffled[start : start + size])])])
    assert history == whole
    assert whole.size == len({(kind, at, value) for kind, at, value in observations})


@settings(deadline=None)
@given(OBSERVATIONS, OBSERVATIONS)
def test_what_adds_nothing_changes_nothing(one: list[Observation], other: list[Observation]) -> None:
    history = history_of([recording([*one, *other])])
    assert union([history, history_of([recording(other)])]) is history


@settings(deadline=None)
@given(OBSERVATIONS, st.integers(0, 41), st.integers(0, 41))
def test_windows_cut_and_join(observations: list[Observation], one: int, other: int) -> None:
    first, end = sorted((one, other))
    history = history_of([recording(observations)])
    parts = [history.between(0, first), history.between(first, end), history.between(end, None)]
    assert union([EMPTY, *parts]) == history
    assert parts[1] == history_of([recording([each for each in observations if first <= each[1] < end])])


def test_ends_and_hearings_are_of_all_that_was_observed() -> None:
    history = history_of([recording([("probe", 5, 1), ("fix", 3, 1), ("signal", 9, 0), ("ambient", 5, 2)])])
    assert (history.oldest_ms, history.newest_ms) == (3, 9)
    assert history.heard().tolist() == [3, 5, 9]
    assert (EMPTY.oldest_ms, EMPTY.newest_ms, EMPTY.heard().tolist()) == (None, None, [])


def test_a_position_keeps_what_is_unknown() -> None:
    history = history_of([recording([("fix", 3, 0)])])
    assert history.positions[0]["accuracy"] == UNKNOWN
    assert len(history.fixes) == FIX.itemsize
    assert History(fixes=history.fixes) == history
