"""Makes a journey of what came in: sorts by device time, leaves out repetitions and what was observed elsewhere.

What comes out is a function of the set of observations: neither the order nor the batches in which they came matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.model.documents import DeviceCard, Lane, Leg, Shipment, Site
from doseway.model.geo import Int64
from doseway.model.journey import Fixes, Hearing, Journey, Track
from doseway.model.places import MICRODEGREES, Fix, Signal
from doseway.model.readings import Quantity, Recording, Series
from doseway.model.units import INVALID
from doseway.model.visits import visits_of
from doseway.transit.phases import Milestone, phases_of

_METHODS = ("unknown", "cell", "wifi", "gnss")
_UNKNOWN = -1
_QUARTER_UDEG = 90 * MICRODEGREES


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A device was with the shipment from `bound_ms` on, the end `unbound_ms` not included; None: it still is."""

    device: str
    bound_ms: int
    unbound_ms: int | None = None


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """The documents about a shipment.

    Attributes:
        lane: its legs are those of a shipment that has none of its own (see `planned_legs`).
        sites, devices: by id; sites that are neither of the legs nor safe, risk or dead are left out.
    """

    shipment: Shipment
    lane: Lane | None = None
    sites: Mapping[str, Site] = {}
    devices: Mapping[str, DeviceCard] = {}

    def legs(self) -> tuple[Leg, ...]:
        """Return the legs in absolute time."""
        return planned_legs(self.shipment, self.lane)


def planned_legs(shipment: Shipment, lane: Lane | None) -> tuple[Leg, ...]:
    """Return the legs of a shipment in absolute time: its own, else those of its lane.

    A lane's legs count from the planned departure; where a shipment names none, from so long before the promised
    arrival as the lane takes. Without either there are no legs.
    """
    if shipment.legs or lane is None or not lane.legs:
        return shipment.legs
    departs_ms = shipment.depart_at_ms
    if departs_ms is None:
        if shipment.promised_at_ms is None:
            return ()
        departs_ms = shipment.promised_at_ms - lane.legs[-1].arrive_at_ms
    return tuple(
        msgspec.structs.replace(
            leg, depart_at_ms=leg.depart_at_ms + departs_ms, arrive_at_ms=leg.arrive_at_ms + departs_ms
        )
        for leg in lane.legs
    )


def build(
    papers: Papers,
    recordings: Iterable[tuple[str, Recording]],
    bindings: Iterable[Binding],
    *,
    until_ms: int | None = None,
    milestones: Iterable[Milestone] = (),
    budget_left_ms: int | None = None,
) -> Journey:
    """Make the journey of one shipment.

    Args:
        papers: its documents.
        recordings: what came in, each with the id of its device; of any devices, in any order.
        bindings: which devices were with the shipment, and when. Only what was observed meanwhile counts.
        until_ms: event time up to which silence counts; what was observed later (a device whose clock is ahead) is left
            out. None: the newest observation.
        milestones: what people and partner systems said.
        budget_left_ms: of the product's temperature budgets, the least.
    """
    bound = sorted(set(bindings), key=lambda one: (one.device, one.bound_ms, one.unbound_ms or 0))
    heard = _by_device(recordings, {one.device for one in bound})
    end = _end(heard, bound) if until_ms is None else until_ms
    spans = _spans(bound, end)
    legs = papers.legs()
    named = {name for leg in legs for name in (leg.from_site, leg.to_site)}
    sites = {name: site for name, site in sorted(papers.sites.items()) if name in named or set(site.uses) - {"stop"}}
    fixes = tuple(one for device, found in heard.items() if len((one := _fixes(device, found, spans[device])).at_ms))
    visits = [visit for one in fixes for name in sorted(named & sites.keys()) for visit in visits_of(one, sites[name])]
    visits.sort(key=lambda one: (one.start_ms, one.site, one.device))
    journey = Journey(
        shipment=papers.shipment,
        legs=legs,
        until_ms=end,
        sites=sites,
        devices={name: papers.devices.get(name, DeviceCard(id=name)) for name in heard},
        tracks=tuple(one for device, found in heard.items() for one in _tracks(device, found, spans[device])),
        fixes=fixes,
        hearings=tuple(_hearing(one, heard[one.device], end) for one in bound if one.bound_ms <= end),
        signals=_signals(heard, spans),
        budget_left_ms=budget_left_ms,
        visits=tuple(visits),
    )
    return replace(
        journey,
        phases=phases_of(papers.shipment, legs, journey.hearings, fixes, sites, visits, milestones, end),
    )


def _by_device(recordings: Iterable[tuple[str, Recording]], wanted: set[str]) -> dict[str, list[Recording]]:
    found: dict[str, list[Recording]] = {name: [] for name in sorted(wanted)}
    for device, recording in recordings:
        if device in found:
            found[device].append(recording)
    return found


