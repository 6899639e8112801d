"""Stays at sites against a plain loop, and what accuracy may and may not say."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transit.journey_kit import SITES, at, fix, journey, line, recording, site, still

from doseway.model.journey import Fixes, Visit
from doseway.model.places import Fix
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.visits import allowed_at, at_sites, visits_of

HUB = SITES["hub"]


def fixes_of(found: list[Fix]) -> Fixes:
    return journey(recording(fixes=found), until=5_000).fixes[0]


def spans(visits: list[Visit]) -> list[tuple[int, int, int | None, int | None]]:
    return [(one.start_ms, one.confirmed_ms, one.end_ms, one.left_ms) for one in visits]


def plainly(rows: list[tuple[int, str]], persist: int) -> list[tuple[int, int, int | None, int | None]]:
    """Go through (time, says) with "in" or "out": a state changes once the other has been said for long enough."""
    state, since, said = "out", None, ""
    found: list[tuple[int, int, int | None, int | None]] = []
    for when, says in rows:
        if since is not None and said != state and when - since >= persist:
            state = _change(found, said, since, when)
        if says != said:
            said, since = says, when
        if since is not None and said != state and when - since >= persist:
            state = _change(found, said, since, when)
    return found


def _change(found: list[tuple[int, int, int | None, int | None]], state: str, since: int, when: int) -> str:
    if state == "in":
        found.append((since, when, None, None))
    else:
        found[-1] = (*found[-1][:2], since, when)
    return state


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["in", "out", "near", "cell"])), min_size=1, max_size=30),
    st.sampled_from([0, 1, 15, 60]),
)
def test_stays_are_those_of_the_plain_loop(steps: list[tuple[int, str]], persist: int) -> None:
    says = {
        "in": fix(0, 45, 10.0),
        "out": fix(0, 45, 10.1),
        "near": fix(0, 45, 10.01, 1_000),  # 790 m from the middle: could be in, could be out
        "cell": fix(0, 45, 10.0, 5_000, method="cell"),  # over the middle, but far wider than the site
    }
    found, rows, minute = [], [], 0
    for pause, what in steps:
        minute += pause
        one = says[what]
        found.append(
            Fix(
                observed_at_ms=at(minute),
                latitude_udeg=one.latitude_udeg,
                longitude_udeg=one.longitude_udeg,
                accuracy_mm=one.accuracy_mm,
                method=one.method,
            )
        )
        if what in {"in", "out"}:
            rows.append((at(minute), what))
    visits = visits_of(fixes_of(found), HUB, persist_ms=persist * MINUTE_MS)
    assert spans(visits) == plainly(rows, persist * MINUTE_MS)


def test_the_probability_decides_on_its_limit() -> None:
    """A disc as large as the site, with its middle on the edge, overlaps with it by 39.1 %."""
    edge = [fix(minute, 45, 10 + 0.0063594, 500) for minute in (0, 5, 10)]
    assert visits_of(fixes_of(edge), HUB, probability_ppm=391_500) == []
    assert len(visits_of(fixes_of(edge), HUB, probability_ppm=390_000)) == 1


def test_a_long_interval_counts_a_single_fix_and_a_burst_does_not() -> None:
    lone = [fix(0, 45, 9.9), fix(30, 45, 10), fix(60, 45, 10.1), fix(90, 45, 10.2)]
    assert spans(visits_of(fixes_of(lone), HUB)) == [(at(30), at(60), at(60), at(90))]
    burst = [fix(0, 45, 9.9), fix(30, 45, 10), fix(30.5, 45, 10.1), fix(60, 45, 10.2)]
    assert visits_of(fixes_of(burst), HUB) == []


def test_a_site_between_two_fixes_is_crossed_only_if_they_are_close_in_time() -> None:
    past = fixes_of([fix(0, 45, 9.9), fix(40, 45, 10.1)])
    (one,) = visits_of(past, HUB, crossing_ms=HOUR_MS)
    assert (one.is_crossing, one.start_ms, one.end_ms) == (True, at(0), at(40))
    assert visits_of(past, HUB, crossing_ms=39 * MINUTE_MS) == []
    assert visits_of(past, HUB) == []
    assert visits_of(fixes_of([fix(0, 45.1, 9.9), fix(40, 45.1, 10.1)]), HUB, crossing_ms=HOUR_MS) == []


def test_the_date_line_is_a_place_like_any_other() -> None:
    fiji = site("fiji", (-17_000_000, 180_000_000), 2_000)
    found = [fix(minute, -17, longitude) for minute, longitude in enumerate([179.9, 179.99, -179.99, -179.9, -179.8])]
    visits = visits_of(fixes_of(found), fiji)
    assert [(one.start_ms, one.end_ms) for one in visits] == [(at(1), at(3))]


def test_where_a_device_is_is_said_by_itself_then_by_others_then_by_nobody() -> None:
    one = journey(
        ("a", recording(fixes=[fix(0, 45, 10)])),
        ("b", recording(fixes=[fix(60, 45, 10.5), fix(120, 45, 10)])),
        until=400,
    )
    times = fixes_of([fix(minute, 0, 0) for minute in (30, 60, 61, 121, 300)]).at_ms
    assert allowed_at(one, [HUB], "a", times).tolist() == [True, True, False, True, False]
    assert at_sites([HUB], fixes_of(line(0, 10, 10, 10.5))).tolist() == [True, False, False]
    assert at_sites([], fixes_of(still(0, 10, 10))).tolist() == [False] * 3
