"""The journey of a shipment, from the columns that the tower holds, and what the watch's rules find on it.

The same as `doseway.transit.build` makes of recordings: a property test compares the two.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np

from doseway.app.tower.history import UNKNOWN, parts_of
from doseway.app.tower.state import Carried, Failure, Found, Holder, Progress, Watched
from doseway.model.documents import DeviceCard
from doseway.model.journey import Fixes, Hearing, Journey, Track
from doseway.model.places import MICRODEGREES, Signal
from doseway.model.progress import leg_at
from doseway.model.terms import plain
from doseway.model.units import INVALID
from doseway.model.visits import visits_of
from doseway.model.watch import Watch, examine, from_plain
from doseway.transit.eta import estimates_of
from doseway.transit.phases import phases_of

_QUARTER_UDEG: Final = 90 * MICRODEGREES


def watch_journey(holder: Holder, until_ms: int) -> Watched:
    """Run the watch of a shipment that has a document."""
    assert holder.context is not None
    journey = journey_of(holder, until_ms)
    progress = _progress(journey)
    if not holder.context.watch:
        return Watched(progress=progress)
    return msgspec.structs.replace(found_by(journey, watch_of(holder.context.watch)), progress=progress)


def found_by(journey: Journey, watch: Watch) -> Watched:
    """Return what a watch finds on a journey, each finding with the parameters that it was found by."""
    found = examine(journey, watch)
    limits = _snapshots(watch)
    return Watched(
        found=tuple(Found(one, limits[one.rule_id]) for one in found.findings),
        failures=tuple(Failure(one.rule, one.rule_id, one.error) for one in found.failures),
    )


def journey_of(holder: Holder, until_ms: int) -> Journey:
    """Return the journey of a shipment that has a document, up to an instant."""
    context = holder.context
    assert context is not None
    carried = holder.devices
    named = {name for leg in context.legs for name in (leg.from_site, leg.to_site)}
    fixes = tuple(
        one for name, each in carried.items() if each.history.fixes and len((one := _fixes(name, each, until_ms)).at_ms)
    )
    hearings = tuple(one for name, each in carried.items() for one in _hearings(name, each, until_ms))
    sites = context.sites
    visits = [visit for one in fixes for name in sorted(named & sites.keys()) for visit in visits_of(one, sites[name])]
    visits.sort(key=lambda one: (one.start_ms, one.site, one.device))
    return Journey(
        shipment=context.shipment,
        legs=context.legs,
        until_ms=until_ms,
        sites=sites,
        devices={name: context.cards.get(name) or DeviceCard(id=name) for name in carried},
        tracks=tuple(one for name, each in carried.items() for one in _tracks(name, each, until_ms)),
        fixes=fixes,
        hearings=hearings,
        signals=_signals(carried.items(), until_ms),
        budget_left_ms=holder.judged.budget_left_ms if holder.judged is not None else None,
        visits=tuple(visits),
        phases=phases_of(context.shipment, context.legs, hearings, fixes, sites, visits, holder.milestones, until_ms),
    )


@lru_cache(maxsize=64)
def watch_of(snapshot: bytes) -> Watch:
    """Return the watch of a snapshot; many shipments share a few."""
    return from_plain(msgspec.json.decode(snapshot))


@lru_cache(maxsize=64)
def _snapshots(watch: Watch) -> dict[str, dict[str, Any]]:
    return {spec.id: plain(spec) for spec in watch.rules}


def _progress(journey: Journey) -> Progress:
    phase = journey.phases[-1].phase if journey.phases else "planned"
    if phase != "in-transit" or not journey.legs:
        planned = journey.legs[-1].arrive_at_ms if journey.legs and phase in {"planned", "at-origin"} else None
        return Progress(phase=phase, eta_at_ms=planned)
    leg = int(leg_at(journey, np.array([journey.until_ms], np.int64))[0])
    estimates = estimates_of(journey)
    eta_at_ms = int(estimates.eta_ms[-1]) if len(estimates.eta_ms) else journey.legs[-1].arrive_at_ms
    return Progress(phase=phase, leg=leg if 0 <= leg < len(journey.legs) else None, eta_at_ms=eta_at_ms)


def _tracks(device: str, carried: Carried, until_ms: int) -> Iterable[Track]:
    """Yield the tracks of a device; of readings that share their time the highest counts."""
    keyed = sorted((parts_of(key)[::-1], column) for key, column in carried.history.columns.items())
    for (sensor, quantity), column in keyed:
        at, value = column.times, column.values
        if len(at) and at[-1] > until_ms:
            end = at.searchsorted(until_ms, "right")
            at, value = at[:end], value[:end]
        is_valid = value != INVALID
        if not is_valid.all():
            at, value = at[is_valid], value[is_valid]
        is_first_of_many = at[1:] == at[:-1]
        if is_first_of_many.any():
            is_last = np.append(~is_first_of_many, True)
            at, value = at[is_last], value[is_last]
        if len(at):
            yield Track(device, sensor, quantity, at, value)


def _fixes(device: str, carried: Carried, until_ms: int) -> Fixes:
    """Return the positions of a device; those that are none on the Earth are left out."""
    rows = carried.history.positions
    is_place = (np.abs(rows["latitude"]) <= _QUARTER_UDEG) & (np.abs(rows["longitude"]) <= 2 * _QUARTER_UDEG)
    rows = rows[is_place & (rows["at"] <= until_ms)]
    accuracy, speed = rows["accuracy"], rows["speed"]
    return Fixes(
        device=device,
        at_ms=np.ascontiguousarray(rows["at"]),
        latitude_deg=rows["latitude"] / MICRODEGREES,
        longitude_deg=rows["longitude"] / MICRODEGREES,
        accuracy_m=np.where(accuracy == UNKNOWN, np.nan, accuracy / 1000),
        speed_m_s=np.where(speed < 0, np.nan, speed / 1000),
        is_mock=rows["is_mock"].astype(np.bool_),
        method=np.ascontiguousarray(rows["method"]),
    )


def _hearings(device: str, carried: Carried, until_ms: int) -> Iterable[Hearing]:
    heard = carried.history.heard()
    for bound_ms, unbound_ms in carried.windows:
        if bound_ms <= until_ms:
            stop = until_ms + 1 if unbound_ms is None else min(unbound_ms, until_ms + 1)
            is_whole = not len(heard) or (bound_ms <= heard[0] and heard[-1] < stop)
            part = heard if is_whole else heard[heard.searchsorted(bound_ms) : heard.searchsorted(stop)]
            yield Hearing(device, part, bound_ms, unbound_ms)


def _signals(devices: Iterable[tuple[str, Carried]], until_ms: int) -> tuple[tuple[str, Signal], ...]:
    found = [
        (device, one)
        for device, carried in devices
        for one in carried.history.signals
        if one.observed_at_ms <= until_ms
    ]
    return tuple(sorted(found, key=lambda one: (one[1].observed_at_ms, one[0], one[1].kind, one[1].text)))
