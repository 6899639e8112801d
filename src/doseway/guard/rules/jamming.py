"""Jamming: a device says so, or several devices that travel together fall silent at once where there is a network."""

from typing import Final

import numpy as np

from doseway.model.documents import Mode
from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.rulebook import refuse
from doseway.model.silence import Silence, normal_pause_ms, quiet_windows, silences_of
from doseway.model.units import HOUR_MS, MINUTE_MS
from doseway.model.visits import allowed_at
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active


class Jamming(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a jamming rule.

    Attributes:
        kinds: the signals of a device that count; together_ms: those that follow one another so closely are one
        finding. devices: how many devices have to fall silent at once; 0: only the devices' own signals count.
        within_ms: how closely they have to be heard for the last time. factor: how many of its normal pauses a device
        has to be silent. quiet_modes, lead_ms, grace_ms: legs on which silence is normal, from before the departure to
        after the arrival.
    """

    severity: Severity = Severity.HIGH
    kinds: tuple[str, ...] = ("jamming",)
    together_ms: int = HOUR_MS
    devices: int = 2
    within_ms: int = 10 * MINUTE_MS
    factor: int = 2
    quiet_modes: tuple[Mode, ...] = ("air", "sea")
    lead_ms: int = HOUR_MS
    grace_ms: int = 2 * HOUR_MS

    def check(self) -> None:
        """Check that silence is asked of several devices: one that is silent has no signal."""
        if self.devices == 1 or self.devices < 0:
            raise refuse(self, "devices is 0 or at least 2: one silent device is rule no_signal's")
        if self.factor < 1:
            raise refuse(self, "factor is at least 1")


class JammingRule:
    """Silence means that neither positions nor the network got through; a site with the use `dead` has no network."""

    id: Final = "jamming"
    version: Final = 1
    title: Final = "Radio jamming"
    source: Final = "Traccar alarm jamming; Overhaul: loss of several co-located devices outside of known dead zones"
    spec: Final = Jamming
    needs: Final[Needs] = (("signal", "two-devices"),)

    def find(self, journey: Journey, spec: Jamming) -> list[Finding]:
        """Return the devices' own signals, and the silences of several devices at once."""
        return [*_signalled(journey, spec), *_silenced(journey, spec)]


def _signalled(journey: Journey, spec: Jamming) -> list[Finding]:
    windows = active(journey, spec)
    rows: dict[str, list[list[int]]] = {}
    for device, signal in journey.signals:
        at = signal.observed_at_ms
        if signal.kind in spec.kinds and is_active(windows, at):
            mine = rows.setdefault(device, [])
            if mine and at - mine[-1][-1] <= spec.together_ms:
                mine[-1].append(at)
            else:
                mine.append([at])
    return [
        finding(
            spec,
            row[0],
            row[0],
            row[-1] if journey.until_ms - row[-1] > spec.together_ms else None,
            "The device reports jamming.",
            device=device,
            details={"signals": len(row)},
        )
        for device, mine in sorted(rows.items())
        for row in mine
    ]


def _silenced(journey: Journey, spec: Jamming) -> list[Finding]:
    if not spec.devices:
        return []
    windows = active(journey, spec)
    found: list[Finding] = []
    for group in _groups(_silences(journey, spec), spec):
        start = max(one.start_ms for one, _ in group)
        raised = max(due for _, due in group)
        end = min((one.end_ms for one, _ in group if one.end_ms is not None), default=None)
        if is_active(windows, raised) and (end is None or raised < end):
            names = ", ".join(one.device for one, _ in group)
            text = f"{len(group)} devices fell silent at once: {names}."
            found.append(finding(spec, start, raised, end, text, details={"devices": names}))
    return found


def _silences(journey: Journey, spec: Jamming) -> list[tuple[Silence, int]]:
    """Return the silences outside of quiet legs and dead zones, each with when it was long enough, by start."""
    quiet = quiet_windows(journey, spec.quiet_modes, spec.lead_ms, spec.grace_ms)
    dead = [site for _, site in sorted(journey.sites.items()) if "dead" in site.uses]
    found: list[tuple[Silence, int]] = []
    for hearing in journey.hearings:
        card = journey.devices.get(hearing.device)
        if card is None:
            continue
        limit = normal_pause_ms(card) * spec.factor
        for one in silences_of(journey, hearing, limit):
            is_heard = one.start_ms > hearing.bound_ms or one.start_ms in hearing.at_ms
            in_dead = dead and allowed_at(journey, dead, one.device, np.asarray([one.start_ms], np.int64))[0]
            if is_heard and not in_dead and not is_active(quiet, one.start_ms + limit):
                found.append((one, one.start_ms + limit))
    return sorted(found)


def _groups(silences: list[tuple[Silence, int]], spec: Jamming) -> list[list[tuple[Silence, int]]]:
    """Return the silences of different devices that began together, where there are enough of them."""
    by_start = sorted(silences, key=lambda one: (one[0].start_ms, one[0].device))
    groups: list[list[tuple[Silence, int]]] = []
    for one in by_start:
        last = groups[-1] if groups else None
        is_near = last is not None and one[0].start_ms - last[0][0].start_ms <= spec.within_ms
        if last is not None and is_near and all(one[0].device != other.device for other, _ in last):
            last.append(one)
        else:
            groups.append([one])
    return [group for group in groups if len(group) >= spec.devices]


RULE: Final[WatchRule[Jamming]] = JammingRule()
