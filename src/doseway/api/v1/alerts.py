"""Alerts, and what people do about them."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from doseway.api.problems import NotFound
from doseway.api.v1.common import After, AnyRequest, Done, Id, Instant, Limit, Words, done, page, tower_of
from doseway.app.board import AlertRow, AlertState, DeviceRow


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about an alert, in words."""

    comment: Words


class Snooze(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when an alert's notices are silent, and why."""

    until_ms: Instant
    comment: Words


@get("/alerts", needs="read", sync_to_thread=True)
def list_alerts(
    request: AnyRequest,
    shipment: FromQuery[str] = "",
    states: Annotated[list[AlertState] | None, QueryParameter(name="state")] = None,
    after: After = "",
    limit: Limit = 100,
) -> Response[list[AlertRow]]:
    """List alerts, the gravest and then the newest first; the open ones unless `state` says others."""
    rows = tower_of(request).board.alerts(shipment=shipment, states=states or ["open"], after=after, limit=limit)
    return page(request, rows, limit, lambda row: row.alert)


@get("/alerts/{alert:str}", needs="read", sync_to_thread=True)
def get_alert(request: AnyRequest, alert: Id) -> AlertRow:
    """Return one alert with the limits that were in force."""
    return _known(request, alert)


@post("/alerts/{alert:str}/acknowledge", needs="attend", sync_to_thread=True)
def acknowledge(request: AnyRequest, alert: Id, data: JSONBody[Acknowledgement]) -> Response[Done]:
    """Acknowledge an alert with a comment."""
    _known(request, alert)
    return done(tower_of(request).desk.acknowledge(alert, comment=data.comment, by=request.user.name))


@post("/alerts/{alert:str}/snooze", needs="attend", sync_to_thread=True)
def snooze(request: AnyRequest, alert: Id, data: JSONBody[Snooze]) -> Response[Done]:
    """Silence an alert's notices until an instant; it stays open."""
    _known(request, alert)
    desk = tower_of(request).desk
    return done(desk.snooze(alert, until_ms=data.until_ms, comment=data.comment, by=request.user.name))


@get("/devices", needs="read", sync_to_thread=True)
def list_devices(
    request: AnyRequest,
    text: Annotated[str, QueryParameter(max_length=200)] = "",
    shipment: Annotated[str, QueryParameter(max_length=200)] = "",
    is_silent: FromQuery[bool] = False,
    after: After = "",
    limit: Limit = 100,
) -> Response[list[DeviceRow]]:
    """List the devices that have a card or were heard, by id: with these words, of a shipment, only silent ones."""
    board = tower_of(request).board
    rows = board.devices(text=text, shipment=shipment, is_silent=is_silent, after=after, limit=limit)
    return page(request, rows, limit, lambda row: row.device)


def _known(request: AnyRequest, alert: str) -> AlertRow:
    row = tower_of(request).board.alert(alert)
    if row is None:
        raise NotFound(f"there is no alert {alert!r}")
    return row


def routes() -> Router:
    """Return the routes of this file."""
    handlers = [list_alerts, get_alert, acknowledge, snooze, list_devices]
    return Router("/v1", route_handlers=handlers, tags=["alerts and devices"])
