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


def test_a_third_device_that_is_late_to_tell_changes_nothing_that_is_over() -> None:
    """The third sends hourly: that it is silent too shows only when the others are heard again."""
    cards = [*CARDS[:2], DeviceCard(id="c", interval_s=3600, silence_s=3600)]

    def jammed(until: float, third: float) -> list[tuple[tuple[float, float, float | None], object]]:
        seen: dict[str, list[float]] = {"a": [0, 10, 60], "b": [0, 10, 61], "c": [third, 290]}
        observed = [(name, recording(fixes=[fix(minute, 45, 9.3) for minute in when])) for name, when in seen.items()]
        found = find(journey(*observed, cards=cards, until=until), "jamming", **RULE)
        return [(minutes([one])[0], one.details["devices"]) for one in found if one.details["devices"] != "a"]

    for third in (3, 8, 12):
        assert jammed(70, third)[:1] == jammed(300, third)[:1] == [((10, 30, 60), "a, b")]


def test_a_device_that_is_late_to_tell_joins_while_it_lasts() -> None:
    cards = [*CARDS[:2], DeviceCard(id="c", interval_s=900, silence_s=900)]
    seen: dict[str, list[float]] = {"a": [0, 10, 60], "b": [0, 10, 61], "c": [0, 9, 55]}
    observed = [(name, recording(fixes=[fix(minute, 45, 9.3) for minute in when])) for name, when in seen.items()]
    (found, *_) = find(journey(*observed, cards=cards, until=62), "jamming", **RULE)
    assert (minutes([found]), found.details["devices"]) == ([(10, 30, 55)], "a, b, c")


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
