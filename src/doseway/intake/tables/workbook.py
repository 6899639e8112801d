"""Rows of an XLSX worksheet (ECMA-376 part 1, 18), streamed: one row and the shared strings in memory, never the sheet.

A workbook is XML written by somebody else: a document type (where entity bombs live) is refused, and so is a token that
does not end.
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import BinaryIO, Final
from xml.parsers import expat

from doseway.intake.port import DecodeOptions
from doseway.intake.tables.archive import HINT, MAX_PARTS, open_archive, unpack
from doseway.model.errors import FormatError, Place, UsageError
from doseway.model.readings import Note

_MAX_COLUMNS: Final = 1_024
_MAX_SHEETS: Final = 1_000
_STRING_OVERHEAD: Final = 64
_DAY_1900: Final = date(1899, 12, 30).toordinal()  # serial 0 after 1900's false leap day
_DAY_1904: Final = date(1904, 1, 1).toordinal()
_FALSE_LEAP_DAY: Final = 60
_LAST_SERIAL: Final = 2_958_465  # 9999-12-31
_DAY_MS: Final = 86_400_000
_BUILT_IN_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_BUILT_IN_CLOCKS: Final = frozenset({18, 19, 20, 21, 45, 46, 47})
_BUILT_IN_BOTH: Final = 22  # m/d/yy h:mm
_MAX_STYLES: Final = 65_536
_MAX_CELL: Final = 32_767
_MAX_TOKEN: Final = 256 * 1024
_MAX_DIGITS: Final = 9
_MAX_NUMBER: Final = 40
_REF: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")

Handler = Callable[[str, dict[str, str]], None]


class _Xml:
    """Feeds one part of a workbook to handlers, which are given local names only."""

    def __init__(self, part: str, start: Handler, end: Callable[[str], None], text: Callable[[str], None]) -> None:
        self._part = part
        self._fed = 0
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse_doctype

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Take the next bytes.

        Raises:
            FormatError: they are no XML, or hold a document type or a token without end.
        """
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that does not exist
            raise FormatError(f"part {self._part} of the workbook is no XML: {error}", hint=HINT) from error
        if self._fed - self._parser.CurrentByteIndex > _MAX_TOKEN:
            raise FormatError(f"part {self._part} of the workbook has an endless tag", hint=HINT)

    def _refuse_doctype(self, *_: object) -> None:
        raise FormatError(f"part {self._part} of the workbook declares a document type", hint=HINT)


