"""The network as tables: a folder of CSV files, or one XLSX workbook with a sheet for each table.

Rows are put into canonical order (by their cells), so that a plan does not depend on the order in which somebody
sorted a spreadsheet. Where a row came from is kept, so that every complaint names file, row and column.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from doseway.model.errors import DataError, Place, Unavailable, UsageError
from doseway.model.zips import DAMAGE
from doseway.plan.cells import Value, parse
from doseway.plan.schema import Attribute, attributes, schema

Floats: TypeAlias = npt.NDArray[np.float64]
MAX_BYTES: Final = 256 * 1024 * 1024
"""Largest file that is read: a table of ten million cells, far beyond any network."""
MAX_RATIO: Final = 250
"""Most times that a workbook may grow when it is unpacked; tables of repeated rows reach about 60."""
_RATIO_FROM: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class Table:
    """One table: columns of text and columns of numbers, equally long, in canonical order of rows.

    Attributes:
        texts: attribute → cells, for text, choice and reference attributes.
        numbers: attribute → float64, for the rest; NaN is empty, a date is its day ordinal, yes is 1.
        source: the file it came from; `lines` and `positions` are its row and column numbers there, from 1.
    """

    name: str
    texts: dict[str, list[str]]
    numbers: dict[str, Floats]
    source: str = ""
    lines: list[int] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.texts.values())))

    def text(self, name: str) -> list[str]:
        """Return a column of text."""
        return self.texts[name]

    def number(self, name: str) -> Floats:
        """Return a column of numbers."""
        return self.numbers[name]

    def flag(self, name: str) -> npt.NDArray[np.bool_]:
        """Return a yes/no column as booleans."""
        return np.equal(self.numbers[name], 1.0)

    def where(self, row: int, attribute: str = "") -> Place:
        """Return the place of a row, or of one of its cells, in the file it came from."""
        return Place(self.source, self.lines[row] if self.lines else row + 1, self.positions.get(attribute))

    def keys(self) -> list[tuple[Value, ...]]:
        """Return the key of each row."""
        names = [name for name, attribute in attributes(self.name).items() if attribute.is_key]
        columns = [self.texts[n] if n in self.texts else _hashable(self.numbers[n]) for n in names]
        return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Network:
    """All tables of a plan; a table that was not given is there, and empty."""

    tables: Mapping[str, Table]

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def replace(self, **tables: Iterable[Mapping[str, object]]) -> "Network":
        """Return a network in which some tables have other rows."""
        return Network({**self.tables, **{name: table_from_rows(name, rows) for name, rows in tables.items()}})


def from_rows(**tables: Iterable[Mapping[str, object]]) -> Network:
    """Make a network from rows written in Python: table=[{attribute: value}, ...].

    Raises:
        UsageError: no such table.
        DataError: an unknown attribute or a value that does not fit.
    """
    for name in tables:
        attributes(name)
    return Network({name: table_from_rows(name, tables.get(name, ())) for name in schema()})


def table_from_rows(name: str, rows: Iterable[Mapping[str, object]]) -> Table:
    """Make one table from rows written in Python."""
    listed = list(rows)
    header = list(dict.fromkeys(key for row in listed for key in row)) or list(attributes(name))
    cells = [[_as_text(row.get(key)) for key in header] for row in listed]
    return _table(name, header, enumerate(cells, start=1), source=name)


def read_folder(folder: Path) -> Network:
    """Read every `<table>.csv` in a folder; UTF-8, comma or semicolon, first row names the attributes.

    Raises:
        UsageError: the folder does not exist.
        DataError: a file that is no table, no UTF-8, too large, or holds a cell that does not fit.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Make one with `doseway plan init`.")
    files = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    for stem, path in files.items():
        if stem not in schema():
            raise DataError(f"{stem!r} is no table of a network", hint=_nearest(stem, schema()), where=Place(path.name))
    return Network(
        {name: _read_csv(name, files[name]) if name in files else table_from_rows(name, ()) for name in schema()}
    )


def read_workbook(path: Path) -> Network:
    """Read an XLSX (or ODS, XLS) workbook: a sheet for each table, first row names the attributes.

    Raises:
        DataError: not a workbook, a sheet that is no table, or a cell that does not fit.
    """
    try:
        import python_calamine  # noqa: PLC0415  # an optional extra, loaded only when a workbook is read
    except ImportError as error:
        hint = "Install it with `pip install doseway[plan]`, or use a folder of CSV files."
        raise Unavailable("reading a workbook needs python-calamine", hint=hint) from error
    _bounded(path)
    _no_bomb(path)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError) as error:
        raise DataError(f"cannot read the workbook: {error}", where=Place(path.name)) from error
    for name in sheets:
        if name not in schema():
            raise DataError(
                f"sheet {name!r} is no table of a network", hint=_nearest(name, schema()), where=Place(path.name)
            )
    return Network({name: _from_sheet(name, sheets.get(name, []), path) for name in schema()})


