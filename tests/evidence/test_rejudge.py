"""The plain judge of the verifier and the judge of Doseway: two programs, one answer."""

import copy
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.coldchain.judge import judge
from doseway.coldchain.profile import Profile, builtin, builtin_ids, load_profile, to_plain
from doseway.evidence import rejudge as plain
from doseway.evidence import verify
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID

SOURCE = Path(plain.__file__)
ALL_RULES = b"""
id = "everything"
[observation]
start_delay_s = 1200
min_coverage = 0.5
[[rules]]
rule = "excursion"
id = "hot"
side = "high"
limit_c = 8
clear_limit_c = 7
raise_after_s = 1800
clear_after_s = 1200
[[rules]]
rule = "excursion"
id = "cold"
side = "low"
limit_c = 2
comparison = "inclusive"
[[rules]]
rule = "freeze"
limit_c = -0.5
raise_after_s = 600
effect = "reject"
[[rules]]
rule = "heat_spike"
above_c = 8
ceiling_c = 12
max_s = 3600
[[rules]]
rule = "cumulative"
id = "hot-total"
side = "high"
limit_c = 8
budget_s = 3600
used_s = 600
[[rules]]
rule = "cumulative"
id = "cold-daily"
side = "low"
limit_c = 2
budget_s = 1800
reset = "day"
[[rules]]
rule = "shared_budget"
low_c = 2
high_c = 8
budget_s = 3600
[[rules]]
rule = "tier"
id = "warm"
above_c = 8
below_c = 12
budget_s = 3600
max_single_s = 1200
[[rules]]
rule = "tier"
id = "cool"
side = "low"
above_c = -1
below_c = 2
max_single_s = 1200
[[rules]]
rule = "consumption"
id = "life"
model = "arrhenius"
life_s = 86400
reference_c = 5
energy_kj_mol = 83.144
fraction_limit = 0.1
[[rules]]
rule = "consumption"
id = "vial"
model = "vvm"
vvm_class = 2
fraction_limit = 0.001
[[rules]]
rule = "mkt"
limit_c = 8
window_s = 7200
excursion_above_c = 8
min_coverage = 0.9
[[rules]]
rule = "gap"
after_s = 1500
[[rules]]
rule = "sensor_disconnected"
after_s = 900
[[rules]]
rule = "stuck_sensor"
after_s = 3000
[[rules]]
rule = "start_delay"
low_c = 2
high_c = 8
"""
PROFILES = (load_profile(ALL_RULES, "everything"), *(builtin(name) for name in builtin_ids()))
OFFSET_MINUTES = 90
VALUES = st.one_of(
    st.sampled_from([INVALID, 5_000, 2_000, 7_000, 8_000, -500, 12_000]), st.integers(-3_000, 14_000), st.just(9_000)
)
STEPS = st.sampled_from([0, 60_000, 300_000, 600_000, 600_000, 600_000, 1_200_000, 1_500_001, 7_200_000, 40_000_000])
RECORDS = st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=60)


def tracks_of(steps: list[tuple[int, int]], start_ms: int) -> list[tuple[int, int]]:
    at, found = start_ms, []
    for step, value in steps:
        at += step
        found.append((at, value))
    return found


def series_of(sensor: str, records: list[tuple[int, int]]) -> Series:
    series = Series(sensor, Quantity.TEMPERATURE)
    for at, value in records:
        series.add(at, value)
    return series


def answers(
    tracks: dict[str, list[tuple[int, int]]], profile: Profile, interval_ms: int | None
) -> tuple[dict[str, Any], tuple[list[str], list[str]]]:
    judgement = judge(
        [series_of(sensor, records) for sensor, records in tracks.items()],
        profile,
        interval_ms=interval_ms,
        offset_minutes=OFFSET_MINUTES,
    )
    logged: dict[str, Any] = msgspec.to_builtins(judgement)
    return logged, plain.rejudge(tracks, to_plain(profile), logged, OFFSET_MINUTES * 60_000, interval_ms or 0)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS, RECORDS, st.integers(0, 80_000_000), st.sampled_from([None, 600_000]), st.integers(0, 3))
def test_every_rule_gives_what_the_judge_gives(
    one: list[tuple[int, int]], two: list[tuple[int, int]], start_ms: int, interval_ms: int | None, which: int
) -> None:
    tracks = {"internal": tracks_of(one, start_ms), "probe": tracks_of(two, start_ms)}
    profile = PROFILES[0] if which else PROFILES[start_ms % len(PROFILES)]
    logged, (wrong, untold) = answers(tracks, profile, interval_ms)
    assert wrong == []
    assert bool(untold) == any(one["unknown_ms"] for one in logged["statistics"])


def test_a_window_that_begins_within_an_excursion_is_raised_at_its_start() -> None:
    steps = [(0, 9_000), (1_200_000, 9_000), (7_200_000, 12_000), (60_000, 9_000)]
    assert answers({"internal": tracks_of(steps, 0)}, PROFILES[0], None)[1][0] == []


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS, st.integers(0, 80_000_000), st.sampled_from([None, 600_000]), st.integers(0, 3))
def test_every_rule_gives_what_the_judge_gives_many_times(
    one: list[tuple[int, int]], start_ms: int, interval_ms: int | None, which: int
) -> None:
    profile = PROFILES[0] if which else PROFILES[start_ms % len(PROFILES)]
    assert answers({"internal": tracks_of(one, start_ms)}, profile, interval_ms)[1][0] == []


