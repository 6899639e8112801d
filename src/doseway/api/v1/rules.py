"""Rules: the books that there are, what they would have found on history, and what is wrong before a departure."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody

from doseway.api.problems import NotFound
from doseway.api.v1.common import AnyRequest, Id, Instant, tower_of
from doseway.api.v1.shipments import known
from doseway.app.board import LintNote
from doseway.app.books import SORTS, Book, amended, builtin, document_of, from_toml, text_of
from doseway.app.rule_names import meant
from doseway.app.trial import Trial, Where
from doseway.model.documents import ProfileBook, RuleBook, WatchBook
from doseway.model.errors import DataError, ProfileError

_MOST_OWN = 500
Name = Annotated[str, msgspec.Meta(max_length=200)]


class BookHead(msgspec.Struct, frozen=True, kw_only=True):
    """A limit profile or a watch in a line; `is_own`: a document of this tower, which may be changed."""

    id: str
    title: str
    source: str
    rules: int
    is_own: bool


class BookText(msgspec.Struct, frozen=True, kw_only=True):
    """A limit profile or a watch: its TOML, and the limits as they are logged (integers in thousandths and ms)."""

    id: str
    toml: str
    limits: dict[str, Any]
    is_own: bool


class Attempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try on which history.

    Attributes:
        rule: `light`, `usp-cct`, `usp-cct/above-8`, `watch:our-trucks`. toml: a whole book instead.
        changes: parameters by `key` or `entry.key`, as in TOML. shipment, device, first_ms, last_ms: which history.
    """

    rule: Name = ""
    toml: Annotated[str, msgspec.Meta(max_length=100_000)] = ""
    changes: dict[Name, Name] = {}
    shipment: Name = ""
    device: Name = ""
    first_ms: Instant | None = None
    last_ms: Instant | None = None


@get("/profiles", needs="read", sync_to_thread=True)
def list_profiles(request: AnyRequest) -> list[BookHead]:
    """List the limit profiles: this tower's own, then those that come with Doseway."""
    return _heads(request, ProfileBook.KIND)


@get("/profiles/{profile:str}", needs="read", sync_to_thread=True)
def get_profile(request: AnyRequest, profile: Id) -> BookText:
    """Return a limit profile."""
    return _text(request, ProfileBook.KIND, profile)


@get("/watches", needs="read", sync_to_thread=True)
def list_watches(request: AnyRequest) -> list[BookHead]:
    """List the watches, the rules for everything but temperature: this tower's own, then those of Doseway."""
    return _heads(request, WatchBook.KIND)


@get("/watches/{watch:str}", needs="read", sync_to_thread=True)
def get_watch(request: AnyRequest, watch: Id) -> BookText:
    """Return a watch."""
    return _text(request, WatchBook.KIND, watch)


@post("/try", needs="read", status_code=200, sync_to_thread=True)
def try_rules(request: AnyRequest, data: JSONBody[Attempt]) -> Sequence[Trial]:
    """Say when rules would have fired on history, and how that differs from what did fire. Stores nothing."""
    if bool(data.rule) == bool(data.toml):
        raise DataError("either `rule` or `toml` says what to try", hint="Give one of the two.")
    archive = tower_of(request).archive
    if data.toml:
        book = amended(from_toml(data.toml, "toml"), data.changes)
    else:
        book, _ = meant(data.rule, data.changes, archive.book)
    where = Where(shipment=data.shipment, device=data.device, first_ms=data.first_ms, last_ms=data.last_ms)
    return archive.try_out(book, where)


@get("/shipments/{shipment:str}/lint", needs="read", sync_to_thread=True)
def lint_shipment(request: AnyRequest, shipment: Id) -> Sequence[LintNote]:
    """Say what is wrong with how a shipment is going to be watched: rules that can never fire, and the like."""
    known(request, shipment)
    return tower_of(request).archive.lint(shipment)


def _heads(request: AnyRequest, kind: str) -> list[BookHead]:
    own = tower_of(request).board.documents(kind, limit=_MOST_OWN)
    taken = {one.id for one in own}
    heads = [_own_head(one.document) for one in own if isinstance(one.document, RuleBook)]
    standing = (builtin(kind, name) for name in SORTS[kind].shelf.ids() if name not in taken)
    return [*heads, *(_head(one) for one in standing)]


def _own_head(one: RuleBook) -> BookHead:
    return BookHead(id=one.id, title=one.title, source=one.source, rules=len(one.rules), is_own=True)


def _head(one: Book) -> BookHead:
    return BookHead(id=one.id, title=one.title, source=one.source, rules=len(one.rules), is_own=False)


def _text(request: AnyRequest, kind: str, name: str) -> BookText:
    tower = tower_of(request)
    try:
        book = tower.archive.book(kind, name)
    except ProfileError as error:
        raise NotFound(error.what) from error
    is_own = tower.board.document(kind, name) is not None
    toml = text_of(kind, book, is_own=is_own)
    return BookText(id=name, toml=toml, limits=msgspec.to_builtins(document_of(book)), is_own=is_own)


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [
        list_profiles,
        get_profile,
        list_watches,
        get_watch,
        try_rules,
        lint_shipment,
    ]
    return Router("/v1", route_handlers=handlers, tags=["rules"])
