"""Documents: whole ones in, whole ones out; the version is the entity tag, and a change says which one it read."""

import asyncio
import re
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

import msgspec
from litestar import Controller, Response, Router, get, post, put
from litestar.params import JSONBody, QueryParameter  # read from the quoted annotation at run time

from doseway.api.problems import NotFound, VersionMismatch, VersionRequired
from doseway.api.v1.common import After, AnyRequest, Done, Id, Limit, page, tower_of
from doseway.app import forms
from doseway.app.board import Stored
from doseway.app.forms import RowReport
from doseway.model.documents import KINDS, Document
from doseway.model.errors import DataError

DocumentT = TypeVar("DocumentT", bound=Document)
_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')


class Version(msgspec.Struct, Generic[DocumentT], frozen=True, kw_only=True):
    """A document in its newest version; `index` is that of its fact."""

    version: int
    index: int
    document: DocumentT


TableName = Annotated[str, QueryParameter(max_length=200, description="What the table is called.")]
MOST_TABLE_BYTES: Final = 16 * 1024 * 1024


class DocumentRoutes(Controller, Generic[DocumentT]):
    """The routes of one kind of documents."""

    kind: ClassVar[type[Document]]
    tags = ["documents"]  # noqa: RUF012  # Litestar's own way

    def __init__(self, owner: Router) -> None:
        super().__init__(owner)
        self.signature_namespace["DocumentT"] = self.kind

    @get("/", needs="read", sync_to_thread=True)
    def list_documents(
        self, request: AnyRequest, after: After = "", limit: Limit = 100
    ) -> "Response[list[Version[DocumentT]]]":
        """List the documents of this kind, by id."""
        rows = tower_of(request).board.documents(self.kind.KIND, after=after, limit=limit)
        return page(request, list(map(_version, rows)), limit, lambda row: row.document.id)

    @get("/{document:str}", needs="read", sync_to_thread=True)
    def get_document(self, request: AnyRequest, document: Id) -> "Response[DocumentT]":
        """Return a document; `ETag` is its version."""
        stored = tower_of(request).board.document(self.kind.KIND, document)
        if stored is None:
            raise NotFound(f"there is no {self.kind.KIND} {document!r}")
        found: Any = stored.document
        return Response(found, headers={"ETag": f'"{stored.version}"'})

    @put("/{document:str}", sync_to_thread=True)
    def put_document(self, request: AnyRequest, document: Id, data: "JSONBody[DocumentT]") -> Response[Done]:
        """Put the whole document. To change one that exists, `If-Match` names the version that was read."""
        if data.id != document:
            raise DataError(f"the document is {data.id!r} and the address says {document!r}", hint="Make them agree.")
        board, desk = tower_of(request).board, tower_of(request).desk
        stored = board.document(self.kind.KIND, document)
        replaces = _replaces(stored, request.headers.get("if-match"))
        index = desk.put(data, replaces=replaces, by=request.user.name)
        return Response(Done(index=index), headers={"ETag": f'"{replaces + 1}"'})

    @post("/import", status_code=200, request_max_body_size=MOST_TABLE_BYTES)
    async def import_documents(self, request: AnyRequest, name: TableName = "table.csv") -> list[RowReport]:
        """Put a document for each row of a table, sent as the body: CSV in UTF-8 or XLSX, or a rule book's TOML.

        Answers what became of each row.
        """
        data, tower, kind = await request.body(), tower_of(request), self.kind.KIND

        def put() -> list[RowReport]:
            rows = forms.read_table(kind, data, name)
            return forms.put_all(tower.board, tower.desk, kind, rows, by=request.user.name)

        return await asyncio.to_thread(put)


def _routes_of(document: type[Document]) -> type[Controller]:
    """Make the routes of a kind: what they take and give is of its type, and changing it needs its permission."""
    members = {
        "path": f"/v1/documents/{document.KIND}",
        "kind": document,
        "opt": {"needs": forms.permission(document.KIND)},
        "__doc__": document.__doc__,
    }
    return type(f"{document.__name__}Routes", (DocumentRoutes,), members)


def _version(stored: Stored) -> Version[Any]:
    return Version(version=stored.version, index=stored.index, document=stored.document)


def _replaces(stored: Stored | None, if_match: str | None) -> int:
    """Return the version that a change replaces, 0 for a new document."""
    if stored is None:
        if if_match is not None:
            raise VersionMismatch("there is no such document yet: send no If-Match to make it")
        return 0
    if if_match is None:
        raise VersionRequired(f'this replaces a document: send If-Match: "{stored.version}" if you have read that')
    match = _TAG.fullmatch(if_match.strip())
    if match is None or int(match[1]) != stored.version:
        raise VersionMismatch(f"the newest version is {stored.version}, and not what you have read")
    return stored.version


def routes() -> tuple[type[Controller], ...]:
    """Return the routes of this file."""
    return tuple(map(_routes_of, KINDS.values()))
