"""A small world for tests: three sites on the 45th parallel, a road, trackers that say what a test wants them to."""

from collections.abc import Iterable, Sequence
from typing import Any

from doseway.model.documents import DeviceCard, Leg, Mode, Shipment, Site
from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.places import Circle, Fix, Signal
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import MINUTE_MS
from doseway.model.watch import RULES, load_watch
from doseway.transit.build import Binding, Papers, build
from doseway.transit.phases import Milestone

T0 = 1_790_000_000_000
"""Minute 0 of every test."""
HOUR = 60
PLANT, HUB, CLINIC = (45_000_000, 9_000_000), (45_000_000, 10_000_000), (45_000_000, 11_000_000)
UNSIGNED = SignatureCheck(status=SignatureStatus.UNSIGNED)
Observed = tuple[str, Recording]


def at(minute: float) -> int:
    return T0 + round(minute * MINUTE_MS)


def udeg(degree: float) -> int:
    return round(degree * 1_000_000)


def site(name: str, place: tuple[int, int], radius_m: int = 500, **more: Any) -> Site:
    return Site(id=name, area=Circle(latitude_udeg=place[0], longitude_udeg=place[1], radius_m=radius_m), **more)


SITES = {one.id: one for one in (site("plant", PLANT), site("hub", HUB), site("clinic", CLINIC))}


def leg(start: str, end: str, depart: float, arrive: float, mode: Mode = "road", **more: Any) -> Leg:
    return Leg(mode=mode, from_site=start, to_site=end, depart_at_ms=at(depart), arrive_at_ms=at(arrive), **more)


ROAD = (leg("plant", "hub", 60, 180), leg("hub", "clinic", 240, 360))


def fix(minute: float, latitude: float, longitude: float, accuracy_m: float | None = 5, **more: Any) -> Fix:
    more.setdefault("method", "gnss")
    accuracy = None if accuracy_m is None else round(accuracy_m * 1000)
    north, east = udeg(latitude), udeg(longitude)
    return Fix(observed_at_ms=at(minute), latitude_udeg=north, longitude_udeg=east, accuracy_mm=accuracy, **more)


def line(start: float, end: float, west: float, east: float, every: float = 5, latitude: float = 45.0) -> list[Fix]:
    """Fixes along a parallel, both ends included."""
    count = round((end - start) / every)
    return [
        fix(start + number * every, latitude, west + (east - west) * number / max(count, 1))
        for number in range(count + 1)
    ]


def still(start: float, end: float, longitude: float, every: float = 5, latitude: float = 45.0) -> list[Fix]:
    return line(start, end, longitude, longitude, every, latitude)


def trip() -> list[Fix]:
    """As planned: an hour at the plant, two to the hub, an hour there, two to the clinic."""
    return [
        *still(0, 60, 9.0),
        *line(65, 175, 9.05, 9.95),
        *still(180, 240, 10.0),
        *line(245, 355, 10.05, 10.95),
        *still(360, 400, 11.0),
    ]


def series(quantity: Quantity, rows: Iterable[tuple[float, float]], sensor: str = "internal") -> Series:
    one = Series(sensor, quantity)
    for minute, value in rows:
        one.add(at(minute), round(value * 1000))
    return one


def recording(
    series: Sequence[Series] = (), fixes: Sequence[Fix] = (), signals: Sequence[tuple[float, str]] = ()
) -> Recording:
    return Recording(
        format="test",
        format_version=1,
        device=Device(),
        series=tuple(series),
        signature=UNSIGNED,
        fixes=tuple(fixes),
        signals=tuple(Signal(observed_at_ms=at(minute), kind=kind) for minute, kind in signals),
    )


def journey(
    *observed: Recording | Observed,
    legs: Sequence[Leg] = ROAD,
    sites: Iterable[Site] = (),
    until: float | None = None,
    cards: Iterable[DeviceCard] = (),
    bindings: Sequence[Binding] = (),
    milestones: Iterable[Milestone] = (),
    budget_left_ms: int | None = None,
    **shipment: Any,
) -> Journey:
    """Build the journey of recordings; one without a device's name is of device `a`."""
    named = [one if isinstance(one, tuple) else ("a", one) for one in observed]
    bound = bindings or [Binding(device=name, bound_ms=at(0)) for name in sorted({name for name, _ in named})]
    papers = Papers(
        shipment=Shipment(id="s", legs=tuple(legs), **shipment),
        sites=SITES | {one.id: one for one in sites},
        devices={one.id: one for one in cards},
    )
    return build(
        papers,
        named,
        bound,
        until_ms=None if until is None else at(until),
        milestones=milestones,
        budget_left_ms=budget_left_ms,
    )


def find(one: Journey, rule: str, **parameters: Any) -> list[Finding]:
    """Run one rule, its parameters as a TOML table has them."""
    watch = load_watch({"id": "w", "rules": [{"rule": rule, **parameters}]}, "w.toml")
    return RULES.get(rule).find(one, watch.rules[0])


def minutes(findings: Iterable[Finding]) -> list[tuple[float, float, float | None]]:
    """Return start, raised and end of each finding in minutes."""
    return [
        (
            (one.start_ms - T0) / MINUTE_MS,
            (one.raised_ms - T0) / MINUTE_MS,
            None if one.end_ms is None else (one.end_ms - T0) / MINUTE_MS,
        )
        for one in findings
    ]
