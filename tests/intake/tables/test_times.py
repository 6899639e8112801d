"""Times of tables: kinds of cells, and what is no time."""

import pytest

from doseway.intake.tables.times import TimeReader, date_parts, epoch_unit, kind_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-03-15 12:00", "full"),
        ("2026-03-15T12:00:00.123456Z", "full"),
        ("15.03.2026", "date"),
        ("15 Mar 2026", "date"),
        ("12:00", "clock"),
        ("12:00:30 PM", "clock"),
        ("1773576000", "epoch"),
        ("1773576000123", "epoch"),
        ("4.5", ""),
        ("15.03.26", "date"),
        ("15.03-26", ""),
        ("15 Foo 2026", ""),
        ("130400191542", "epoch"),  # a serial number looks like one; the layout believes it only without better
        ("", ""),
        ("noon", ""),
        ("2026-03-15 12:00" + " " * 60, ""),
        ("²⁰²⁶", ""),
    ],
)
def test_kinds_of_cells(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_parts_of_a_date_keep_what_is_unknown() -> None:
    iso, other = date_parts("2026-03-15 12:00"), date_parts("03/04/2026")
    assert iso is not None
    assert other is not None
    assert (iso.is_known, iso.first, iso.second) == (True, 3, 15)
    assert (other.is_known, other.first, other.second, other.sign) == (False, 3, 4, "/")
    assert date_parts("nothing") is None


@pytest.mark.parametrize(
    "text",
    ["2026-02-29 12:00", "2026-03-15 24:00", "2026-03-15 12:60", "1969-12-31 23:59", "2200-01-01 00:00", "13:00 PM"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert TimeReader("day-first", "").read(text) is None


def test_years_of_two_digits_and_the_year_first() -> None:
    reader = TimeReader("year-first", "")
    assert reader.read("26-03-15 12:00") == TimeReader(None, "").read("2026-03-15 12:00")
    assert reader.has_short_years


def test_an_epoch_column_takes_nothing_else() -> None:
    assert TimeReader(None, "s").read("1773576000") == (1_773_576_000_000, 0)
    assert TimeReader(None, "ms").read("1773576000123") == (1_773_576_000_123, 0)
    assert TimeReader(None, "s").read("1773576000123") is None
    assert TimeReader(None, "s").read("2026-03-15 12:00") is None
    assert (epoch_unit("1773576000"), epoch_unit("1773576000123")) == ("s", "ms")


@pytest.mark.parametrize(
    ("zone", "minutes"), [("Z", 0), ("+01:00", 60), ("-0330", -210), (" UTC", 0), (" GMT+2", 120), ("", None)]
)
def test_offsets_beside_the_time(zone: str, minutes: int | None) -> None:
    found = TimeReader(None, "").read(f"2026-03-15 12:00{zone}")
    assert found is not None
    assert found[1] == minutes


def test_the_cache_of_days_stays_small() -> None:
    reader = TimeReader("day-first", "")
    for year in range(1970, 2190):
        for month in range(1, 13):
            for day in (1, 2, 3):
                assert reader.read(f"{day}.{month}.{year} 00:00") is not None
    assert len(reader._days) <= 5_001
