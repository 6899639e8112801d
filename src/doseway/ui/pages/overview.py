"""The overview: all shipments on the map and in a list, with search, filters and saved views."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, get_args
from urllib.parse import parse_qsl, urlencode

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery, QueryParameter
from litestar.response import Redirect

from doseway.app.board import Phase, ShipmentQuery, ShipmentRow
from doseway.ui.rendering import PageRequest, Zones, accounts_of, is_part, must_be_ours, render, tower_of

ROWS: Final = 100
_LONGEST_NAME: Final = 60
Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/", needs="read", include_in_schema=False, sync_to_thread=True)
def overview(
    request: PageRequest,
    text: Annotated[str, QueryParameter(max_length=200)] = "",
    phase: FromQuery[list[str] | None] = None,
    alerting: FromQuery[str] = "",
    unready: FromQuery[str] = "",
    after: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[str]:
    """Show the overview, or only its list when htmx asks."""
    tower = tower_of(request)
    phases = tuple(one for one in get_args(Phase) if one in (phase or ()))
    query = ShipmentQuery(
        text=text, phases=phases, is_alerting=bool(alerting), is_unready=bool(unready), after=after, limit=ROWS
    )
    rows = tower.board.shipments(query)
    chosen = _query(text, phases, alerting=alerting, unready=unready)
    accounts = accounts_of(request)
    context: Mapping[str, Any] = {
        "rows": rows,
        "zones": Zones(tower),
        "text": text,
        "phases": phases,
        "alerting": bool(alerting),
        "unready": bool(unready),
        "query": chosen,
        "next": _next(chosen, rows),
        "is_first": not after,
        "views": accounts.store.saved_views(request.user.name),
    }
    return render(request, "_shipments.html" if is_part(request) else "overview.html", context)


@post("/views", needs="read", include_in_schema=False, sync_to_thread=True)
def save_view(request: PageRequest, data: Form) -> Redirect:
    """Save the filters that are set under a name, or forget a saved one."""
    must_be_ours(request, data)
    accounts = accounts_of(request)
    # Only what the overview itself understands is kept, so that a saved view cannot lead anywhere else.
    pairs = [(name, value) for name, value in parse_qsl(str(data.get("query", ""))[:1000]) if name in _NAMES]
    forgotten = str(data.get("forget", ""))
    name = (forgotten or str(data.get("name", ""))).strip()[:_LONGEST_NAME]
    if name:
        accounts.store.save_view(request.user.name, name, "" if forgotten else urlencode(pairs))
    return Redirect("/?" + urlencode([*pairs, ("done", "view")]), status_code=303)


_NAMES: Final = frozenset({"text", "phase", "alerting", "unready"})


def _query(text: str, phases: Sequence[str], **ticks: str) -> str:
    pairs = [("text", text)] if text else []
    pairs += [("phase", one) for one in phases]
    pairs += [(name, "1") for name, tick in ticks.items() if tick]
    return urlencode(pairs)


def _next(query: str, rows: Sequence[ShipmentRow]) -> str:
    if len(rows) < ROWS:
        return ""
    return "/?" + urlencode([*parse_qsl(query), ("after", rows[-1].id)])
