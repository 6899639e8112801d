"""First-miles stop: a stop within the first 250 miles of the departure, where followed loads are taken."""

from typing import Final

import numpy as np

from doseway.model.documents import Mode
from doseway.model.findings import Finding, Severity
from doseway.model.geo import accuracies_m, apart_m, centre_of, vectors_of
from doseway.model.journey import Journey
from doseway.model.places import unit_vectors
from doseway.model.routes import legs_of_mode
from doseway.model.stops import halts_of
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.watching import FOREVER_MS, Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration


class FirstMilesStop(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a first-miles stop rule.

    Attributes:
        within_m: how far from the origin; 402,336 m are 250 miles.
        after_ms, radius_m, max_gap_ms: what a stop is, as in `prolonged_stop`.
        modes: by which modes of transport the rule looks.
    """

    severity: Severity = Severity.HIGH
    within_m: int = 402_336
    after_ms: int = 15 * MINUTE_MS
    radius_m: int = 200
    max_gap_ms: int = 2 * HOUR_MS
    modes: tuple[Mode, ...] = ("road",)


class FirstMilesStopRule:
    """Looks until the shipment has been further away for the first time; a stop at a planned or safe site is none."""

    id: Final = "first_miles_stop"
    version: Final = 1
    title: Final = "Stop within the first miles"
    source: Final = "carriers' instruction not to stop within the first 250 miles (red zone)"
    spec: Final = FirstMilesStop
    needs: Final[Needs] = (("position",), ("legs",), ("origin",))

    def find(self, journey: Journey, spec: FirstMilesStop) -> list[Finding]:
        """Return one finding for each such stop."""
        origin = journey.sites.get(journey.legs[0].from_site) if journey.legs else None
        if origin is None:
            return []
        centre = centre_of(origin.area)
        beyond = FOREVER_MS
        for fixes in journey.fixes:
            away = apart_m(vectors_of(fixes), centre) - accuracies_m(fixes) > spec.within_m
            beyond = min(beyond, int(fixes.at_ms[away.argmax()]) if away.any() else FOREVER_MS)
        windows = active(journey, spec)
        halts = halts_of(journey, radius_m=spec.radius_m, after_ms=spec.after_ms, max_gap_ms=spec.max_gap_ms)
        by_road = legs_of_mode(journey, spec.modes, np.asarray([one.stop.start_ms for one in halts], np.int64))
        found: list[Finding] = []
        for halt, is_meant in zip(halts, by_road.tolist(), strict=True):
            stop = halt.stop
            if not is_meant or stop.start_ms >= beyond or not is_active(windows, stop.raised_ms):
                continue
            place = unit_vectors(np.asarray(halt.latitude_deg), np.asarray(halt.longitude_deg))
            away_m = round(float(apart_m(place, centre)))
            lasted = duration((stop.end_ms or journey.until_ms) - stop.start_ms)
            text = f"Stopped for {lasted}, {away_m // 1000} km from the origin."
            details: dict[str, int | str] = {"from_origin_m": away_m}
            found.append(
                finding(spec, stop.start_ms, stop.raised_ms, stop.end_ms, text, device=halt.device, details=details)
            )
        return found


RULE: Final[WatchRule[FirstMilesStop]] = FirstMilesStopRule()
