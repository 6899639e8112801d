"""A shipment's papers as one TOML file: what it is, its way, its sites and devices, as forms take them.

```toml
[shipment]
id = "shp-1"
profile = "usp-cct"
legs = "road basel-plant fra-hub 2026-03-11T08:00Z 2026-03-11T14:00Z"
promised_at_ms = "2026-03-11T18:00Z"

[[site]]
id = "basel-plant"
area = "47.5596 7.5886 1500"

[[device]]
id = "860000000000001"
measures = "temperature, light"
```

Tables are `shipment`, `lane`, `site` and `device`; fields are those of the documents. A list may be a TOML list.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from doseway.app import forms
from doseway.app.inspecting import readable
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.library import Library
from doseway.app.tower.state import Context
from doseway.model.documents import DeviceCard, Document, Lane, RuleBook, Shipment, Site
from doseway.model.errors import DataError, Place, UsageError
from doseway.model.facts import DocumentPut
from doseway.model.rulebook import parse
from doseway.model.terms import unknown

_KINDS: Final = (Site.KIND, Lane.KIND, DeviceCard.KIND, Shipment.KIND)
"""In an order in which each refers to what is there already."""


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of papers says: the shipment, what it is judged by, and the devices that are to travel."""

    context: Context
    devices: tuple[DeviceCard, ...]


def read_papers(path: Path, books: Iterable[RuleBook] = ()) -> Papers:
    """Read a file of papers.

    Args:
        path: of the TOML.
        books: rule books beside the built-in ones, which the papers may name.

    Raises:
        UsageError: it cannot be read. DataError: something in it is wrong; says where and what.
    """
    source = readable(path)
    try:
        tables = parse(path.read_bytes(), source, "file of papers")
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", where=Place(source)) from error
    documents = [one for kind in _KINDS for one in _documents(kind, tables.pop(kind, []), source)]
    if tables:
        raise unknown("the table", next(iter(tables)), _KINDS, source)
    shipments = [one for one in documents if isinstance(one, Shipment)]
    if len(shipments) != 1:
        raise DataError("papers are of one [shipment]", where=Place(source))
    library = Library(Bindings())
    for one in (*books, *documents):
        plain = msgspec.to_builtins(one)
        library.record(DocumentPut(kind=one.KIND, id=one.id, version=1, replaces=0, document=plain))
    devices = tuple(one for one in documents if isinstance(one, DeviceCard))
    context = library.changed()[shipments[0].id]
    return Papers(context=msgspec.structs.replace(context, cards={one.id: one for one in devices}), devices=devices)


def _documents(kind: str, tables: Any, source: str) -> list[Document]:
    listed = [tables] if isinstance(tables, Mapping) else tables
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise DataError(f"{kind} is a table: [{kind}], or [[{kind}]] for several", where=Place(source))
    return [_document(kind, one, source) for one in listed]


def _document(kind: str, table: Mapping[str, Any], source: str) -> Document:
    known = [field.name for field in forms.FIELDS[kind]]
    for key in table:
        if key not in known:
            raise unknown(f"[{kind}]: the key", key, known, source)
    try:
        return forms.from_texts(kind, {key: _text(key, value) for key, value in table.items()})
    except DataError as error:
        raise DataError(f"[{kind}]: {error.what}", hint=error.hint, where=Place(source)) from error


def _text(key: str, value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case list():
            return ("\n" if key in {"legs", "area"} else ", ").join(map(str, value))
        case _:
            return str(value)
