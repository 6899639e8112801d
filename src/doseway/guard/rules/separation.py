"""Separation: devices that belong to one shipment are not where the others are."""

from typing import Final

from doseway.guard.pairs import Pair, pairs_of
from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.spells import spells
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding


class Separation(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a separation rule.

    Attributes:
        apart_m: how far apart two devices may be, beside their accuracies and what they travel between their fixes.
        raise_after_ms: for how long. max_gap_ms: a longer pause in which nothing can be compared is a gap: unknown.
    """

    severity: Severity = Severity.HIGH
    apart_m: int = 1_000
    raise_after_ms: int = 10 * MINUTE_MS
    max_gap_ms: int = 2 * HOUR_MS


class SeparationRule:
    """Compares each pair of devices where both have a fix within ten minutes."""

    id: Final = "separation"
    version: Final = 1
    title: Final = "Devices of one shipment apart"
    source: Final = "Overhaul patents: separation of co-located devices"
    spec: Final = Separation
    needs: Final[Needs] = (("position",), ("two-devices",))

    def find(self, journey: Journey, spec: Separation) -> list[Finding]:
        """Return one finding for each time that a pair was apart long enough."""
        return [one for pair in pairs_of(journey) for one in _findings(journey, spec, pair)]


def _findings(journey: Journey, spec: Separation, pair: Pair) -> list[Finding]:
    out = pair.apart_m > spec.apart_m
    results: list[Finding] = []
    for one in spells(
        pair.at_ms,
        out,
        until_ms=journey.until_ms,
        max_gap_ms=spec.max_gap_ms,
        raise_after_ms=spec.raise_after_ms,
        windows=active(journey, spec),
    ):
        worst = one.first + int(pair.apart_m[one.first : one.last + 1].argmax())
        apart = round(float(pair.apart_m[worst]))
        text = f"{pair.one} and {pair.other} are at least {apart} m apart."
        details: dict[str, int | str] = {"other": pair.other, "apart_m": apart}
        results.append(
            finding(
                spec,
                one.start_ms,
                one.raised_ms,
                one.end_ms,
                text,
                device=pair.one,
                peak=(apart * 1000, int(pair.at_ms[worst])),
                details=details,
            )
        )
    return results


RULE: Final[WatchRule[Separation]] = SeparationRule()