def eventful() -> tuple[dict[str, list[tuple[int, int]]], dict[str, Any]]:
    values = [5_000, 5_100, 5_000, 9_000, 13_000, 9_500, 9_000, 8_500, 5_000, INVALID, INVALID, INVALID, -1_000, 1_000]
    values += [5_000] * 8 + [5_100] * 3
    tracks = {"internal": [(600_000 * place, value) for place, value in enumerate(values)]}
    tracks["internal"] += [(50_000_000, 5_000)]
    logged, (wrong, _) = answers(tracks, PROFILES[0], 600_000)
    assert wrong == []
    return tracks, logged


def test_the_example_sets_off_every_rule() -> None:
    _, logged = eventful()
    assert {one["rule"] for one in logged["episodes"]} == set(plain.RULES) - {"start_delay"}


def changes(logged: dict[str, Any]) -> list[tuple[str, Any, str | int]]:
    """Every integer and word in episodes, budgets and statistics that the verifier recomputes, one at a time."""
    found: list[tuple[str, Any, str | int]] = [("verdict", logged, "verdict")]
    skip = {"rule", "rule_version", "details", "energy_j_mol", "interval_ms"}
    for part in ("episodes", "statistics"):
        for one in logged[part]:
            found += [(f"{part} {one.get('rule_id', '')} {key}", one, key) for key in one if key not in skip]
    found += [(f"budget {one['rule_id']} used_ms", one, "used_ms") for one in logged["consumptions"]]
    return found


SHAPED_BY_THE_RULE = {
    "gap": {"least_ms", "most_ms", "peak_milli", "peak_at_ms"},
    "sensor_disconnected": {"least_ms", "most_ms", "peak_milli", "peak_at_ms"},
    "stuck_sensor": {"least_ms", "most_ms", "peak_milli", "peak_at_ms"},
    "life": {"out_ms", "least_ms", "most_ms", "unknown_ms", "peak_milli", "peak_at_ms"},
    "vial": {"out_ms", "least_ms", "most_ms", "unknown_ms", "peak_milli", "peak_at_ms"},
    "mkt": {"least_ms", "most_ms"},
}
"""What the verifier takes as logged: figures that follow from others, or that a finding of that kind does not have."""


def test_any_changed_figure_is_noticed() -> None:
    tracks, logged = eventful()
    missed = []
    for place, (name, _, key) in enumerate(changes(logged)):
        forged = copy.deepcopy(logged)
        _, one, _ = changes(forged)[place]
        if key in SHAPED_BY_THE_RULE.get(one.get("rule_id", ""), set()):
            continue
        old = one[key]
        one[key] = old + 2 if isinstance(old, int) else (7 if old is None else "within-label")
        if key == "effect":
            one[key] = "info" if old != "info" else "reject"
        wrong, _ = plain.rejudge(tracks, to_plain(PROFILES[0]), forged, OFFSET_MINUTES * 60_000)
        if not wrong:
            missed.append(name)
    assert missed == []


def test_a_missing_and_an_invented_episode_are_noticed() -> None:
    tracks, logged = eventful()
    for place in range(len(logged["episodes"])):
        rest = [one for number, one in enumerate(logged["episodes"]) if number != place]
        forged = {**logged, "episodes": rest}
        assert plain.rejudge(tracks, to_plain(PROFILES[0]), forged, OFFSET_MINUTES * 60_000)[0]
        forged = {**logged, "episodes": [*logged["episodes"], logged["episodes"][place]]}
        assert plain.rejudge(tracks, to_plain(PROFILES[0]), forged, OFFSET_MINUTES * 60_000)[0]


def test_a_rule_that_it_does_not_know_is_taken_as_logged_and_said() -> None:
    tracks, logged = eventful()
    limits = to_plain(PROFILES[0])
    limits["rules"][0]["rule"] = "somebody-elses"
    wrong, untold = plain.rejudge(tracks, limits, logged, OFFSET_MINUTES * 60_000)
    assert wrong == []
    assert "rule hot is not one that the verifier knows: taken as logged" in untold


def test_the_verifier_pins_this_very_file() -> None:
    assert hashlib.sha256(SOURCE.read_bytes()).hexdigest() == verify.PINNED["rejudge.py"][0]
    assert b"\r" not in SOURCE.read_bytes()
    assert "rejudge" in verify.load_part("rejudge.py", SOURCE.read_bytes())
    assert verify.load_part("rejudge.py", SOURCE.read_bytes() + b"\n") == {}


def test_an_interval_other_than_the_usual_one_is_told() -> None:
    """A long interval makes gaps small: where the original is not known, what was logged is told."""
    tracks, logged = eventful()
    usual, limits = logged["statistics"][0]["interval_ms"], to_plain(PROFILES[0])
    assert not any("interval" in text for text in plain.rejudge(tracks, limits, logged, 0)[1])
    for one in logged["statistics"]:
        one["interval_ms"] = 10 * usual
    assert any("interval" in text for text in plain.rejudge(tracks, limits, logged, 0)[1])
    assert any("interval" in text for text in plain.rejudge(tracks, limits, logged, 0, usual)[0])
