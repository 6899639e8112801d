"""Documents: products, parties, sites, lanes, devices, shipments and rule books, by form or by table."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter
from litestar.response import Redirect

from doseway.app import book_forms, forms
from doseway.app.books import SORTS, builtin, document_of
from doseway.app.form_fields import FieldErrors
from doseway.app.rule_words import plain_key
from doseway.model.documents import KINDS
from doseway.model.errors import DosewayError
from doseway.ui.languages import mark
from doseway.ui.pages.log import Upload
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of

ROWS: Final = 100
_CHOICES: Final = 500
TITLES: Final = {
    "shipment": mark("Shipments"),
    "product": mark("Products"),
    "lane": mark("Lanes"),
    "site": mark("Sites"),
    "party": mark("Parties"),
    "device": mark("Devices"),
    "profile": mark("Limit profiles"),
    "watch": mark("Watches"),
}
ONE: Final = {
    "shipment": mark("shipment"),
    "product": mark("product"),
    "lane": mark("lane"),
    "site": mark("site"),
    "party": mark("party"),
    "device": mark("device"),
    "profile": mark("limit profile"),
    "watch": mark("watch"),
}
LABELS: Final = {
    "id": mark("Id"),
    "title": mark("Title"),
    "gtin": mark("GTIN"),
    "profile": mark("Limit profile"),
    "is_freeze_sensitive": mark("Freeze-sensitive"),
    "budget_used_before_s": mark("Time out of range used before, in s"),
    "gln": mark("GLN"),
    "area": mark("Area"),
    "zone": mark("Time zone"),
    "uses": mark("Uses"),
    "hours": mark("Hours of a risk"),
    "legs": mark("Legs"),
    "model": mark("Model"),
    "interval_s": mark("Measures every, in s"),
    "silence_s": mark("Normal pause between messages, in s"),
    "buffers": mark("Keeps readings and sends them later"),
    "public_key_hex": mark("Public key, hex"),
    "calibrated_until_ms": mark("Calibrated until"),
    "measures": mark("Measures"),
    "has_positions": mark("Reports its position"),
    "product": mark("Product"),
    "lot": mark("Lot"),
    "quantity": mark("Quantity"),
    "sscc": mark("SSCCs"),
    "ambient_profile": mark("Limit profile of the transport"),
    "watch": mark("Rule set"),
    "shipper": mark("Shipper"),
    "carrier": mark("Carrier"),
    "consignee": mark("Consignee"),
    "lane": mark("Lane"),
    "depart_at_ms": mark("Planned departure"),
    "promised_at_ms": mark("Promised for"),
    "product_sensors": mark("Sensors in the product"),
    "source": mark("Source"),
    "notes": mark("Notes"),
    "confidence": mark("Confidence"),
    "energy_kj_mol": mark("Activation energy, in kJ/mol"),
    "max_gap_s": mark("A longer pause is a gap, in s"),
    "last_reading": mark("The last reading stands for"),
    "start_delay_s": mark("Conditioning at the start, in s"),
    "min_coverage": mark("Least part of the time observed"),
    "is_cancelled": mark("Cancelled"),
}
HELP: Final = {
    "id": mark("1 to 64 of a-z 0-9 . _ -, given once."),
    "area": mark("Latitude, longitude and radius in m: 47.5596 7.5886 1500. Or the corners of a polygon, one a line."),
    "uses": mark("stop, safe or risk; several with commas."),
    "hours": mark("Local time, such as 22:00-06:00; empty: always."),
    "legs": mark(
        "One a line: mode, from, to, departure, arrival. road basel-plant fra-hub 2026-03-11T08:00Z 2026-03-11T14:00Z. "
        "In a lane the times count from the departure: +0:00 +6:00."
    ),
    "sscc": mark("Several with commas."),
    "zone": mark("IANA name, such as Europe/Zurich."),
    "promised_at_ms": mark("2026-03-11T08:00+01:00; without an offset UTC."),
    "calibrated_until_ms": mark("2026-03-11T08:00+01:00; without an offset UTC."),
    "measures": mark("temperature, humidity, light, shock, tilt, battery, …; empty: not known."),
    "watch": mark("Empty: the built-in standard rules."),
    "depart_at_ms": mark("A lane's times count from it; empty: the lane's length before the promise."),
    "product_sensors": mark(
        "Names with commas, such as probe; its other thermometers measure the air. Empty: internal beside probe is the "
        "air where the transport has limits of its own."
    ),
    "max_gap_s": mark("Empty: two intervals."),
    "last_reading": mark("interval or none."),
    "min_coverage": mark("Between 0 and 1; with less the judgement is undecided. Empty: 0.95."),
    "energy_kj_mol": mark("Empty: 83.144."),
}
KindName = Annotated[str, PathParameter(max_length=20)]


@get("/documents", needs="read", include_in_schema=False, sync_to_thread=False)
def first() -> Redirect:
    """Lead to the shipments."""
    return Redirect("/documents/shipment", status_code=303)


@get("/documents/{kind:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def list_documents(
    request: PageRequest, kind: KindName, after: Annotated[str, QueryParameter(max_length=200)] = ""
) -> Response[str]:
    """Show the documents of a kind."""
    return _list(request, kind, after)


@get("/documents/{kind:str}/{document:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_document(
    request: PageRequest, kind: KindName, document: FromPath[str], start: FromQuery[str] = ""
) -> Response[str]:
    """Show a document in its form; an id `new` is that of the form of a new one, which may start as a built-in book."""
    _must_exist(kind)
    if document == "new":
        return _form(request, kind, _start(kind, start), 0)
    stored = tower_of(request).board.document(kind, document)
    if stored is None:
        raise NotFoundException(f"there is no {kind} {document!r}")
    return _form(request, kind, forms.to_texts(stored.document), stored.version)


@post("/documents/{kind:str}", needs="documents", include_in_schema=False, sync_to_thread=True)
def save_document(request: PageRequest, kind: KindName, data: Form) -> Response[Any]:
    """Put a document from its form."""
    must_be_ours(request, data)
    _must_be_allowed(request, kind)
    # A browser leaves out what is not ticked.
    texts = {field.name: "" for field in forms.FIELDS[kind] if field.look == "tick"}
    texts |= {name: str(value) for name, value in data.items()}
    act, _, what = texts.pop("act", "save").partition(":")
    version = int(texts.get("version", "0")) if texts.get("version", "0").isdecimal() else 0
    if act != "save" and kind in book_forms.HEADS:
        return _form(request, kind, _changed(kind, texts, act, what), version)
    tower = tower_of(request)
    try:
        document = forms.from_texts(kind, texts)
        index = tower.desk.put(document, replaces=version, by=request.user.name)
    except DosewayError as error:
        return _form(request, kind, texts, version, error)
    return Redirect(f"/documents/{kind}/{document.id}?done=saved&at_least={index}", status_code=303)


@post("/documents/{kind:str}/import", needs="documents", include_in_schema=False, sync_to_thread=True)
def import_documents(request: PageRequest, kind: KindName, data: Upload) -> Response[str]:
    """Put a document for each row of a table."""
    must_be_ours(request, data)
    _must_be_allowed(request, kind)
    file, tower = data.get("file"), tower_of(request)
    if not isinstance(file, UploadFile) or not file.filename:
        return _list(request, kind, status=422, is_missing=True)
    try:
        rows = forms.read_table(kind, file.file.read(), file.filename)
        reports = forms.put_all(tower.board, tower.desk, kind, rows, by=request.user.name)
    except DosewayError as error:
        return _list(request, kind, status=422, wrong=error)
    newest = max((one.index for one in reports if one.index is not None), default=None)
    if newest is not None:
        tower.board.wait_for(newest, 1.0)
    return _list(request, kind, status=422 if any(one.outcome == "wrong" for one in reports) else 200, reports=reports)


def _start(kind: str, start: str) -> dict[str, str]:
    """Return the texts of a new document: empty, or those of a built-in rule book under a name of its own."""
    if kind not in SORTS or start not in SORTS[kind].shelf.ids():
        return {}
    texts = forms.to_texts(document_of(builtin(kind, start)))
    return {**texts, "id": f"own-{start}"[:64], **({"confidence": ""} if "confidence" in texts else {})}


def _changed(kind: str, texts: dict[str, str], act: str, what: str) -> dict[str, str]:
    """Return the texts of a rule book's form with one rule more, or one less."""
    if act == "add":
        return book_forms.added(kind, texts, texts.get("new_rule", ""))
    return book_forms.removed(texts, int(what)) if act == "remove" and what.isdecimal() else texts


