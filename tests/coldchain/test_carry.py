"""The live path: bounded, serialisable, honest about what comes too late."""

import msgspec
import pytest
from tests.coldchain.readings_kit import MINUTE, T0, every, series_at

from doseway.coldchain import carry
from doseway.coldchain import profile as profiles
from doseway.coldchain.carry import LateReadings, State
from doseway.coldchain.judge import judge
from doseway.coldchain.profile import Profile, load_profile
from doseway.model.errors import UsageError
from doseway.model.readings import Quantity, Series

INTERVAL = 5 * MINUTE
DAY_OF_FIVES = 288


def part(series: Series, first: int, last: int) -> Series:
    one = Series(series.sensor, Quantity.TEMPERATURE)
    one.observed_at_ms, one.value_milli = series.observed_at_ms[first:last], series.value_milli[first:last]
    return one


def trip(days: int) -> Series:
    """A refrigerated trip with an excursion every other day."""
    values = [5.0 + (place % 7) / 10 for place in range(days * DAY_OF_FIVES)]
    for day in range(0, days, 2):
        for place in range(day * DAY_OF_FIVES + 100, day * DAY_OF_FIVES + 130):
            values[place] = 9.0 + place % 3
    return every(5, values)


def fed(profile: Profile, series: Series, step: int) -> tuple[State, int]:
    """Feed in steps; return the state and the most bytes that it held."""
    state, most = carry.start(profile, INTERVAL), 0
    for first in range(0, len(series), step):
        state = carry.feed(state, [part(series, first, first + step)])
        most = max(most, len(msgspec.msgpack.encode(state)))
    return state, most


@pytest.mark.parametrize("name", ["usp-cct", "vvm-30", "example-product", "who-qtag-type-2"])
def test_a_month_live_equals_a_month_at_once(name: str) -> None:
    profile, series = profiles.builtin(name), trip(30)
    state, _ = fed(profile, series, 97)
    assert state.sensors["s"].closed_ms is not None  # something was let go
    assert carry.judgement(state) == judge([series], profile, INTERVAL)


def test_the_state_does_not_grow_with_the_trip() -> None:
    profile = profiles.builtin("usp-cct")
    _, month = fed(profile, trip(30), DAY_OF_FIVES)
    _, half_year = fed(profile, trip(180), DAY_OF_FIVES)
    episodes = 3 * 2 * 150 * 300  # findings stay: some hundred bytes each
    assert half_year < month + episodes
    assert half_year < 12 * 180 * DAY_OF_FIVES / 3


def test_an_excursion_that_never_ends_is_held_and_judged() -> None:
    profile = profiles.builtin("usp-cct")
    series = every(5, [5.0] * 10 + [12.0] * 2000)
    state, _ = fed(profile, series, 200)
    assert len(state.sensors["s"].at) // 8 > 2000
    assert carry.judgement(state) == judge([series], profile, INTERVAL)


def test_without_an_interval_all_is_held() -> None:
    profile, series = profiles.builtin("vvm-30"), trip(10)
    state = carry.feed(carry.start(profile, None), [series])
    assert state.sensors["s"].closed_ms is None
    assert carry.judgement(state) == judge([series], profile)


def test_a_late_reading_among_those_held_open_is_sorted_in() -> None:
    profile, series = profiles.builtin("usp-cct"), trip(20)
    late = {len(series) - 5, len(series) - 40}
    in_time = series_at([])
    for place in range(len(series)):
        if place not in late:
            in_time.add(series.observed_at_ms[place], series.value_milli[place])
    state, _ = fed(profile, in_time, 300)
    for place in sorted(late, reverse=True):
        state = carry.feed(state, [part(series, place, place + 1)])
    assert carry.judgement(state) == judge([series], profile, INTERVAL)


def test_a_reading_from_the_closed_time_is_refused_and_changes_nothing() -> None:
    profile, series = profiles.builtin("usp-cct"), trip(20)
    state, _ = fed(profile, series, 300)
    before = carry.judgement(state)
    with pytest.raises(LateReadings, match="Fold all readings into a new state"):
        carry.feed(state, [series_at([(3, 30.0)])])
    assert carry.judgement(state) == before
    late = series_at([(3, 30.0)])
    again = carry.feed(carry.start(profile, INTERVAL), [late, series])
    assert carry.judgement(again) == judge([series, late], profile, INTERVAL)


def test_what_is_held_may_come_again() -> None:
    profile, series = profiles.builtin("usp-cct"), trip(20)
    state, _ = fed(profile, series, 300)
    held = len(state.sensors["s"].at) // 8
    assert carry.feed(state, [part(series, len(series) - held, len(series))]) == state


def test_a_state_survives_storage() -> None:
    state, _ = fed(profiles.builtin("usp-crt"), trip(3), 100)
    assert msgspec.json.decode(msgspec.json.encode(state), type=State) == state
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State) == state


def test_sensors_are_carried_apart() -> None:
    profile = profiles.builtin("usp-cct")
    both = [every(5, [5.0] * 30, "b"), every(5, [9.0] * 30, "a")]
    state = carry.start(profile, INTERVAL)
    for one in both:
        state = carry.feed(state, [one])
    assert carry.judgement(state) == judge(both, profile, INTERVAL)


def test_a_sensor_without_a_record_is_as_unknown_as_at_once() -> None:
    empty = Series("s", Quantity.TEMPERATURE)
    state = carry.feed(carry.start(profiles.builtin("usp-cct"), INTERVAL), [empty])
    assert carry.judgement(state) == judge([empty], profiles.builtin("usp-cct"), INTERVAL)


def test_nothing_fed_is_nothing_known() -> None:
    state = carry.start(profiles.builtin("usp-cct"), INTERVAL)
    assert carry.judgement(state) == judge([], profiles.builtin("usp-cct"), INTERVAL)


def test_days_are_told_apart_at_the_offset() -> None:
    rule = {"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 3600, "reset": "day"}
    profile = load_profile({"id": "x", "rules": [rule]}, "x")
    series, state = trip(20), carry.start(profile, INTERVAL, 330)
    for first in range(0, len(series), 111):
        state = carry.feed(state, [part(series, first, first + 111)])
    assert state.sensors["s"].closed_ms is not None
    assert carry.judgement(state) == judge([series], profile, INTERVAL, 330)
    assert state.sensors["s"].closed_ms > T0


def test_a_negative_interval_is_refused() -> None:
    with pytest.raises(UsageError):
        carry.start(profiles.builtin("usp-cct"), -1)
