"""Gap: unknown, never fine."""

from tests.coldchain.readings_kit import episodes, judged, minutes, series_at

from doseway.coldchain.judgement import Effect, Verdict

GAP = {"rule": "gap", "after_s": 1800}


def test_a_pause_longer_than_allowed_is_unknown_beyond_one_interval() -> None:
    (one,) = episodes(GAP, series_at([(0, 5), (10, 5), (70, 5)]))
    assert minutes(one) == {"start": 10, "raised": 40, "end": 70, "out": 0, "least": 0, "most": 50, "unknown": 50}
    assert one.effect is Effect.UNDECIDED


def test_a_pause_of_exactly_the_allowance_is_none() -> None:
    assert episodes(GAP, series_at([(0, 5), (30, 5)])) == ()


def test_records_without_a_value_show_that_the_device_was_alive() -> None:
    assert episodes(GAP, series_at([(0, 5), (30, None), (60, 5)])) == ()


def test_a_gap_leaves_the_verdict_undecided() -> None:
    assert judged(GAP, series_at([(0, 5), (10, 5), (70, 5)])).verdict is Verdict.UNDECIDED


def test_behind_the_last_record_there_is_no_gap() -> None:
    assert episodes(GAP, series_at([(0, 5)]), interval=600) == ()
