"""Shock: a blow of at least so many g, at the time of the blow and not of the report."""

from typing import Final

import numpy as np

from doseway.model.findings import Finding
from doseway.model.geo import Int64
from doseway.model.journey import Journey, Track
from doseway.model.readings import Quantity
from doseway.model.units import MINUTE_MS, decimal_text
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active


class Shock(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a shock rule.

    Attributes:
        limit_millig: a blow counts from here on, the limit itself included.
        together_ms: blows that follow one another so closely are one finding.
    """

    limit_millig: int
    together_ms: int = 5 * MINUTE_MS


class ShockRule:
    """Looks at every shock sensor; where it gives axes, each axis is one, and a blow either way counts."""

    id: Final = "shock"
    version: Final = 1
    title: Final = "Shock"
    source: Final = "Tive Shock.G at ShockTime; ONE Record sensor type VIBRATION"
    spec: Final = Shock
    needs: Final[Needs] = (("shock",),)

    def find(self, journey: Journey, spec: Shock) -> list[Finding]:
        """Return one finding for each blow, or row of blows."""
        windows = active(journey, spec)
        found: list[Finding] = []
        for track in journey.tracks:
            if track.quantity is not Quantity.SHOCK:
                continue
            hard = np.flatnonzero(np.abs(track.value_milli.astype(np.int64)) >= spec.limit_millig)
            blows = hard[[is_active(windows, at) for at in track.at_ms[hard].tolist()]] if len(hard) else hard
            breaks = np.flatnonzero(np.diff(track.at_ms[blows]) > spec.together_ms) + 1
            found += [_finding(journey, spec, track, row) for row in np.split(blows, breaks) if len(row)]
        return found


def _finding(journey: Journey, spec: Shock, track: Track, blows: Int64) -> Finding:
    """Make the finding of a row; it is over once no further blow could belong to it."""
    worst = int(blows[np.abs(track.value_milli[blows].astype(np.int64)).argmax()])
    first, last = int(track.at_ms[blows[0]]), int(track.at_ms[blows[-1]])
    peak = int(track.value_milli[worst])
    row = f" {len(blows)} blows." if len(blows) > 1 else ""
    return finding(
        spec,
        first,
        first,
        last if journey.until_ms - last > spec.together_ms else None,
        f"A shock of {decimal_text(abs(peak))} g.{row}",
        device=track.device,
        sensor=track.sensor,
        peak=(peak, int(track.at_ms[worst])),
        details={"blows": len(blows)},
    )


RULE: Final[WatchRule[Shock]] = ShockRule()
