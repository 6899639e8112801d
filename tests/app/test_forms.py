"""Documents as flat texts: what is written is read back, what is wrong is named, tables take many at once."""

import io
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.fixture_board import Memory
from tests.ui.fixture_data import documents

from doseway.app.form_fields import FieldErrors
from doseway.app.forms import FIELDS, from_texts, put_all, read_table, to_texts
from doseway.model.documents import KINDS, Leg, RuleBook, Shipment, Site
from doseway.model.errors import DataError
from doseway.model.places import Circle, Polygon

INSTANTS = st.integers(0, 253_402_300_799_999)
DEGREES = st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))
LEGS = st.builds(
    Leg,
    mode=st.sampled_from(["road", "air", "sea", "rail"]),
    from_site=st.sampled_from(["a", "basel-plant"]),
    to_site=st.just("b"),
    depart_at_ms=INSTANTS,
    arrive_at_ms=INSTANTS,
    corridor_m=st.integers(0, 50_000),
    via_udeg=st.lists(DEGREES, max_size=3).map(tuple),
)
AREAS = st.builds(
    lambda at, radius: Circle(latitude_udeg=at[0], longitude_udeg=at[1], radius_m=radius),
    DEGREES,
    st.integers(0, 10**6),
) | st.builds(lambda corners: Polygon(corners_udeg=tuple(corners)), st.lists(DEGREES, min_size=3, max_size=6))


@given(st.lists(LEGS, max_size=4).map(tuple), st.none() | INSTANTS)
def test_legs_and_instants_come_back_as_they_were(legs: tuple[Leg, ...], promised: int | None) -> None:
    document = Shipment(id="s-1", legs=legs, promised_at_ms=promised)
    assert from_texts("shipment", to_texts(document)) == document


@given(AREAS)
def test_areas_come_back_as_they_were(area: Circle | Polygon) -> None:
    document = Site(id="s", area=area)
    assert from_texts("site", to_texts(document)) == document


def test_every_document_of_every_kind_comes_back() -> None:
    assert set(FIELDS) == set(KINDS)
    for document in documents().values():
        if isinstance(document, RuleBook):
            continue  # `test_book_forms` has these
        assert from_texts(document.KIND, to_texts(document)) == document
    for kind, fields in FIELDS.items():
        if issubclass(KINDS[kind], RuleBook):
            continue
        assert [field.name for field in fields] == [*dict.fromkeys(("id", "title", *KINDS[kind].__struct_fields__))], (
            kind
        )


@pytest.mark.parametrize(
    ("kind", "texts", "field", "words"),
    [
        ("party", {"id": "Not OK"}, "id", "64"),
        ("party", {}, "id", "64"),
        ("shipment", {"id": "s", "quantity": "many"}, "quantity", "no whole number"),
        ("shipment", {"id": "s", "promised_at_ms": "tomorrow"}, "promised_at_ms", "no time"),
        ("shipment", {"id": "s", "legs": "road a b"}, "legs", "no leg"),
        ("shipment", {"id": "s", "legs": "hover a b 2026-01-01T00:00Z 2026-01-02T00:00Z"}, "legs", "hover"),
        (
            "shipment",
            {"id": "s", "legs": "road a b 2026-01-01T00:00Z 2026-01-02T00:00Z fast=1"},
            "legs",
            "no part of a leg",
        ),
        ("lane", {"id": "l", "legs": "road a b 2026-01-01T00:00Z +1:00"}, "legs", "after the departure"),
        ("site", {"id": "s", "area": "47.5 7.5"}, "area", "no area"),
        ("site", {"id": "s", "area": "97.5 7.5 100"}, "area", "between"),
        ("site", {"id": "s"}, "area", "required"),
        ("site", {"id": "s", "area": "1 2 3", "uses": "stop, parking"}, "uses", "parking"),
    ],
)
def test_what_will_not_do_is_named_by_its_field(kind: str, texts: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(FieldErrors) as caught:
        from_texts(kind, texts)
    assert words in str(caught.value.fields.get(field, caught.value.fields)), caught.value.fields


def workbook(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


ROWS = [["id", "title", "measures"], ["north", "Nord", "temperature, humidity"], ["south", "Süd", ""]]


@pytest.mark.parametrize(
    "data",
    [
        "id;title;measures\r\nnorth;Nord;temperature, humidity\r\nsouth;Süd;\r\n".encode("utf-8-sig"),
        'id,title,measures\nnorth,Nord,"temperature, humidity"\n\nsouth,Süd,\n'.encode(),
        workbook(ROWS),
    ],
    ids=["semicolons", "commas", "xlsx"],
)
def test_a_table_puts_a_document_a_row_and_a_second_time_nothing(data: bytes) -> None:
    memory = Memory(is_empty=True)
    first = put_all(memory, memory, "device", read_table("device", data, "trackers"), by="account:luis")
    assert [(one.id, one.outcome) for one in first] == [("north", "new"), ("south", "new")]
    stored: Any = memory.document("device", "north")
    assert stored.document.measures == ("temperature", "humidity")
    again = put_all(memory, memory, "device", read_table("device", data, "trackers"), by="x")
    assert [(one.outcome, one.index) for one in again] == [("same", None), ("same", None)]


def test_a_table_changes_only_the_columns_that_it_has_and_tells_what_is_wrong_by_row() -> None:
    memory = Memory()
    data = b"id,quantity\nshp-0001,7\nshp-0002,seven\n"
    reports = put_all(memory, memory, "shipment", read_table("shipment", data, "t.csv"), by="x")
    assert [(one.row, one.id, one.outcome) for one in reports] == [
        (2, "shp-0001", "changed"),
        (3, "shp-0002", "wrong"),
    ]
    assert "no whole number" in reports[1].text
    changed: Any = memory.document("shipment", "shp-0001")
    assert (changed.version, changed.document.quantity, changed.document.lot) == (2, 7, "4701")


def test_a_tick_that_a_table_does_not_have_is_as_usual() -> None:
    made: Any = from_texts("device", {"id": "d"})
    assert (made.has_positions, made.buffers) == (True, True)
    unticked: Any = from_texts("device", {"id": "d", "has_positions": ""})
    assert (unticked.has_positions, unticked.buffers) == (False, True)


def test_lines_within_a_cell_are_written_with_bars() -> None:
    data = b"id,legs\nl,road a b +0:00 +5:00|air b c +6:00 +9:30\n"
    ((_, texts),) = read_table("lane", data, "lanes.csv")
    lane: Any = from_texts("lane", texts)
    assert [leg.mode for leg in lane.legs] == ["road", "air"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no column `id`"),
        (b"name\nx\n", "no field 'name'"),
        (b"title\nx\n", "no column `id`"),
        (b"id\n\xff\xfe\n", "not UTF-8"),
        (b"PK\x03\x04 not a workbook", "workbook"),
        (b"id\n" + b"x\n" * 5001, "more than 5000"),
    ],
)
def test_what_is_no_table_is_said(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        list(read_table("party", data, "t.csv"))
