"""Sixty shipments of a small company, made up by rule and not by chance: the same on every run."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from doseway.app.board import AlertRow, AlertState, ChannelPoints, DeviceRow, Phase, ShipmentRow
from doseway.model.documents import (
    DeviceCard,
    Document,
    Lane,
    Leg,
    Mode,
    Party,
    Product,
    ProfileBook,
    Shipment,
    Site,
    WatchBook,
)
from doseway.model.findings import Finding, Severity
from doseway.model.places import Circle

HOUR: Final = 3_600_000
NOW_MS: Final = 1_773_237_600_000  # 2026-03-11T14:00:00Z
MINUTE: Final = 60_000


class Place(NamedTuple):
    id: str
    title: str
    latitude: float
    longitude: float
    zone: str


PLACES: Final = (
    Place("basel-plant", "Basel plant", 47.5596, 7.5886, "Europe/Zurich"),
    Place("leiden-plant", "Leiden plant", 52.1601, 4.4970, "Europe/Amsterdam"),
    Place("cork-plant", "Cork plant", 51.8985, -8.4756, "Europe/Dublin"),
    Place("fra-hub", "Frankfurt air hub", 50.0379, 8.5622, "Europe/Berlin"),
    Place("jfk-hub", "New York JFK", 40.6413, -73.7781, "America/New_York"),
    Place("sin-hub", "Singapore Changi", 1.3644, 103.9915, "Asia/Singapore"),
    Place("gru-hub", "São Paulo Guarulhos", -23.4356, -46.4731, "America/Sao_Paulo"),
    Place("nbo-depot", "Nairobi depot", -1.2921, 36.8219, "Africa/Nairobi"),
    Place("bom-depot", "Mumbai depot", 19.0760, 72.8777, "Asia/Kolkata"),
    Place("mad-clinic", "Hospital La Paz, Madrid", 40.4818, -3.6871, "Europe/Madrid"),
    Place("hou-clinic", "Houston clinic", 29.7106, -95.3960, "America/Chicago"),
    Place("syd-depot", "Sydney depot", -33.8688, 151.2093, "Australia/Sydney"),
)
PRODUCTS: Final = (
    ("vaxilin", "Vaxilin 0.5 ml syringes", "usp-cct", 5_000),
    ("cardiprol", "Cardiprol 20 mg tablets", "usp-crt", 21_000),
    ("plasmafix", "Plasmafix frozen plasma", "frozen", -25_000),
    ("autocell-t", "Autocell-T (cryogenic)", "cryogenic", -160_000),
)
MODES: Final[tuple[Mode, ...]] = ("road", "air", "sea", "rail")
PHASES: Final[tuple[Phase, ...]] = (
    "in-transit",
    "in-transit",
    "in-transit",
    "at-origin",
    "planned",
    "arrived",
    "delivered",
    "closed",
)
LIMITS: Final = {
    "vaxilin": (2_000, 8_000),
    "cardiprol": (15_000, 25_000),
    "plasmafix": (None, -20_000),
    "autocell-t": (None, -150_000),
}


LIMITS_IN_FORCE: Final[dict[str, dict[str, object]]] = {
    "excursion": {"side": "high", "comparison": "strict", "raise_after_ms": 1_800_000},
    "freeze": {"limit_milli": 0, "comparison": "strict", "raise_after_ms": 0},
    "light": {"limit_millilux": 10_000, "phases": ("in-transit",)},
    "battery": {"limit_millipercent": 20_000, "reserve_ms": 6 * HOUR},
    "late_eta": {"late_by_ms": HOUR, "change_ms": HOUR // 2},
    "theft": {"window_ms": HOUR // 2, "kinds": 2, "apart_m": 1_000},
}
DETAILS: Final[dict[str, dict[str, int | str]]] = {
    "theft": {"kinds": "off-route, opened", "clues": 2},
    "late_eta": {"delay_s": 15_000},
    "spoofed_position": {"pattern": "speed"},
}


class Case(NamedTuple):
    """One shipment: where from and to, of what, how far."""

    number: int
    start: Place
    end: Place
    product: tuple[str, str, str, int]
    mode: Mode
    phase: Phase
    part: float

    @property
    def id(self) -> str:
        return f"shp-{self.number:04d}"

    @property
    def departs_ms(self) -> int:
        return NOW_MS - int(30 * HOUR * self.part) - self.number * MINUTE


def cases() -> list[Case]:
    found = []
    for number in range(1, 61):
        start = PLACES[number % 3]
        end = PLACES[3 + (number * 7) % 9]
        phase = PHASES[number % len(PHASES)]
        part = {"planned": 0.0, "at-origin": 0.0, "in-transit": 0.15 + (number * 37 % 70) / 100}.get(phase, 1.0)
        far = abs(start.longitude - end.longitude) > 25
        mode: Mode = ("air", "sea")[number % 5 == 0] if far else ("road", "rail")[number % 4 == 0]
        found.append(Case(number, start, end, PRODUCTS[number % 4], mode, phase, part))
    return found


def point(case: Case, part: float) -> tuple[float, float]:
    """A place on the great circle from start to end."""
    a, b = ((math.radians(p.latitude), math.radians(p.longitude)) for p in (case.start, case.end))
    vectors = [(math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la)) for la, lo in (a, b)]
    angle = math.acos(max(-1.0, min(1.0, sum(x * y for x, y in zip(*vectors, strict=True)))))
    weights = (math.sin((1 - part) * angle) / math.sin(angle), math.sin(part * angle) / math.sin(angle))
    x, y, z = (weights[0] * one + weights[1] * two for one, two in zip(*vectors, strict=True))
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def finding(
    rule: str,
    severity: Severity,
    text: str,
    start_ms: int,
    end_ms: int | None,
    peak: int | None,
    device: str,
    sensor: str,
    details: dict[str, int | str],
) -> Finding:
    return Finding(
        rule=rule,
        rule_version=1,
        rule_id=rule,
        severity=severity,
        start_ms=start_ms,
        raised_ms=start_ms + 10 * MINUTE,
        end_ms=end_ms,
        text=text,
        peak_milli=peak,
        peak_at_ms=None if peak is None else start_ms + 40 * MINUTE,
        device=device,
        sensor=sensor,
        details=details,
    )


def alert_rows() -> list[AlertRow]:
    """Alerts of every state on some shipments."""
    ago = NOW_MS - 5 * HOUR
    plan: tuple[tuple[int, str, Severity, str, int | None, AlertState, str], ...] = (
        (
            1,
            "excursion",
            Severity.HIGH,
            "Above 25.0 °C for 1 h 35 min at Frankfurt, on the tarmac.",
            31_400,
            "open",
            "",
        ),
        (
            2,
            "theft",
            Severity.CRITICAL,
            "Likely theft: off-route, opened.",
            None,
            "open",
            "",
        ),
        (9, "no_signal", Severity.WARNING, "Not heard for 3 h 20 min on the road.", None, "open", ""),
        (8, "freeze", Severity.CRITICAL, "Below 0 °C for 25 min: freeze-sensitive product.", -1_200, "open", "maria"),
        (16, "late_eta", Severity.WARNING, "Expected 4 h 10 min after the promised time.", None, "open", ""),
        (17, "light", Severity.HIGH, "Light inside of the package: opened?", 240_000, "open", ""),
        (24, "battery", Severity.INFO, "The battery will not last until arrival.", 11_000, "open", ""),
        (4, "excursion", Severity.HIGH, "Above 8.0 °C for 45 min.", 9_100, "closed", "maria"),
        (10, "gap", Severity.WARNING, "No readings for 2 h: filled by a late upload.", None, "retracted", ""),
        (
            12,
            "spoofed_position",
            Severity.HIGH,
            "Moves faster than anything can.",
            None,
            "open",
            "",
        ),
    )
    rows = []
    for number, (shipment, rule, severity, text, peak, state, who) in enumerate(plan):
        end = None if state == "open" and number % 2 == 0 else ago + 2 * HOUR
        shape = finding(
            rule,
            severity,
            text,
            ago + number * MINUTE,
            end,
            peak,
            device=f"TRK-{1000 + shipment}",
            sensor="internal" if peak else "",
            details=DETAILS.get(rule, {}),
        )
        rows.append(
            AlertRow(
                alert=f"a{number:03d}{rule.replace('_', '')}",
                shipment=f"shp-{shipment:04d}",
                state=state,
                finding=shape,
                limits=LIMITS_IN_FORCE.get(rule, {"after_ms": 1_800_000})
                | ({"limit_milli": LIMITS[PRODUCTS[shipment % 4][0]][1]} if rule == "excursion" else {}),
                opened_at_ms=ago + number * MINUTE,
                opened_index=100 + number * 3,
                index=101 + number * 3,
                revisions=2 + number % 3,
                acknowledged_by=f"account:{who}" if who else "",
                comment="Carrier called; box moved into shade." if who else "",
                level=1 if severity is Severity.CRITICAL else 0,
            )
        )
    return rows


def shipment_rows(alerts: list[AlertRow]) -> list[ShipmentRow]:
    order = list(Severity)
    rows = []
    for case in cases():
        mine = [one for one in alerts if one.shipment == case.id and one.state == "open"]
        worst = max((one.finding.severity for one in mine), key=order.index, default=None)
        latitude, longitude = point(case, case.part) if case.phase != "planned" else (None, None)
        heard = None if case.phase == "planned" else NOW_MS - case.number % 12 * 7 * MINUTE
        bad = worst in {Severity.HIGH, Severity.CRITICAL}
        rows.append(
            ShipmentRow(
                id=case.id,
                title=f"{case.product[1]}, lot {4700 + case.number}",
                product=case.product[0],
                phase=case.phase,
                from_site=case.start.id,
                to_site=case.end.id,
                mode=case.mode,
                leg=None if case.phase == "planned" else 0,
                promised_at_ms=case.departs_ms + 34 * HOUR,
                eta_at_ms=None if case.phase == "planned" else case.departs_ms + (38 if bad else 32) * HOUR,
                latitude_udeg=None if latitude is None else round(latitude * 1e6),
                longitude_udeg=None if longitude is None else round(longitude * 1e6),
                located_at_ms=heard,
                heard_at_ms=heard,
                temperature_milli=None if heard is None else case.product[3] + (case.number * 331 % 1900) - 950,
                temperature_at_ms=heard,
                verdict="qa-review" if bad else "undecided" if case.phase == "planned" else "within-label",
                disposition="release" if case.phase == "closed" else "",
                open_alerts=len(mine),
                worst=worst,
                index=50 + case.number,
                lint=1 if case.phase == "planned" else 0,
            )
        )
    return rows


def device_rows() -> list[DeviceRow]:
    rows = [
        DeviceRow(
            device=f"TRK-{1000 + case.number}",
            model="Tive Solo 5G" if case.number % 2 else "Fridge-tag 2 L",
            is_known=case.number % 15 != 0,
            shipment=case.id if case.phase not in {"closed", "planned"} else "",
            heard_at_ms=None if case.phase == "planned" else NOW_MS - case.number % 12 * 7 * MINUTE,
            battery_milli=(97 - case.number) * 1000,
            is_silent=case.number == 9,
        )
        for case in cases()
    ]
    return sorted(rows, key=lambda row: row.device)


def channel_points(case: Case) -> Iterator[ChannelPoints]:
    """A wave of temperature with a hill and a hole, and the other channels."""
    if case.phase == "planned":
        return
    base, limits = case.product[3], LIMITS[case.product[0]]
    times = [case.departs_ms + step * 10 * MINUTE for step in range(180)]
    hole = range(120, 134)
    kept = [step for step in range(180) if step not in hole]

    def value(step: int) -> int:
        hill = 10_500 * math.exp(-(((step - 90) / 9) ** 2)) if case.number % 8 == 1 else 0
        return round(base + 900 * math.sin(step / 9) + 220 * math.sin(step * 1.7) + hill)

    values = [value(step) for step in kept]
    at = tuple(times[step] for step in kept)
    gap = ((times[hole.start], times[hole.stop]),)
    device = f"TRK-{1000 + case.number}"
    yield ChannelPoints(
        device=device,
        sensor="internal",
        quantity="temperature",
        at_ms=at,
        low_milli=tuple(v - 120 for v in values),
        high_milli=tuple(v + 120 for v in values),
        gaps_ms=gap,
        limits_milli=limits,
    )
    humidity = tuple(round(46_000 + 9_000 * math.sin(step / 21)) for step in kept)
    yield ChannelPoints(
        device=device,
        sensor="internal",
        quantity="humidity",
        at_ms=at,
        low_milli=humidity,
        high_milli=humidity,
        gaps_ms=gap,
    )
    light = tuple(180_000 if case.number % 8 == 1 and 100 < step < 104 else 0 for step in kept)
    yield ChannelPoints(
        device=device, sensor="internal", quantity="light", at_ms=at, low_milli=light, high_milli=light, gaps_ms=gap
    )
    battery = tuple(97_000 - step * 90 for step in kept)
    yield ChannelPoints(
        device=device, sensor="", quantity="battery", at_ms=at, low_milli=battery, high_milli=battery, gaps_ms=gap
    )


def documents() -> dict[tuple[str, str], Document]:
    found: list[Document] = [
        Product(id=name, title=title, profile=profile, is_freeze_sensitive=profile == "usp-cct")
        for name, title, profile, _ in PRODUCTS
    ]
    found += [
        Site(
            id=one.id,
            title=one.title,
            zone=one.zone,
            area=Circle(
                latitude_udeg=round(one.latitude * 1e6), longitude_udeg=round(one.longitude * 1e6), radius_m=1500
            ),
        )
        for one in PLACES
    ]
    found += [
        Party(id="helvetia-pharma", title="Helvetia Pharma AG"),
        Party(id="polar-express", title="Polar Express Logistics"),
    ]
    found.append(
        Lane(
            id="basel-madrid",
            title="Basel to Madrid by road",
            legs=(
                Leg(mode="road", from_site="basel-plant", to_site="mad-clinic", depart_at_ms=0, arrive_at_ms=30 * HOUR),
            ),
        )
    )
    for case in cases():
        found.append(DeviceCard(id=f"TRK-{1000 + case.number}".lower(), model="Tive Solo 5G"))
        found.append(
            Shipment(
                id=case.id,
                title=f"{case.product[1]}, lot {4700 + case.number}",
                product=case.product[0],
                lot=str(4700 + case.number),
                quantity=1200,
                shipper="helvetia-pharma",
                carrier="polar-express",
                promised_at_ms=case.departs_ms + 34 * HOUR,
                legs=(
                    Leg(
                        mode=case.mode,
                        from_site=case.start.id,
                        to_site=case.end.id,
                        depart_at_ms=case.departs_ms,
                        arrive_at_ms=case.departs_ms + 32 * HOUR,
                    ),
                ),
            )
        )
    fridge = {"rule": "excursion", "id": "above-8", "rule_version": 1, "side": "high", "limit_milli": 8_000}
    light = {"rule": "light", "id": "light", "rule_version": 1, "limit_millilux": 5_000, "phases": ["in-transit"]}
    found.append(ProfileBook(id="own-fridge", title="Our fridges", rules=(fridge,)))
    found.append(WatchBook(id="own-vans", title="Our vans", rules=(light,)))
    return {(one.KIND, one.id): one for one in found}
