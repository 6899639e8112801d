"""Jamming: a device says so, or several devices that travel together fall silent at once where there is a network."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from doseway.model.documents import Mode
from doseway.model.findings import Finding, Severity
from doseway.model.journey import Journey
from doseway.model.rulebook import refuse
from doseway.model.silence import Quiet, Silence, normal_pause_ms, silences_of
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


@dataclass
class _Group:
    """Devices that fell silent together; it is over when the first of them is heard again."""

    members: list[Silence]
    raised_ms: int

    @property
    def end_ms(self) -> int | None:
        return min((one.end_ms for one in self.members if one.end_ms is not None), default=None)

    def takes(self, one: Silence, due_ms: int, within_ms: int) -> bool:
        """Tell whether a silence that is long enough only now belongs to them."""
        is_over = self.end_ms is not None and self.end_ms <= due_ms
        return not is_over and all(
            one.device != other.device and abs(one.start_ms - other.start_ms) <= within_ms for other in self.members
        )


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
        if is_active(windows, group.raised_ms):
            names = ", ".join(sorted(one.device for one in group.members))
            text = f"{len(group.members)} devices fell silent at once: {names}."
            start = max(one.start_ms for one in group.members)
            found.append(finding(spec, start, group.raised_ms, group.end_ms, text, details={"devices": names}))
    return found


def _silences(journey: Journey, spec: Jamming) -> list[tuple[Silence, int]]:
    """Return the silences outside of quiet legs and dead zones, each with when it was long enough, by start."""
    quiet = Quiet(journey, spec.quiet_modes, spec.lead_ms, spec.grace_ms)
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
            due_ms = one.start_ms + limit
            if is_heard and not in_dead and not is_active(quiet.windows(due_ms), due_ms):
                found.append((one, due_ms))
    return sorted(found)


def _groups(silences: list[tuple[Silence, int]], spec: Jamming) -> list[_Group]:
    """Return the silences of different devices that began together, where there are enough of them.

    In the order in which they were long enough, as somebody learns of them who watches: what is over stays as it was.
    """
    groups: list[_Group] = []
    waiting: list[Silence] = []
    for one, due_ms in sorted(silences, key=lambda silence: (silence[1], silence[0])):
        joined = next((group for group in groups if group.takes(one, due_ms, spec.within_ms)), None)
        if joined is not None:
            joined.members.append(one)
            continue
        waiting = [other for other in waiting if other.end_ms is None or other.end_ms > due_ms]
        members = _together(one, waiting, spec)
        if len(members) >= spec.devices:
            groups.append(_Group(members, due_ms))
            waiting = [other for other in waiting if other not in members]
        else:
            waiting.append(one)
    return groups


def _together(one: Silence, waiting: list[Silence], spec: Jamming) -> list[Silence]:
    """Return the most silences of different devices, this one among them, that began within the time allowed."""
    near = [one, *(other for other in waiting if other.device != one.device)]
    starts = sorted(other.start_ms for other in near if 0 <= one.start_ms - other.start_ms <= spec.within_ms)
    spans = [[other for other in near if 0 <= other.start_ms - start <= spec.within_ms] for start in starts]
    return max(spans, key=len)


RULE: Final[WatchRule[Jamming]] = JammingRule()
