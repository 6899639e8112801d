"""Risk zone: within an area that is dangerous, at the hours at which it is."""

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from doseway.model.clock import from_unix_ms
from doseway.model.documents import Site
from doseway.model.errors import DataError
from doseway.model.findings import Finding, Severity
from doseway.model.geo import Bools, Int64, accuracies_m, overlap, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.rulebook import refuse
from doseway.model.spells import spells
from doseway.model.units import HOUR_MS
from doseway.model.visits import visits_of
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration

_WHOLE_PPM: Final = 1_000_000


class RiskZone(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a risk zone rule; the zones are the sites with the use `risk`, with their hours.

    Attributes:
        probability_ppm: the part of a fix's disc of accuracy that has to lie inside.
        raise_after_ms: how long it may be inside. max_gap_ms: a longer pause between two fixes is a gap: unknown.
        crossing_ms: two fixes outside, at most so far apart, with the zone on the straight way between them, are a
            finding as well where one of them lies within its hours; 0: they are not.
    """

    severity: Severity = Severity.HIGH
    probability_ppm: int = 500_000
    raise_after_ms: int = 0
    max_gap_ms: int = 2 * HOUR_MS
    crossing_ms: int = 0

    def check(self) -> None:
        """Check that a probability is one."""
        if not 0 < self.probability_ppm <= _WHOLE_PPM:
            raise refuse(self, "probability lies above 0 and is at most 1")


class RiskZoneRule:
    """The score of a finding is how likely the device was inside, in percent, at its likeliest fix."""

    id: Final = "risk_zone"
    version: Final = 1
    title: Final = "In a zone of risk"
    source: Final = "the user's own polygons and schedules; Tive safe zones, inverted"
    spec: Final = RiskZone
    needs: Final[Needs] = (("position",), ("risk-site",))

    def find(self, journey: Journey, spec: RiskZone) -> list[Finding]:
        """Return one finding for each stay of a device in a zone within its hours."""
        zones = [site for _, site in sorted(journey.sites.items()) if "risk" in site.uses]
        return [
            one
            for site in zones
            for fixes in journey.fixes
            for one in (*_findings(journey, spec, site, fixes), *_crossings(journey, spec, site, fixes))
        ]


def _findings(journey: Journey, spec: RiskZone, site: Site, fixes: Fixes) -> list[Finding]:
    if not len(fixes.at_ms):
        return []
    part = overlap(site.area, vectors_of(fixes), accuracies_m(fixes))
    inside = part >= spec.probability_ppm / _WHOLE_PPM
    inside[inside] = within_hours(site, fixes.at_ms[inside])
    results: list[Finding] = []
    for one in spells(
        fixes.at_ms,
        inside,
        until_ms=journey.until_ms,
        max_gap_ms=spec.max_gap_ms,
        raise_after_ms=spec.raise_after_ms,
        windows=active(journey, spec),
    ):
        worst = one.first + int(part[one.first : one.last + 1].argmax())
        score = round(float(part[worst]) * 100)
        lasted = duration((journey.until_ms if one.end_ms is None else one.end_ms) - one.start_ms)
        results.append(
            finding(
                spec,
                one.start_ms,
                one.raised_ms,
                one.end_ms,
                f"In the zone of risk {site.title or site.id} for {lasted}.",
                device=fixes.device,
                details={"site": site.id, "score": score},
            )
        )
    return results


def _crossings(journey: Journey, spec: RiskZone, site: Site, fixes: Fixes) -> list[Finding]:
    if not spec.crossing_ms:
        return []
    windows = active(journey, spec)
    text = f"Passed through the zone of risk {site.title or site.id}."
    details: dict[str, int | str] = {"site": site.id, "is_crossing": 1}
    return [
        finding(spec, one.start_ms, one.confirmed_ms, one.confirmed_ms, text, device=one.device, details=details)
        for one in visits_of(fixes, site, crossing_ms=spec.crossing_ms)
        if one.is_crossing
        and is_active(windows, one.confirmed_ms)
        and within_hours(site, np.asarray([one.start_ms, one.confirmed_ms], np.int64)).any()
    ]


def within_hours(site: Site, at_ms: Int64) -> Bools:
    """Tell which instants lie within the hours of a site, by the clock on its wall; the end does not belong to them.

    Hours that end before they begin go on over midnight.

    Raises:
        DataError: the hours are no `HH:MM-HH:MM`, or the zone is unknown.
    """
    if not site.hours:
        return np.ones(len(at_ms), np.bool_)
    try:
        zone = ZoneInfo(site.zone)
        spans = [_span(one) for one in site.hours]
    except (KeyError, ValueError, OSError) as error:
        what = f"the site {site.id!r} has hours {', '.join(site.hours)} in zone {site.zone!r}: {error}"
        raise DataError(what, hint="Write hours as 22:00-05:30 and an IANA zone such as Europe/Rome.") from error
    clocks = [from_unix_ms(at).astimezone(zone).time() for at in at_ms.tolist()]
    return np.asarray([any(_covers(span, clock) for span in spans) for clock in clocks], np.bool_)


def _span(text: str) -> tuple[time, time]:
    start, _, end = text.partition("-")
    return _clock(start), _clock("00:00" if end.strip() == "24:00" else end)


def _clock(text: str) -> time:
    return datetime.strptime(text.strip(), "%H:%M").replace(tzinfo=UTC).time()


def _covers(span: tuple[time, time], clock: time) -> bool:
    start, end = span
    return start <= clock < end if start < end else clock >= start or clock < end


RULE: Final[WatchRule[RiskZone]] = RiskZoneRule()
