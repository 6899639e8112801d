"""Notes on a recording."""

import pytest

from doseway.coldchain.notes import interval_note, longest_interval_ms
from doseway.model.units import DAY_MS, MINUTE_MS


@pytest.mark.parametrize(
    ("trip", "minutes"), [(0, 5), (DAY_MS - 1, 5), (DAY_MS, 15), (7 * DAY_MS, 15), (7 * DAY_MS + 1, 60)]
)
def test_the_longest_interval_depends_on_the_trip(trip: int, minutes: int) -> None:
    assert longest_interval_ms(trip) == minutes * MINUTE_MS


def test_a_logger_that_records_too_seldom_gets_a_note() -> None:
    assert interval_note(5 * MINUTE_MS, DAY_MS - 1) is None
    note = interval_note(10 * MINUTE_MS, 20 * 60 * MINUTE_MS)
    assert note is not None
    assert note.text == (
        "The logger records every 10 min; for a trip of 20 h EN 12830:1999 class 1 asks for at most 5 min."
    )
