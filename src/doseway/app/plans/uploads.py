"""A network as somebody brings it: a zip of CSV files or one workbook. Read, checked, and given back with marks."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from doseway.model.errors import DataError, Place
from doseway.model.zips import DAMAGE
from doseway.plan.checks import check
from doseway.plan.findings import Finding
from doseway.plan.schema import schema
from doseway.plan.seeing.marked import Raw, marked_workbook
from doseway.plan.tables import MAX_BYTES, Network, read

ZIP: Final = ".zip"
WORKBOOKS: Final = (".xlsx", ".ods", ".xls")
ENDINGS: Final = (ZIP, *WORKBOOKS)
_MOST_FILES: Final = 200
ZIP_TYPE: Final = "application/zip"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES: Final = {ZIP_TYPE: "network.zip", XLSX_TYPE: "network.xlsx"}
"""Media type → the name that a body without one gets."""


class Examined(NamedTuple):
    """What a file says: the network where it can be read, and what is or looks wrong, errors first."""

    network: Network | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings stop a plan."""
        return sum(one.severity == "error" for one in self.findings)


@lru_cache(maxsize=4)
def examined(data: bytes, name: str) -> Examined:
    """Read and check a network. What cannot be read is a finding too, for each file the first.

    Raises:
        DataError: it is neither a zip nor a workbook, or one that no network fits into.
    """
    with unpacked(data, name) as path:
        try:
            network = read(path)
        except DataError as error:
            return Examined(None, tuple(_unreadable(path, error)))
    return Examined(network, tuple(check(network)))


def media_type(name: str) -> str:
    """Return the media type of a network's file."""
    return (
        ZIP_TYPE
        if name.lower().endswith(ZIP)
        else XLSX_TYPE
        if name.lower().endswith(".xlsx")
        else "application/octet-stream"
    )


def zipped(tables: dict[str, bytes]) -> bytes:
    """Pack the files of a folder; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(tables):
            archive.writestr(zipfile.ZipInfo(name), tables[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def marked(data: bytes, name: str) -> bytes:
    """Return the tables as a workbook in which the cells with findings are coloured and say why.

    Raises:
        DataError: it is neither a zip nor a workbook.
        Unavailable: the writer is not installed.
    """
    found = examined(data, name).findings
    with unpacked(data, name) as path:
        raw = list(_raw_folder(path)) if path.is_dir() else list(_raw_workbook(path))
    return marked_workbook(raw, found)


@contextmanager
def unpacked(data: bytes, name: str) -> Iterator[Path]:
    """Lay the file into a folder that is gone afterwards: a workbook as it is, a zip's tables beside each other.

    Raises:
        DataError: it is neither, or one that no network fits into.
    """
    kind = PurePosixPath(name.lower()).suffix
    if kind not in ENDINGS:
        raise DataError(f"{name!r} is no network", hint="Bring a .zip of CSV files, or an .xlsx with a sheet a table.")
    with tempfile.TemporaryDirectory(prefix="doseway-network-") as folder:
        if kind in WORKBOOKS:
            path = Path(folder, PurePosixPath(name.replace("\\", "/")).name)
            path.write_bytes(data)
            yield path
            return
        tables = Path(folder, "tables")
        tables.mkdir()
        _unzip(data, name, tables)
        yield tables


def _unzip(data: bytes, name: str, into: Path) -> None:
    """Lay the CSV files of a zip beside each other, wherever in it they are; paths in it are not followed."""
    for table, content in _tables(data, name):
        target = into / table
        if target.exists():
            raise DataError(f"the zip has {table} twice", where=Place(name))
        target.write_bytes(content)


def _tables(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [one for one in archive.infolist() if _is_table(one)]
            _bounded(parts, name)
            for one in parts:
                yield PurePosixPath(one.filename).name, archive.read(one)
    except DAMAGE as error:
        raise DataError(f"the zip cannot be unpacked: {error}", where=Place(name)) from error


def _bounded(parts: list[zipfile.ZipInfo], name: str) -> None:
    if not parts:
        hint = f"A network is a file for each table: {', '.join(f'{one}.csv' for one in list(schema())[:4])} …"
        raise DataError("the zip has no CSV file", hint=hint, where=Place(name))
    size = sum(one.file_size for one in parts)
    if size > MAX_BYTES or len(parts) > _MOST_FILES:
        what = f"the zip unpacks to {len(parts)} files of {size:,} bytes"
        raise DataError(what, hint=f"At most {_MOST_FILES} of {MAX_BYTES:,} are read.", where=Place(name))


def _is_table(one: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(one.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts)
    return not one.is_dir() and path.suffix.lower() == ".csv" and not is_hidden


def _unreadable(path: Path, first: DataError) -> Iterator[Finding]:
    """Say of each file the first thing that cannot be read; a workbook says its first."""
    if not path.is_dir():
        yield _finding(first)
        return
    with tempfile.TemporaryDirectory(prefix="doseway-table-") as folder:
        for table in sorted(path.glob("*.csv")):
            alone = Path(folder, table.name)
            alone.write_bytes(table.read_bytes())
            try:
                read(Path(folder))
            except DataError as error:
                yield _finding(error)
            alone.unlink()


def _finding(error: DataError) -> Finding:
    return Finding("unreadable", "error", error.what, error.where or Place(), error.hint)


def _raw_folder(folder: Path) -> Iterator[Raw]:
    for path in sorted(folder.glob("*.csv")):
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[tuple[int, list[str]]] = []
        try:
            rows.extend((reader.line_num, row) for row in reader)
        except csv.Error:
            rows.append((reader.line_num, ["(the rest cannot be read)"]))
        yield Raw(path.stem, path.name, rows)


def _raw_workbook(path: Path) -> Iterator[Raw]:
    import python_calamine  # noqa: PLC0415  # an optional extra, loaded only when a workbook is read

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            rows = [(line, [_text(cell) for cell in row]) for line, row in enumerate(cells, start=1)]
            yield Raw(name, f"{path.name}, sheet {name}", rows)
    except (python_calamine.CalamineError, OSError) as error:
        raise DataError(f"cannot read the workbook: {error}", where=Place(path.name)) from error


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)
