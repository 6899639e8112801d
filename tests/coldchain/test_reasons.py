"""Reasons: sentences that a tired reader understands."""

# ruff: noqa: E501  # a message stands on one line, as its reader sees it

from typing import Any

import pytest
from tests.coldchain.readings_kit import MINUTE, T0, every, judged

from doseway.coldchain.judge import judge
from doseway.coldchain.profile import load_profile
from doseway.model.wording import degrees, duration, moment, percent

HOT = {"rule": "excursion", "side": "high", "limit_c": 8}
LOW = {"rule": "excursion", "side": "low", "limit_c": 2, "comparison": "inclusive"}
BOUNDS = "for 20 min (between 10 min and 30 min), from 2026-01-01 00:10, peak"


def reasons(rule: dict[str, Any], values: list[float | None], interval: float = 10, **how: Any) -> tuple[str, ...]:
    return judged(rule, every(interval, values), interval, **how).reasons


@pytest.mark.parametrize(
    ("rule", "values", "told"),
    [
        (HOT, [5, 9, 10, 5], f"Above 8.0 °C {BOUNDS} 10.0 °C at 00:20."),
        (LOW, [5, 2, 2, 5], f"At or below 2.0 °C {BOUNDS} 2.0 °C at 00:10."),
        (
            HOT,
            [5, 9],
            "Above 8.0 °C for 10 min (between 0 min and 20 min), from 2026-01-01 00:10 to the end of the recording, peak 9.0 °C at 00:10.",
        ),
        (
            {"rule": "cumulative", "side": "high", "limit_c": 8, "budget_s": 600, "used_s": 300},
            [5, 9, 9, 5],
            f"Above 8.0 °C in all {BOUNDS} 9.0 °C at 00:10: the budget is 10 min, with 5 min used before.",
        ),
        (
            {"rule": "shared_budget", "low_c": 2, "high_c": 8, "budget_s": 600},
            [5, 9, 9, 5],
            f"Outside 2.0 °C to 8.0 °C in all {BOUNDS} 9.0 °C at 00:10: the budget for hot and cold is 10 min.",
        ),
        (
            {"rule": "tier", "above_c": 8, "below_c": 15, "budget_s": 3600},
            [5, 9, 9, 5],
            f"Above 8.0 °C up to 15.0 °C {BOUNDS} 9.0 °C at 00:10: 1 h are allowed, 40 min are left.",
        ),
        (
            {"rule": "tier", "above_c": 8, "budget_s": 600},
            [5, 9, 9, 5],
            f"Above 8.0 °C {BOUNDS} 9.0 °C at 00:10: 10 min are allowed, 10 min too much.",
        ),
        ({"rule": "freeze", "limit_c": 0}, [5, -1, -1, 5], f"Freezing: at or below 0.0 °C {BOUNDS} −1.0 °C at 00:10."),
        (
            {"rule": "heat_spike", "above_c": 8, "ceiling_c": 25},
            [5, 26, 26, 5],
            f"Above the ceiling of 25.0 °C {BOUNDS} 26.0 °C at 00:10.",
        ),
        (
            {"rule": "heat_spike", "above_c": 8, "ceiling_c": 25, "max_s": 600},
            [5, 9, 9, 5],
            f"Above 8.0 °C without a break {BOUNDS} 9.0 °C at 00:10: 10 min are allowed.",
        ),
        (
            {"rule": "sensor_disconnected"},
            [5, None, None, 5],
            "The sensor gave no value from 2026-01-01 00:10 to 00:30: 20 min are unknown.",
        ),
        (
            {"rule": "stuck_sensor", "after_s": 1200},
            [5, 6, 6, 5],
            "The sensor read 6.0 °C without a change for 20 min from 2026-01-01 00:10: it may be stuck.",
        ),
        (
            {"rule": "consumption", "model": "arrhenius", "life_s": 1200, "reference_c": 5, "energy_kj_mol": 83},
            [5, 5, 5],
            "150.00 % of the life is used (limit 100 %), reached on 2026-01-01 00:10.",
        ),
    ],
)
def test_a_finding_is_a_whole_sentence(rule: dict[str, Any], values: list[float | None], told: str) -> None:
    assert reasons(rule, values)[0] == told


def test_times_are_those_of_the_recordings_offset() -> None:
    one = judged(HOT, every(10, [5, 9, 5]), offset=-90)
    assert "from 2025-12-31 22:40" in one.reasons[0]


def test_gaps_inside_are_told() -> None:
    assert "10 min inside it are unknown" in reasons(HOT, [5, 9, None, 9, 5])[0]


def test_many_findings_of_one_rule_are_summed_up() -> None:
    found = reasons({**HOT, "title": "Door"}, [9, 5] * 12)
    assert len(found) == 6
    assert found[-1] == "7 more of “Door”, 1 h 10 min out of range in all."


def test_the_worst_comes_first() -> None:
    rules = [{**HOT, "id": "soft", "effect": "within-budget", "limit_c": 6}, {**HOT, "id": "hard", "effect": "reject"}]
    found = judge([every(10, [5, 7, 9, 5])], load_profile({"id": "x", "rules": rules}, "x"), 10 * MINUTE).reasons
    assert [sentence[:12] for sentence in found] == ["Above 8.0 °C", "Above 6.0 °C"]


def test_when_all_is_well_it_says_so_and_what_was_observed() -> None:
    assert reasons(HOT, [5] * 9) == (
        "All limits of “one-rule” were kept in 9 readings; 100 % of the time was observed.",
    )


def test_durations_times_and_shares_are_written_as_people_do() -> None:
    assert [duration(ms) for ms in (0, 45_000, 13_200_000, 187_200_000)] == ["0 min", "45 s", "3 h 40 min", "2 d 4 h"]
    assert [degrees(value) for value in (8000, -500, 26_133)] == ["8.0 °C", "−0.5 °C", "26.133 °C"]
    assert [moment(T0 + ms, 0) for ms in (0, 61_000)] == ["2026-01-01 00:00", "2026-01-01 00:01:01"]
    assert moment(-62_135_596_800_000, 0) == "0001-01-01 00:00"
    assert [percent(ppm) for ppm in (1_000_000, 999_999, 4942)] == ["100 %", "99.99 %", "0.49 %"]
