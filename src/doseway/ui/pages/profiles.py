"""Limit profiles and watches, and when one would have fired on history."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from doseway.app.books import SORTS, builtin, from_toml, kind_of, text_of
from doseway.app.form_fields import read_instant
from doseway.app.rule_words import limits_text, quantity_of, terms_of
from doseway.app.trial import Trial, Where
from doseway.model.documents import ProfileBook, WatchBook
from doseway.model.errors import DataError, DosewayError, ProfileError
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of

_LONGEST_TOML: Final = 100_000
_OWN: Final = 500
PATHS: Final = {ProfileBook.KIND: "/profiles", WatchBook.KIND: "/watches"}


@get("/profiles", needs="read", include_in_schema=False, sync_to_thread=True)
def list_profiles(request: PageRequest) -> Response[str]:
    """Show all limit profiles, this tower's own first."""
    return _list(request, ProfileBook.KIND)


@get("/watches", needs="read", include_in_schema=False, sync_to_thread=True)
def list_watches(request: PageRequest) -> Response[str]:
    """Show all watches, this tower's own first."""
    return _list(request, WatchBook.KIND)


@get("/profiles/{profile:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_profile(request: PageRequest, profile: FromPath[str], shipment: FromQuery[str] = "") -> Response[str]:
    """Show a profile with its sources, ready to be changed and tried."""
    return _page(request, ProfileBook.KIND, profile, {"shipment": shipment})


@get("/watches/{watch:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_watch(request: PageRequest, watch: FromPath[str], shipment: FromQuery[str] = "") -> Response[str]:
    """Show a watch with its sources, ready to be changed and tried."""
    return _page(request, WatchBook.KIND, watch, {"shipment": shipment})


@post("/profiles/{profile:str}/try", needs="read", include_in_schema=False, sync_to_thread=True)
def try_profile(request: PageRequest, profile: FromPath[str], data: Form) -> Response[str]:
    """Say what the limits in the form would have found on history. Stores nothing."""
    return _try(request, ProfileBook.KIND, profile, data)


@post("/watches/{watch:str}/try", needs="read", include_in_schema=False, sync_to_thread=True)
def try_watch(request: PageRequest, watch: FromPath[str], data: Form) -> Response[str]:
    """Say what the rules in the form would have found on history. Stores nothing."""
    return _try(request, WatchBook.KIND, watch, data)


def _list(request: PageRequest, kind: str) -> Response[str]:
    own = [one.document for one in tower_of(request).board.documents(kind, limit=_OWN)]
    taken = {one.id for one in own}
    standing = [builtin(kind, name) for name in SORTS[kind].shelf.ids() if name not in taken]
    return render(request, "profiles.html", {"kind": kind, "own": own, "standing": standing, "paths": PATHS})


def _try(request: PageRequest, kind: str, name: str, data: dict[str, Any]) -> Response[str]:
    must_be_ours(request, data)
    text = str(data.get("toml", ""))[:_LONGEST_TOML].replace("\r\n", "\n")
    try:
        book = from_toml(text, f"{name}.toml")
        if kind_of(book) != kind:
            raise DataError("these rules are of the other kind", hint="Limits of temperature are a profile's.")
        return _page(request, kind, name, data, tower_of(request).archive.try_out(book, _where(data)))
    except DosewayError as error:
        return _page(request, kind, name, data, wrong=error)


def _where(data: dict[str, Any]) -> Where:
    """Read which history a form asks for; a whole span of all shipments needs no name."""
    texts = {name: str(data.get(name, "")).strip() for name in ("shipment", "device", "first", "last")}
    instants = {name: read_instant(texts[name]) if texts[name] else None for name in ("first", "last")}
    return Where(
        shipment=texts["shipment"], device=texts["device"], first_ms=instants["first"], last_ms=instants["last"]
    )


def _page(
    request: PageRequest,
    kind: str,
    name: str,
    typed: dict[str, Any],
    trials: Any = None,
    wrong: DosewayError | None = None,
) -> Response[str]:
    tower = tower_of(request)
    try:
        book = tower.archive.book(kind, name)
    except ProfileError as error:
        raise NotFoundException(error.what) from error
    is_own = tower.board.document(kind, name) is not None
    context = {
        "kind": kind,
        "path": PATHS[kind],
        "book": book,
        "is_own": is_own,
        "rules": [(rule, terms_of(rule)) for rule in book.rules],
        "toml": typed.get("toml") or text_of(kind, book, is_own=is_own),
        "typed": {key: str(typed.get(key, "")) for key in ("shipment", "device", "first", "last")},
        "trials": trials,
        "told": [one for one in trials or () if one.fired or one.gone or len(trials) == 1],
        "totals": _totals(trials or ()),
        "limits_text": limits_text,
        "quantity_of": quantity_of,
        "wrong": wrong,
    }
    return render(request, "profile.html", context, status=422 if wrong else 200)


def _totals(trials: Any) -> dict[str, int]:
    found: list[Trial] = list(trials)
    counts = {name: sum(one.count(name) for one in found) for name in ("new", "changed", "same")}
    return {**counts, "gone": sum(len(one.gone) for one in found)}
