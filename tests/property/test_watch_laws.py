"""The laws of the watch: findings are a function of the set of observations, and what is over stays as it was."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.transit.journey_kit import PLANT, ROAD, at, fix, journey, leg, recording, series, site

from doseway.model import watch as watching
from doseway.model.documents import DeviceCard
from doseway.model.journey import Journey
from doseway.model.places import Fix
from doseway.model.readings import Quantity, Recording
from doseway.model.watch import Examination, Watch, builtin, examine, load_watch
from doseway.transit.build import Binding

STANDARD = builtin()
WHOLE = 600
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking a journey takes minutes
SITES = (
    site("rest", (45_000_000, 9_500_000), uses=("safe",)),
    site("alley", (45_000_000, 9_700_000), radius_m=3_000, uses=("risk",), hours=("06:00-18:00",)),
    site("tunnel", (45_000_000, 9_800_000), uses=("dead",)),
)
LEGS = (
    leg("plant", "hub", 60, 180, corridor_m=2_000),
    leg("hub", "clinic", 240, 360, mode="air"),
)


def without_phases() -> Watch:
    tables = [
        {
            "rule": "humidity",
            "limit_percent": 60,
            "clear_limit_percent": 50,
            "raise_after_s": 600,
            "clear_after_s": 900,
        },
        {"rule": "light", "limit_lux": 10, "is_allowed_at_sites": False},
        {"rule": "door_open", "light_lux": 40},
        {"rule": "shock", "limit_g": 5},
        {"rule": "tilt", "limit_degree": 40, "raise_after_s": 300, "clear_after_s": 1200},
        {"rule": "battery"},
        {"rule": "geofence", "on": "arrive", "crossing_s": 7200},
        {"rule": "geofence", "on": "depart"},
        {"rule": "geofence", "on": "dwell", "dwell_s": 1800},
        {"rule": "prolonged_stop", "after_s": 1200},
        {"rule": "route_deviation"},
        {"rule": "late_eta", "late_by_s": 600, "change_s": 300},
        {"rule": "no_signal", "factor": 1, "factor_if_buffers": 1},
        {"rule": "theft"},
        {"rule": "first_miles_stop"},
        {"rule": "risk_zone", "crossing_s": 7200},
        {"rule": "separation"},
        {"rule": "jamming", "factor": 1},
        {"rule": "tampering"},
        {"rule": "spoofed_position", "frozen_after_s": 600},
        {"rule": "cloned_device", "max_gap_s": 3600},
    ]
    return load_watch({"id": "all", "rules": tables}, "all")


ALWAYS = without_phases()

minutes = st.integers(0, WHOLE)
places = st.sampled_from([9.0, 9.002, 9.3, 9.5, 9.7, 9.8, 10.0, 10.4, 11.0, -73.0])
fixes = st.builds(
    fix,
    minutes,
    st.sampled_from([45.0, 45.001, 45.1]),
    places,
    st.sampled_from([5, 5, 500, None, 0]),
    method=st.sampled_from(["gnss", "cell", "unknown"]),
    speed_mm_s=st.sampled_from([None, 0, 20_000]),
    is_mock=st.sampled_from([False, False, False, True]),
)
rows = st.lists(st.tuples(minutes, st.integers(0, 100)), max_size=12)
signals = st.lists(st.tuples(minutes, st.sampled_from(["jamming", "tampering", "sos"])), max_size=3)


@st.composite
def moving(draw: st.DrawFn) -> list[Fix]:
    """A device that goes about its way in steps, so that stops, arrivals and departures come up."""
    found: list[Fix] = []
    minute = 0
    for _ in range(draw(st.integers(1, 6))):
        longitude = draw(places)
        for _ in range(draw(st.integers(1, 8))):
            minute += draw(st.sampled_from([5, 10, 10, 30, 150]))
            found.append(fix(minute, 45.0, longitude, draw(st.sampled_from([5, 5, 5, 500]))))
    return found


@st.composite
def observations(draw: st.DrawFn) -> dict[str, Recording]:
    """Each device begins with a fix: without one the phases are the plan's, which the first fix may correct."""
    names = draw(st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")]))
    return {
        name: recording(
            [series(quantity, draw(rows)) for quantity in Quantity if quantity is not Quantity.TEMPERATURE],
            [fix(0, 45.0, 9.0), *draw(st.lists(fixes, max_size=6)), *draw(moving())],
            draw(signals),
        )
        for name in names
    }


def built(pieces: Sequence[tuple[str, Recording]], names: Sequence[str], until: float | None = None) -> Journey:
    return journey(
        *pieces,
        legs=LEGS,
        sites=SITES,
        until=until,
        bindings=[Binding(device=name, bound_ms=at(0)) for name in names],
        cards=[DeviceCard(id=name, interval_s=300, silence_s=600, buffers=name == "b") for name in names],
        promised_at_ms=at(350),
    )


def torn(name: str, whole: Recording) -> list[tuple[str, Recording]]:
    """One recording for each single observation."""
    parts = [recording(fixes=[one]) for one in whole.fixes]
    parts += [recording(signals=[((one.observed_at_ms - at(0)) / 60_000, one.kind)]) for one in whole.signals]
    for one in whole.series:
        for when, value in zip(one.observed_at_ms, one.value_milli, strict=True):
            parts.append(recording([series(one.quantity, [((when - at(0)) / 60_000, value / 1000)])]))
    return [(name, part) for part in parts]


def judged(one: Journey) -> tuple[Examination, Examination]:
    result = examine(one, ALWAYS), examine(one, STANDARD)
    assert [found.failures for found in result] == [(), ()]
    return result


@settings(deadline=None, phases=PHASES, max_examples=40)
@given(observations(), st.integers(0, 2**32), st.sampled_from([None, 300, WHOLE, 900]))
def test_any_order_repetition_and_batching_gives_the_same_findings(
    observed: dict[str, Recording], seed: int, until: float | None
) -> None:
    names = list(observed)
    pieces = [piece for name, whole in observed.items() for piece in torn(name, whole)]
    chance = random.Random(seed)
    shuffled = pieces + chance.sample(pieces, len(pieces) // 2)
    chance.shuffle(shuffled)
    assert judged(built(shuffled, names, until)) == judged(built(list(observed.items()), names, until))


@settings(deadline=None, phases=PHASES, max_examples=80)
@given(observations(), st.integers(1, WHOLE))
def test_what_is_over_is_not_changed_by_what_is_observed_later(observed: dict[str, Recording], now: int) -> None:
    pieces = list(observed.items())
    for before, after in zip(
        judged(built(pieces, list(observed), now)), judged(built(pieces, list(observed), 2 * WHOLE)), strict=True
    ):
        over = [one for one in before.findings if one.end_ms is not None]
        assert [one for one in over if one not in after.findings] == []


@settings(deadline=None, phases=PHASES, max_examples=40)
@given(observations(), st.sampled_from([300, 900]))
def test_a_finding_is_raised_within_itself_and_within_what_is_known(observed: dict[str, Recording], until: int) -> None:
    for found in judged(built(list(observed.items()), list(observed), until)):
        for one in found.findings:
            assert one.start_ms <= one.raised_ms <= at(until)
            assert one.end_ms is None or one.raised_ms <= one.end_ms <= at(until)
            assert one.text.endswith(".")


@settings(deadline=None, phases=PHASES, max_examples=60)
@given(observations(), st.sets(st.sampled_from([*Quantity, "positions", "signals"])))
def test_a_rule_that_lacks_what_it_needs_finds_nothing(
    observed: dict[str, Recording], kept: set[Quantity | str]
) -> None:
    pieces = [
        (
            name,
            recording(
                [one for one in whole.series if one.quantity in kept],
                whole.fixes if "positions" in kept else [],
                [((one.observed_at_ms - at(0)) / 60_000, one.kind) for one in whole.signals if "signals" in kept],
            ),
        )
        for name, whole in observed.items()
    ]
    poor = built(pieces, list(observed), WHOLE)
    skipped = judged(poor)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watching, "lacking", lambda _: frozenset())
        assert judged(poor) == skipped


def hostile() -> dict[str, list[Fix]]:
    ahead, back = 60 * 24 * 365 * 30, -60 * 24 * 365 * 20
    return {
        "nothing": [],
        "a single fix": [fix(10, 45, 9)],
        "the same fix": [fix(10, 45, 9)] * 9,
        "one time, many places": [fix(10, 45, 9 + number / 10) for number in range(9)],
        "no accuracy": [fix(number, 45, 9, None, method="unknown") for number in range(90)],
        "no accuracy at all": [fix(number, 45, 9, 0) for number in range(90)],
        "accuracy of the whole Earth": [fix(number, 45, 9, 20_000_000) for number in range(90)],
        "over the date line": [fix(number, 0, (179 + number / 20 + 180) % 360 - 180) for number in range(90)],
        "over the pole": [fix(number, 89 + number / 90, (number // 45) * 180 - 180) for number in range(90)],
        "the poles": [fix(number, 90 if number % 2 else -90, 0) for number in range(9)],
        "antipodes": [fix(number, 45 if number % 2 else -45, 9 if number % 2 else -171) for number in range(9)],
        "a clock that jumps": [fix(minute, 45, 9) for minute in (0, 5, ahead, 10, back, 15, ahead, back)],
        "no place on the Earth": [fix(5, 91, 0), fix(6, 0, 181), fix(7, -91, -181)],
    }


ZONES = {
    "one time, many places": {"alley"},
    "over the date line": {"fiji"},
    "over the pole": {"pole"},
    "the poles": {"pole"},
}


def test_hostile_shapes_crash_no_rule_and_find_nothing_that_is_not_there() -> None:
    for name, shape in hostile().items():
        for legs in ((), ROAD, LEGS):
            one = journey(
                recording([series(quantity, [(5, 0), (5, 1), (6, -1)]) for quantity in Quantity], shape),
                ("b", recording(fixes=shape[::-1])),
                legs=legs,
                sites=[
                    *SITES,
                    site("point", PLANT, radius_m=0, uses=("safe",)),
                    site("fiji", (0, 180_000_000), radius_m=300_000, uses=("risk",)),
                    site("pole", (90_000_000, 0), radius_m=100_000, uses=("risk",)),
                ],
                until=600,
                promised_at_ms=at(350),
            )
            found = judged(one)[0].findings
            zones = {finding.details["site"] for finding in found if finding.rule == "risk_zone"}
            assert zones == ZONES.get(name, set()), name
