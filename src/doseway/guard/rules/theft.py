"""Likely theft: two clues of different kinds close in time, outside of planned and safe places.

The kinds are: opened (light or door), stopped, off-route, separated (devices of the shipment), alarmed (jamming or
tampering that a device raised).
"""

from typing import Final

from doseway.guard.clues import Clue, certain_within_ms, clues_of
from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.rulebook import refuse
from doseway.model.units import MINUTE_MS
from doseway.model.watching import FOREVER_MS, Needs, WatchRule, WatchSpec, active, finding, is_active


class Theft(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a theft rule.

    Attributes:
        window_ms: clues further apart in time do not belong together.
        kinds: how many different kinds it takes.
        light_millilux: light at least so bright is an opening.
        stop_after_ms, radius_m: a stop so long, within so much, is confirmed.
        apart_m: devices further apart than that are separated.
    """

    severity: Severity = Severity.CRITICAL
    window_ms: int = 30 * MINUTE_MS
    kinds: int = 2
    light_millilux: int = 10_000
    stop_after_ms: int = 10 * MINUTE_MS
    radius_m: int = 200
    apart_m: int = 1_000

    def check(self) -> None:
        """Check that more than one kind is asked for: one clue is no theft."""
        if self.kinds < 2:  # noqa: PLR2004  # the smallest number that is more than one
            raise refuse(self, "kinds is at least 2: one clue alone has a harmless explanation")


class TheftRule:
    """Clues that are never further apart than the window belong together."""

    id: Final = "theft"
    version: Final = 1
    title: Final = "Likely theft"
    source: Final = "Tive Likely Theft: light and a confirmed stop outside of safe zones; Overhaul: separation, jamming"
    spec: Final = Theft
    needs: Final[Needs] = (("position", "light", "door"), ("light", "door", "position", "signal", "two-devices"))

    def find(self, journey: Journey, spec: Theft) -> list[Finding]:
        """Return one finding for each group of clues of enough kinds."""
        windows = active(journey, spec)
        clues = clues_of(journey, spec.light_millilux, spec.stop_after_ms, spec.radius_m, spec.apart_m)
        groups: list[list[Clue]] = []
        reach = 0
        for clue in clues:
            if not is_active(windows, clue.raised_ms):
                continue
            if not groups or clue.start_ms > reach:
                groups.append([])
                reach = 0
            groups[-1].append(clue)
            reach = max(reach, _end(clue) + spec.window_ms)
        return [one for group in groups for one in _finding(journey, spec, group)]


def _end(clue: Clue) -> int:
    return FOREVER_MS if clue.end_ms is None else max(clue.end_ms, clue.raised_ms)


def _finding(journey: Journey, spec: Theft, group: list[Clue]) -> list[Finding]:
    known: dict[str, int] = {}
    for clue in group:
        known[clue.kind] = min(known.get(clue.kind, FOREVER_MS), clue.raised_ms)
    if len(known) < spec.kinds:
        return []
    raised = sorted(known.values())[spec.kinds - 1]
    end = max(_end(clue) for clue in group)
    # A clue that began within the window may still be in doubt: until it cannot be any more, the group is not over.
    is_over = end + spec.window_ms + certain_within_ms(spec.stop_after_ms) < journey.until_ms
    kinds = ", ".join(sorted(known))
    return [
        finding(
            spec,
            min(clue.start_ms for clue in group),
            raised,
            end if is_over else None,
            f"Likely theft: {kinds}.",
            device=group[0].device,
            details={"kinds": kinds, "clues": len(group)},
        )
    ]


RULE: Final[WatchRule[Theft]] = TheftRule()
