"""One shipment: where it is, every channel, its alerts, facts and papers, its evidence, and the decision about it."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from doseway.app.board import BEFORE, AlertState, ChannelPoints, ShipmentRow
from doseway.app.form_fields import read_instant
from doseway.app.proving import packed
from doseway.model.documents import Shipment
from doseway.model.errors import DosewayError
from doseway.model.units import HOUR_MS
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import PageRequest, Zones, clock_of, must_be_ours, render, tower_of, words_of
from doseway.ui.telling import Teller, limits_shown

_FACTS: Final = 50
_TABLE_BUCKETS: Final = 24
_DEVICES: Final = 500
_LAST_MS: Final = 253_402_300_799_999
_STATES: Final[tuple[AlertState, ...]] = ("open", "closed", "retracted")


@get("/shipments/{shipment:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show(
    request: PageRequest, shipment: FromPath[str], after: Annotated[int, QueryParameter(ge=-1, le=_LAST_MS)] = -1
) -> Response[str]:
    """Show a shipment."""
    return _page(request, shipment, after=after)


@post("/shipments/{shipment:str}/disposition", needs="decide", include_in_schema=False, sync_to_thread=True)
def decide(request: PageRequest, shipment: FromPath[str], data: Form) -> Response[Any]:
    """Record a decision, and show the shipment with it."""
    must_be_ours(request, data)
    units = tuple(str(data.get("units", "")).replace(",", " ").split())
    disposition, reason = str(data.get("disposition", "")), str(data.get("reason", "")).strip()
    try:
        desk = tower_of(request).desk
        index = desk.decide(_row(request, shipment).id, disposition, reason=reason, units=units, by=request.user.name)
    except DosewayError as error:
        return _page(request, shipment, wrong=error, typed=data, status=422)
    return Redirect(f"/shipments/{shipment}?done=decided&at_least={index}", status_code=303)


@post("/shipments/{shipment:str}/devices", needs="documents", include_in_schema=False, sync_to_thread=True)
def put_device(request: PageRequest, shipment: FromPath[str], data: Form) -> Response[Any]:
    """Put a device to the shipment, or take it from it."""
    must_be_ours(request, data)
    desk, device = tower_of(request).desk, str(data.get("device", "")).strip()
    try:
        act = desk.dissociate if data.get("remove") else desk.associate
        at_ms = read_instant(str(data["at"])) if data.get("at") else clock_of(request).now_ms()
        index = act(_row(request, shipment).id, device, at_ms=at_ms, by=request.user.name)
    except DosewayError as error:
        return _page(request, shipment, wrong=error, typed=data, status=422)
    return Redirect(f"/shipments/{shipment}?done=device&at_least={index}", status_code=303)


@post("/shipments/{shipment:str}/milestones", needs="documents", include_in_schema=False, sync_to_thread=True)
def report(request: PageRequest, shipment: FromPath[str], data: Form) -> Response[Any]:
    """Record what happened to the shipment."""
    must_be_ours(request, data)
    milestone, at = str(data.get("milestone", "")), str(data.get("at", "")).strip()
    try:
        at_ms = read_instant(at) if at else clock_of(request).now_ms()
        desk = tower_of(request).desk
        index = desk.report(_row(request, shipment).id, milestone, at_ms=at_ms, by=request.user.name)
    except DosewayError as error:
        return _page(request, shipment, wrong=error, typed=data, status=422)
    return Redirect(f"/shipments/{shipment}?done=milestone&at_least={index}", status_code=303)


@post("/shipments/{shipment:str}/evidence", needs="prove", include_in_schema=False, sync_to_thread=True)
def make_pack(request: PageRequest, shipment: FromPath[str], data: Form) -> Response[Any]:
    """Seal the evidence pack of a shipment in the log, and give it to the reader."""
    must_be_ours(request, data)
    row = _row(request, shipment)
    try:
        with packed(tower_of(request).archive, shipment, row.title or shipment) as (path, _):
            headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
            return Response(path.read_bytes(), media_type="application/zip", headers=headers, status_code=200)
    except DosewayError as error:
        return _page(request, shipment, wrong=error, status=422)


def _page(
    request: PageRequest,
    shipment: str,
    *,
    after: int = -1,
    wrong: DosewayError | None = None,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> Response[str]:
    board, row = tower_of(request).board, _row(request, shipment)
    stored = board.document("shipment", shipment)
    document = stored.document if stored and isinstance(stored.document, Shipment) else None
    zones = Zones(tower_of(request))
    facts = board.timeline(shipment, after=after, limit=_FACTS)
    alerts = board.alerts(shipment=shipment, states=_STATES)
    context = {
        "row": row,
        "document": document,
        "product": board.document("product", row.product),
        "parties": {
            name: board.document("party", getattr(document, name)) for name in ("shipper", "carrier", "consignee")
        }
        if document
        else {},
        "zone": zones.zone(row.to_site),
        "zones": zones,
        "alerts": alerts,
        "limits_of": {one.alert: one.limits for one in alerts},
        "tell": Teller(words_of(request), zones.title),
        "limits_shown": limits_shown,
        "devices": board.devices(shipment=shipment, limit=_DEVICES),
        "channels": [_summary(one) for one in _channels(request, shipment)],
        "places": board.route(shipment, points=_TABLE_BUCKETS),
        "facts": facts,
        "next_fact": facts[-1].index if len(facts) == _FACTS else None,
        "findings": tower_of(request).archive.lint(shipment) if row.phase in BEFORE and document else None,
        "wrong": wrong,
        "typed": typed or {},
        "now_ms": clock_of(request).now_ms(),
        "hour_ms": HOUR_MS,
    }
    return render(request, "shipment.html", context, status=status)


def _row(request: PageRequest, shipment: str) -> ShipmentRow:
    row = tower_of(request).board.shipment(shipment)
    if row is None:
        raise NotFoundException(f"there is no shipment {shipment!r}")
    return row


def _channels(request: PageRequest, shipment: str) -> list[ChannelPoints]:
    board = tower_of(request).board
    return list(board.channels(shipment, first_ms=0, last_ms=_LAST_MS, buckets=_TABLE_BUCKETS))


def _summary(one: ChannelPoints) -> dict[str, Any]:
    """Return the channel as its table shows it: a row for each of a few buckets, and the extremes of all."""
    step = -(-len(one.at_ms) // _TABLE_BUCKETS) or 1
    starts = range(0, len(one.at_ms), step)
    rows = [(one.at_ms[at], min(one.low_milli[at : at + step]), max(one.high_milli[at : at + step])) for at in starts]
    return {
        "name": " ".join(part for part in (one.device, one.sensor) if part),
        "quantity": one.quantity,
        "limits": one.limits_milli,
        "rows": rows,
        "gaps": one.gaps_ms,
        "low": min(one.low_milli, default=None),
        "high": max(one.high_milli, default=None),
        "last": one.high_milli[-1] if one.high_milli else None,
    }
