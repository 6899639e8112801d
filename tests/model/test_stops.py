"""Stops against a plain loop with haversines; accuracy, gaps and several devices."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transit.journey_kit import at, fix, journey, line, minutes, recording, still

from doseway.model.journey import Fixes
from doseway.model.places import Fix, distance_m
from doseway.model.stops import halts_of, stops_of
from doseway.model.units import MINUTE_MS

RADIUS, AFTER, GAP = 200, 20 * MINUTE_MS, 60 * MINUTE_MS


def fixes_of(found: list[Fix]) -> Fixes:
    return journey(recording(fixes=found), until=2_000).fixes[0]


def plainly(found: list[Fix], until: int) -> list[tuple[int, int | None]]:
    rows = sorted({(one.observed_at_ms, one.latitude_udeg, one.longitude_udeg, one.accuracy_mm or 0) for one in found})

    def has_left(one: int, other: int) -> bool:
        far = distance_m(rows[one][1:3], rows[other][1:3])
        accuracy = sum((rows[k][3] or 10_000) / 1000 for k in (one, other))
        return far - accuracy > RADIUS

    stops: list[tuple[int, int | None]] = []
    start = 0
    while start < len(rows):
        last = start
        while (
            last + 1 < len(rows)
            and rows[last + 1][0] - rows[last][0] <= GAP
            and not has_left(last, last + 1)
            and not has_left(start, last + 1)
        ):
            last += 1
        if rows[last][0] - rows[start][0] < AFTER:
            start += 1
            continue
        follows = rows[last + 1][0] if last + 1 < len(rows) else until
        is_gap = follows - rows[last][0] > GAP
        end = rows[last][0] if is_gap else follows if last + 1 < len(rows) else None
        stops.append((rows[start][0], end))
        start = last + 1
    return stops


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 5, 5, 10, 30, 61]), st.integers(-3, 3), st.sampled_from([None, 5, 80, 500])),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 90),
)
def test_stops_are_those_of_the_plain_loop(steps: list[tuple[int, int, int | None]], later: int) -> None:
    found, minute, east = [], 0, 0
    for pause, step, accuracy in steps:
        minute, east = minute + pause, east + step
        found.append(fix(minute, 45, 9 + east * 0.001, accuracy))
    until = at(minute + later)
    stops = stops_of(fixes_of(found), radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP, until_ms=until)
    assert [(one.start_ms, one.end_ms) for one in stops] == plainly(found, until)


def test_a_stop_of_exactly_the_time_is_one() -> None:
    one = fixes_of([*still(0, 20, 9.5, 10), fix(30, 45, 9.7)])
    stops = stops_of(one, radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP, until_ms=at(30))
    assert [(stop.raised_ms, stop.end_ms) for stop in stops] == [(at(20), at(30))]
    assert stops_of(one, radius_m=RADIUS, after_ms=AFTER + 1, max_gap_ms=GAP, until_ms=at(30)) == []


def test_cell_fixes_neither_fake_movement_nor_hide_it() -> None:
    hopping = [fix(minute, 45, 9.5 + (minute % 10) / 1000, 500, method="cell") for minute in range(0, 60, 5)]
    assert len(stops_of(fixes_of(hopping), radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP, until_ms=at(60))) == 1
    driving = [fix(minute, 45, 9 + minute / 50, 500, method="cell") for minute in range(0, 60, 5)]
    assert stops_of(fixes_of(driving), radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP, until_ms=at(60)) == []


def test_two_devices_in_one_truck_stop_once_and_two_trucks_twice() -> None:
    together = journey(("a", recording(fixes=still(0, 60, 9.5))), ("b", recording(fixes=still(2, 62, 9.501))), until=62)
    assert len(halts_of(together, radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP)) == 1
    apart = journey(("a", recording(fixes=still(0, 60, 9.5))), ("b", recording(fixes=still(2, 62, 9.6))), until=62)
    assert len(halts_of(apart, radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP)) == 2


def test_a_stop_that_may_have_been_at_a_planned_site_is_none() -> None:
    at_hub = journey(recording(fixes=still(0, 60, 10.004)), until=60)
    assert halts_of(at_hub, radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP) == []
    assert minutes([]) == []
    beside = journey(recording(fixes=still(0, 60, 10.02)), until=60)
    assert len(halts_of(beside, radius_m=RADIUS, after_ms=AFTER, max_gap_ms=GAP)) == 1
    assert line(0, 5, 9, 9.1)[0].longitude_udeg == 9_000_000
