"""Battery: low, or so fast on its way down that the device will be silent before the shipment arrives."""

from typing import Final

import numpy as np

from doseway.model.findings import Finding
from doseway.model.geo import Int64
from doseway.model.journey import Journey, Track
from doseway.model.progress import arrived_at
from doseway.model.readings import Quantity
from doseway.model.rulebook import refuse
from doseway.model.units import DAY_MS, HOUR_MS, decimal_text
from doseway.model.watching import Needs, WatchRule
from doseway.model.wording import duration
from doseway.transit.eta import estimates_of, eta_at
from doseway.transit.levels import LevelSpec, beyond, findings_of


class Battery(LevelSpec, frozen=True, kw_only=True):
    """Parameters of a battery rule.

    Attributes:
        limit_millipercent: low below this. empty_millipercent: what is left when the device falls silent.
        trend_ms: the use is measured over so long, and over no less than a quarter of it.
        reserve_ms: how long beyond the arrival it should last.
    """

    limit_millipercent: int = 20_000
    empty_millipercent: int = 5_000
    trend_ms: int = DAY_MS
    reserve_ms: int = 6 * HOUR_MS

    def check(self) -> None:
        """Check that there is something between low and empty."""
        if self.empty_millipercent >= self.limit_millipercent:
            raise refuse(self, "empty_percent lies below limit_percent")
        if self.trend_ms == 0:
            raise refuse(self, "trend_s is positive: no use can be measured over no time")


class BatteryRule:
    """Compares the time that the battery will last with the time to the estimated arrival as it was known then."""

    id: Final = "battery"
    version: Final = 1
    title: Final = "Battery low, or empty before the arrival"
    source: Final = "Tive BatteryPowerMin; Traccar lowBattery; ONE Record estimatedBatteryLifeMinutes against the ETA"
    spec: Final = Battery
    needs: Final[Needs] = (("battery",),)

    def find(self, journey: Journey, spec: Battery) -> list[Finding]:
        """Return one finding for each time that it would not last."""
        found: list[Finding] = []
        tracks = [track for track in journey.tracks if track.quantity is Quantity.BATTERY]
        estimates = estimates_of(journey) if tracks else None
        for track in tracks:
            out = beyond(track.value_milli, spec.limit_millipercent, "low", spec.comparison)
            if journey.legs and estimates is not None:
                lasts = _empty_at(track, spec) < eta_at(estimates, journey.legs, track.at_ms) + spec.reserve_ms
                arrived = arrived_at(journey)
                out |= lasts if arrived is None else lasts & (track.at_ms < arrived)
            found += findings_of(journey, spec, track, out, _sentence, "low")
        return found


def _sentence(worst: int, lasted_ms: int) -> str:
    return f"The battery will not last: {decimal_text(worst)} % left, for {duration(lasted_ms)}."


def _empty_at(track: Track, spec: Battery) -> Int64:
    """Return when the battery will be empty if it is used on as it was lately; the end of time where it was not."""
    at, value = track.at_ms, track.value_milli.astype(np.int64)
    since = np.searchsorted(at, at - spec.trend_ms, side="left")
    took, used = at - at[since], value[since] - value
    never = np.full(len(at), 2**62, np.int64)
    is_known = (used > 0) & (took >= spec.trend_ms // 4)
    left = np.maximum(value - spec.empty_millipercent, 0)
    return np.where(is_known, at + left * took // np.maximum(used, 1), never)


RULE: Final[WatchRule[Battery]] = BatteryRule()
