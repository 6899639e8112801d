"""Reading tables: every complaint names file, row and column, and nothing depends on the order of rows."""

import contextlib
import csv
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.errors import DataError, UsageError
from doseway.plan import tables
from doseway.plan.cells import day_of
from doseway.plan.schema import attributes, reference, schema, template
from doseway.plan.tables import Network, from_rows, read, read_folder, read_workbook


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def same(left: Network, right: Network) -> bool:
    return all(
        left[name].texts == right[name].texts
        and all(
            np.array_equal(left[name].numbers[c], right[name].numbers[c], equal_nan=True) for c in left[name].numbers
        )
        for name in schema()
    )


def test_a_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, "sites", "site,country,latitude\nBend,US,44.05\nAnkle,IN,\n")
    network = read(tmp_path)
    assert network["sites"].text("site") == ["Ankle", "Bend"]
    assert network["sites"].number("latitude")[1] == 44.05
    assert np.isnan(network["sites"].number("latitude")[0])
    assert list(network["sites"].number("recovery_days")) == [90.0, 90.0]
    assert len(network["lanes"]) == 0


def test_a_spreadsheets_export_is_read_with_its_mark_its_semicolons_and_its_blank_rows(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_bytes("\ufeffsite;country\r\nBend;US\r\n;\r\n".encode())
    assert read_folder(tmp_path)["sites"].text("site") == ["Bend"]


def test_a_workbook_and_a_folder_give_the_same_network(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    book = xlsxwriter.Workbook(str(tmp_path / "network.xlsx"))
    for name in schema():
        table, columns = network[name], list(attributes(name))
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, columns)
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in range(len(table)):
                cells = [cell_of(table, column, row) for column in columns]
                writer.writerow(cells)
                for position, cell in enumerate(cells):
                    sheet.write(row + 1, position, float(cell) if cell.replace(".", "", 1).isdigit() else cell)
    book.close()
    assert same(read_folder(folder), read(tmp_path / "network.xlsx"))
    assert same(read_folder(folder), network)


def cell_of(table: tables.Table, column: str, row: int) -> str:
    if column in table.texts:
        return table.text(column)[row]
    value = float(table.number(column)[row])
    kind = attributes(table.name)[column].type
    if np.isnan(value):
        return ""
    if kind == "date":
        return day_of(value)
    return ("yes" if value else "no") if kind == "yes/no" else f"{value:g}"


@given(st.permutations(range(6)))
def test_the_order_of_rows_is_forgotten(order: list[int]) -> None:
    rows = [{"site": f"s{i}", "country": "US", "latitude": i} for i in range(6)]
    shuffled = [rows[i] for i in order]
    assert same(from_rows(sites=rows), from_rows(sites=shuffled))


@pytest.mark.parametrize(
    ("name", "text", "line", "column", "words"),
    [
        ("sites", "site,country\nBend,\n", 2, 2, "sites.country is empty"),
        ("sites", "site,country,latitude\nBend,US,north\n", 2, 3, "'north' does not fit"),
        ("boms", "product,input,quantity,yield\na,b,1,80%\n", 2, 4, "Write 5 % as 0.05"),
        ("boms", "product,input,quantity,yield\na,b,1,0\n", 2, 4, "above 0 and up to 1"),
        ("boms", 'product,input,quantity\na,b,"1,5"\n', 2, 3, "without separators"),
        ("boms", "product,input,quantity\na,b,nan\n", 2, 3, "does not fit"),
        ("lines", "line,site,capacity\na,b,inf\n", 2, 3, "does not fit"),
        ("lines", "line,site,capacity\na,b,-1\n", 2, 3, "at least 0"),
        ("periods", "period,start,days\nQ1,31/01/2027,90\n", 2, 2, "2027-01-31"),
        ("periods", "period,start,days\nQ1,2027-02-30,90\n", 2, 2, "2027-01-31"),
        ("markets", "market,country,domestic\nHome,US,perhaps\n", 2, 3, "yes or no"),
        ("lanes", "lane,from_node,to_node,incoterm\na,b,c,FOO\n", 2, 4, "one of (blank), EXW"),
        ("sites", "site,contry\nBend,US\n", 1, 2, "Did you mean 'country'?"),
        ("sites", "site,site\nBend,US\n", 1, 2, "twice in the header"),
        ("sites", "site\nBend\n", 1, None, "lacks the column 'country'"),
        ("sites", "site,country\nBend,US,more\n", 2, None, "3 cells under 2 headings"),
        ("sites", 'site,country\n"Bend,US\n', 2, None, "not a CSV file"),
    ],
)
def test_a_bad_cell_is_named_with_its_place(
    tmp_path: Path, name: str, text: str, line: int, column: int | None, words: str
) -> None:
    write(tmp_path, name, text)
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)
    assert caught.value.where is not None
    assert (caught.value.where.source, caught.value.where.line, caught.value.where.column) == (
        f"{name}.csv",
        line,
        column,
    )


def test_a_file_that_is_no_table_is_refused_with_a_guess(tmp_path: Path) -> None:
    write(tmp_path, "site", "site,country\n")
    with pytest.raises(DataError, match="Did you mean 'sites'"):
        read_folder(tmp_path)


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_bytes(b"site,country\nB\xfcnd,US\n")
    with pytest.raises(DataError, match="UTF-8") as caught:
        read_folder(tmp_path)
    assert caught.value.where is not None
    assert caught.value.where.byte == 14


def test_a_folder_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="plan init"):
        read_folder(tmp_path / "no")


def test_a_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    path.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DataError, match="cannot read the workbook"):
        read_workbook(path)


def test_a_file_too_large_to_be_a_table_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 8)
    write(tmp_path, "sites", "site,country\nBend,US\n")
    with pytest.raises(DataError, match="At most 8"):
        read_folder(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "sites.csv").write_bytes(data)
    with contextlib.suppress(DataError):  # anything else is a crash
        assert len(read_folder(folder)["sites"]) >= 0


def test_every_attribute_says_what_it_is() -> None:
    for table in schema():
        for attribute in attributes(table).values():
            assert attribute.description
            assert not attribute.is_required or not attribute.default
            for other, column in attribute.references:
                assert column in attributes(other)


def test_the_reference_and_the_templates_come_from_the_schema() -> None:
    for table in schema():
        assert f"## {table}" in reference()
        assert template(table).strip().split(",") == list(attributes(table))


def test_an_unknown_table_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="there is no table 'plants'"):
        from_rows(plants=[])
