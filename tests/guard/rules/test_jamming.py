"""Jamming: a device's word, or several that fall silent at once where there is a network."""

from typing import Any

import pytest
from tests.transit.journey_kit import find, fix, journey, leg, line, minutes, recording, site

from doseway.model.documents import DeviceCard
from doseway.model.errors import ProfileError

CARDS = [DeviceCard(id=name, interval_s=600, silence_s=600) for name in ("a", "b", "c")]
RULE = {"factor": 2, "within_s": 600}


def silent(
    a: list[float], b: list[float], *, until: float = 300, **more: Any
) -> list[tuple[float, float, float | None]]:
    rule = {**RULE, **more.pop("rule", {})}
    seen = {"a": a, "b": b}
    observed = [(name, recording(fixes=[fix(minute, 45, 9.3) for minute in when])) for name, when in seen.items()]
    return minutes(find(journey(*observed, cards=CARDS, until=until, **more), "jamming", **rule))


def test_two_devices_that_fall_silent_together_are_jammed() -> None:
    assert silent([0, 10, 20, 90], [5, 15, 25, 100])[:1] == [(25, 45, 90)]


def test_one_alone_or_one_after_the_other_is_no_jamming() -> None:
    steady = [float(minute) for minute in range(0, 301, 10)]
    assert silent([0, 10, 20, 90, *steady[10:]], steady) == []
    assert silent([0, 10, 20, 90, *steady[10:]], [0, 10, 20, 30, 30.1, 95, *steady[10:]]) == []
    assert len(silent([0, 10, 20, 90, *steady[10:]], [0, 10, 20, 30, 95, *steady[10:]])) == 1


def test_it_is_due_after_so_many_pauses_of_both() -> None:
    assert silent([0, 10], [0, 10], until=30) == []
    assert silent([0, 10], [0, 10], until=31) == [(10, 30, None)]
    assert silent([0, 10, 30], [0, 10, 31], until=31) == []


def test_a_dead_zone_and_a_flight_explain_it() -> None:
    tunnel = site("tunnel", (45_000_000, 9_300_000), uses=("dead",))
    assert silent([0, 10], [0, 10], until=200, sites=[tunnel]) == []
    by_air = [leg("plant", "clinic", 20, 200, mode="air")]
    assert silent([0, 10], [0, 10], until=200, legs=by_air) == []


def test_a_device_says_so() -> None:
    one = journey(recording(fixes=line(0, 100, 9, 9.9), signals=[(10, "jamming"), (50, "jamming")]), legs=(), until=100)
    (found,) = find(one, "jamming", together_s=2400)
    assert (minutes([found]), found.details["signals"]) == ([(10, 10, 50)], 2)
    assert len(find(one, "jamming", together_s=2399)) == 2


def test_silence_can_be_left_out_and_one_device_is_not_enough() -> None:
    assert silent([0, 10], [0, 10], until=200, rule={"devices": 0}) == []
    with pytest.raises(ProfileError, match="devices is 0 or at least 2"):
        silent([0], [0], rule={"devices": 1})
