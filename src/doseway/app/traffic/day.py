"""Puts a day together from a seed."""

from collections.abc import Iterator
from typing import Final

from doseway.app.traffic import tomorrow
from doseway.app.traffic.company import PARTIES, PRODUCTS, ROUTES
from doseway.app.traffic.incidents import expected
from doseway.app.traffic.model import Binding, Day, Expected, Handed, Message
from doseway.app.traffic.places import PLACES
from doseway.app.traffic.plans import Plan, plans
from doseway.app.traffic.samples import samples
from doseway.app.traffic.sending import messages
from doseway.app.traffic.voyages import voyage
from doseway.model.documents import DeviceCard, Document, Lane, Shipment
from doseway.model.findings import Severity
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS

_LOGGER: Final = "990400100002"
_LOGGER_FILE: Final = "tarmac-excursion.txt"
_LOGGED_FROM_MS: Final = 1_773_036_000_000  # 2026-03-09T06:00Z, when the file's readings begin, its clock at UTC
_LOGGED_UNTIL_MS: Final = 1_773_237_900_000  # 2026-03-11T14:05Z
_HANDED_MS: Final = 9 * HOUR_MS


def plan_day(seed: int, start_ms: int) -> Day:
    """Plan a day of 24 hours.

    Args:
        seed: the same seed and start give the same day.
        start_ms: when it begins, Unix ms; a multiple of five minutes.
    """
    end_ms = start_ms + DAY_MS
    all_plans = plans(seed, start_ms)
    sent = [
        message for plan in all_plans for message in messages(plan, samples(plan, end_ms, seed), seed, start_ms, end_ms)
    ]
    handed, logged = _logged(start_ms, f"shp-{len(all_plans) + 1:03d}")
    planned = f"shp-{len(all_plans) + 2:03d}"
    return Day(
        seed=seed,
        start_ms=start_ms,
        end_ms=end_ms,
        documents=(
            *_documents(all_plans),
            logged,
            DeviceCard(id=_LOGGER, title="Fridge-tag 2 L", interval_s=300),
            *tomorrow.documents(ROUTES[0], planned, start_ms),
        ),
        bindings=tuple(
            sorted(
                (*_bindings(all_plans, logged.id), *tomorrow.bindings(planned, start_ms)),
                key=lambda one: (one.at_ms, one.shipment, one.device),
            )
        ),
        messages=tuple(sorted(sent, key=_order)),
        handed=(handed,),
        expected=(*(one for plan in all_plans for one in expected(plan)), *_from_the_file(logged.id)),
    )


def _order(message: Message) -> tuple[int, str, bytes]:
    return message.at_ms, message.device, message.body


def _documents(all_plans: list[Plan]) -> Iterator[Document]:
    """Give the documents in an order in which each refers to what is there already."""
    yield from PARTIES
    yield from PRODUCTS
    yield from (place.site() for place in PLACES.values())
    for route in ROUTES:
        legs = voyage(route.origin, route.stages, 0, (0,) * len(route.stages)).legs
        yield Lane(id=route.id, title=route.id.replace("-", " "), legs=legs)
    for plan in all_plans:
        yield from (unit.card for unit in plan.units)
        yield plan.shipment


def _bindings(all_plans: list[Plan], logged: str) -> Iterator[Binding]:
    for plan in all_plans:
        for unit in plan.units:
            yield Binding(at_ms=plan.bind_ms, action="ADD", shipment=plan.shipment.id, device=unit.card.id)
            if plan.unbind_ms is not None:
                yield Binding(at_ms=plan.unbind_ms, action="DELETE", shipment=plan.shipment.id, device=unit.card.id)
    yield Binding(at_ms=_LOGGED_FROM_MS, action="ADD", shipment=logged, device=_LOGGER)
    yield Binding(at_ms=_LOGGED_UNTIL_MS, action="DELETE", shipment=logged, device=_LOGGER)


def _logged(start_ms: int, shipment: str) -> tuple[Handed, Shipment]:
    """Return the file that is imported by hand, and the shipment of last March that its logger travelled with."""
    way = voyage("plant-basel", (("road", "hub-milan"),), _LOGGED_FROM_MS + 2 * HOUR_MS, (0,))
    document = Shipment(
        id=shipment,
        title="basel → milan, with a logger",
        product="vaccine-dtp",
        lot="L0309",
        quantity=400,
        profile="usp-cct",
        shipper="northlight",
        carrier="alpine-haulage",
        consignee="care-wholesale",
        legs=way.legs,
        promised_at_ms=_LOGGED_UNTIL_MS,
    )
    return Handed(at_ms=start_ms + _HANDED_MS, name=_LOGGER_FILE, shipment=shipment, zone="UTC"), document


def _from_the_file(shipment: str) -> Iterator[Expected]:
    """Give what the file shows: four and a half warm hours on 10 March."""
    why = "The logger's file shows a pallet that stood in the warmth for hours."
    for rule_id, severity in (("above-8", Severity.WARNING), ("above-15", Severity.HIGH)):
        yield Expected(
            shipment=shipment,
            rule_id=rule_id,
            severity=severity,
            start_ms=_LOGGED_FROM_MS + 27 * HOUR_MS,
            within_ms=150 * MINUTE_MS,
            why=why,
        )
