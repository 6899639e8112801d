"""All rules of the standard watch on one shipment of a month, beside a plain Python loop over the same readings.

The loop does much less than the watch does: five limits with their delays, the distances to three sites, the silences;
no accuracies, no routes, no estimates, no pairs of devices, no phases. Building the journey from recordings is a row of
its own.
"""

import math

from benchmarks.row import Row, row, seconds
from doseway.model.documents import DeviceCard, Leg, Shipment, Site
from doseway.model.places import Circle, Fix
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import MINUTE_MS
from doseway.model.watch import builtin, examine
from doseway.transit.build import Binding, Papers, build

READINGS = 4_320
INTERVAL_MS = 10 * MINUTE_MS
START_MS = 1_767_225_600_000
EARTH_M = 6_371_008.8
LIMITS = {
    Quantity.HUMIDITY: 75_000,
    Quantity.LIGHT: 10_000,
    Quantity.SHOCK: 8_000,
    Quantity.TILT: 60_000,
    Quantity.DOOR: 500,
}
SITES = {"plant": (45_000_000, 9_000_000), "port": (44_400_000, 8_900_000), "clinic": (41_900_000, 12_500_000)}


def _value(quantity: Quantity, number: int) -> int:
    """Make values that stay within limits but for a few hours now and then."""
    base = {Quantity.HUMIDITY: 55_000, Quantity.BATTERY: 100_000 - 18 * number}.get(quantity, 0)
    if number % 700 < 12:
        return base + LIMITS.get(quantity, 0) + 1_000
    return base + number * 7_919 % 400


def _position(number: int) -> tuple[int, int]:
    """Stand at the plant for a week, drive for ten hours, stand at the clinic for the rest; jitter as GNSS does."""
    share = min(max((number - 1_000) / 60, 0.0), 1.0)
    (north, east), (south, west) = SITES["plant"], SITES["clinic"]
    jitter = number * 104_729 % 40
    return round(north + share * (south - north)) + jitter, round(east + share * (west - east)) - jitter


def payload() -> tuple[Papers, list[tuple[str, Recording]], list[Binding]]:
    """Make one shipment with one tracker that measures and locates every ten minutes for thirty days."""
    at = [START_MS + number * INTERVAL_MS for number in range(READINGS)]
    series = []
    for quantity in (Quantity.TEMPERATURE, Quantity.BATTERY, *LIMITS):
        one = Series("internal", quantity)
        for number, when in enumerate(at):
            one.add(when, _value(quantity, number))
        series.append(one)
    fixes = tuple(
        Fix(observed_at_ms=when, latitude_udeg=north, longitude_udeg=east, accuracy_mm=8_000, method="gnss")
        for when, (north, east) in zip(at, map(_position, range(READINGS)), strict=True)
    )
    recording = Recording(
        format="benchmark",
        format_version=1,
        device=Device(),
        series=tuple(series),
        signature=SignatureCheck(status=SignatureStatus.UNSIGNED),
        fixes=fixes,
    )
    leg = Leg(
        mode="road",
        from_site="plant",
        to_site="clinic",
        depart_at_ms=at[1_000],
        arrive_at_ms=at[1_060],
        corridor_m=20_000,
    )
    sites = {
        name: Site(id=name, area=Circle(latitude_udeg=place[0], longitude_udeg=place[1], radius_m=800))
        for name, place in SITES.items()
    }
    papers = Papers(
        shipment=Shipment(id="s", legs=(leg,), promised_at_ms=at[1_060]),
        sites=sites,
        devices={"a": DeviceCard(id="a", interval_s=600, silence_s=600)},
    )
    return papers, [("a", recording)], [Binding(device="a", bound_ms=START_MS)]


def with_a_loop(recording: Recording) -> int:
    """Go through the readings and positions one after the other, and count what was found."""
    found = 0
    for series in recording.series:
        limit = LIMITS.get(series.quantity)
        since = None
        for when, value in zip(series.observed_at_ms, series.value_milli, strict=True):
            if limit is not None and value > limit:
                since = when if since is None else since
            elif since is not None:
                found += when - since >= INTERVAL_MS
                since = None
    last, inside = None, dict.fromkeys(SITES, False)
    for fix in recording.fixes:
        if last is not None and fix.observed_at_ms - last > 3 * INTERVAL_MS:
            found += 1
        last = fix.observed_at_ms
        for name, place in SITES.items():
            is_in = _distance(place, (fix.latitude_udeg, fix.longitude_udeg)) <= 800
            found += is_in != inside[name]
            inside[name] = is_in
    return found


def _distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    lat_1, lon_1, lat_2, lon_2 = (math.radians(value / 1e6) for value in (*one, *other))
    chord = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(chord))


def run() -> list[Row]:
    """Time the rules, the building of the journey, and the loop."""
    papers, recordings, bindings = payload()
    journey = build(papers, recordings, bindings)
    watch = builtin()
    rules, made, loop = seconds(
        lambda: examine(journey, watch),
        lambda: build(papers, recordings, bindings),
        lambda: with_a_loop(recordings[0][1]),
    )
    assert examine(journey, watch).failures == ()
    title = f"watch rules, {len(watch.rules)} rules on {READINGS:,} readings of 7 quantities and as many fixes"
    return [
        row(title, 1 / rules, "shipments/s", "plain loop, 5 limits, 3 fences, silence", 1 / loop),
        row("watch rules, milliseconds a shipment", rules * 1000, "ms"),
        row("journey built from recordings", made * 1000, "ms"),
    ]
