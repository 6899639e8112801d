"""Documents as flat texts, field by field, for forms and for tables (CSV, XLSX) of many at once."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from doseway.app import book_forms
from doseway.app.board import Board, Desk
from doseway.app.form_fields import Field, FieldErrors, area, instant, legs, line, number, tick, words
from doseway.intake.port import DecodeOptions
from doseway.intake.tables.workbook import WorkbookRows
from doseway.model.accounts import Permission
from doseway.model.documents import KINDS, Document, Product, ProfileBook, RuleBook
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
        words("product_sensors"),
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
        line("watch", "watch"),
        line("shipper", "party"),
        line("carrier", "party"),
        line("consignee", "party"),
        line("lane", "lane"),
        legs("legs"),
        instant("depart_at_ms"),
        instant("promised_at_ms"),
        tick("is_cancelled"),
    ),
    **book_forms.HEADS,
}
MOST_ROWS: Final = 5_000
_ID: Final = re.compile(r"[a-z0-9._-]{1,64}")
_IN_FIELD: Final = re.compile(r"^(.*) - at `\$\.?([a-z_]*)")


def permission(kind: str) -> Permission:
    """Return what somebody needs to put documents of a kind: products and their limits are quality's."""
    return "products" if kind in {Product.KIND, ProfileBook.KIND} else "documents"


def to_texts(document: Document) -> dict[str, str]:
    """Write a document as the texts of its fields."""
    if isinstance(document, RuleBook):
        return book_forms.to_texts(document)
    return {field.name: field.write(getattr(document, field.name)) for field in FIELDS[document.KIND]}


def from_texts(kind: str, texts: Mapping[str, str]) -> Document:
    """Read a document; a field that is left out has its default, as has an empty one that is no tick.

    Raises:
        FieldErrors: texts that will not do.
    """
    if kind in book_forms.HEADS:
        return book_forms.from_texts(kind, texts)
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in FIELDS[kind]:
        text = texts.get(field.name, "")
        if field.name not in texts or (not text.strip() and field.look != "tick"):
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


def columns(kind: str) -> tuple[str, ...]:
    """Return the columns that a table of documents may have."""
    return book_forms.columns(kind) if kind in book_forms.HEADS else tuple(field.name for field in FIELDS[kind])


def read_table(kind: str, data: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV (UTF-8; comma, semicolon or tab) or an XLSX: the first row names the fields. Yields (row, texts).

    A rule book may come as TOML as well; its rules count as rows.

    Raises:
        DataError: it is no table, has no such fields, or has too many rows.
    """
    if name.lower().endswith(".toml") and kind in book_forms.HEADS:
        yield from book_forms.from_toml(kind, data, name)
        return
    rows = iter(_xlsx(data, name) if data[:2] == b"PK" else _csv(data, name))
    _, head = next(rows, (0, []))
    names = [cell.strip().lower() for cell in head]
    known = columns(kind)
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


class RowReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row of a table; `text` says what is wrong with it, `index` is that of its document's fact."""

    row: int
    id: str
    outcome: Literal["new", "changed", "same", "wrong"]
    text: str = ""
    index: int | None = None


def put_all(
    board: Board, desk: Desk, kind: str, rows: Iterable[tuple[int, dict[str, str]]], *, by: str
) -> list[RowReport]:
    """Put a document for each row, new or changed, or for all rows of one rule book; returns what became of each row.

    A row changes only the columns that the table has; a rule book is put as a whole.
    """
    is_book = kind in book_forms.HEADS
    documents = book_forms.gathered(kind, rows) if is_book else (((row,), texts) for row, texts in rows)
    reports: list[RowReport] = []
    for members, texts in documents:
        try:
            reports += _put(board, desk, kind, members, texts, by)
        except (DataError, ConflictError) as error:
            reports += _refused(members, texts.get("id", "").strip(), error)
    return sorted(reports, key=lambda one: one.row)


def _put(
    board: Board, desk: Desk, kind: str, members: Sequence[int], texts: Mapping[str, str], by: str
) -> Iterator[RowReport]:
    name = texts.get("id", "").strip()
    stored = board.document(kind, name)
    old = to_texts(stored.document) if stored is not None else {}
    document = from_texts(kind, texts if kind in book_forms.HEADS else {**old, **texts})
    if old == to_texts(document):
        yield from (RowReport(row=row, id=name, outcome="same") for row in members)
        return
    index = desk.put(document, replaces=stored.version if stored else 0, by=by)
    outcome: Literal["new", "changed"] = "changed" if stored else "new"
    yield from (RowReport(row=row, id=name, outcome=outcome, index=index) for row in members)


def _refused(members: Sequence[int], name: str, error: DosewayError) -> Iterator[RowReport]:
    """Say what is wrong with which row; the other rows of a rule book wait for it."""
    fields = error.fields if isinstance(error, FieldErrors) else {}
    wrong = {row: text for row in members if (text := fields.get(f"{book_forms.RULES}-{row}"))}
    said = wrong or {members[0]: _text(error)}
    for row in members:
        text = said.get(row, f"Row {min(said)} of the same {name!r} is wrong, so that nothing of it was put.")
        yield RowReport(row=row, id=name, outcome="wrong", text=text)


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
