"""The planned way of a leg: how far off it a position is, and how much of it is left.

A way is great circles from the site of departure over the points in between to the site of arrival.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from doseway.model.documents import Leg, Mode, Site
from doseway.model.geo import Bools, Float64, Int64, accuracies_m, apart_m, centre_of, unit_vector, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.places import EARTH_RADIUS_M
from doseway.model.progress import leg_at


class Route:
    """A line of unit vectors.

    Attributes:
        points: (n, 3), at least two. length_m: along all of it.
    """

    __slots__ = ("_ahead", "_angle", "_normal", "length_m", "points")

    def __init__(self, points: Float64) -> None:
        self.points = points
        cross = np.cross(points[:-1], points[1:])
        length = np.sqrt((cross**2).sum(axis=-1))
        self._angle = np.arctan2(length, (points[:-1] * points[1:]).sum(axis=-1))
        self._normal = np.divide(cross, length[:, None], out=np.zeros_like(cross), where=length[:, None] > 0)
        self._ahead = np.cumsum(self._angle[::-1])[::-1] * EARTH_RADIUS_M
        self.length_m = float(self._ahead[0])

    def measure(self, vectors: Float64) -> tuple[Float64, Float64]:
        """Return how far off the way positions are, and how much of it is left behind the nearest point; metres."""
        best = np.full(len(vectors), np.inf)
        left = np.full(len(vectors), self.length_m)
        for number, normal in enumerate(self._normal):
            start, end = self.points[number], self.points[number + 1]
            along = np.arctan2(vectors @ np.cross(normal, start), vectors @ start)
            beside = EARTH_RADIUS_M * np.abs(np.arcsin(np.clip(vectors @ normal, -1.0, 1.0)))
            ends = np.minimum(apart_m(vectors, start), apart_m(vectors, end))
            between = (along >= 0) & (along <= self._angle[number])
            off = np.where(between & normal.any(), beside, ends)
            is_nearer = off < best
            best = np.where(is_nearer, off, best)
            done = np.where(between, along, np.where(apart_m(vectors, end) <= ends, self._angle[number], 0.0))
            left = np.where(is_nearer, self._ahead[number] - done * EARTH_RADIUS_M, left)
        return best, np.clip(left, 0.0, self.length_m)


def route_of(leg: Leg, sites: Mapping[str, Site]) -> Route | None:
    """Return the way of a leg; None where one of its sites is not known."""
    start, end = sites.get(leg.from_site), sites.get(leg.to_site)
    if start is None or end is None:
        return None
    return Route(np.stack([centre_of(start.area), *map(unit_vector, leg.via_udeg), centre_of(end.area)]))


def off_corridor_m(journey: Journey, fixes: Fixes) -> Float64:
    """Return how far beyond their corridor the positions of a device are, even if its accuracy is taken for it.

    The corridor is that of the leg that the shipment is on, or of a later one whose departure was planned for before,
    so that a hub that nobody saw does not count as leaving the way. Minus infinity where one of them sets none: nobody
    can say what is off it.
    """
    at, vectors = fixes.at_ms, vectors_of(fixes)
    current = leg_at(journey, at)
    least = np.full(len(at), np.inf)
    for number, leg in enumerate(journey.legs):
        may_be = (current == number) | ((current < number) & (at >= leg.depart_at_ms))
        if may_be.any():
            least = np.where(may_be, np.minimum(least, _beyond(journey, leg, vectors)), least)
    return np.where(np.isfinite(least), least - accuracies_m(fixes), -np.inf)


def _beyond(journey: Journey, leg: Leg, vectors: Float64) -> Float64:
    route = route_of(leg, journey.sites) if leg.corridor_m else None
    if route is None:
        return np.full(len(vectors), -np.inf)
    return route.measure(vectors)[0] - leg.corridor_m


def legs_of_mode(journey: Journey, modes: Sequence[Mode], at_ms: Int64) -> Bools:
    """Tell at which instants the current leg is of one of the modes; always where the journey has no legs."""
    if not journey.legs:
        return np.ones(len(at_ms), np.bool_)
    is_wanted = np.asarray([leg.mode in modes for leg in journey.legs])
    result: Bools = is_wanted[leg_at(journey, at_ms)]
    return result
