"""Silence against a plain loop; flights, buffering, bindings."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transit.journey_kit import at, find, fix, journey, leg, line, minutes, recording, still

from doseway.model.documents import DeviceCard
from doseway.transit.build import Binding

CARD = DeviceCard(id="a", interval_s=600, silence_s=600, buffers=False)
FLIGHT = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 240, 600, mode="air"))
Found = list[tuple[float, float, float | None]]


def heard(*when: float, until: float, **more: object) -> Found:
    legs = more.pop("legs", ())
    one = journey(
        recording(fixes=[fix(minute, 44, 5) for minute in when]),
        legs=legs,  # type: ignore[arg-type]
        until=until,
        cards=[more.pop("card", CARD)],  # type: ignore[list-item]
        bindings=[more.pop("binding", Binding(device="a", bound_ms=at(0)))],  # type: ignore[list-item]
    )
    return minutes(find(one, "no_signal", **{"factor": 3, **more}))


def plainly(when: list[int], until: int, quiet: tuple[int, int], limit: int) -> Found:
    times = sorted({0, *(one for one in when if one <= until)})
    found: Found = []
    for number, start in enumerate(times):
        end = times[number + 1] if number + 1 < len(times) else None
        due = start + limit
        if quiet[0] <= due < quiet[1]:
            due = quiet[1]
        if due < (until if end is None else end):
            found.append((start, due, end))
    return found


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 900), max_size=25), st.integers(1, 1_000))
def test_silences_are_those_of_the_plain_loop(when: list[int], until: int) -> None:
    """Quiet from an hour before the flight to two hours after it."""
    assert heard(*when, until=until, legs=FLIGHT) == plainly(when, until, (180, 720), 30)


def test_it_is_due_after_so_many_normal_pauses_and_not_at_that() -> None:
    assert heard(0, 10, 40, 50, until=50) == []
    assert heard(0, 10, 41, 50, until=50) == [(10, 40, 41)]
    assert heard(0, 10, until=40) == []
    assert heard(0, 10, until=41) == [(10, 40, None)]


def test_a_device_that_was_never_heard_is_silent_since_it_was_bound() -> None:
    assert heard(until=60) == [(0, 30, None)]


def test_a_device_that_buffers_may_be_silent_for_longer() -> None:
    card = DeviceCard(id="a", interval_s=600, silence_s=600, buffers=True)
    assert heard(0, until=41, card=card, factor_if_buffers=4) == [(0, 40, None)]
    assert heard(0, until=40, card=card, factor_if_buffers=4) == []


def test_what_was_buffered_takes_the_silence_back() -> None:
    assert heard(0, 60, until=60) == [(0, 30, 60)]
    assert heard(0, 20, 40, 60, until=60) == []


def test_a_device_that_was_taken_away_is_not_missed() -> None:
    until_40 = Binding(device="a", bound_ms=at(0), unbound_ms=at(40))
    assert heard(0, 10, until=500, binding=until_40) == []
    until_41 = Binding(device="a", bound_ms=at(0), unbound_ms=at(41))
    assert heard(0, 10, until=500, binding=until_41) == [(10, 40, 41)]


def test_a_flight_that_waits_takes_the_quiet_time_along() -> None:
    """Planned for 240 to 600; still seen at the hub in minute 300, so silence is normal until 300 + 360 + 120."""
    fixes = [*still(0, 60, 9.0), *line(70, 170, 9.1, 9.9), *still(180, 300, 10.0)]
    waits = journey(recording(fixes=fixes), legs=FLIGHT, cards=[CARD], until=781)
    assert minutes(find(waits, "no_signal", factor=3)) == [(300, 780, None)]
    leaves = journey(recording(fixes=fixes[: fixes.index(fix(240, 45, 10)) + 1]), legs=FLIGHT, cards=[CARD], until=721)
    assert minutes(find(leaves, "no_signal", factor=3)) == [(240, 720, None)]
