"""Estimates of arrival: by the way that is left, by the planned time in the air, through transfers."""

from typing import Any

import numpy as np
import pytest
from tests.transit.journey_kit import T0, at, fix, journey, leg, line, recording, still, trip

from doseway.model.units import MINUTE_MS
from doseway.transit.eta import estimates_of, eta_at


def etas(fixes: list[Any], **more: Any) -> dict[float, float]:
    found = estimates_of(journey(recording(fixes=fixes), **more))
    rows = zip(found.at_ms.tolist(), found.eta_ms.tolist(), strict=True)
    return {(when - T0) / MINUTE_MS: (eta - T0) / MINUTE_MS for when, eta in rows}


def test_a_trip_as_planned_keeps_its_plan() -> None:
    for when, eta in etas(trip(), until=400).items():
        assert eta == pytest.approx(max(360, when), abs=5)


def test_half_the_way_takes_half_the_planned_time() -> None:
    late = etas([*still(0, 60, 9.0), *line(70, 280, 9.05, 9.5)], until=280)
    assert late[280] == pytest.approx(280 + 60 + 60 + 120, abs=0.1)  # to the hub, there, to the clinic


def test_a_transfer_makes_up_for_a_delay_as_far_as_the_plan_leaves_time() -> None:
    roomy = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 300, 420))
    assert etas([*still(0, 60, 9.0), *line(70, 150, 9.05, 9.5)], legs=roomy, until=150)[150] == pytest.approx(420)
    assert etas([*still(0, 60, 9.0), *line(70, 250, 9.05, 9.5)], legs=roomy, until=250)[250] == pytest.approx(
        490, abs=0.1
    )


def test_an_aircraft_arrives_the_planned_time_after_it_left() -> None:
    by_air = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 240, 360, mode="air"))
    seen = [
        *trip()[: trip().index(fix(240, 45, 10.0)) + 1],
        *still(245, 270, 10.0),
        fix(275, 45, 10.1),
        fix(285, 45, 10.9),
    ]
    found = etas(seen, legs=by_air, until=300)
    assert found[270] == 390  # still there: it takes off now at the earliest
    assert found[285] == 395  # left in minute 275


def test_an_estimate_is_never_in_the_past() -> None:
    assert etas([fix(0, 45, 9), fix(900, 45, 10.99)], until=900)[900] >= 900


def test_sites_that_nobody_knows_leave_the_plan() -> None:
    away = (leg("x", "y", 60, 180), leg("y", "z", 240, 360))
    assert etas(line(0, 100, 9, 10), legs=away, until=100)[100] == 360


def test_before_the_first_fix_the_plan_counts() -> None:
    one = journey(recording(fixes=trip()), until=400)
    times = np.asarray([at(-10), at(100), at(500)], np.int64)
    found = eta_at(estimates_of(one), one.legs, times)
    assert found[0] == at(360)
    assert found[2] == at(500)
    nothing = journey(recording(), until=400)
    assert eta_at(estimates_of(nothing), nothing.legs, times).tolist() == [at(360), at(360), at(500)]
    assert etas(trip(), legs=(), until=400) == {}
