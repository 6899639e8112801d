"""Route deviation: outside the corridor of the planned way for so long, whatever the accuracy of the fixes."""

from typing import Final

import numpy as np

from doseway.model.findings import Finding
from doseway.model.journey import Fixes, Journey
from doseway.model.routes import off_corridor_m
from doseway.model.spells import spells
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.visits import at_sites, stop_sites
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding


class RouteDeviation(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a route deviation rule; half the corridor's width is `corridor_m` of the leg.

    Attributes:
        raise_after_ms: how long it may be outside. clear_after_ms: how long it has to be back.
        max_gap_ms: a longer pause between two fixes is a gap: unknown.
    """

    raise_after_ms: int = 2 * MINUTE_MS
    clear_after_ms: int = 0
    max_gap_ms: int = 2 * HOUR_MS


class RouteDeviationRule:
    """Judges each device; what may be at a planned or safe site is on its way."""

    id: Final = "route_deviation"
    version: Final = 1
    title: Final = "Off the planned way"
    source: Final = "500 m for 2 min (trackgpsfleet); corridor without its start and end (Navixy)"
    spec: Final = RouteDeviation
    needs: Final[Needs] = (("position",), ("corridor",))

    def find(self, journey: Journey, spec: RouteDeviation) -> list[Finding]:
        """Return one finding for each time that a device was off the way."""
        if not any(leg.corridor_m for leg in journey.legs):
            return []
        return [one for fixes in journey.fixes if len(fixes.at_ms) for one in _findings(journey, spec, fixes)]


def _findings(journey: Journey, spec: RouteDeviation, fixes: Fixes) -> list[Finding]:
    off = off_corridor_m(journey, fixes)
    out = off > 0
    if not out.any():
        return []
    out &= ~at_sites(stop_sites(journey), fixes)
    found = spells(
        fixes.at_ms,
        out,
        until_ms=journey.until_ms,
        max_gap_ms=spec.max_gap_ms,
        raise_after_ms=spec.raise_after_ms,
        clear_after_ms=spec.clear_after_ms,
        windows=active(journey, spec),
    )
    results: list[Finding] = []
    for one in found:
        worst = one.first + int(np.where(out, off, -np.inf)[one.first : one.last + 1].argmax())
        beyond = round(float(off[worst]))
        text = f"Off the planned way, up to {beyond} m outside of its corridor."
        results.append(
            finding(
                spec,
                one.start_ms,
                one.raised_ms,
                one.end_ms,
                text,
                device=fixes.device,
                peak=(beyond * 1000, int(fixes.at_ms[worst])),
                details={"beyond_m": beyond},
            )
        )
    return results


RULE: Final[WatchRule[RouteDeviation]] = RouteDeviationRule()