def read(path: Path) -> Network:
    """Read a folder of CSV files or a workbook."""
    return read_folder(path) if path.is_dir() or not path.suffix else read_workbook(path)


def _from_sheet(name: str, rows: Sequence[Sequence[object]], path: Path) -> Table:
    """Make a table from a sheet's cells."""
    if not rows:
        return table_from_rows(name, ())
    header = [_as_text(cell).strip() for cell in rows[0]]
    while header and not header[-1]:
        header.pop()
    body = ((line, [_as_text(cell) for cell in row]) for line, row in enumerate(rows[1:], start=2))
    return _table(name, header, body, source=f"{path.name}, sheet {name}")


def _read_csv(name: str, path: Path) -> Table:
    """Read one CSV file."""
    _bounded(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            "the file is not UTF-8", hint="Save it as CSV UTF-8.", where=Place(path.name, byte=error.start)
        ) from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        return _table(name, header, ((reader.line_num, row) for row in reader), source=path.name)
    except csv.Error as error:
        raise DataError(f"not a CSV file: {error}", where=Place(path.name, reader.line_num)) from error


def _bounded(path: Path) -> None:
    """Refuse what cannot be a table."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"cannot open {path}: {error.strerror}") from error
    if size > MAX_BYTES:
        raise DataError(f"the file has {size:,} bytes", hint=f"At most {MAX_BYTES:,} are read.", where=Place(path.name))


def _no_bomb(path: Path) -> None:
    """Refuse a workbook that unpacks to far more than any table: the zip's directory says so before it is unpacked."""
    if not zipfile.is_zipfile(path):
        return  # the reader will say what it is
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            packed = sum(part.compress_size for part in archive.infolist())
    except DAMAGE as error:
        raise DataError(f"the workbook is damaged: {error}", where=Place(path.name)) from error
    if unpacked > MAX_BYTES or (unpacked > _RATIO_FROM and unpacked > MAX_RATIO * packed):
        what = f"the workbook is refused: it unpacks to {unpacked:,} bytes, as zip bombs do"
        raise DataError(what, hint="Save it again with a spreadsheet program, or as CSV.", where=Place(path.name))


def _table(name: str, header: list[str], body: Iterable[tuple[int, Sequence[str]]], source: str) -> Table:
    """Check the header, parse the cells and put the rows into canonical order."""
    known = attributes(name)
    positions = _positions(name, header, known, source)
    given = [(key, attribute, positions[key]) for key, attribute in known.items() if key in positions]
    # A column that is not given holds its default everywhere; it is read once and not once for each row.
    absent = {key: parse("", known[key], Place(source)) for key in known if key not in positions} if header else {}
    rows = []
    for line, cells in body:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            raise DataError(f"the row has {len(cells)} cells under {len(header)} headings", where=Place(source, line))
        row = {key: _parsed(cells, position, attribute, source, line) for key, attribute, position in given}
        rows.append((line, tuple(row[key] if key in row else absent[key] for key in known)))
    rows.sort(key=lambda entry: tuple(map(str, entry[1])))
    columns = list(zip(*(row for _, row in rows), strict=True)) if rows else [()] * len(known)
    texts = {
        key: [str(v) for v in column]
        for (key, a), column in zip(known.items(), columns, strict=True)
        if not a.is_numeric
    }
    numbers = {
        key: np.array(column, dtype=np.float64)
        for (key, a), column in zip(known.items(), columns, strict=True)
        if a.is_numeric
    }
    return Table(name, texts, numbers, source, [line for line, _ in rows], positions)


def _positions(name: str, header: list[str], known: Mapping[str, Attribute], source: str) -> dict[str, int]:
    """Return attribute → column number from 1."""
    positions: dict[str, int] = {}
    for position, title in enumerate(header, start=1):
        if title not in known:
            what = f"{title!r} is no attribute of {name}"
            raise DataError(what, hint=_nearest(title, known), where=Place(source, 1, position))
        if title in positions:
            raise DataError(f"{title!r} stands twice in the header", where=Place(source, 1, position))
        positions[title] = position
    missing = [key for key, attribute in known.items() if attribute.is_required and key not in positions]
    if header and missing:
        raise DataError(
            f"{name} lacks the column {missing[0]!r}", hint=known[missing[0]].description, where=Place(source, 1)
        )
    return positions


def _parsed(cells: Sequence[str], position: int, attribute: Attribute, source: str, line: int) -> Value:
    """Read a cell of a row; one that is not there is blank."""
    text = cells[position - 1] if position <= len(cells) else ""
    return parse(text, attribute, Place(source, line, position))


def _as_text(value: object) -> str:
    """Write a value as a spreadsheet would show it: whole floats without the point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _hashable(column: Floats) -> list[float]:
    """Return numbers in which two empty cells are equal."""
    return [-1.0 if np.isnan(value) else float(value) for value in column]


def _nearest(word: str, known: Iterable[str]) -> str:
    """Guess what was meant."""
    from difflib import get_close_matches  # noqa: PLC0415  # only on the way to an error

    listed = list(known)
    close = get_close_matches(word, listed, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(listed)}."
