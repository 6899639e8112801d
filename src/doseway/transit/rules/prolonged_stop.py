"""Prolonged stop: standing for too long where it was not planned and is not safe."""

from typing import Final

import numpy as np

from doseway.model.documents import Mode
from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.routes import legs_of_mode
from doseway.model.stops import halts_of
from doseway.model.units import HOUR_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration


class ProlongedStop(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a prolonged stop rule.

    Attributes:
        after_ms: how long it may stand. radius_m: within which it stands, beside the accuracy of its fixes.
        max_gap_ms: a longer pause between two fixes is a gap: unknown.
        modes: by which modes of transport the rule looks.
    """

    after_ms: int = HOUR_MS
    radius_m: int = 200
    max_gap_ms: int = 2 * HOUR_MS
    modes: tuple[Mode, ...] = ("road", "rail")


class ProlongedStopRule:
    """A stop that may have been at a site of the legs or at a safe one is none."""

    id: Final = "prolonged_stop"
    version: Final = 1
    title: Final = "Prolonged stop outside of planned and safe places"
    source: Final = "Tive Prolonged Stop; Traccar trip logic (less than 200 m, gap above 3600 s)"
    spec: Final = ProlongedStop
    needs: Final[Needs] = (("position",),)

    def find(self, journey: Journey, spec: ProlongedStop) -> list[Finding]:
        """Return one finding for each stop that was long enough."""
        windows = active(journey, spec)
        halts = halts_of(journey, radius_m=spec.radius_m, after_ms=spec.after_ms, max_gap_ms=spec.max_gap_ms)
        on_wheels = legs_of_mode(journey, spec.modes, np.asarray([one.stop.start_ms for one in halts], np.int64))
        return [
            finding(
                spec,
                halt.stop.start_ms,
                halt.stop.raised_ms,
                halt.stop.end_ms,
                f"Has not moved for {duration((halt.stop.end_ms or journey.until_ms) - halt.stop.start_ms)}.",
                device=halt.device,
            )
            for halt, is_meant in zip(halts, on_wheels.tolist(), strict=True)
            if is_meant and is_active(windows, halt.stop.raised_ms)
        ]


RULE: Final[WatchRule[ProlongedStop]] = ProlongedStopRule()