class WorkbookRows:
    """The rows of one worksheet; cells as text, dates as ISO 8601."""

    def __init__(self, stream: BinaryIO, options: DecodeOptions, *, sheet: str | None) -> None:
        self._options = options
        self.notes: list[Note] = []
        self._number = 0
        self._zip = open_archive(stream, options)
        sheets, self._is_1904 = self._workbook()
        self.sheet, self._part = self._choose(sheets, sheet)
        self._strings = self._shared_strings()
        self._styles = self._date_styles()

    @property
    def number(self) -> int:
        """The row last given, from 1."""
        return self._number

    def place(self, row: list[str], cell: int) -> Place:  # noqa: ARG002  # the protocol's signature
        """Return where a cell stands: row and column of the sheet."""
        return Place(f"{self._options.name} sheet {self.sheet}", self._number, cell + 1)

    def __iter__(self) -> Iterator[list[str]]:
        reader = _SheetReader(self, self._part)
        for chunk in unpack(self._zip, self._part):
            reader.xml.feed(chunk)
            for self._number, row in reader.take():
                yield row
        reader.xml.feed(b"", final=True)
        for self._number, row in reader.take():
            yield row

    def value(self, kind: str, style: str, text: str) -> str:
        """Return a cell's text by its type attribute and style."""
        if kind == "s":
            index = _index(text)
            if index is None or index >= len(self._strings):
                raise self.broken(f"shared string {text[:20]!r} does not exist")
            return self._strings[index]
        if kind in {"", "n"} and text:
            number = _number(text)
            if number is None:
                raise self.broken(f"{text[:20]!r} is no number")
            shape = self._styles.get(style, "")
            return self._moment(number, shape) if shape else repr(number).removesuffix(".0")
        return text

    def broken(self, what: str) -> FormatError:
        """Return the error for a sheet that is not as the standard says."""
        return FormatError(what, hint=HINT, where=Place(f"{self._options.name} sheet {self.sheet}", self._number + 1))

    def read_all(self, part: str, start: Handler, end: Callable[[str], None], text: Callable[[str], None]) -> None:
        """Run a whole part through handlers."""
        parser = _Xml(part, start, end, text)
        for chunk in unpack(self._zip, part):
            parser.feed(chunk)
        parser.feed(b"", final=True)

    def _moment(self, serial: float, shape: str) -> str:
        """Write a date serial; rounded to milliseconds, because serials are binary fractions of a day."""
        if not 0 <= serial <= _LAST_SERIAL:
            raise self.broken(f"{serial} is no date")
        days, ms = divmod(round(serial * _DAY_MS), _DAY_MS)
        clock = f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}"
        clock += f".{ms % 1000:03d}" if ms % 1000 else ""
        if shape == "clock" and days == 0:
            return clock
        if not self._is_1904 and days < _FALSE_LEAP_DAY:
            days += 1
        day = date.fromordinal(min(days, _LAST_SERIAL) + (_DAY_1904 if self._is_1904 else _DAY_1900)).isoformat()
        return day if shape == "date" and not ms else f"{day} {clock}"

    def _workbook(self) -> tuple[list[tuple[str, str]], bool]:
        """Return the sheets, each with the part that holds it, in the order of the tabs; and the date system."""
        names: list[tuple[str, str]] = []
        targets: dict[str, str] = {}
        is_1904: list[bool] = []

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "sheet" and len(names) < _MAX_SHEETS:
                relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                names.append((attributes.get("name", ""), relation))
            elif name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                is_1904.append(True)

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and len(targets) < _MAX_SHEETS:
                targets[attributes.get("Id", "")] = attributes.get("Target", "")

        self.read_all("xl/workbook.xml", sheet, _ignore, _ignore)
        self.read_all("xl/_rels/workbook.xml.rels", relation, _ignore, _ignore)
        found = [(name, _inside(targets[relation])) for name, relation in names if targets.get(relation)]
        return [one for one in found if one[1] in self._zip.NameToInfo], bool(is_1904)

    def _choose(self, sheets: list[tuple[str, str]], wanted: str | None) -> tuple[str, str]:
        if not sheets:
            raise FormatError("the workbook has no worksheet", hint=HINT, where=Place(self._options.name))
        shown = ", ".join(name for name, _ in sheets[:20])
        if wanted is None:
            if len(sheets) > 1:
                text = f"The workbook has {len(sheets)} sheets ({shown}); the first was read."
                self.notes.append(Note("sheet-chosen", text))
            return sheets[0]
        for one in sheets:
            if one[0] == wanted:
                return one
        raise UsageError(f"the workbook has no sheet {wanted!r}", hint=f"Its sheets: {shown}.")

    def _shared_strings(self) -> list[str]:
        strings: list[str] = []
        pieces: list[str] = []
        state = {"text": False, "phonetic": False, "size": 0}
        limit = self._options.memory_bytes // 2

        def start(name: str, _: dict[str, str]) -> None:
            if name == "si":
                pieces.clear()
            state["phonetic"] = state["phonetic"] or name == "rPh"
            state["text"] = name == "t" and not state["phonetic"]

        def end(name: str) -> None:
            state["text"] = False
            if name == "rPh":
                state["phonetic"] = False
            elif name == "si":
                strings.append("".join(pieces))
                state["size"] += _STRING_OVERHEAD

        def text(data: str) -> None:
            if state["text"]:
                pieces.append(data)
                state["size"] += len(data)
            if state["size"] > limit:
                raise FormatError(f"more than {limit:,} bytes of text in the workbook", hint=HINT)

        if "xl/sharedStrings.xml" in self._zip.NameToInfo:
            self.read_all("xl/sharedStrings.xml", start, end, text)
        return strings

    def _date_styles(self) -> dict[str, str]:
        """Return which cell styles show a `date`, a `clock` or `both`, by their index as written in cells."""
        codes: dict[str, str] = {}
        shapes: dict[str, str] = {}
        state = {"in_cells": False, "index": 0}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "numFmt" and len(codes) < MAX_PARTS:
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:200]
            elif name == "cellXfs":
                state["in_cells"] = True
            elif name == "xf" and state["in_cells"]:
                shape = _shape(attributes.get("numFmtId", "0"), codes)
                if shape and len(shapes) < _MAX_STYLES:
                    shapes[str(state["index"])] = shape
                state["index"] += 1

        def end(name: str) -> None:
            state["in_cells"] = state["in_cells"] and name != "cellXfs"

        if "xl/styles.xml" in self._zip.NameToInfo:
            self.read_all("xl/styles.xml", start, end, _ignore)
        return shapes


