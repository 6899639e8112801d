"""Zones of risk: how likely inside, at the hours of their own clock."""

from datetime import datetime

import numpy as np
import pytest
from tests.transit.journey_kit import find, fix, journey, line, minutes, recording, site

from doseway.guard.rules.risk_zone import within_hours
from doseway.model.clock import to_unix_ms
from doseway.model.documents import Site
from doseway.model.errors import DataError

PLACE = (45_000_000, 9_500_000)


def instants(site_: Site, *texts: str) -> list[bool]:
    times = [to_unix_ms(datetime.fromisoformat(text)) for text in texts]
    found: list[bool] = within_hours(site_, np.asarray(times, np.int64)).tolist()
    return found


def test_a_stay_is_found_with_how_likely_it_was() -> None:
    alley = site("alley", PLACE, 500, uses=("risk",), title="the Alley")
    one = journey(
        recording(fixes=[*line(0, 20, 9.4, 9.49), fix(25, 45, 9.5), fix(30, 45, 9.5), fix(35, 45, 9.6)]), sites=[alley]
    )
    (found,) = find(one, "risk_zone")
    assert minutes([found]) == [(25, 25, 35)]
    assert (found.text, found.details["score"]) == ("In the zone of risk the Alley for 10 min.", 100)
    assert len(find(one, "risk_zone", raise_after_s=600)) == 1
    assert find(one, "risk_zone", raise_after_s=601) == []


def test_a_disc_that_is_mostly_outside_is_outside() -> None:
    alley = site("alley", PLACE, 500, uses=("risk",))
    rough = journey(recording(fixes=[fix(minute, 45, 9.5, 800) for minute in (0, 5)]), sites=[alley])
    assert find(rough, "risk_zone") == []
    (found,) = find(rough, "risk_zone", probability=0.39)
    assert found.details["score"] == 39


def test_a_safe_place_is_no_zone_of_risk() -> None:
    calm = site("park", PLACE, 500, uses=("safe",))
    assert find(journey(recording(fixes=[fix(0, 45, 9.5)]), sites=[calm]), "risk_zone") == []


def test_hours_are_those_of_the_wall_over_midnight_and_when_clocks_change() -> None:
    night = site("z", PLACE, uses=("risk",), zone="Europe/Rome", hours=("22:00-05:30",))
    assert instants(night, "2026-01-10T21:59:59+01:00", "2026-01-10T22:00:00+01:00") == [False, True]
    assert instants(night, "2026-01-11T05:29:59+01:00", "2026-01-11T05:30:00+01:00") == [True, False]
    assert instants(night, "2026-07-10T19:59:59+00:00", "2026-07-10T20:00:00+00:00") == [False, True]
    day = site("z", PLACE, uses=("risk",), hours=("08:00-12:00", "13:00-24:00"))
    assert instants(day, "2026-01-10T12:30:00+00:00", "2026-01-10T23:59:00+00:00") == [False, True]
    assert instants(site("z", PLACE, uses=("risk",)), "2026-01-10T12:30:00+00:00") == [True]


@pytest.mark.parametrize(
    ("hours", "zone"), [("8-12", "UTC"), ("25:00-26:00", "UTC"), ("", "UTC"), ("08:00-09:00", "Mars/Base")]
)
def test_hours_and_zones_that_are_none_are_refused(hours: str, zone: str) -> None:
    bad = site("z", PLACE, uses=("risk",), zone=zone, hours=(hours,))
    with pytest.raises(DataError, match="the site 'z' has hours"):
        instants(bad, "2026-01-10T12:30:00+00:00")
