"""Geofence: a shipment arrives at a site, leaves it, or dwells there for too long."""

from dataclasses import replace
from itertools import pairwise
from typing import Final, Literal

from doseway.model.documents import Site
from doseway.model.findings import Finding
from doseway.model.journey import Journey, Visit
from doseway.model.rulebook import refuse
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.visits import visits_of
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration

_WHOLE_PPM: Final = 1_000_000


class Geofence(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a geofence rule.

    Attributes:
        on: `arrive`, `depart` or `dwell`.
        sites: ids of the sites; empty: those of the legs.
        probability_ppm: the part of a fix's disc of accuracy that has to lie inside.
        persist_ms: how long it has to be inside, or outside, to count.
        crossing_ms: two fixes outside, at most so far apart, with the site on the straight way between them, are an
            arrival and a departure; 0: they are not.
        dwell_ms: how long it may stay. max_gap_ms: a longer pause between two fixes is a gap: unknown.
    """

    on: Literal["arrive", "depart", "dwell"]
    sites: tuple[str, ...] = ()
    probability_ppm: int = 500_000
    persist_ms: int = MINUTE_MS
    crossing_ms: int = 0
    dwell_ms: int = 0
    max_gap_ms: int = 2 * HOUR_MS

    def check(self) -> None:
        """Check that a probability is one, and that a dwell has a length."""
        if not 0 < self.probability_ppm <= _WHOLE_PPM:
            raise refuse(self, "probability lies above 0 and is at most 1")
        if self.on == "dwell" and self.dwell_ms == 0:
            raise refuse(self, "dwell_s is missing")


class GeofenceRule:
    """Joins the stays of all devices: the shipment arrives with the first and leaves with the last of them."""

    id: Final = "geofence"
    version: Final = 1
    title: Final = "Arrival, departure and dwell at sites"
    source: Final = "Traccar geofenceEnter/Exit, ThingsBoard ENTERED/LEFT, with accuracy (traccar#2189, #4417)"
    spec: Final = Geofence
    needs: Final[Needs] = (("position",), ("sites",))

    def find(self, journey: Journey, spec: Geofence) -> list[Finding]:
        """Return one finding for each arrival, departure or dwell."""
        windows = active(journey, spec)
        found: list[Finding] = []
        for name in spec.sites or sorted({name for leg in journey.legs for name in (leg.from_site, leg.to_site)}):
            site = journey.sites.get(name)
            if site is not None:
                found += [one for stay in _stays(journey, site, spec) for one in _findings(journey, spec, site, stay)]
        return [one for one in found if is_active(windows, one.raised_ms)]


def _stays(journey: Journey, site: Site, spec: Geofence) -> list[Visit]:
    """Return the stays of the shipment.

    A device that was there before the last one had left carries the stay on; what is only seen from outside is a stay
    of its own.
    """
    visits = [
        visit
        for fixes in journey.fixes
        for visit in visits_of(
            fixes,
            site,
            probability_ppm=spec.probability_ppm,
            persist_ms=spec.persist_ms,
            crossing_ms=spec.crossing_ms,
        )
    ]
    stays: list[Visit] = []
    for visit in sorted(visits, key=lambda one: (one.is_crossing, one.confirmed_ms, one.device)):
        last = stays[-1] if stays else None
        if last is None or visit.is_crossing != last.is_crossing or _had_left(last, visit.confirmed_ms):
            stays.append(visit)
        else:
            stays[-1] = _joined(last, visit)
    return stays


def _had_left(stay: Visit, at_ms: int) -> bool:
    return stay.left_ms is not None and stay.left_ms < at_ms


def _joined(one: Visit, other: Visit) -> Visit:
    """Join two stays that overlap; of the ends the later one counts, and none while a device is there."""
    end_ms = _later(one.end_ms, other.end_ms)
    doubted_ms = _later(_outside_ms(one), _outside_ms(other)) if end_ms is None else None
    return replace(one, end_ms=end_ms, left_ms=_later(one.left_ms, other.left_ms), doubted_ms=doubted_ms)


def _outside_ms(stay: Visit) -> int | None:
    return stay.doubted_ms if stay.end_ms is None else stay.end_ms


def _later(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _findings(journey: Journey, spec: Geofence, site: Site, stay: Visit) -> list[Finding]:
    title = site.title or site.id
    details: dict[str, int | str] = {"site": site.id, "is_crossing": int(stay.is_crossing)}
    if spec.on == "arrive":
        end = stay.confirmed_ms
        text = f"Passed through {title}." if stay.is_crossing else f"Arrived at {title}."
        return [finding(spec, stay.start_ms, end, end, text, device=stay.device, details=details)]
    if spec.on == "depart":
        if stay.end_ms is None or stay.left_ms is None:
            return []
        text = f"Left {title} after {duration(stay.end_ms - stay.start_ms)}."
        return [finding(spec, stay.end_ms, stay.left_ms, stay.left_ms, text, device=stay.device, details=details)]
    return _dwell(journey, spec, stay, title, details)


def _dwell(journey: Journey, spec: Geofence, stay: Visit, title: str, details: dict[str, int | str]) -> list[Finding]:
    """Make a finding if a fix shows that the stay was too long; it ends where nobody knows on.

    Before a gap that is longer than a departure takes to count, a fix outside is that departure, whatever comes later.
    """
    is_there = stay.end_ms is None
    longest_ms = max(spec.max_gap_ms, spec.persist_ms)
    stop = journey.until_ms + 1 if stay.end_ms is None else stay.end_ms + 1
    seen = sorted(at for fixes in journey.fixes for at in fixes.at_ms.tolist() if stay.start_ms <= at < stop)
    pauses = pairwise([*seen, journey.until_ms] if is_there else seen)
    gaps = [before for before, at in pauses if at - before > longest_ms]
    known_until = gaps[0] if gaps else seen[-1]
    if stay.doubted_ms is not None:
        known_until = min(known_until, stay.doubted_ms)
    raised = next((at for at in seen if stay.start_ms + spec.dwell_ms <= at <= known_until), None)
    if raised is None:
        return []
    end = known_until if gaps else stay.end_ms
    text = f"At {title} for more than {duration(spec.dwell_ms)}."
    return [finding(spec, stay.start_ms, raised, end, text, device=stay.device, details=details)]


RULE: Final[WatchRule[Geofence]] = GeofenceRule()
