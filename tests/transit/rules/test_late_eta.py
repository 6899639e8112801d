"""Late ETA: the limit, the step, the budget, and what is overdue without a word."""

from typing import Any

from tests.transit.journey_kit import ROAD, at, find, fix, journey, line, minutes, recording, still, trip

from doseway.model.findings import Severity
from doseway.model.units import HOUR_MS

RULE = {"late_by_s": 3600, "change_s": 1800}


def late(*fixes: Any, until: float, promised: float = 370, **more: Any) -> list[Any]:
    one = journey(
        recording(fixes=[each for part in fixes for each in part]), until=until, promised_at_ms=at(promised), **more
    )
    return find(one, "late_eta", **RULE)


def test_a_trip_as_planned_is_not_late() -> None:
    assert late(trip(), until=400) == []
    assert late(trip(), until=400, promised=310) == []  # that the plan itself is, says the linter


def test_a_truck_that_does_not_leave_is_late_by_more_than_the_limit_and_again_after_a_step() -> None:
    """Two hours to the hub, one there, two more: what leaves in minute t arrives in minute t + 300."""
    found = late(still(0, 170, 9.0), until=170)
    assert [(one.start_ms, one.details["delay_s"] // 60) for one in found] == [(at(135), 65), (at(170), 100)]
    assert minutes(found) == [(135, 135, 170), (170, 170, None)]
    assert found[0].text == "Expected 1 h 5 min later than promised."


def test_exactly_at_the_limit_is_not_late() -> None:
    assert late(still(0, 130, 9.0), until=130) == []


def test_it_is_over_when_it_is_in_time_again() -> None:
    found = late(still(0, 140, 9.0), line(145, 150, 9.8, 9.9), until=150)
    assert minutes(found) == [(135, 135, 145)]


def test_an_arrival_ends_it() -> None:
    found = late(still(0, 150, 9.0), line(155, 400, 9.05, 10.95), still(405, 440, 11.0), until=440, promised=250)
    assert found[-1].end_ms == at(410)


def test_what_should_have_been_there_is_late_though_nobody_says_so() -> None:
    found = late(trip()[:60], until=900)
    assert [(one.start_ms, one.end_ms) for one in found] == [(at(430) + 1, None)]
    assert late(trip()[:60], until=430) == []


def test_the_budget_that_is_left_is_compared_with_the_time_that_is_left() -> None:
    """Minute 150, expected in minute 450: five hours to go."""
    (enough,) = late(still(0, 150, 9.0), until=150, budget_left_ms=5 * HOUR_MS)
    assert (enough.severity, enough.details["lasts"], enough.details["ahead_s"]) == (Severity.WARNING, 1, 17_100)
    (short,) = late(still(0, 150, 9.0), until=150, budget_left_ms=4 * HOUR_MS)
    assert (short.severity, short.details["lasts"]) == (Severity.CRITICAL, 0)
    assert "4 h of the temperature budget are left, not enough" in short.text


def test_without_a_promise_or_legs_nothing_is_late() -> None:
    one = journey(recording(fixes=still(0, 300, 9.0)), until=300)
    assert find(one, "late_eta", **RULE) == []
    assert late([fix(0, 45, 9)], until=9_000, legs=()) == []
    assert ROAD[-1].arrive_at_ms == at(360)
