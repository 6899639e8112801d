"""What somebody brings as a network: read where it can be, else said what is wrong; never more than is bounded."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.plans.plan_kit import csv_zip, tiny, workbook

from doseway.app.plans import uploads
from doseway.model.errors import DataError
from doseway.plan.example import example_files, worked_example
from doseway.plan.record import network_hash


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: [list(row) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names}


@pytest.mark.parametrize("folder", ["", "my-network/", "a/b/c/"])
def test_a_zip_is_read_wherever_its_tables_lie(folder: str) -> None:
    found = uploads.examined(csv_zip(dict(example_files()), folder), "n.zip")
    assert found.network is not None
    assert network_hash(found.network) == network_hash(worked_example())
    assert found.findings == ()


def test_the_same_files_give_the_same_zip() -> None:
    files = example_files()
    assert uploads.zipped(files) == uploads.zipped(dict(reversed(files.items())))


def test_each_file_that_cannot_be_read_is_a_finding_with_its_place() -> None:
    files: dict[str, str | bytes] = dict(example_files())
    files["periods.csv"] = "period,start,days\nQ1,2027-13-45,90\n"
    files["sites.csv"] = b"site,country\n\xff\xfe,US\n"
    files["whatever.csv"] = "a,b\n1,2\n"
    found = uploads.examined(csv_zip(files), "n.zip")
    assert found.network is None
    assert [(one.where.source, one.where.line, one.where.column) for one in found.findings] == [
        ("periods.csv", 2, 2),
        ("sites.csv", None, None),
        ("whatever.csv", None, None),
    ]
    marked = sheets(uploads.marked(csv_zip(files), "n.zip"))
    assert len(marked["findings"]) == 4
    assert marked["periods"][1][:2] == ["Q1", "2027-13-45"]


def test_a_finding_is_marked_in_the_workbook_that_was_brought() -> None:
    lanes = [{"lane": "x", "from_node": "Nowhere", "to_node": "Home", "cost": 1, "days": 1}]
    data = workbook(lanes=lanes)
    found = uploads.examined(data, "tiny.xlsx")
    assert found.errors > 0
    places = {(one.where.source, one.where.line) for one in found.findings}
    assert ("tiny.xlsx, sheet lanes", 2) in places
    marked = sheets(uploads.marked(data, "tiny.xlsx"))
    assert "lanes" in marked
    assert any("Nowhere" in str(row[4]) for row in marked["findings"][1:])
    assert "comments" in " ".join(zipfile.ZipFile(io.BytesIO(uploads.marked(data, "tiny.xlsx"))).namelist())


def test_a_sound_network_says_so_in_its_marked_workbook() -> None:
    assert sheets(uploads.marked(tiny(), "tiny.xlsx"))["findings"][1][0] == "The tables are sound."


@pytest.mark.parametrize("name", ["../../x.zip", "/etc/passwd.zip", "..\\x.zip", "tables.zip"])
def test_paths_in_a_zip_lead_nowhere(name: str, tmp_path: Path) -> None:
    data = csv_zip({"../../escaped.csv": "a\n1\n", **example_files()})
    with uploads.unpacked(data, name) as path:
        assert (path / "escaped.csv").exists()
        outside = path.parent.parent / "escaped.csv"
        assert not outside.exists()
    assert not path.exists()


def test_a_bomb_a_crowd_and_a_double_are_refused() -> None:
    with pytest.raises(DataError, match="twice"):
        uploads.examined(csv_zip({"a/lanes.csv": "x", "b/lanes.csv": "y"}), "n.zip")
    with pytest.raises(DataError, match="unpacks to"):
        uploads.examined(csv_zip({f"t{i}.csv": "x" for i in range(201)}), "n.zip")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("lanes.csv", "w") as file:
        for _ in range(257):
            file.write(b"0" * (1 << 20))
    with pytest.raises(DataError, match="unpacks to"):
        uploads.examined(out.getvalue(), "n.zip")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.sampled_from(["n.zip", "n.xlsx", "n.ods", "n.xls", "n.csv", "n"]))
def test_hostile_bytes_are_an_error_or_a_finding(data: bytes, name: str) -> None:
    with suppress(DataError):
        found = uploads.examined(data, name)
        assert found.network is None
        assert found.errors


@pytest.mark.parametrize("bit", range(8))
def test_a_zip_with_a_changed_bit_is_read_or_refused(bit: int) -> None:
    data = csv_zip({"periods.csv": "period,start,days\nQ1,2027-01-01,90\n", "sites.csv": "site,country\nA,US\n"})
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        with suppress(DataError), uploads.unpacked(bytes(changed), "n.zip") as path:
            assert path.is_dir()


def test_a_zip_whose_table_has_no_name_is_refused() -> None:
    data = csv_zip({"periods.csv": "period,start,days\nQ1,2027-01-01,90\n"}).replace(b"periods.csv", b"\0eriods.csv")
    with pytest.raises(DataError, match="the zip cannot be unpacked"):
        uploads.examined(data, "n.zip")


def test_a_workbook_with_a_damaged_directory_is_refused() -> None:
    data = bytearray(tiny())
    data[data.index(b"PK\x01\x02")] = 0
    assert uploads.examined(bytes(data), "n.xlsx").findings[0].text.startswith("the workbook is damaged")
