"""Late ETA: it will not be there when promised, and would the product's budget last until it is?

An estimate moves with every fix, so a finding is made only where the delay is above a limit *and* has changed by more
than a step since it was last told; at first that is the delay of the plan itself.
"""

from collections.abc import Iterator
from typing import Final

from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.progress import arrived_at
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration
from doseway.transit.eta import estimates_of


class LateEta(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a late ETA rule.

    Attributes:
        late_by_ms: how much later than promised it may be expected.
        change_ms: by how much the delay has to change before it is told again.
        severity_if_short: the severity where the temperature budget would not last until the arrival.
    """

    late_by_ms: int = HOUR_MS
    change_ms: int = 30 * MINUTE_MS
    severity_if_short: Severity = Severity.CRITICAL


class LateEtaRule:
    """One finding ends where the next one tells another delay, where it is in time again, and at the arrival."""

    id: Final = "late_eta"
    version: Final = 1
    title: Final = "Expected later than promised"
    source: Final = "Controlant `Deliver by`; FourKites ETA changes, hence the step"
    spec: Final = LateEta
    needs: Final[Needs] = (("legs",), ("promise",))

    def find(self, journey: Journey, spec: LateEta) -> list[Finding]:
        """Return the delays that were to be told."""
        promised = journey.shipment.promised_at_ms
        if promised is None or not journey.legs:
            return []
        windows = active(journey, spec)
        told = journey.legs[-1].arrive_at_ms - promised
        found: list[Finding] = []
        since: int | None = None
        for at, delay, is_overdue in _delays(journey, promised, spec.late_by_ms):
            is_late = delay > spec.late_by_ms and is_active(windows, at)
            is_news = abs(delay - told) > spec.change_ms or (is_overdue and since is None)
            if since is not None and (is_news or not is_late):
                found.append(_finding(journey, spec, since, at, told))
                since, told = None, told if is_late else delay
            if is_late and is_news:
                since, told = at, delay
        if since is not None:
            found.append(_finding(journey, spec, since, arrived_at(journey), told))
        return found


def _delays(journey: Journey, promised: int, late_by_ms: int) -> Iterator[tuple[int, int, bool]]:
    """Yield instant, delay and whether it is overdue: each estimate before the arrival, and when it had to be there."""
    estimates = estimates_of(journey)
    arrived = arrived_at(journey)
    end = journey.until_ms + 1 if arrived is None else arrived
    overdue = promised + late_by_ms + 1
    told = [
        (at, eta - promised, False)
        for at, eta in zip(estimates.at_ms.tolist(), estimates.eta_ms.tolist(), strict=True)
        if at < end
    ]
    if overdue < end:
        told.append((overdue, late_by_ms + 1, True))
    yield from sorted(told)


def _finding(journey: Journey, spec: LateEta, since: int, end: int | None, delay: int) -> Finding:
    details: dict[str, int | str] = {"delay_s": delay // 1000}
    severity = spec.severity
    text = f"Expected {duration(delay // MINUTE_MS * MINUTE_MS)} later than promised."
    if end is None and journey.budget_left_ms is not None:
        ahead = max((journey.shipment.promised_at_ms or 0) + delay - journey.until_ms, 0)
        lasts = journey.budget_left_ms >= ahead
        details |= {"budget_left_s": journey.budget_left_ms // 1000, "ahead_s": ahead // 1000, "lasts": int(lasts)}
        left = f"{duration(journey.budget_left_ms // MINUTE_MS * MINUTE_MS)} of the temperature budget are left, "
        text += f" {left}{'enough' if lasts else 'not enough'} for all of the time to the arrival out of range."
        severity = spec.severity if lasts else spec.severity_if_short
    return finding(spec, since, since, end, text, severity=severity, details=details)


RULE: Final[WatchRule[LateEta]] = LateEtaRule()
