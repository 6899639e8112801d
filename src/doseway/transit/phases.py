"""The life of a shipment: planned, at origin, in transit, arrived, delivered, closed.

The phases follow from what people and partner systems said (milestones), from the stays of its devices at the sites of
its legs, and from when devices were with it:

- *planned* until the first device is bound to it;
- *at origin* until a device has left the origin, or was first found away from it, or a milestone says `departed`;
- *in transit* until a device has arrived at the last site of the legs, or a milestone says `arrived`; a shipment that
  leaves again is in transit again;
- *arrived* until a milestone says `delivered`, or the last device was taken from it there;
- *closed* from the milestone `closed` on, and from the beginning where the shipment was cancelled.

A change counts from the observation that confirmed it, so that nothing observed later moves it. Where no device tells
positions, the plan stands in for them: departure and arrival of the legs, once a device is with the shipment.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from doseway.model.documents import Leg, Shipment, Site
from doseway.model.journey import Fixes, Hearing, Phase, PhaseSpan, Visit
from doseway.model.visits import at_sites

_ORDER: tuple[Phase, ...] = ("planned", "at-origin", "in-transit", "arrived", "delivered", "closed")


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """What a person or a partner system said happened to a shipment, and when it did."""

    kind: Literal["departed", "arrived", "delivered", "closed"]
    at_ms: int


def phases_of(
    shipment: Shipment,
    legs: Sequence[Leg],
    hearings: Sequence[Hearing],
    fixes: Sequence[Fixes],
    sites: Mapping[str, Site],
    visits: Sequence[Visit],
    milestones: Iterable[Milestone],
    until_ms: int,
) -> tuple[PhaseSpan, ...]:
    """Return the phases up to an instant, without holes; the first begins with the earliest that is known."""
    said = sorted((one for one in milestones if one.at_ms <= until_ms), key=lambda one: (one.at_ms, one.kind))
    bound = min((one.bound_ms for one in hearings), default=None)
    starts = [one.at_ms for one in said] + [one.bound_ms for one in hearings] + [leg.depart_at_ms for leg in legs[:1]]
    begin = min([*starts, until_ms])
    if shipment.is_cancelled:
        return (PhaseSpan("closed", begin),)
    changes: list[tuple[int, Phase]] = [(begin, "planned")]
    if bound is not None:
        changes.append((bound, "at-origin"))
    if any(len(one.at_ms) for one in fixes):
        changes += _by_visits(legs, fixes, sites, visits)
    else:
        changes += _by_plan(legs, bound)
    changes += [(one.at_ms, _AFTER[one.kind]) for one in said]
    changes += _handed_over(hearings, until_ms)
    return _spans([one for one in changes if one[0] <= until_ms])


_AFTER: dict[str, Phase] = {
    "departed": "in-transit",
    "arrived": "arrived",
    "delivered": "delivered",
    "closed": "closed",
}


def _by_visits(
    legs: Sequence[Leg], fixes: Sequence[Fixes], sites: Mapping[str, Site], visits: Sequence[Visit]
) -> list[tuple[int, Phase]]:
    """Return departures from the origin, arrivals at the destination, and departures from there."""
    if not legs:
        return []
    origin, destination = legs[0].from_site, legs[-1].to_site
    changes: list[tuple[int, Phase]] = []
    for visit in visits:
        if visit.site == origin and visit.left_ms is not None:
            changes.append((visit.left_ms, "in-transit"))
        if visit.site == destination and not visit.is_crossing:
            changes.append((visit.confirmed_ms, "arrived"))
            if visit.left_ms is not None:
                changes.append((visit.left_ms, "in-transit"))
    away = _found_away(fixes, sites.get(origin))
    at_origin = min((visit.confirmed_ms for visit in visits if visit.site == origin), default=None)
    if away is None:
        changes += _by_plan(legs, None)[:1] if origin not in sites else []
    elif at_origin is None or away < at_origin:
        changes.append((away, "in-transit"))
    return changes


def _found_away(fixes: Sequence[Fixes], origin: Site | None) -> int | None:
    """Return when two fixes of a device in a row were certainly not at the origin, for the first time."""
    if origin is None:
        return None
    found: list[int] = []
    for one in fixes:
        is_away = ~at_sites([origin], one)
        found += one.at_ms[1:][is_away[1:] & is_away[:-1]][:1].tolist()
    return min(found, default=None)


def _by_plan(legs: Sequence[Leg], bound: int | None) -> list[tuple[int, Phase]]:
    if not legs:
        return []
    departs = legs[0].depart_at_ms if bound is None else max(legs[0].depart_at_ms, bound)
    return [(departs, "in-transit"), (max(departs, legs[-1].arrive_at_ms), "arrived")]


def _handed_over(hearings: Sequence[Hearing], until_ms: int) -> list[tuple[int, Phase]]:
    """The last device taken away where the shipment has arrived says that it was delivered."""
    ends = [one.unbound_ms for one in hearings]
    if not ends or any(end is None or end > until_ms for end in ends):
        return []
    return [(max(end for end in ends if end is not None), "delivered")]


def _spans(changes: Iterable[tuple[int, Phase]]) -> tuple[PhaseSpan, ...]:
    """Go through the changes in order of time; a life goes back only from arrived to in transit."""
    spans: list[PhaseSpan] = []
    for at, phase in sorted(changes, key=lambda one: (one[0], _ORDER.index(one[1]))):
        now = spans[-1].phase if spans else None
        if now is not None and not _may_follow(now, phase):
            continue
        if spans:
            spans[-1] = PhaseSpan(spans[-1].phase, spans[-1].start_ms, at)
        spans.append(PhaseSpan(phase, at))
    return tuple(one for one in spans if one.start_ms != one.end_ms)


def _may_follow(now: Phase, phase: Phase) -> bool:
    if phase == "delivered":
        return now == "arrived"
    if (now, phase) == ("arrived", "in-transit"):
        return True
    return _ORDER.index(phase) > _ORDER.index(now)
