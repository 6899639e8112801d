"""Shocks: when the blow was, either way, alone and in rows."""

from tests.transit.journey_kit import at, find, journey, minutes, recording, series, trip

from doseway.model.readings import Quantity


def test_a_blow_at_the_limit_counts_at_its_own_time() -> None:
    one = journey(recording([series(Quantity.SHOCK, [(10, 7.999), (20, 8), (30, 0)])]), legs=(), until=30)
    (found,) = find(one, "shock", limit_g=8)
    assert minutes([found]) == [(20, 20, 20)]
    assert (found.peak_milli, found.peak_at_ms, found.text) == (8_000, at(20), "A shock of 8 g.")


def test_a_blow_against_the_axis_is_one() -> None:
    one = journey(
        recording([series(Quantity.SHOCK, [(10, -12)], "x"), series(Quantity.SHOCK, [(10, 2)], "y")]), legs=()
    )
    (found,) = find(one, "shock", limit_g=8)
    assert (found.sensor, found.peak_milli, found.text) == ("x", -12_000, "A shock of 12 g.")


def test_blows_of_a_row_are_one_finding_that_lasts_until_no_other_could_belong_to_it() -> None:
    rows = [(10, 9), (14, 11), (19, 10), (25, 9)]
    whole = series(Quantity.SHOCK, rows)
    found = find(journey(recording([whole]), legs=(), until=60), "shock", limit_g=8)
    assert minutes(found) == [(10, 10, 19), (25, 25, 25)]
    assert [one.details["blows"] for one in found] == [3, 1]
    assert [one.peak_milli for one in found] == [11_000, 9_000]
    assert minutes(find(journey(recording([whole]), legs=(), until=30), "shock", limit_g=8))[1] == (25, 25, None)


def test_a_blow_counts_in_its_phases() -> None:
    one = journey(recording([series(Quantity.SHOCK, [(10, 9), (100, 9)])], trip()), until=400)
    assert minutes(find(one, "shock", limit_g=8, phases=["in-transit"])) == [(100, 100, 100)]
