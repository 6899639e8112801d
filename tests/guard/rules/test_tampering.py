"""Tampering: what the device says, joined where it repeats itself."""

from tests.transit.journey_kit import find, journey, minutes, recording, trip


def test_signals_of_one_kind_are_one_finding_while_they_go_on() -> None:
    said = recording(
        signals=[(10, "tampering"), (60, "tampering"), (70, "low-battery"), (121, "tampering"), (15, "removed")]
    )
    one = journey(said, legs=(), until=150)
    found = find(one, "tampering", together_s=3600)
    assert sorted((each.details["kind"], minutes([each])[0]) for each in found) == [
        ("removed", (15, 15, 15)),
        ("tampering", (10, 10, 60)),
        ("tampering", (121, 121, None)),
    ]


def test_exactly_so_close_belongs_together() -> None:
    one = journey(recording(signals=[(0, "removed"), (60, "removed")]), legs=(), until=500)
    assert minutes(find(one, "tampering", together_s=3600)) == [(0, 0, 60)]
    assert len(find(one, "tampering", together_s=3599)) == 2


def test_only_the_kinds_and_phases_that_are_asked_for() -> None:
    one = journey(recording(fixes=trip(), signals=[(10, "sos"), (100, "sos")]), until=400)
    assert find(one, "tampering") == []
    assert minutes(find(one, "tampering", kinds=["sos"], phases=["in-transit"])) == [(100, 100, 100)]
