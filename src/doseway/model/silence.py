"""When devices were silent, and when silence is normal."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from doseway.model.documents import DeviceCard, Leg, Mode
from doseway.model.journey import Hearing, Journey
from doseway.model.spells import Windows
from doseway.model.units import SECOND_MS

_FOREVER_MS: Final = 2**62


class Silence(NamedTuple):
    """A pause between two messages of one device; `end_ms` None while it lasts."""

    device: str
    start_ms: int
    end_ms: int | None


def silences_of(journey: Journey, hearing: Hearing, longer_than_ms: int) -> list[Silence]:
    """Return the pauses of a device that was with the shipment: from its binding on, and up to its end."""
    stop, times = hearing.unbound_ms, hearing.at_ms
    first = int(times[0]) if len(times) else None
    found: list[Silence] = []
    if first is not None and first - hearing.bound_ms > longer_than_ms:
        found.append(Silence(hearing.device, hearing.bound_ms, first))
    places = (times[1:] - times[:-1] > longer_than_ms).nonzero()[0]
    found += [Silence(hearing.device, int(times[place]), int(times[place + 1])) for place in places]
    last = hearing.bound_ms if first is None else int(times[-1])
    end = journey.until_ms if stop is None else min(stop, journey.until_ms)
    if end - last > longer_than_ms:
        found.append(Silence(hearing.device, last, stop if end == stop else None))
    return found


def normal_pause_ms(card: DeviceCard) -> int:
    """Return the pause between messages that is normal for a device."""
    return max(card.silence_s, card.interval_s) * SECOND_MS


class Quiet:
    """When silence is normal: legs by such a mode, from `lead_ms` before to `grace_ms` after they are planned.

    A shipment that is still seen at the site of departure after the planned time takes the window's end along.
    """

    def __init__(self, journey: Journey, modes: Sequence[Mode], lead_ms: int, grace_ms: int) -> None:
        self._lead_ms, self._grace_ms = lead_ms, grace_ms
        self._legs = [(leg, _seen_waiting(journey, leg)) for leg in journey.legs if leg.mode in modes]

    def windows(self, known_ms: int) -> Windows:
        """Return the windows as they were known at an instant: what is over is not judged by what is seen later."""
        windows: list[tuple[int, int]] = []
        for leg, waiting in self._legs:
            start, end = leg.depart_at_ms - self._lead_ms, leg.arrive_at_ms + self._grace_ms
            for seen_ms, certain_ms in waiting:
                if seen_ms > end:
                    break
                if certain_ms <= known_ms:
                    end = seen_ms + leg.arrive_at_ms - leg.depart_at_ms + self._grace_ms
            if windows and start <= windows[-1][1]:
                start = windows.pop()[0]
            windows.append((start, end))
        return windows


def _seen_waiting(journey: Journey, leg: Leg) -> list[tuple[int, int]]:
    """Return when devices were seen at the site of a leg's departure after it was planned to leave, ascending.

    Each with the instant at which that was certain.
    """
    seen: set[tuple[int, int]] = set()
    for visit in journey.visits:
        if visit.site == leg.from_site:
            stop = next((at for at in (visit.end_ms, visit.doubted_ms) if at is not None), _FOREVER_MS)
            for fixes in journey.fixes:
                if fixes.device == visit.device:
                    at = fixes.at_ms[(fixes.at_ms >= max(visit.start_ms, leg.depart_at_ms)) & (fixes.at_ms < stop)]
                    seen.update((one, max(one, visit.confirmed_ms)) for one in at.tolist())
    return sorted(seen)
