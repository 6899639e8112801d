"""Cloned devices: two places side by side, and not a wrong fix."""

import pytest
from tests.transit.journey_kit import find, fix, journey, line, minutes, recording

from doseway.model.errors import ProfileError
from doseway.model.places import Fix


def cloned(*fixes: Fix, until: float | None = None, **rule: object) -> list[tuple[float, float, float | None]]:
    return minutes(find(journey(recording(fixes=fixes), legs=(), until=until), "cloned_device", **rule))


HERE = line(0, 100, 9.0, 9.5, 10)
THERE = [fix(minute, 40.7, -74.0) for minute in (35, 45, 55, 65)]


def test_one_id_in_two_places_is_two_devices() -> None:
    assert cloned(*HERE, *THERE) == [(35, 55, None)]
    assert cloned(*HERE, *THERE, until=3_000) == [(35, 55, 65)]


def test_bursts_in_turn_are_found_as_well() -> None:
    assert cloned(*HERE[:4], *THERE[:3], *HERE[6:]) == [(35, 60, None)]


def test_a_wrong_fix_or_two_are_none() -> None:
    assert cloned(*HERE, *THERE[:2]) == []
    assert len(cloned(*HERE, *THERE[:2], fixes=2)) == 1


def test_a_device_that_has_gone_elsewhere_is_one_device() -> None:
    assert cloned(*HERE, *[fix(minute, 40.7, -74.0) for minute in (110, 120, 130)]) == []  # spoofed perhaps
    flown = [fix(minute, 40.7, -74.0) for minute in (2_000, 2_010, 2_020)]
    assert cloned(*HERE, *flown, *[fix(minute, 45, 9) for minute in (4_000, 4_010)]) == []


def test_two_places_at_one_instant() -> None:
    assert cloned(*HERE, *[fix(minute, 45, 10.5) for minute in (30, 40, 50)]) == [(30, 50, None)]


def test_one_fix_is_no_clone_by_definition() -> None:
    with pytest.raises(ProfileError, match="fixes is at least 2"):
        cloned(*HERE, fixes=1)
