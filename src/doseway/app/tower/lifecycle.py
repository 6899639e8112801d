"""Where a shipment is in its life: from its plan, its devices, the fences of its sites, and what was decided."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from doseway.app.board import Phase
from doseway.app.tower.history import UNKNOWN
from doseway.app.tower.state import Context, Holder
from doseway.model.documents import Leg, Site
from doseway.model.places import Circle, distance_m

_MOST_RADIUS_MM = 2_000_000
"""A position that is less certain than this says nothing about a fence."""
_FINAL = frozenset({"release", "reject"})


class Progress(NamedTuple):
    """How far a shipment is: its phase, the number of its leg, and when it may be expected; None where unknown."""

    phase: Phase
    leg: int | None
    eta_at_ms: int | None


def progress_of(holder: Holder) -> Progress:
    """Return how far a shipment with a document is.

    At its origin while its newest certain position is in the fence of its first site; in transit once it was outside,
    or past the planned departure; arrived within the fence of its last site; delivered when its devices were taken off
    there; closed with a final disposition, or cancelled.
    """
    context = holder.context
    assert context is not None
    if holder.disposition in _FINAL or context.shipment.is_cancelled:
        return Progress("closed", None, None)
    legs = context.legs
    is_bound = any(end is None for one in holder.devices.values() for _, end in one.windows)
    fixes = _certain(holder)
    heard = [one for each in holder.devices.values() if (one := each.history.newest_ms) is not None]
    if not heard:
        return Progress("planned", None, legs[-1].arrive_at_ms if legs else None)
    newest_ms = max(heard)
    last = _sites_at(context, fixes[-1:]) if len(fixes) else set()
    if legs and legs[-1].to_site in last:
        return Progress("arrived" if is_bound else "delivered", len(legs) - 1, None)
    if not is_bound:
        return Progress("delivered", None, None)
    eta_at_ms = legs[-1].arrive_at_ms if legs else None
    if legs and (legs[0].from_site in last or (not len(fixes) and newest_ms < legs[0].depart_at_ms)):
        return Progress("at-origin", None, eta_at_ms)
    return Progress("in-transit", _leg_at(legs, newest_ms), eta_at_ms)


def _leg_at(legs: Sequence[Leg], at_ms: int) -> int | None:
    if not legs:
        return None
    begun = [number for number, leg in enumerate(legs) if leg.depart_at_ms <= at_ms]
    return begun[-1] if begun else 0


def _certain(holder: Holder) -> np.ndarray[Any, Any]:
    """Return the newest certain fix of each device, in order of time."""
    last = []
    for carried in holder.devices.values():
        fixes = carried.history.positions[-64:]
        if len(fixes):
            good = fixes[
                (fixes["is_mock"] == 0) & ((fixes["accuracy"] == UNKNOWN) | (fixes["accuracy"] < _MOST_RADIUS_MM))
            ]
            last.append(good[-1:])
    return np.sort(np.concatenate(last), order="at") if last else np.zeros(0)


def _sites_at(context: Context, fixes: np.ndarray[Any, Any]) -> set[str]:
    if not len(fixes):
        return set()
    at = int(fixes[0]["latitude"]), int(fixes[0]["longitude"])
    return {name for name, site in context.sites.items() if is_inside(site, at)}


def is_inside(site: Site, at_udeg: tuple[int, int]) -> bool:
    """Tell whether a position is in the fence of a site."""
    area = site.area
    if isinstance(area, Circle):
        return distance_m((area.latitude_udeg, area.longitude_udeg), at_udeg) <= area.radius_m
    latitude, longitude = at_udeg
    inside = False
    corners = area.corners_udeg
    for (lat_1, lon_1), (lat_2, lon_2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (lat_1 > latitude) != (lat_2 > latitude):
            crossing = lon_1 + (latitude - lat_1) * (lon_2 - lon_1) / (lat_2 - lat_1)
            inside ^= longitude < crossing
    return inside
