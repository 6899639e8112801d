"""The alerts desk: the gravest first, worked through with the keyboard."""

from typing import Annotated, Any, Final, get_args

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from doseway.app.board import AlertRow, AlertState
from doseway.model.errors import DataError, DosewayError
from doseway.model.units import HOUR_MS
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import PageRequest, Zones, clock_of, is_part, must_be_ours, render, tower_of, words_of
from doseway.ui.telling import Teller, limits_shown

ROWS: Final = 100
SNOOZES_H: Final = (1, 4, 12, 24)


@get("/alerts", needs="read", include_in_schema=False, sync_to_thread=True)
def desk(
    request: PageRequest,
    states: Annotated[list[str] | None, QueryParameter(name="state")] = None,
    after: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[str]:
    """Show the desk."""
    return _page(request, states or [], after)


@post("/alerts/{alert:str}/acknowledge", needs="attend", include_in_schema=False, sync_to_thread=True)
def acknowledge(request: PageRequest, alert: FromPath[str], data: Form) -> Response[Any]:
    """Acknowledge an alert, and go back to where the reader was."""
    must_be_ours(request, data)
    row, comment = _row(request, alert), str(data.get("comment", "")).strip()
    try:
        index = tower_of(request).desk.acknowledge(row.alert, comment=comment, by=request.user.name)
    except DosewayError as error:
        return _page(request, [], wrong=error, at=alert)
    return _back(data, row, "acknowledged", index)


@post("/alerts/{alert:str}/snooze", needs="attend", include_in_schema=False, sync_to_thread=True)
def snooze(request: PageRequest, alert: FromPath[str], data: Form) -> Response[Any]:
    """Silence an alert's notices for some hours."""
    must_be_ours(request, data)
    row, comment = _row(request, alert), str(data.get("comment", "")).strip()
    hours = str(data.get("hours", ""))
    try:
        if hours not in {str(one) for one in SNOOZES_H}:
            raise DataError(f"{hours[:20]!r} hours cannot be chosen")
        until_ms = clock_of(request).now_ms() + int(hours) * HOUR_MS
        index = tower_of(request).desk.snooze(row.alert, until_ms=until_ms, comment=comment, by=request.user.name)
    except DosewayError as error:
        return _page(request, [], wrong=error, at=alert)
    return _back(data, row, "snoozed", index)


def _page(
    request: PageRequest, states: list[str], after: str = "", *, wrong: DosewayError | None = None, at: str = ""
) -> Response[str]:
    tower = tower_of(request)
    shown: list[AlertState] = [one for one in get_args(AlertState) if one in states] or ["open"]
    rows = tower.board.alerts(states=shown, after=after, limit=ROWS)
    zones = Zones(tower)
    shipments = {row.shipment: tower.board.shipment(row.shipment) for row in rows}
    context = {
        "rows": rows,
        "shipments": shipments,
        "zone_of": {name: zones.zone(row.to_site) if row else "UTC" for name, row in shipments.items()},
        "states": shown,
        "next": rows[-1].alert if len(rows) == ROWS else "",
        "tell": Teller(words_of(request), zones.title),
        "limits_shown": limits_shown,
        "snoozes_h": SNOOZES_H,
        "now_ms": clock_of(request).now_ms(),
        "wrong": wrong,
        "at": at,
    }
    template = "_alerts.html" if is_part(request) else "alerts.html"
    return render(request, template, context, status=422 if wrong else 200)


def _row(request: PageRequest, alert: str) -> AlertRow:
    row = tower_of(request).board.alert(alert)
    if row is None:
        raise NotFoundException(f"there is no alert {alert!r}")
    return row


def _back(data: dict[str, Any], row: AlertRow, done: str, index: int) -> Redirect:
    where = f"/shipments/{row.shipment}" if data.get("back") == "shipment" else "/alerts"
    return Redirect(f"{where}?done={done}&at_least={index}", status_code=303)
