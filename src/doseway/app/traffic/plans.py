"""The shipments of a day: each departure of each route with its devices, its delays and what befalls it."""

import random
from typing import Final, NamedTuple

from doseway.app.traffic.company import ROUTES, Incident, Kit, Route, carrier_of
from doseway.app.traffic.trackers import signing_key
from doseway.app.traffic.voyages import Voyage, voyage
from doseway.model.documents import DeviceCard, Shipment
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

_BEFORE_MS: Final = 2 * HOUR_MS
_AFTER_MS: Final = 90 * MINUTE_MS
_PROMISE_MS: Final = 18 * HOUR_MS
_INTERVAL_MS: Final = 10 * MINUTE_MS
_AT_SEA_MS: Final = 30 * MINUTE_MS
_GRID_MS: Final = 5 * MINUTE_MS
_MODELS: Final[dict[Kit, tuple[tuple[str, str], ...]]] = {
    "tive": (("tive", "Tive Solo 5G"),),
    "traccar": (("traccar", "Reefer unit"),),
    "van": (("chirpstack", "LoRaWAN box sensor"), ("osmand", "Driver's phone")),
    "packet": (("packet", "Doseway signed tracker"),),
}


class Unit(NamedTuple):
    """One device: what its messages are written as, and its document."""

    format: str
    card: DeviceCard


class Plan(NamedTuple):
    """One shipment of the day.

    Attributes:
        interval_ms: how often its devices measure: by satellite less often.
        bind_ms, unbind_ms: while its devices are with it; `unbind_ms` None: beyond the end of the day.
        incident: what befalls it, from `hit_ms` on.
    """

    route: Route
    shipment: Shipment
    voyage: Voyage
    units: tuple[Unit, ...]
    interval_ms: int
    bind_ms: int
    unbind_ms: int | None
    incident: Incident
    hit_ms: int


def plans(seed: int, start_ms: int) -> list[Plan]:
    """Return the shipments in the order of their ids."""
    found: list[Plan] = []
    for route in ROUTES:
        for number, hours in enumerate(route.departures_h):
            rng = random.Random(f"{seed} {route.id} {number}")  # noqa: S311  # traffic, no secrets
            found.append(_plan(route, number, len(found) + 1, start_ms + round(hours * HOUR_MS), start_ms, rng))
    return found


def _plan(route: Route, number: int, count: int, depart_ms: int, start_ms: int, rng: random.Random) -> Plan:
    incident = route.incidents.get(number, "")
    depart_ms += 0 if incident == "tarmac" else rng.randrange(0, 4) * _GRID_MS
    late_ms = tuple(rng.randrange(0, 3) * _GRID_MS for _ in route.stages)
    way = voyage(route.origin, route.stages, depart_ms, late_ms)
    shipment = Shipment(
        id=f"shp-{count:03d}",
        title=f"{route.id.replace('-', ' → ', 1).replace('-', ' ')} {number + 1}",
        product=route.product,
        lot=f"L{rng.randrange(1000, 9999)}",
        quantity=rng.randrange(1, 24) * 100,
        profile=route.package.profile,
        shipper="northlight",
        carrier=carrier_of(route),
        consignee="hospitals" if route.stages[-1][1].startswith("hospital") else "care-wholesale",
        legs=way.legs,
        promised_at_ms=way.legs[-1].arrive_at_ms + _PROMISE_MS,
    )
    unbind_ms = way.ends_ms + _AFTER_MS
    interval_ms = _AT_SEA_MS if any(mode == "sea" for mode, _ in route.stages) else _INTERVAL_MS
    return Plan(
        route=route,
        shipment=shipment,
        voyage=way,
        units=tuple(
            Unit(format_id, _card(format_id, model, count, interval_ms)) for format_id, model in _MODELS[route.kit]
        ),
        interval_ms=interval_ms,
        bind_ms=way.starts_ms - _BEFORE_MS,
        unbind_ms=unbind_ms if unbind_ms < start_ms + DAY_MS and incident != "theft" else None,
        incident=incident,
        hit_ms=_hit_ms(incident, way, rng),
    )


def _card(format_id: str, model: str, count: int, interval_ms: int) -> DeviceCard:
    device = {
        "tive": f"86000000000{count:04d}",
        "traccar": f"86100100071{count:04d}",
        "chirpstack": f"70b3d57ed005{count:04d}",
        "osmand": f"van-{count:03d}",
        "packet": f"dw-{count:04d}",
    }[format_id]
    key = bytes(signing_key(device).verify_key).hex() if format_id == "packet" else ""
    return DeviceCard(
        id=device,
        title=f"{model} {device[-4:]}",
        model=model,
        interval_s=interval_ms // SECOND_MS,
        silence_s=1800,
        public_key_hex=key,
    )


def _hit_ms(incident: Incident, way: Voyage, rng: random.Random) -> int:
    """Return when the incident begins: on the tarmac between two flights, otherwise some time after the departure."""
    if incident == "tarmac":
        return way.legs[1].arrive_at_ms + way.late_ms[1]
    if incident == "freezing":
        return way.starts_ms - HOUR_MS
    return way.starts_ms + HOUR_MS + rng.randrange(6, 13) * _GRID_MS
