"""What can never fire is said before the departure."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from tests.transit.journey_kit import PLANT, ROAD, SITES, at, leg, site

from doseway.model.documents import DeviceCard, Leg, Shipment, Site
from doseway.model.readings import Quantity
from doseway.model.watch import RULES, builtin, load_watch
from doseway.transit.lint import WORDS, lint

ALL = DeviceCard(id="a", interval_s=600)


def notes(
    rule: dict[str, Any],
    devices: Sequence[DeviceCard] = (ALL,),
    legs: Sequence[Leg] = ROAD,
    sites: Iterable[Site] = (),
    promised: float | None = 400,
) -> list[str]:
    watch = load_watch({"id": "w", "rules": [rule]}, "w")
    promise = None if promised is None else at(promised)
    shipment = Shipment(id="s", legs=tuple(legs), promised_at_ms=promise)
    found = lint(watch, shipment, legs, SITES | {one.id: one for one in sites}, devices)
    return [f"{note.code}: {note.text}" for note in found]


def test_a_tracker_without_the_sensor_is_told() -> None:
    blind = DeviceCard(id="a", measures=(Quantity.TEMPERATURE,))
    light = {"rule": "light", "limit_lux": 10}
    assert notes(light) == []
    assert notes(light, [blind]) == [
        "never-fires: “Light where it should be dark” can never fire: it needs a device that measures light."
    ]
    assert notes(light, [blind, ALL]) == []
    assert notes({"rule": "door_open"}, [blind])[0].endswith(
        "a device that measures door or a device that measures light."
    )


def test_a_phase_that_the_shipment_never_comes_to_is_told() -> None:
    late = {"rule": "shock", "limit_g": 5, "phases": ["arrived"]}
    assert notes(late) == []
    away = (leg("plant", "nowhere", 60, 180),)
    assert notes(late, legs=away) == ["never-active: “Shock” can never fire: the shipment is never arrived."]
    assert notes(late, [DeviceCard(id="a", has_positions=False)], legs=away) == []


@pytest.mark.parametrize(
    ("rule", "devices", "missing", "code"),
    [
        ({"rule": "separation"}, (ALL,), "at least two devices", "not-arranged"),
        ({"rule": "risk_zone"}, (ALL,), "a site with the use `risk`", "not-arranged"),
        ({"rule": "route_deviation"}, (ALL,), "a leg with a corridor", "not-arranged"),
        ({"rule": "no_signal"}, (), "a device", "never-fires"),
        (
            {"rule": "prolonged_stop"},
            (DeviceCard(id="a", has_positions=False),),
            "a device that reports positions",
            "never-fires",
        ),
    ],
)
def test_what_a_rule_cannot_do_without_is_named(
    rule: dict[str, Any], devices: Sequence[DeviceCard], missing: str, code: str
) -> None:
    (note,) = notes(rule, devices)
    assert note.startswith(code)
    assert note.endswith(f"it needs {missing}.")


def test_what_is_there_is_not_missed() -> None:
    assert notes({"rule": "separation"}, (ALL, DeviceCard(id="b"))) == []
    assert notes({"rule": "risk_zone"}, sites=[site("alley", PLANT, uses=("risk",))]) == []
    assert (
        notes({"rule": "route_deviation", "raise_after_s": 600}, legs=[leg("plant", "hub", 60, 180, corridor_m=500)])
        == []
    )


def test_a_delay_that_the_trip_does_not_last_is_told() -> None:
    assert notes({"rule": "tilt", "limit_degree": 60, "raise_after_s": 18_000}) == []
    (note,) = notes({"rule": "tilt", "limit_degree": 60, "raise_after_s": 18_001})
    assert note == "never-long-enough: “Tilted or lying” waits for 5 h 1 s; the whole trip is planned to take 5 h."


def test_a_device_that_measures_less_often_than_a_gap_is_told() -> None:
    rule = {"rule": "tilt", "limit_degree": 60, "max_gap_s": 599}
    assert [one.split(":")[0] for one in notes(rule)] == ["always-a-gap"]
    assert notes({**rule, "max_gap_s": 600}) == []


def test_a_plan_that_is_later_than_the_promise_is_told() -> None:
    rule = {"rule": "late_eta"}
    assert notes(rule, promised=360) == []
    assert notes(rule, promised=300) == ["planned-late: The plan itself arrives 1 h later than promised."]
    assert notes(rule, promised=None) == [
        "never-fires: “Expected later than promised” can never fire: it needs the promised time of arrival."
    ]


def test_every_need_of_every_rule_is_a_word_that_the_linter_knows() -> None:
    for name in RULES.names():
        assert {word for words in RULES.get(name).needs for word in words} <= set(WORDS)


def test_the_standard_watch_can_fire_on_a_shipment_that_has_everything() -> None:
    legs = [leg("plant", "hub", 60, 1_000, corridor_m=500)]
    everything = {**SITES, "alley": site("alley", PLANT, uses=("risk",))}
    shipment = Shipment(id="s", promised_at_ms=at(1_000))
    fast = (DeviceCard(id="a", interval_s=60), DeviceCard(id="b"))
    assert lint(builtin(), shipment, legs, everything, fast) == ()


def test_a_fence_that_nobody_drew_is_told() -> None:
    rule = {"rule": "geofence", "on": "arrive", "sites": ["clinic"]}
    assert notes(rule) == []
    assert notes({**rule, "sites": ["nowhere", "clinic"]}) == [
        "no-fence: “Arrival, departure and dwell at sites” never fires at nowhere: the shipment knows no such site."
    ]
    assert notes({**rule, "sites": ["nowhere"]}) == [
        "no-fence: “Arrival, departure and dwell at sites” can never fire: the shipment knows no site nowhere."
    ]


def test_a_delay_shorter_than_the_pause_between_two_readings_is_told() -> None:
    rule = {"rule": "tilt", "limit_degree": 60, "raise_after_s": 599}
    (note,) = notes(rule)
    assert note == (
        "raised-late: “Tilted or lying” is to be raised after 9 min 59 s; the devices measure only every 10 min, "
        "so it is raised later."
    )
    assert notes(rule, [ALL, DeviceCard(id="b", interval_s=599)]) == []
    assert notes({**rule, "raise_after_s": 600}) == []


def test_rules_that_contradict_or_repeat_each_other_are_told() -> None:
    def codes(*rules: dict[str, Any]) -> list[str]:
        watch = load_watch({"id": "w", "rules": list(rules)}, "w")
        return [one.code for one in lint(watch, Shipment(id="s"), ROAD, SITES, [ALL])]

    humid, dry = {"rule": "humidity", "limit_percent": 40}, {"rule": "humidity", "side": "low", "limit_percent": 60}
    assert codes(humid, dry) == ["nothing-in-range"]
    assert codes(dry, humid) == ["nothing-in-range"]
    assert codes(humid, {**dry, "limit_percent": 40}) == []
    assert codes(humid, {**dry, "phases": ["arrived"]}) == []
    assert codes(humid, {**humid, "title": "Again", "severity": "high"}) == ["same-twice"]
    assert codes(humid, {**humid, "limit_percent": 41}) == []


def test_without_a_way_that_is_said_once() -> None:
    watch = load_watch({"id": "w", "rules": [{"rule": "first_miles_stop"}, {"rule": "shock", "limit_g": 5}]}, "w")
    assert [one.code for one in lint(watch, Shipment(id="s"), (), {}, [ALL])] == ["no-way"]
    alone = load_watch({"id": "w", "rules": [{"rule": "shock", "limit_g": 5}]}, "w")
    assert lint(alone, Shipment(id="s"), (), {}, [ALL]) == ()
