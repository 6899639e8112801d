"""Workbooks: read like the spreadsheet shows them; bombs and lies refused before they unpack."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter

from doseway.intake.port import DecodeOptions
from doseway.intake.tables.workbook import WorkbookRows
from doseway.model.clock import to_unix_ms
from doseway.model.errors import DosewayError, FormatError, UsageError
from doseway.model.readings import Recording

Decode = Callable[..., Recording]
START = datetime(2026, 3, 15, 12, 0)  # noqa: DTZ001  # spreadsheets know no zones


def workbook(fill: Callable[[Any, Any], None], **options: Any) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    fill(book, book.add_worksheet("Data"))
    book.close()
    return out.getvalue()


def rows_of(content: bytes, sheet: str | None = None, **caps: Any) -> list[list[str]]:
    return list(WorkbookRows(io.BytesIO(content), DecodeOptions(name="w.xlsx", **caps), sheet=sheet))


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return the workbook with parts changed; None drops a part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def simple(rows: int = 3, **options: Any) -> bytes:
    def fill(book: Any, sheet: Any) -> None:
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, ["Zeit (UTC)", "Temperatur °C"])
        for index in range(rows):
            sheet.write_datetime(index + 1, 0, START + timedelta(minutes=5 * index), moment)
            sheet.write_number(index + 1, 1, 4.2 + index / 10)

    return workbook(fill, **options)


def replaced_in_sheet(content: bytes, old: bytes, new: bytes) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(old, new) if name.startswith("xl/worksheets/") else part

    return repacked(content, change)


def test_dates_and_numbers_come_out_as_shown(decode: Decode) -> None:
    recording = decode(simple(400), "w.xlsx")
    (series,) = recording.series
    assert list(series.value_milli) == [4200 + 100 * index for index in range(400)]
    start = to_unix_ms(START.replace(tzinfo=UTC))
    assert list(series.observed_at_ms) == [start + 300_000 * index for index in range(400)]
    assert recording.zone == "UTC"


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_both_date_systems_and_all_kinds_of_cells(options: dict[str, Any]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        formats = [book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "hh:mm:ss", "0.00", '"day" 0')]
        sheet.write_datetime(0, 0, START, formats[0])
        sheet.write_datetime(0, 1, time(12, 34, 56), formats[1])
        sheet.write_number(0, 2, 46096.5, formats[2])
        sheet.write_number(0, 3, 3, formats[3])
        sheet.write_boolean(0, 4, True)
        sheet.write_formula(0, 5, '="x"&"y"', None, "xy")
        sheet.write_formula(0, 6, "=1/0", None, "#DIV/0!")
        sheet.write_rich_string(0, 8, "two ", book.add_format({"bold": True}), "parts")
        sheet.write_number(0, 9, 4.35)

    (row,) = rows_of(workbook(fill, **options))
    assert row == ["2026-03-15 12:00:00", "12:34:56", "46096.5", "3", "1", "xy", "#DIV/0!", "", "two parts", "4.35"]


def test_the_reader_agrees_with_calamine(tmp_path: Path, all_examples: dict[str, bytes]) -> None:
    """An independent reader sees the same cells."""
    for content in (simple(50), all_examples["pallet.xlsx"]):
        path = tmp_path / "w.xlsx"
        path.write_bytes(content)
        theirs = (
            python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
        ours = rows_of(content)
        texts = [[shown(cell) for cell in row] for row in theirs]  # calamine drops midnight
        assert [trimmed(row) for row in texts if trimmed(row)] == [
            [cell.removesuffix(" 00:00:00") for cell in trimmed(row)] for row in ours if trimmed(row)
        ]


def shown(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return repr(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)


def trimmed(row: list[str]) -> list[str]:
    return row[: max((index + 1 for index, cell in enumerate(row) if cell), default=0)]


def test_inline_strings_and_cells_without_references() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row><c t="inlineStr"><is><t>Time</t></is></c><c t="inlineStr"><is><t>T</t></is></c></row>'
        b'<row><c t="d"><v>2026-03-15T12:00:00</v></c><c><v>4.2000000000000002</v></c></row></sheetData></worksheet>'
    )
    content = repacked(simple(), lambda name, part: sheet if "worksheets/sheet1.xml" in name else part)
    assert rows_of(content) == [["Time", "T"], ["2026-03-15T12:00:00", "4.2"]]


def test_sheets_are_chosen_by_name_and_the_choice_is_told(decode: Decode) -> None:
    def fill(book: Any, sheet: Any) -> None:
        for target, value in ((sheet, 1), (book.add_worksheet("Other"), 2)):
            target.write_row(0, 0, ["Time", "Temp °C"])
            target.write_row(1, 0, ["2026-03-15 12:00", value])

    content = workbook(fill)
    first = decode(content, "w.xlsx")
    assert first.series[0].value_milli[0] == 1000
    assert any(note.code == "sheet-chosen" and "Data, Other" in note.text for note in first.notes)
    assert decode(content, "w.xlsx", mapping={"sheet": "Other"}).series[0].value_milli[0] == 2000
    with pytest.raises(UsageError, match=r"no sheet 'Third'.*Data, Other"):
        decode(content, "w.xlsx", mapping={"sheet": "Third"})


def test_a_damaged_cell_is_named_by_sheet_row_and_column(decode: Decode) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Time", "Temp °C"])
        sheet.write_row(1, 0, ["2026-03-15 12:00", 4])
        sheet.write_row(2, 0, ["2026-03-15 12:05", "warm"])

    with pytest.raises(FormatError, match=r"w.xlsx sheet Data, line 3, column 2: 'warm' is not a number"):
        decode(workbook(fill), "w.xlsx")


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    bomb = repacked(simple(), lambda name, part: part + b" " * 60_000_000 if "sheet1" in name else part)
    assert len(bomb) < 100_000
    with pytest.raises(FormatError, match="zip bombs"):
        rows_of(bomb)


def test_a_workbook_that_unpacks_beyond_the_cap_is_refused() -> None:
    with pytest.raises(FormatError, match="it unpacks to"):
        rows_of(simple(2000), max_bytes=50_000)


def test_a_directory_that_lies_about_sizes_is_noticed() -> None:
    content = bytearray(replaced_in_sheet(simple(), b"</sheetData>", b"<row/>" * 30_000 + b"</sheetData>"))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:  # every entry of the directory
        name_size = struct.unpack_from("<H", content, at + 28)[0]
        if b"sheet1.xml" in content[at + 46 : at + 46 + name_size] and b"rels" not in content[at : at + 46 + name_size]:
            struct.pack_into("<I", content, at + 24, 100)
        at += 4
    with pytest.raises(FormatError):
        rows_of(bytes(content))


def test_a_billion_laughs_are_refused() -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    content = repacked(simple(), lambda _, part: part.replace(b"<worksheet", entities + b"<worksheet"))
    with pytest.raises(FormatError, match="document type"):
        rows_of(content)


@pytest.mark.parametrize("encoding", [b"UTP-8", b"utf-7", b"shift_jis", b"rot13", b"base64"])
def test_an_odd_encoding_is_an_error_of_ours(encoding: bytes) -> None:
    content = repacked(simple(), lambda _, part: part.replace(b'encoding="UTF-8"', b'encoding="' + encoding + b'"'))
    with pytest.raises(FormatError, match="no XML"):
        rows_of(content)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_a_tag_without_end_is_refused(part: str) -> None:
    content = repacked(simple(), lambda name, old: b'<a b="' + b"y" * 5_000_000 if name == part else old)
    with pytest.raises(FormatError, match=r"endless tag|zip bombs"):
        rows_of(content)


def test_a_cell_far_out_costs_nothing() -> None:
    """One cell at XFD1048576 makes readers that build the whole rectangle ask for hundreds of gigabytes."""
    content = replaced_in_sheet(simple(), b'r="B4"', b'r="XFD4"')
    with pytest.raises(FormatError, match="more than 1,024 columns"):
        rows_of(content)
    far = replaced_in_sheet(simple(), b'<row r="4"', b'<row r="1048576"')
    assert len(rows_of(far)) == 4


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"<v>4.2</v>", b"<v>nan</v>", "no number"),
        (b"<v>4.2</v>", b"<v>1_0</v>", "no number"),
        (b"<v>4.2</v>", b"<v>" + b"9" * 30 + b"</v>", None),
        (b't="s"><v>0</v>', b't="s"><v>77</v>', "shared string '77'"),
        (b't="s"><v>0</v>', b't="s"><v>' + b"9" * 5000 + b"</v>", "shared string"),
        (b"<v>46096.5</v>", b"<v>-4</v>", "no date"),
        (b"<v>46096.5</v>", b"<v>9e9</v>", "no date"),
        (b"<v>4.2</v>", b"<v>" + b"x" * 40_000 + b"</v>", "more than 32,767 signs"),
        (b"</sheetData>", b"", "no XML"),
    ],
)
def test_cells_that_are_not_as_the_standard_says(old: bytes, new: bytes, what: str | None) -> None:
    content = replaced_in_sheet(simple(), old, new)
    if what is None:
        assert re.fullmatch(r"1e\+30", rows_of(content)[1][1])
        return
    with pytest.raises(FormatError) as caught:
        rows_of(content)
    assert what in str(caught.value)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
def test_a_missing_part_is_an_error_of_ours(part: str) -> None:
    with pytest.raises(FormatError):
        rows_of(repacked(simple(), lambda name, old: None if name == part else old))


def test_a_part_twice_and_too_many_parts_are_refused() -> None:
    def with_parts(names: list[str]) -> bytes:
        out = io.BytesIO(simple())
        with zipfile.ZipFile(out, "a") as archive:
            for name in names:
                archive.writestr(name, b"")
        return out.getvalue()

    with pytest.warns(UserWarning, match="Duplicate"):
        twice = with_parts(["xl/styles.xml"])
    with pytest.raises(FormatError, match="a part twice"):
        rows_of(twice)
    with pytest.raises(FormatError, match="zip directory of"):
        rows_of(with_parts([f"x{index}" for index in range(1200)]))


@pytest.mark.parametrize("cut", [0, 10, 21, 100, -1, -30])
def test_a_workbook_that_is_cut_off(cut: int) -> None:
    with pytest.raises(DosewayError):
        rows_of(simple()[:cut])


@pytest.mark.parametrize(("field", "value"), [(16, 0xFFFFFF00), (16, 0), (12, 1), (10, 0), (8, 3)])
def test_a_directory_that_points_nowhere_is_an_error_of_ours(field: int, value: int) -> None:
    """Offset, size and counts in the end record of the zip."""
    content = bytearray(simple())
    struct.pack_into("<I" if field > 10 else "<H", content, content.rfind(b"PK\x05\x06") + field, value)
    try:
        rows = rows_of(bytes(content))
    except DosewayError:
        return
    assert rows == rows_of(simple())  # counts that nobody needs
