"""Cloned device: one id is heard from two places that cannot both be true.

Each fix is put to the nearest chain of fixes that it can have been reached from; where there is none, it begins
another. A device has one chain, a device with a wrong fix one and a stray; two that go on side by side are two devices.
"""

from typing import Final

import numpy as np

from doseway.guard.leaps import fastest_m_s, leaps_of
from doseway.model.findings import Finding, Severity
from doseway.model.geo import accuracies_m, apart_m, vectors_of
from doseway.model.journey import Fixes, Journey
from doseway.model.rulebook import refuse
from doseway.model.units import DAY_MS
from doseway.model.watching import Needs, WatchRule, WatchSpec, active, finding, is_active

_CHAINS: Final = 8


class ClonedDevice(WatchSpec, frozen=True, kw_only=True):
    """Parameters of a cloned device rule.

    Attributes:
        ground_kmh, air_kmh: the highest speeds; the latter about the times of the legs by air.
        least_m: a shorter way proves nothing, however fast.
        fixes: how many fixes a second place needs: one is a wrong fix.
        max_gap_ms: a place that has not been heard of for so long is given up.
    """

    severity: Severity = Severity.CRITICAL
    ground_kmh: int = 250
    air_kmh: int = 1_200
    least_m: int = 5_000
    fixes: int = 3
    max_gap_ms: int = DAY_MS

    def check(self) -> None:
        """Check that one wrong fix is no clone."""
        if self.fixes < 2:  # noqa: PLR2004  # the smallest number that is more than one
            raise refuse(self, "fixes is at least 2: one fix elsewhere is a wrong fix")


class ClonedDeviceRule:
    """Needs the second place to be heard between fixes of the first: before, during and after."""

    id: Final = "cloned_device"
    version: Final = 1
    title: Final = "One device id in two places"
    source: Final = "the same id from two places that cannot both be true"
    spec: Final = ClonedDevice
    needs: Final[Needs] = (("position",),)

    def find(self, journey: Journey, spec: ClonedDevice) -> list[Finding]:
        """Return one finding for each device and second place."""
        windows = active(journey, spec)
        found: list[Finding] = []
        for fixes in journey.fixes:
            if leaps_of(journey, fixes, spec.ground_kmh, spec.air_kmh, spec.least_m).any():
                found += _findings(journey, spec, fixes)
        return [one for one in found if is_active(windows, one.raised_ms)]


def _findings(journey: Journey, spec: ClonedDevice, fixes: Fixes) -> list[Finding]:
    found: list[Finding] = []
    chains = _chains(journey, spec, fixes)
    at = fixes.at_ms.tolist()
    for number, chain in enumerate(chains):
        mine = [at[one] for one in chain]
        others = [at[one] for other in chains[:number] for one in other if at[one] >= mine[0]]
        if len(chain) < spec.fixes or not others:
            continue
        raised = max(mine[spec.fixes - 1], min(others))
        end = max(mine[-1], raised) if journey.until_ms - mine[-1] > spec.max_gap_ms else None
        text = f"Heard from two places that cannot both be true, {len(chain)} times from the second one."
        found.append(finding(spec, mine[0], raised, end, text, device=fixes.device, details={"fixes": len(chain)}))
    return found


def _chains(journey: Journey, spec: ClonedDevice, fixes: Fixes) -> list[list[int]]:
    """Sort fixes into chains, in the order in which they begin; of too many the one that is oldest is given up."""
    vectors, accuracy, at = vectors_of(fixes), accuracies_m(fixes), fixes.at_ms
    fastest = fastest_m_s(journey.legs, at, spec.ground_kmh, spec.air_kmh)
    chains: list[list[int]] = [[0]]
    live = [0]
    for number in range(1, len(at)):
        live = [one for one in live if at[number] - at[chains[one][-1]] <= spec.max_gap_ms]
        ends = np.asarray([chains[one][-1] for one in live], np.int64)
        way = apart_m(vectors[ends], vectors[number]) - accuracy[ends] - accuracy[number]
        reach = np.maximum((at[number] - at[ends]) / 1000, 1.0) * fastest[number]
        can_be = (way <= spec.least_m) | (way <= reach)
        if can_be.any():
            chains[live[int(np.where(can_be, way, np.inf).argmin())]].append(number)
        else:
            live = [*live, len(chains)][-_CHAINS:]
            chains.append([number])
    return chains


RULE: Final[WatchRule[ClonedDevice]] = ClonedDeviceRule()
