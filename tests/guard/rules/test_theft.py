"""Likely theft: two kinds of clue within the window, outside of safe places."""

import pytest
from tests.transit.journey_kit import at, find, fix, journey, leg, line, minutes, recording, series, site, still

from doseway.model.errors import ProfileError
from doseway.model.findings import Severity
from doseway.model.places import Fix
from doseway.model.readings import Quantity

STANDS = [*still(0, 60, 9.0), *line(65, 95, 9.05, 9.45), *still(100, 130, 9.5), *line(135, 175, 9.55, 9.95)]
RULE = {"window_s": 600, "stop_after_s": 600}


def light(minute: float, lux: float = 50) -> object:
    return series(Quantity.LIGHT, [(minute - 1, 0), (minute, lux), (minute + 1, 0)])


def stolen(
    fixes: list[Fix], *lights: object, signals: tuple[tuple[float, str], ...] = (), **more: object
) -> list[object]:
    one = journey(recording(lights, fixes, signals), until=more.pop("until", 175), **more)  # type: ignore[arg-type]
    return list(find(one, "theft", **RULE))


def test_a_stop_and_light_are_a_theft() -> None:
    (found,) = stolen(STANDS, light(115), until=290)
    assert minutes([found]) == [(100, 115, 135)]  # type: ignore[list-item]
    assert (found.severity, found.text) == (Severity.CRITICAL, "Likely theft: opened, stopped.")  # type: ignore[attr-defined]


def test_it_is_not_over_while_a_further_clue_may_have_begun_within_the_window() -> None:
    """Off the way since minute 140, which only a fix of minute 250 makes certain: the same theft from the start."""
    corridor = (leg("plant", "hub", 60, 180, corridor_m=1_000),)
    off = [fix(140, 45.2, 9.6), fix(250, 45.2, 9.6)]
    (before,) = stolen([*STANDS[:-9], off[0]], light(115), legs=corridor, until=200)
    (after,) = stolen([*STANDS[:-9], *off], light(115), legs=corridor, until=700)
    assert before.end_ms is None  # type: ignore[attr-defined]
    assert "off-route" not in before.text  # type: ignore[attr-defined]
    assert after.text == "Likely theft: off-route, opened, stopped."  # type: ignore[attr-defined]
    assert after.start_ms == before.start_ms  # type: ignore[attr-defined]


def test_one_kind_alone_is_none_however_often() -> None:
    assert stolen(STANDS) == []
    assert stolen([*still(0, 60, 9.0), *line(65, 175, 9.05, 9.95)], light(100), light(103)) == []


def test_clues_belong_together_up_to_the_window() -> None:
    assert len(stolen(STANDS, light(145))) == 1  # the stop was over in minute 135
    assert stolen(STANDS, light(145.02)) == []


def test_a_safe_place_explains_both() -> None:
    assert stolen(STANDS, light(115), sites=[site("park", (45_000_000, 9_500_000), uses=("safe",))]) == []


def test_too_little_light_is_none() -> None:
    assert stolen(STANDS, light(115, 9.9)) == []


def test_jamming_and_leaving_the_way_are_clues_as_well() -> None:
    assert stolen(STANDS, signals=((110, "jamming"),))
    assert stolen(STANDS, signals=((110, "low-battery"),)) == []
    corridor = (leg("plant", "hub", 60, 180, corridor_m=1_000),)
    north = [*still(0, 60, 9.0), *line(65, 95, 9.05, 9.45), *line(100, 110, 9.5, 9.5, latitude=45.2)]
    (found,) = stolen(north, light(105), legs=corridor, until=112)
    assert found.details["kinds"] == "off-route, opened, stopped"  # type: ignore[attr-defined]
    assert found.end_ms is None  # type: ignore[attr-defined]


def test_devices_that_part_are_a_clue() -> None:
    cab = recording(fixes=line(65, 125, 9.1, 9.7))
    box = recording([light(115)], [*line(66, 96, 9.11, 9.41), *still(101, 121, 9.45)])  # type: ignore[list-item]
    one = journey(("box", box), ("cab", cab), until=126)
    (found,) = find(one, "theft", **RULE)
    assert found.details["kinds"] == "opened, separated, stopped"


def test_one_clue_is_no_theft_by_definition() -> None:
    with pytest.raises(ProfileError, match="kinds is at least 2"):
        find(journey(recording(fixes=[fix(0, 45, 9)])), "theft", kinds=1)
    assert at(1) > at(0)