def _end(heard: Mapping[str, Sequence[Recording]], bound: Sequence[Binding]) -> int:
    times = [one.bound_ms for one in bound]
    for device, found in heard.items():
        at = _times(found)
        inside = at[_within(at, [(one.bound_ms, one.unbound_ms) for one in bound if one.device == device])]
        times += [int(inside.max())] if len(inside) else []
    return max(times, default=0)


def _spans(bound: Sequence[Binding], end: int) -> dict[str, list[tuple[int, int | None]]]:
    """Return when each device was with the shipment, up to the end."""
    spans: dict[str, list[tuple[int, int | None]]] = {}
    for one in bound:
        stop = end + 1 if one.unbound_ms is None else min(one.unbound_ms, end + 1)
        spans.setdefault(one.device, []).append((one.bound_ms, stop))
    return spans


def _within(at: Int64, spans: Sequence[tuple[int, int | None]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(at), np.bool_)
    for start, stop in spans:
        inside |= (at >= start) if stop is None else (at >= start) & (at < stop)
    return inside


def _times(found: Sequence[Recording]) -> Int64:
    """Return the device times of all that recordings hold."""
    parts = [np.frombuffer(one.observed_at_ms, np.int64) for rec in found for one in rec.series if len(one)]
    parts += [np.asarray([fix.observed_at_ms for fix in rec.fixes], np.int64) for rec in found]
    parts += [np.asarray([signal.observed_at_ms for signal in rec.signals], np.int64) for rec in found]
    parts.append(np.zeros(0, np.int64))
    return np.concatenate(parts)


def _hearing(one: Binding, found: Sequence[Recording], end: int) -> Hearing:
    at = _times(found)
    stop = end + 1 if one.unbound_ms is None else min(one.unbound_ms, end + 1)
    return Hearing(one.device, np.unique(at[(at >= one.bound_ms) & (at < stop)]), one.bound_ms, one.unbound_ms)


def _tracks(device: str, found: Sequence[Recording], spans: Sequence[tuple[int, int | None]]) -> Iterable[Track]:
    """Yield the tracks of a device; of readings that share their time the highest counts."""
    by_name: dict[tuple[str, Quantity], list[Series]] = {}
    for recording in found:
        for series in recording.series:
            if len(series):
                by_name.setdefault((series.sensor, series.quantity), []).append(series)
    for (sensor, quantity), parts in sorted(by_name.items()):
        at = np.concatenate([np.frombuffer(one.observed_at_ms, np.int64) for one in parts])
        value = np.concatenate([np.frombuffer(one.value_milli, np.int32) for one in parts])
        kept = (value != INVALID) & _within(at, spans)
        at, value = at[kept], value[kept]
        if not len(at):
            continue
        if not (at[1:] > at[:-1]).all():
            order = np.lexsort((value, at))
            at, value = at[order], value[order]
            is_last = np.append(at[1:] != at[:-1], True)
            at, value = at[is_last], value[is_last]
        yield Track(device, sensor, quantity, at, value)


def _row(fix: Fix) -> tuple[int, int, int, int, int, int, int]:
    accuracy = _UNKNOWN if fix.accuracy_mm is None else fix.accuracy_mm
    speed = _UNKNOWN if fix.speed_mm_s is None or fix.speed_mm_s < 0 else fix.speed_mm_s
    method = _METHODS.index(fix.method)
    return fix.observed_at_ms, fix.latitude_udeg, fix.longitude_udeg, accuracy, speed, method, int(fix.is_mock)


def _fixes(device: str, found: Sequence[Recording], spans: Sequence[tuple[int, int | None]]) -> Fixes:
    """Join the positions of a device; those that are none on the Earth are left out."""
    rows = np.asarray(sorted({_row(fix) for one in found for fix in one.fixes}), np.int64).reshape(-1, 7)
    is_place = (np.abs(rows[:, 1]) <= _QUARTER_UDEG) & (np.abs(rows[:, 2]) <= 2 * _QUARTER_UDEG)
    at, latitude, longitude, accuracy, speed, method, mock = rows[is_place & _within(rows[:, 0], spans)].T
    return Fixes(
        device=device,
        at_ms=np.ascontiguousarray(at),
        latitude_deg=latitude / MICRODEGREES,
        longitude_deg=longitude / MICRODEGREES,
        accuracy_m=np.where(accuracy == _UNKNOWN, np.nan, accuracy / 1000),
        speed_m_s=np.where(speed == _UNKNOWN, np.nan, speed / 1000),
        is_mock=mock.astype(np.bool_),
        method=method.astype(np.int8),
    )


def _signals(
    heard: Mapping[str, Sequence[Recording]], spans: Mapping[str, Sequence[tuple[int, int | None]]]
) -> tuple[tuple[str, Signal], ...]:
    found = {
        (signal.observed_at_ms, device, signal.kind, signal.text)
        for device, recordings in heard.items()
        for one in recordings
        for signal in one.signals
    }
    return tuple(
        (device, Signal(observed_at_ms=at, kind=kind, text=text))
        for at, device, kind, text in sorted(found)
        if any(start <= at and (stop is None or at < stop) for start, stop in spans[device])
    )