def _list(request: PageRequest, kind: str, after: str = "", *, status: int = 200, **found: Any) -> Response[str]:
    _must_exist(kind)
    rows = tower_of(request).board.documents(kind, after=after, limit=ROWS)
    empty: dict[str, Any] = {"reports": None, "wrong": None, "is_missing": False}
    context = {
        "kind": kind,
        "titles": TITLES,
        "one": ONE,
        "rows": [(row, forms.to_texts(row.document)) for row in rows],
        "columns": [field for field in forms.FIELDS[kind] if field.name not in {"id", "title"}][:4],
        "fields": forms.columns(kind),
        "permission": forms.permission(kind),
        "labels": LABELS,
        "next": rows[-1].id if len(rows) == ROWS else "",
    }
    return render(request, "documents.html", {**context, **empty, **found}, status=status)


def _form(
    request: PageRequest, kind: str, texts: dict[str, str], version: int, wrong: DosewayError | None = None
) -> Response[str]:
    board = tower_of(request).board
    named = {field.look for field in forms.FIELDS[kind]} & set(KINDS)
    choices = {look: [one.id for one in board.documents(look, limit=_CHOICES)] for look in named}
    for look, sort in SORTS.items():
        choices[look] = sorted({*choices.get(look, ()), *sort.shelf.ids()})
    is_book = kind in book_forms.HEADS
    context = {
        "kind": kind,
        "titles": TITLES,
        "one": ONE,
        "fields": forms.FIELDS[kind],
        "labels": LABELS,
        "help": HELP,
        "texts": texts,
        "version": version,
        "choices": choices,
        "permission": forms.permission(kind),
        "rules": book_forms.rules_of(kind, texts) if is_book else None,
        "plain_key": plain_key,
        "rule_names": SORTS[kind].rule_names() if is_book else (),
        "wrong": wrong,
        "wrong_fields": wrong.fields if isinstance(wrong, FieldErrors) else {},
    }
    return render(request, "document.html", context, status=422 if wrong else 200)


def _must_exist(kind: str) -> None:
    if kind not in KINDS:
        raise NotFoundException(f"there are no documents of the kind {kind!r}")


def _must_be_allowed(request: PageRequest, kind: str) -> None:
    _must_exist(kind)
    if not request.user.may(forms.permission(kind)):
        raise PermissionDeniedException(f"{request.user.name} may not do that: products and limits are quality's")
