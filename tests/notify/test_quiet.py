"""Quiet hours: in the recipient's zone, over midnight, and in the nights in which the clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.clock import from_unix_ms, to_unix_ms
from doseway.model.errors import UsageError
from doseway.notify.quiet import Quiet, quiet_until, zone_of

ZURICH = ZoneInfo("Europe/Zurich")
NIGHT = Quiet(start="22:00", end="06:00")


def at(text: str) -> int:
    return to_unix_ms(datetime.fromisoformat(text))


def until(quiet: Quiet, text: str, zone: ZoneInfo = ZURICH) -> str:
    return from_unix_ms(quiet_until(quiet, zone, at(text))).astimezone(zone).isoformat()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-10T21:59:59+01:00", "2026-01-10T21:59:59+01:00"),
        ("2026-01-10T22:00:00+01:00", "2026-01-11T06:00:00+01:00"),
        ("2026-01-11T00:30:00+01:00", "2026-01-11T06:00:00+01:00"),
        ("2026-01-11T05:59:59+01:00", "2026-01-11T06:00:00+01:00"),
        ("2026-01-11T06:00:00+01:00", "2026-01-11T06:00:00+01:00"),
        ("2026-01-31T23:00:00+01:00", "2026-02-01T06:00:00+01:00"),
        ("2026-01-10T21:30:00+00:00", "2026-01-11T06:00:00+01:00"),
    ],
)
def test_a_night_over_midnight(moment: str, expected: str) -> None:
    assert until(NIGHT, moment) == at_zone(expected)


def at_zone(text: str) -> str:
    return from_unix_ms(at(text)).astimezone(ZURICH).isoformat()


def test_the_night_in_which_an_hour_is_missing_is_an_hour_shorter() -> None:
    start = "2026-03-28T22:00:00+01:00"
    assert until(NIGHT, start) == "2026-03-29T06:00:00+02:00"
    assert quiet_until(NIGHT, ZURICH, at(start)) - at(start) == 7 * 3_600_000


def test_the_night_in_which_an_hour_comes_twice_is_an_hour_longer() -> None:
    start = "2026-10-24T22:00:00+02:00"
    assert until(NIGHT, start) == "2026-10-25T06:00:00+01:00"
    assert quiet_until(NIGHT, ZURICH, at(start)) - at(start) == 9 * 3_600_000


def test_an_end_within_the_missing_hour_is_just_after_it() -> None:
    assert until(Quiet(start="22:00", end="02:30"), "2026-03-29T00:30:00+01:00") == "2026-03-29T03:30:00+02:00"


def test_an_end_within_the_hour_that_comes_twice_never_lies_in_the_past() -> None:
    early = Quiet(start="22:00", end="02:30")
    assert until(early, "2026-10-25T01:00:00+02:00") == "2026-10-25T02:30:00+02:00"
    # the second 02:15 is within the quiet hours by the clock on the wall
    assert until(early, "2026-10-25T02:15:00+01:00") == "2026-10-25T02:30:00+01:00"
    assert until(early, "2026-10-25T02:30:00+02:00") == "2026-10-25T02:30:00+02:00"


def test_hours_within_a_day() -> None:
    lunch = Quiet(start="12:00", end="13:00")
    assert until(lunch, "2026-01-10T12:30:00+01:00") == "2026-01-10T13:00:00+01:00"
    assert until(lunch, "2026-01-10T23:30:00+01:00") == "2026-01-10T23:30:00+01:00"


@given(
    st.integers(0, 4_102_444_800_000),
    st.sampled_from(["Europe/Zurich", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]),
    st.tuples(st.integers(0, 23), st.integers(0, 59)),
    st.tuples(st.integers(0, 23), st.integers(0, 59)),
)
def test_the_end_is_never_before_and_at_most_a_day_and_an_hour_after(
    moment: int, zone: str, start: tuple[int, int], end: tuple[int, int]
) -> None:
    if start == end:
        return
    quiet = Quiet(start=f"{start[0]:02}:{start[1]:02}", end=f"{end[0]:02}:{end[1]:02}")
    found = quiet_until(quiet, ZoneInfo(zone), moment)
    assert moment <= found <= moment + 25 * 3_600_000
    assert quiet_until(quiet, ZoneInfo(zone), found) in {found, found + 3_600_000, found + 1_800_000}


@pytest.mark.parametrize(("start", "end"), [("24:00", "06:00"), ("6:00", "07:00"), ("06:00", "06:00"), ("", "07:00")])
def test_times_that_are_none_are_refused(start: str, end: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="quiet hours"):
        msgspec.convert({"from": start, "to": end}, Quiet)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd"])
def test_zones_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        zone_of(name)
