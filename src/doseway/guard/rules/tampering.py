"""Tampering: the device itself says that somebody is at it."""

from typing import Final

from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.units import HOUR_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active


class Tampering(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a tampering rule.

    Attributes:
        kinds: the signals that count.
        together_ms: signals of one kind that follow one another so closely are one finding.
    """

    kinds: tuple[str, ...] = ("tampering", "removed", "removing", "cut")
    together_ms: int = HOUR_MS


class TamperingRule:
    """Joins what a device repeats while it lasts."""

    id: Final = "tampering"
    version: Final = 1
    title: Final = "Tampering reported by the device"
    source: Final = "Traccar alarms tampering, removing, powerCut, gpsAntennaCut"
    spec: Final = Tampering
    needs: Final[Needs] = (("signal",),)

    def find(self, journey: Journey, spec: Tampering) -> list[Finding]:
        """Return one finding for each row of signals of one kind from one device."""
        windows = active(journey, spec)
        rows: list[tuple[str, str, list[int]]] = []
        latest: dict[tuple[str, str], list[int]] = {}
        for device, signal in journey.signals:
            at = signal.observed_at_ms
            if signal.kind not in spec.kinds or not is_active(windows, at):
                continue
            row = latest.get((device, signal.kind))
            if row is None or at - row[-1] > spec.together_ms:
                row = latest[device, signal.kind] = []
                rows.append((device, signal.kind, row))
            row.append(at)
        return [_finding(journey, spec, *row) for row in rows]


def _finding(journey: Journey, spec: Tampering, device: str, kind: str, row: list[int]) -> Finding:
    end = row[-1] if journey.until_ms - row[-1] > spec.together_ms else None
    text = f"The device reports {kind}."
    return finding(spec, row[0], row[0], end, text, device=device, details={"kind": kind, "signals": len(row)})


RULE: Final[WatchRule[Tampering]] = TamperingRule()
