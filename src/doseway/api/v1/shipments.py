"""Shipments: the overview's rows, where they are, their channels, route and facts, and what is decided about them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from doseway.api.problems import NotFound
from doseway.api.v1.common import After, AnyRequest, Done, Id, Instant, Limit, Words, done, page, tower_of
from doseway.app.board import ChannelPoints, Phase, ShipmentQuery, ShipmentRow, TimelineRow
from doseway.model.findings import Severity

_PAGE: Final = 500
_LAST_MS: Final = 253_402_300_799_999


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where one shipment is, for a map of all."""

    id: str
    title: str
    latitude_udeg: int
    longitude_udeg: int
    phase: Phase
    open_alerts: int
    worst: Severity | None


class RoutePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One position of the way so far."""

    at_ms: int
    latitude_udeg: int
    longitude_udeg: int
    accuracy_mm: int | None


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a qualified person decides; `units` are the SSCCs of a partial decision."""

    disposition: Literal["quarantine", "release", "reject", "partial"]
    reason: Words
    units: tuple[str, ...] = ()


class Happened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened to a shipment, and when it did."""

    milestone: Literal["departed", "arrived", "delivered", "closed"]
    at_ms: Instant


class Associated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that travels with the shipment from an instant on."""

    device: Words
    at_ms: Instant


@get("/shipments", needs="read", sync_to_thread=True)
def list_shipments(
    request: AnyRequest,
    text: Annotated[str, QueryParameter(max_length=200)] = "",
    phase: FromQuery[list[Phase] | None] = None,
    is_alerting: FromQuery[bool] = False,
    is_unready: FromQuery[bool] = False,
    after: After = "",
    limit: Limit = 100,
) -> Response[list[ShipmentRow]]:
    """List shipments by id: by words in id, title or product, by phase, with alerts, or unready to depart."""
    query = ShipmentQuery(
        text=text,
        phases=tuple(phase or ()),
        is_alerting=is_alerting,
        is_unready=is_unready,
        after=after,
        limit=limit,
    )
    return page(request, tower_of(request).board.shipments(query), limit, lambda row: row.id)


@get("/positions", needs="read", sync_to_thread=True)
def list_positions(request: AnyRequest) -> list[Position]:
    """List where all shipments are that are not closed and have a position."""
    found: list[Position] = []
    after = ""
    while rows := tower_of(request).board.shipments(ShipmentQuery(after=after, limit=_PAGE)):
        found += [position for row in rows if row.phase != "closed" and (position := _position(row))]
        after = rows[-1].id
    return found


@get("/shipments/{shipment:str}", needs="read", sync_to_thread=True)
def get_shipment(request: AnyRequest, shipment: Id) -> ShipmentRow:
    """Return one shipment as the overview shows it; its document is at `/v1/documents/shipment/{id}`."""
    return known(request, shipment)


@get("/shipments/{shipment:str}/channels", needs="read", sync_to_thread=True)
def list_channels(
    request: AnyRequest,
    shipment: Id,
    first_ms: Annotated[int, QueryParameter(ge=0, le=_LAST_MS)] = 0,
    last_ms: Annotated[int, QueryParameter(ge=0, le=_LAST_MS)] = _LAST_MS,
    buckets: Annotated[int, QueryParameter(ge=1, le=5_000)] = 800,
) -> Sequence[ChannelPoints]:
    """Return every channel within a span, in at most so many buckets, each with its least and greatest value."""
    known(request, shipment)
    return tower_of(request).board.channels(shipment, first_ms=first_ms, last_ms=last_ms, buckets=buckets)


@get("/shipments/{shipment:str}/route", needs="read", sync_to_thread=True)
def get_route(
    request: AnyRequest, shipment: Id, points: Annotated[int, QueryParameter(ge=2, le=5_000)] = 500
) -> list[RoutePoint]:
    """Return the way so far, thinned to so many points."""
    known(request, shipment)
    way = tower_of(request).board.route(shipment, points=points)
    return [
        RoutePoint(at_ms=at_ms, latitude_udeg=latitude, longitude_udeg=longitude, accuracy_mm=accuracy)
        for at_ms, latitude, longitude, accuracy in way
    ]


@get("/shipments/{shipment:str}/timeline", needs="read", sync_to_thread=True)
def list_facts(
    request: AnyRequest,
    shipment: Id,
    after: Annotated[int, QueryParameter(ge=-1, le=_LAST_MS, description="The last index of the page before.")] = -1,
    limit: Limit = 100,
) -> Response[list[TimelineRow]]:
    """List the facts about a shipment, the oldest first."""
    known(request, shipment)
    rows = tower_of(request).board.timeline(shipment, after=after, limit=limit)
    return page(request, rows, limit, lambda row: row.index)


@post("/shipments/{shipment:str}/disposition", needs="decide", sync_to_thread=True)
def decide(request: AnyRequest, shipment: Id, data: JSONBody[Decision]) -> Response[Done]:
    """Record what a qualified person decided. The software never decides."""
    known(request, shipment)
    by = request.user.name
    desk = tower_of(request).desk
    return done(desk.decide(shipment, data.disposition, reason=data.reason, units=data.units, by=by))


@post("/shipments/{shipment:str}/milestones", needs="documents", sync_to_thread=True)
def report(request: AnyRequest, shipment: Id, data: JSONBody[Happened]) -> Response[Done]:
    """Report that a shipment departed, arrived, was delivered or was closed: its phases follow from that."""
    known(request, shipment)
    desk = tower_of(request).desk
    return done(desk.report(shipment, data.milestone, at_ms=data.at_ms, by=request.user.name))


@post("/shipments/{shipment:str}/devices", needs="documents", sync_to_thread=True)
def associate(request: AnyRequest, shipment: Id, data: JSONBody[Associated]) -> Response[Done]:
    """Put a device to a shipment (EPCIS AssociationEvent, ADD)."""
    known(request, shipment)
    desk = tower_of(request).desk
    return done(desk.associate(shipment, data.device, at_ms=data.at_ms, by=request.user.name))


@delete("/shipments/{shipment:str}/devices/{device:str}", needs="documents", status_code=200, sync_to_thread=True)
def dissociate(
    request: AnyRequest, shipment: Id, device: Id, at_ms: Annotated[int, QueryParameter(ge=0, le=_LAST_MS)]
) -> Done:
    """Take a device from a shipment from an instant on (EPCIS AssociationEvent, DELETE)."""
    known(request, shipment)
    return Done(index=tower_of(request).desk.dissociate(shipment, device, at_ms=at_ms, by=request.user.name))


def known(request: AnyRequest, shipment: str) -> ShipmentRow:
    """Return a shipment's row. Raises NotFound."""
    row = tower_of(request).board.shipment(shipment)
    if row is None:
        raise NotFound(f"there is no shipment {shipment!r}")
    return row


def _position(row: ShipmentRow) -> Position | None:
    if row.latitude_udeg is None or row.longitude_udeg is None:
        return None
    return Position(
        id=row.id,
        title=row.title,
        latitude_udeg=row.latitude_udeg,
        longitude_udeg=row.longitude_udeg,
        phase=row.phase,
        open_alerts=row.open_alerts,
        worst=row.worst,
    )


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [
        list_shipments,
        list_positions,
        get_shipment,
        list_channels,
        get_route,
        list_facts,
        decide,
        report,
        associate,
        dissociate,
    ]
    return Router("/v1", route_handlers=handlers, tags=["shipments"])
