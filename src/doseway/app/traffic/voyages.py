"""Voyages: the legs of one shipment in time, and where it is at any instant."""

from itertools import pairwise
from typing import Final, NamedTuple

from doseway.app.traffic.places import PLACES, Position
from doseway.app.traffic.surroundings import KMH, between, distance_km
from doseway.model.documents import Leg, Mode
from doseway.model.places import MICRODEGREES
from doseway.model.units import HOUR_MS, MINUTE_MS

Stage = tuple[Mode, str]
"""By which mode to which place."""
_CHANNEL: Final[tuple[Position, ...]] = ((51.6, 2.3), (50.2, -0.9), (49.0, -6.2))
_SEA_LANES: Final[dict[tuple[str, str], tuple[Position, ...]]] = {
    ("port-antwerp", "port-new-york"): (*_CHANNEL, (41.0, -60.0)),
    ("port-antwerp", "port-santos"): (*_CHANNEL, (43.6, -10.2), (14.5, -26.5), (-7.5, -33.8), (-23.3, -41.0)),
}
_HANDLING_MS: Final = 3 * HOUR_MS
_ROUND_MS: Final = 5 * MINUTE_MS


class Where(NamedTuple):
    """Where a shipment is: `mode` None while it stands at a place."""

    position: Position
    mode: Mode | None
    speed_kmh: float
    place: str


class Voyage(NamedTuple):
    """A shipment's way: planned legs, and how late each really leaves and arrives."""

    origin: str
    legs: tuple[Leg, ...]
    late_ms: tuple[int, ...]

    @property
    def starts_ms(self) -> int:
        """When it leaves the origin."""
        return self.legs[0].depart_at_ms + self.late_ms[0]

    @property
    def ends_ms(self) -> int:
        """When it arrives."""
        return self.legs[-1].arrive_at_ms + self.late_ms[-1]

    def at(self, at_ms: int) -> Where:
        """Return where it is."""
        here = self.origin
        for leg, late in zip(self.legs, self.late_ms, strict=True):
            start, end = leg.depart_at_ms + late, leg.arrive_at_ms + late
            if at_ms < start:
                break
            if at_ms < end:
                return self._under_way(leg, (at_ms - start) / (end - start))
            here = leg.to_site
        return Where(PLACES[here].position, None, 0.0, here)

    def _under_way(self, leg: Leg, part: float) -> Where:
        via = tuple((latitude / MICRODEGREES, longitude / MICRODEGREES) for latitude, longitude in leg.via_udeg)
        points = (PLACES[leg.from_site].position, *via, PLACES[leg.to_site].position)
        lengths = [distance_km(one, other) for one, other in pairwise(points)]
        hours = (leg.arrive_at_ms - leg.depart_at_ms) / HOUR_MS
        left = part * sum(lengths)
        for (one, other), length in zip(pairwise(points), lengths, strict=True):
            if left <= length:
                return Where(between(one, other, left / length if length else 0.0), leg.mode, sum(lengths) / hours, "")
            left -= length
        return Where(points[-1], leg.mode, sum(lengths) / hours, "")


def voyage(origin: str, stages: tuple[Stage, ...], depart_ms: int, late_ms: tuple[int, ...]) -> Voyage:
    """Plan a voyage: each leg takes what its way takes at the mode's speed, with handling between two legs."""
    legs: list[Leg] = []
    here, at_ms = origin, depart_ms
    for mode, to in stages:
        via = _SEA_LANES.get((here, to), ())
        points = (PLACES[here].position, *via, PLACES[to].position)
        hours = sum(distance_km(one, other) for one, other in pairwise(points)) / KMH[mode]
        arrive_ms = at_ms + (round(hours * HOUR_MS) // _ROUND_MS + 1) * _ROUND_MS
        via_udeg = tuple((round(one * MICRODEGREES), round(other * MICRODEGREES)) for one, other in via)
        legs.append(
            Leg(mode=mode, from_site=here, to_site=to, depart_at_ms=at_ms, arrive_at_ms=arrive_ms, via_udeg=via_udeg)
        )
        here, at_ms = to, arrive_ms + _HANDLING_MS
    return Voyage(origin, tuple(legs), late_ms)
