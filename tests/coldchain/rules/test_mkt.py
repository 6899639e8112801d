"""The MKT rule: the worst window, exactly."""

from typing import Any

import pytest
from tests.coldchain.readings_kit import HOUR, MINUTE, episodes, every, judged, minutes, series_at

from doseway.coldchain.judgement import Effect, Verdict
from doseway.coldchain.mkt import hours_left, mkt
from doseway.coldchain.profile import load_profile
from doseway.model.errors import ProfileError

CCT = {"rule": "mkt", "limit_c": 8, "window_s": 86_400, "excursion_above_c": 8}


def hourly(*parts: tuple[int, float]) -> list[float]:
    return [value for count, value in parts for _ in range(count)]


def test_the_customs_example_fails() -> None:
    """18 h at 5 °C and 6 h at 14 °C: 8.2852 °C."""
    (one,) = episodes(CCT, every(60, hourly((18, 5), (6, 14))), interval=60)
    assert (one.effect, one.details["mkt_milli"]) == (Effect.QA_REVIEW, 8285)
    assert one.details["left_at_peak_ms"] == 0


def test_two_hours_at_12_degrees_pass_and_are_told() -> None:
    found = judged(CCT, every(60, hourly((22, 5), (2, 12))), interval=60)
    (one,) = found.episodes
    assert (one.effect, found.verdict) == (Effect.INFO, Verdict.WITHIN_LABEL)
    figures = [one.details[name] for name in ("mkt_milli", "mkt_42_milli", "mkt_83_milli", "mkt_125_milli")]
    assert figures == [5866, 5702, 5866, 6073]
    assert one.details["mkt_truncated_milli"] == 5800
    assert any("5.87 °C" in reason for reason in found.reasons)


def test_hours_left_are_those_of_the_closed_form() -> None:
    (one,) = episodes(CCT, every(60, hourly((23, 5), (1, 15))), interval=60)
    left = int(one.details["left_at_peak_ms"]) / HOUR
    assert left == pytest.approx(hours_left(24, 5, 15, 8) - 1, abs=1e-3)


def test_without_a_high_excursion_there_is_no_mkt() -> None:
    assert episodes(CCT, every(60, [8.0] * 48), interval=60) == ()
    assert episodes(CCT, every(60, [-10.0] * 48), interval=60) == ()


def test_the_worst_window_is_found_wherever_it_begins() -> None:
    """Readings that do not divide the window: the worst one begins or ends between two samples."""
    values = [(7 * place, 5.0) for place in range(500)]
    values[250:300] = [(7 * place, 14.0) for place in range(250, 300)]
    (one,) = episodes(CCT, series_at(values), interval=7)
    assert one.out_ms == 350 * MINUTE
    assert one.end_ms is not None
    assert one.end_ms - one.start_ms == 24 * HOUR
    assert one.details["mkt_milli"] == round(mkt([5, 14], [24 * 60 - 350, 350]) * 1000)


def test_a_recording_shorter_than_the_window_is_its_own_window() -> None:
    (one,) = episodes(CCT, every(60, [5, 12, 5]), interval=60)
    assert (minutes(one)["start"], minutes(one)["end"]) == (0, 180)
    assert one.details["window_ms"] == 3 * HOUR


def test_windows_that_end_and_begin_with_the_excursion_are_told_beside_it() -> None:
    """Warm before, cool after: the window that ends with the excursion is the worse one."""
    (one,) = episodes(CCT, every(60, hourly((30, 7), (3, 12), (30, 2))), interval=60)
    ending, beginning = int(one.details["mkt_ending_milli"]), int(one.details["mkt_beginning_milli"])
    assert beginning < ending == one.details["mkt_milli"]


def test_a_gap_is_not_bridged() -> None:
    records = (
        [(60 * hour, 5.0) for hour in range(12)] + [(60 * 11.5, 20.0)] + [(60 * hour, 5.0) for hour in range(20, 40)]
    )
    (one,) = episodes({**CCT, "min_coverage": "0.9"}, series_at(sorted(records)), interval=60)
    assert one.unknown_ms > 0
    assert one.details["coverage_ppm"] == (24 * HOUR - one.unknown_ms) * 1_000_000 // (24 * HOUR)


def test_a_window_that_passes_on_too_little_observation_is_undecided() -> None:
    records = [(0, 5.0), (60, 9.0), (120, 5.0), (1800, 5.0), (1860, 5.0)]
    (one,) = episodes({**CCT, "min_coverage": "0.9"}, series_at(records), interval=60)
    assert one.effect is Effect.UNDECIDED


def test_a_kiln_does_not_overflow() -> None:
    thirty_days = {**CCT, "limit_c": -80, "window_s": 30 * 86_400, "excursion_above_c": -60, "energy_kj_mol": 900}
    (one,) = episodes(thirty_days, every(60, [-80.0] * 700 + [2_000_000.0] * 20), interval=60)
    assert one.effect is Effect.QA_REVIEW


def test_an_excursion_whose_end_nobody_observed_has_no_window_that_ends_with_it() -> None:
    records = [(0, 5.0), (5, 5.0), (10, 9.0), (70, 9.0)]
    (one,) = episodes({**CCT, "window_s": 420}, series_at(records), interval=5, last_reading="none")
    assert "mkt_ending_milli" not in one.details
    assert one.details["mkt_beginning_milli"] == 9000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window_s": 31 * 86_400}, "between 0 and 30 days"),
        ({"window_s": 0}, "between 0 and 30 days"),
        ({"energy_kj_mol": 0.5}, "energy_kj_mol lies"),
        ({"min_coverage": 2}, "min_coverage lies"),
    ],
)
def test_windows_that_hide_excursions_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        load_profile({"id": "x", "rules": [{**CCT, **change}]}, "test")
