"""Documents as flat texts, field by field, for forms and for tables (CSV, XLSX) of many at once."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from doseway.app.board import Board, Desk
from doseway.app.form_fields import Field, area, instant, legs, line, number, tick, words
from doseway.intake.port import DecodeOptions
from doseway.intake.tables.workbook import WorkbookRows
from doseway.model.documents import KINDS, Document
from doseway.model.errors import ConflictError, DataError, DosewayError, Place

FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "product": (
        line("id"),
        line("title"),
        line("gtin"),
        line("profile", "profile"),
        tick("is_freeze_sensitive"),
        number("budget_used_before_s"),
    ),
    "party": (line("id"), line("title"), line("gln")),
    "site": (line("id"), line("title"), area("area"), line("zone"), line("gln"), words("uses"), words("hours")),
    "lane": (line("id"), line("title"), legs("legs", counts_from_departure=True)),
    "device": (
        line("id"),
        line("title"),
        line("model"),
        number("interval_s"),
        number("silence_s"),
        tick("buffers"),
        line("public_key_hex"),
        instant("calibrated_until_ms"),
        words("measures"),
        tick("has_positions"),
    ),
    "shipment": (
        line("id"),
        line("title"),
        line("product", "product"),
        line("lot"),
        number("quantity"),
        words("sscc"),
        line("profile", "profile"),
        line("ambient_profile", "profile"),
        line("watch"),
        line("shipper", "party"),
        line("carrier", "party"),
        line("consignee", "party"),
        line("lane", "lane"),
        legs("legs"),
        instant("promised_at_ms"),
        tick("is_cancelled"),
    ),
}
MOST_ROWS: Final = 5_000
_ID: Final = re.compile(r"[a-z0-9._-]{1,64}")
_IN_FIELD: Final = re.compile(r"^(.*) - at `\$\.?([a-z_]*)")


class FieldErrors(DataError):
    """Fields of a form that will not do: what is wrong, by field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        what = "; ".join(f"{name}: {text}" for name, text in fields.items())
        super().__init__(what, hint="Correct them and send the form again.")
        self.fields = dict(fields)


def to_texts(document: Document) -> dict[str, str]:
    """Write a document as the texts of its fields."""
    return {field.name: field.write(getattr(document, field.name)) for field in FIELDS[document.KIND]}


def from_texts(kind: str, texts: Mapping[str, str]) -> Document:
    """Read a document; a field that is left out or empty has its default.

    Raises:
        FieldErrors: texts that will not do.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in FIELDS[kind]:
        text = texts.get(field.name, "")
        if not text.strip() and field.look != "tick":
            continue
        try:
            values[field.name] = field.read(text)
        except DataError as error:
            wrong[field.name] = f"{error.what}. {error.hint}".strip()
    if not _ID.fullmatch(texts.get("id", "")):
        wrong["id"] = "an id has 1 to 64 of a-z 0-9 . _ -"
    if wrong:
        raise FieldErrors(wrong)
    try:
        return msgspec.convert(msgspec.to_builtins(values), KINDS[kind])
    except msgspec.ValidationError as error:
        raise FieldErrors(_named(str(error))) from error


def read_table(kind: str, data: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV (UTF-8; comma, semicolon or tab) or an XLSX: the first row names the fields. Yields (row, texts).

    Raises:
        DataError: it is no table, has no such fields, or has too many rows.
    """
    rows = iter(_xlsx(data, name) if data[:2] == b"PK" else _csv(data, name))
    _, head = next(rows, (0, []))
    names = [cell.strip().lower() for cell in head]
    known = [field.name for field in FIELDS[kind]]
    unknown = [one for one in names if one and one not in known]
    if "id" not in names or unknown:
        what = f"there is no field {unknown[0]!r}" if unknown else "there is no column `id`"
        raise DataError(what, hint=f"The first row names the fields: {', '.join(known)}.", where=Place(name, 1))
    for count, (row, cells) in enumerate(rows):
        if count >= MOST_ROWS:
            raise DataError(f"more than {MOST_ROWS} rows", hint="Split the table.", where=Place(name, row))
        texts = {field: cell for field, cell in zip(names, cells, strict=False) if field}
        if any(cell.strip() for cell in texts.values()):
            # A cell cannot hold several lines in every program: a bar stands for the end of one.
            yield row, {field: cell.replace("|", "\n") for field, cell in texts.items()}


def put_all(
    board: Board, desk: Desk, kind: str, rows: Iterable[tuple[int, dict[str, str]]], *, by: str
) -> tuple[list[int], list[tuple[int, str]]]:
    """Put a document for each row, new or changed; returns the indexes of the facts, and what was wrong, by row."""
    indexes: list[int] = []
    wrong: list[tuple[int, str]] = []
    for row, texts in rows:
        try:
            stored = board.document(kind, texts.get("id", "").strip())
            old = to_texts(stored.document) if stored else {}
            document = from_texts(kind, {**old, **texts})
            if stored is None or stored.document != document:
                indexes.append(desk.put(document, replaces=stored.version if stored else 0, by=by))
        except (DataError, ConflictError) as error:
            wrong.append((row, _text(error)))
    return indexes, wrong


def _text(error: DosewayError) -> str:
    return f"{error.what}. {error.hint}" if error.hint else error.what


def _named(message: str) -> dict[str, str]:
    """Turn msgspec's `Invalid enum value 'x' - at `$.legs[0].mode`` into a field and a sentence."""
    match = _IN_FIELD.match(message)
    return {match[2]: match[1]} if match and match[2] else {"id": message}


def _csv(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "Save it as CSV UTF-8, or as XLSX."
        raise DataError("the table is not UTF-8 text", hint=hint, where=Place(name, byte=error.start)) from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"the table is no CSV: {error}", where=Place(name, reader.line_num)) from error


def _xlsx(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    rows = WorkbookRows(io.BytesIO(data), DecodeOptions(name=name), sheet=None)
    for row in rows:
        yield rows.number, row
