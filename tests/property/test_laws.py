"""Laws that hold for every recording and every limit."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.drawn_kit import MINUTE, Record, intervals, profiles, recordings, series_of

from doseway.coldchain.judge import judge, judge_many
from doseway.coldchain.profile import Profile, load_profile
from doseway.coldchain.track import Tracks
from doseway.model.units import INVALID

FIVE = 5 * MINUTE
Random = st.randoms(use_true_random=False)


def profile_of(*rules: dict[str, Any]) -> Profile:
    return load_profile({"id": "law", "observation": {"min_coverage": 0}, "rules": list(rules)}, "law")


@settings(max_examples=50, deadline=None)
@given(recordings(), profiles(), intervals, Random)
def test_permuted_repeated_and_split_readings_give_the_same_judgement(
    records: list[Record], profile: Profile, interval: int | None, random: Any
) -> None:
    mixed = records + (random.choices(records, k=4) if records else [])
    random.shuffle(mixed)
    cut = random.randint(0, len(mixed))
    once = judge([series_of(records)], profile, interval)
    assert judge([series_of(mixed[:cut]), series_of(mixed[cut:])], profile, interval) == once


@settings(max_examples=40, deadline=None)
@given(st.lists(recordings(16), min_size=1, max_size=5), profiles())
def test_shipments_side_by_side_do_not_touch_each_other(many: list[list[Record]], profile: Profile) -> None:
    flat = [record for records in many for record in records]
    bounds = [sum(map(len, many[:number])) for number in range(len(many) + 1)]
    columns = series_of(flat)
    tracks = Tracks(
        columns.observed_at_ms,  # type: ignore[arg-type]  # a buffer of the right type
        columns.value_milli,  # type: ignore[arg-type]  # the same
        bounds,
        sensors=["s"] * len(many),
        interval_ms=FIVE,
    )
    assert judge_many(tracks, profile) == [judge([series_of(records)], profile, FIVE) for records in many]


@settings(max_examples=60, deadline=None)
@given(recordings().filter(bool), profiles(), intervals)
def test_figures_are_in_order(records: list[Record], profile: Profile, interval: int | None) -> None:
    found = judge([series_of(records)], profile, interval)
    (one,) = found.statistics
    assert one.span_ms == one.observed_ms + one.unknown_ms
    assert 0 <= one.coverage_ppm <= 1_000_000
    if one.min_milli is not None and one.max_milli is not None:
        assert one.mean_milli is not None
        assert one.mkt_milli is not None
        assert one.min_milli <= one.mean_milli <= one.max_milli
        assert one.min_milli <= one.mkt_milli <= one.max_milli
    for episode in found.episodes:
        assert episode.start_ms <= episode.raised_ms
        assert episode.end_ms is None or episode.start_ms <= episode.end_ms
        assert 0 <= episode.least_ms <= episode.out_ms <= episode.most_ms or episode.rule == "start_delay"
        assert episode.unknown_ms >= 0
    assert found.reasons


@settings(max_examples=50, deadline=None)
@given(recordings().filter(bool), st.sampled_from((0, 5, 20, 60)), st.sampled_from((0, 10, 40)))
def test_a_larger_budget_is_never_exceeded_earlier(records: list[Record], budget: int, more: int) -> None:
    def raised(minutes: int) -> list[int]:
        rule = {"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 60 * minutes}
        return [one.raised_ms for one in judge([series_of(records)], profile_of(rule), FIVE).episodes]

    small, large = raised(budget), raised(budget + more)
    assert len(large) <= len(small)
    assert large == [] or small[0] <= large[0]


@settings(max_examples=50, deadline=None)
@given(recordings().filter(bool), st.integers(0, 60), st.integers(1, 100))
def test_a_gap_never_adds_time_out_of_range_but_the_rest_of_one_interval(
    records: list[Record], place: int, hours: int
) -> None:
    ordered = sorted(set(records))
    later = hours * 60 * MINUTE
    with_gap = [(at + later if number > place else at, value) for number, (at, value) in enumerate(ordered)]
    rule = {"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 10**6}

    def out(some: list[Record]) -> int:
        return judge([series_of(some)], profile_of(rule), FIVE).consumptions[0].used_ms

    pause = ordered[place + 1][0] - ordered[place][0] if place + 1 < len(ordered) else FIVE
    assert out(with_gap) <= out(ordered) + max(FIVE - pause, 0)


@settings(max_examples=50, deadline=None)
@given(recordings().filter(bool), st.integers(0, 60))
def test_an_unreadable_record_never_adds_time_out_of_range(records: list[Record], place: int) -> None:
    ordered = sorted(dict(records).items())  # of two values at one time the other one would take over
    blind = [(at, INVALID if number == place else value) for number, (at, value) in enumerate(ordered)]
    rule = {"rule": "shared_budget", "low_c": 2, "high_c": 8, "budget_s": 10**6}

    def out(some: list[Record]) -> int:
        return judge([series_of(some)], profile_of(rule), FIVE).consumptions[0].used_ms

    assert out(blind) <= out(ordered)


@settings(max_examples=50, deadline=None)
@given(recordings().filter(bool), st.sampled_from((0, 10, 30)), st.sampled_from((0, 5, 30)))
def test_a_longer_delay_never_raises_more(records: list[Record], delay: int, more: int) -> None:
    def count(minutes: int) -> int:
        rule = {"rule": "excursion", "side": "low", "limit_c": 2, "raise_after_s": 60 * minutes}
        return len(judge([series_of(records)], profile_of(rule), FIVE).episodes)

    assert count(delay + more) <= count(delay)
