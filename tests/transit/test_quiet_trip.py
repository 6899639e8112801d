"""A trip as it should be, with two honest trackers that buffer through a flight, raises nothing above information."""

import random

import pytest
from tests.transit.journey_kit import at, fix, journey, leg, recording, series, site

from doseway.model.documents import DeviceCard
from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.places import Fix
from doseway.model.readings import Quantity, Recording
from doseway.model.watch import builtin, examine

AIRPORT = site("airport", (45_630_000, 8_720_000), 3_000)
FAR_AIRPORT = site("jfk", (40_640_000, -73_780_000), 4_000)
HOSPITAL = site("hospital", (40_740_000, -73_970_000), 300)
LEGS = (
    leg("plant", "airport", 120, 240, corridor_m=30_000),
    leg("airport", "jfk", 480, 1_020, mode="air"),
    leg("jfk", "hospital", 1_260, 1_320, corridor_m=15_000),
)
CARDS = [DeviceCard(id=name, interval_s=900, silence_s=900) for name in ("a", "b")]


def between(
    start: float, end: float, one: tuple[float, float], other: tuple[float, float], chance: random.Random
) -> list[Fix]:
    """Fixes about every 15 minutes on a straight way, as exact as their receivers are."""
    found: list[Fix] = []
    minute = start
    while minute <= end:
        share = (minute - start) / (end - start)
        method, accuracy = chance.choice([("gnss", 8.0), ("gnss", 8.0), ("wifi", 40.0), ("cell", 600.0)])
        off = accuracy / 111_000
        north = one[0] + share * (other[0] - one[0]) + chance.uniform(-off, off)
        east = one[1] + share * (other[1] - one[1]) + chance.uniform(-off, off)
        found.append(fix(minute, north, east, accuracy, method=method))
        minute += chance.uniform(14, 16)
    return found


def tracker(seed: int) -> Recording:
    chance = random.Random(seed)
    plant, airport, jfk, hospital = (45.0, 9.0), (45.63, 8.72), (40.64, -73.78), (40.74, -73.97)
    fixes = [
        *between(0, 118, plant, plant, chance),
        *between(122, 235, plant, airport, chance),
        *between(241, 475, airport, airport, chance),
        *between(1_022, 1_255, jfk, jfk, chance),
        *between(1_262, 1_315, jfk, hospital, chance),
        *between(1_322, 1_500, hospital, hospital, chance),
    ]
    times = range(0, 1_500, 15)
    light = [(minute, 300.0 if 1_030 <= minute <= 1_060 else 0.2) for minute in times]  # customs, at the airport
    return recording(
        [
            series(Quantity.LIGHT, light),
            series(Quantity.HUMIDITY, [(minute, 40 + chance.uniform(-5, 5)) for minute in times]),
            series(Quantity.BATTERY, [(minute, 90 - minute / 100) for minute in times]),
            series(Quantity.SHOCK, [(minute, chance.uniform(0, 3)) for minute in times]),
        ],
        fixes,
    )


def quiet(seed: int, until: float = 1_500) -> Journey:
    return journey(
        ("a", tracker(seed)),
        ("b", tracker(seed + 1_000)),
        legs=LEGS,
        sites=[AIRPORT, FAR_AIRPORT, HOSPITAL],
        cards=CARDS,
        until=until,
        promised_at_ms=at(1_400),
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("until", [130, 300, 900, 1_100, 1_280, 1_500])
def test_nothing_is_raised_live_or_afterwards(seed: int, until: float) -> None:
    result = examine(quiet(seed, until), builtin())
    assert result.failures == ()
    loud = [(one.rule_id, one.text) for one in result.findings if one.severity is not Severity.INFO]
    assert loud == []


def _told_first(one: Finding) -> tuple[int, bool]:
    """By time; the fix that shows that a flight has landed shows that it has left."""
    return one.start_ms, one.rule_id != "departure"


@pytest.mark.parametrize("seed", range(8))
def test_each_site_is_arrived_at_and_left_once_and_in_order(seed: int) -> None:
    one = quiet(seed)
    found = [one for one in examine(one, builtin()).findings if one.rule == "geofence"]
    told = [(finding.rule_id, finding.details["site"]) for finding in sorted(found, key=_told_first)]
    assert told == [
        ("arrival", "plant"),
        ("departure", "plant"),
        ("arrival", "airport"),
        ("departure", "airport"),
        ("arrival", "jfk"),
        ("departure", "jfk"),
        ("arrival", "hospital"),
    ]
    assert [span.phase for span in one.phases] == ["at-origin", "in-transit", "arrived"]