class _SheetReader:
    """Turns the XML of a sheet into rows."""

    def __init__(self, book: WorkbookRows, part: str) -> None:
        self._book = book
        self.xml = _Xml(part, self._start, self._end, self._text)
        self._rows: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = 0
        self._column = 0
        self._kind = self._style = ""
        self._pieces: list[str] = []
        self._size = 0
        self._in_value = False

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that are complete."""
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._open_cell(attributes)
        elif name in {"v", "t"}:
            self._in_value = True
        elif name == "row":
            self._row = []
            self._column = 0
            number = _index(attributes.get("r", ""))
            self._number = self._number + 1 if number is None else number

    def _open_cell(self, attributes: dict[str, str]) -> None:
        found = _REF.fullmatch(attributes.get("r", ""))
        if found:
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
            self._column = column
        else:
            self._column += 1
        if self._column > _MAX_COLUMNS:
            raise self._book.broken(f"more than {_MAX_COLUMNS:,} columns")
        self._kind = attributes.get("t", "")
        self._style = attributes.get("s", "0")
        self._pieces = []
        self._size = 0

    def _text(self, data: str) -> None:
        if self._in_value:
            self._size += len(data)
            if self._size > _MAX_CELL:
                raise self._book.broken(f"a cell of more than {_MAX_CELL:,} signs")
            self._pieces.append(data)

    def _end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c" and self._pieces:
            while len(self._row) < self._column:
                self._row.append("")
            self._row[self._column - 1] = self._book.value(self._kind, self._style, "".join(self._pieces))
        elif name == "row":
            self._rows.append((self._number, self._row))


def _shape(format_id: str, codes: dict[str, str]) -> str:
    """Say what a number format shows: `date`, `clock`, `both`, or no moment at all."""
    number = _index(format_id)
    code = codes.get(format_id)
    if code is None:
        if number not in _BUILT_IN_DATES:
            return ""
        return "both" if number == _BUILT_IN_BOTH else "clock" if number in _BUILT_IN_CLOCKS else "date"
    bare = re.sub(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]|_.|\*.', "", code).lower().split(";")[0]
    has_day, has_clock = bool(re.search(r"[yd]", bare)), bool(re.search(r"[hs]", bare))
    if "general" in bare:
        return ""
    return "both" if has_day and has_clock else "date" if has_day else "clock" if has_clock else ""


def _index(text: str) -> int | None:
    """Return a small whole number as XML attributes hold it."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None


def _number(text: str) -> float | None:
    try:
        number = float(text) if len(text) <= _MAX_NUMBER and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _inside(target: str) -> str:
    """Return the part that a relationship of the workbook names."""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _ignore(*_: object) -> None:
    return None
