"""When devices were silent, and when silence is normal."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from doseway.model.documents import DeviceCard, Mode
from doseway.model.journey import Hearing, Journey
from doseway.model.spells import Windows
from doseway.model.units import SECOND_MS


class Silence(NamedTuple):
    """A pause between two messages of one device; `end_ms` None while it lasts."""

    device: str
    start_ms: int
    end_ms: int | None


def silences_of(journey: Journey, hearing: Hearing, longer_than_ms: int) -> list[Silence]:
    """Return the pauses of a device that was with the shipment: from its binding on, and up to its end."""
    stop = hearing.unbound_ms
    times = [hearing.bound_ms, *hearing.at_ms.tolist()]
    found = [Silence(hearing.device, start, end) for start, end in pairwise(times) if end - start > longer_than_ms]
    end = journey.until_ms if stop is None else min(stop, journey.until_ms)
    if end - times[-1] > longer_than_ms:
        found.append(Silence(hearing.device, times[-1], stop if end == stop else None))
    return found


def normal_pause_ms(card: DeviceCard) -> int:
    """Return the pause between messages that is normal for a device."""
    return max(card.silence_s, card.interval_s) * SECOND_MS


def quiet_windows(journey: Journey, modes: Sequence[Mode], lead_ms: int, grace_ms: int) -> Windows:
    """Return when silence is normal: legs by such a mode, from `lead_ms` before to `grace_ms` after they are planned.

    A shipment that was still seen at the site of departure after the planned time takes the window's end along.
    """
    windows: list[tuple[int, int]] = []
    for leg in journey.legs:
        if leg.mode not in modes:
            continue
        late = max(_last_seen(journey, leg.from_site) - leg.depart_at_ms, 0)
        start, end = leg.depart_at_ms - lead_ms, leg.arrive_at_ms + late + grace_ms
        if windows and start <= windows[-1][1]:
            start = windows.pop()[0]
        windows.append((start, end))
    return windows


def _last_seen(journey: Journey, site: str) -> int:
    """Return the last departure from a site; while somebody is still there, the newest message of that device."""
    stays = [visit for visit in journey.visits if visit.site == site]
    return max((_newest(journey, one.device) if one.end_ms is None else one.end_ms for one in stays), default=0)


def _newest(journey: Journey, device: str) -> int:
    return max((int(one.at_ms[-1]) for one in journey.fixes if one.device == device), default=0)
