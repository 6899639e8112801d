"""Sensor disconnected: no value for so long."""

from tests.coldchain.readings_kit import MINUTE, episodes, every, judged, minutes, series_at

from doseway.coldchain.judgement import Verdict

UNPLUGGED = {"rule": "sensor_disconnected", "after_s": 1200}


def test_it_lasts_from_the_first_record_without_a_value_to_the_first_with_one() -> None:
    (one,) = episodes(UNPLUGGED, every(10, [5, None, None, None, 5]))
    assert minutes(one) == {"start": 10, "raised": 20, "end": 40, "out": 0, "least": 0, "most": 30, "unknown": 30}
    assert one.details == {"lasted_ms": 30 * MINUTE}
    assert one.peak_milli is None


def test_shorter_is_none() -> None:
    assert episodes(UNPLUGGED, every(10, [5, None, 5, None, 5])) == ()


def test_it_may_last_to_the_end() -> None:
    (one,) = episodes(UNPLUGGED, every(10, [5, None, None]))
    assert (one.end_ms, one.unknown_ms) == (None, 20 * MINUTE)


def test_a_pause_without_records_is_a_gap_and_no_disconnection() -> None:
    (one,) = episodes({**UNPLUGGED, "after_s": 0}, series_at([(0, 5), (10, None), (310, 5)]))
    assert one.details == {"lasted_ms": 10 * MINUTE}
    assert one.unknown_ms == 300 * MINUTE


def test_a_sensor_that_never_gave_a_value_leaves_the_verdict_undecided() -> None:
    found = judged(UNPLUGGED, every(10, [None] * 6))
    assert found.verdict is Verdict.UNDECIDED
    assert found.statistics[0].mean_milli is None
