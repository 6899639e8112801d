"""The zone of a device's clock: one fixed offset for a recording, and never a silent one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.zones import UNDECLARED, check, offset_text, parse_offset, resolve
from doseway.model.clock import to_unix_ms
from doseway.model.errors import UsageError


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_unix_ms(datetime(year, month, day, hour, minute, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+01:00", 60), ("-0330", -210), ("+5", 300), ("Z", 0), ("utc", 0), ("GMT", 0), ("+05:45", 345), ("-14:00", -840)],
)
def test_offsets_are_read(text: str, minutes: int) -> None:
    assert parse_offset(text) == minutes


@pytest.mark.parametrize("text", ["", "1", "+25:00", "+01:75", "CET", "+1:0", "+-1", "+01:00:00", "+15"])
def test_what_is_no_offset_is_none(text: str) -> None:
    assert parse_offset(text) is None


@given(st.integers(min_value=-840, max_value=840))
def test_an_offset_survives_the_way_through_text(minutes: int) -> None:
    assert parse_offset(offset_text(minutes)) == minutes


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_undeclared_zone_is_utc_and_says_so(nothing: str | None) -> None:
    zone = resolve(nothing, local(2022, 6, 1))
    assert (zone.label, zone.offset_minutes) == (UNDECLARED, 0)
    assert [note.code for note in zone.notes] == ["zone-undeclared"]


@pytest.mark.parametrize(("month", "minutes"), [(1, 60), (7, 120)])
def test_a_name_gives_the_offset_at_the_start_of_the_recording(month: int, minutes: int) -> None:
    zone = resolve("Europe/Zurich", local(2022, month, 1, 12))
    assert zone.offset_minutes == minutes
    assert zone.label == f"Europe/Zurich ({offset_text(minutes)})"
    assert "does not follow daylight saving time" in zone.notes[0].text


@pytest.mark.parametrize(("month", "day", "words"), [(10, 30, "occurs twice"), (3, 27, "does not occur")])
def test_a_start_within_the_change_of_clocks_is_told(month: int, day: int, words: str) -> None:
    zone = resolve("Europe/Zurich", local(2022, month, day, 2, 30))
    assert any(note.code == "zone-ambiguous" and words in note.text for note in zone.notes)


@pytest.mark.parametrize("name", ["Europe/Zürich", "Mars/Base", "../../etc/passwd", "/etc/localtime", "\x00", "Europe"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check(name)


def test_a_misspelt_zone_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Europe/Zurich"):
        check("Europe/Zurch")
