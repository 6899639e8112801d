"""No signal: a device has not been heard for longer than it should, where silence is not normal.

What a device that buffers sends later counts at the time at which it was measured, so it takes the silence back.
"""

from typing import Final

from doseway.model.documents import Mode
from doseway.model.findings import Finding
from doseway.model.journey import Hearing, Journey
from doseway.model.rulebook import refuse
from doseway.model.silence import Quiet, normal_pause_ms, silences_of
from doseway.model.spells import Windows
from doseway.model.units import HOUR_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active
from doseway.model.wording import duration


class NoSignal(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a no signal rule.

    Attributes:
        factor: how many of its normal pauses a device may be silent.
        factor_if_buffers: the same for a device that keeps its readings and sends them later.
        quiet_modes: legs by these modes are flown or sailed without a signal.
        lead_ms, grace_ms: how long before the planned departure, and after the planned arrival, of such a leg silence
            is normal; a leg that left later takes the end along.
    """

    factor: int = 3
    factor_if_buffers: int = 4
    quiet_modes: tuple[Mode, ...] = ("air",)
    lead_ms: int = HOUR_MS
    grace_ms: int = 2 * HOUR_MS

    def check(self) -> None:
        """Check the factors."""
        if self.factor < 1 or self.factor_if_buffers < 1:
            raise refuse(self, "factor and factor_if_buffers are at least 1")


class NoSignalRule:
    """Raises at the instant at which the device had to have been heard: event time, not the clock."""

    id: Final = "no_signal"
    version: Final = 1
    title: Final = "No signal from a device"
    source: Final = "Controlant data-missing; ThingsBoard NO_DATA; Traccar status.timeout"
    spec: Final = NoSignal
    needs: Final[Needs] = (("device",),)

    def find(self, journey: Journey, spec: NoSignal) -> list[Finding]:
        """Return one finding for each silence that was too long."""
        quiet = Quiet(journey, spec.quiet_modes, spec.lead_ms, spec.grace_ms)
        windows = active(journey, spec)
        return [one for hearing in journey.hearings for one in _findings(journey, spec, hearing, quiet, windows)]


def _findings(journey: Journey, spec: NoSignal, hearing: Hearing, quiet: Quiet, windows: Windows) -> list[Finding]:
    card = journey.devices.get(hearing.device)
    if card is None:
        return []
    limit = normal_pause_ms(card) * (spec.factor_if_buffers if card.buffers else spec.factor)
    found: list[Finding] = []
    for silence in silences_of(journey, hearing, limit):
        end = silence.end_ms
        due = deadline(silence.start_ms + limit, quiet.windows(journey.until_ms if end is None else end))
        if due >= (journey.until_ms if end is None else end) or not is_active(windows, due):
            continue
        lasted = (journey.until_ms if end is None else end) - silence.start_ms
        text = f"Not heard for {duration(lasted)}; every {duration(normal_pause_ms(card))} is normal."
        found.append(finding(spec, silence.start_ms, due, end, text, device=hearing.device))
    return found


def deadline(due_ms: int, quiet: Windows) -> int:
    """Return when a device had to be heard: what falls due while silence is normal is due at the end of that."""
    for start, end in quiet:
        if start <= due_ms < end:
            due_ms = end
    return due_ms


RULE: Final[WatchRule[NoSignal]] = NoSignalRule()
