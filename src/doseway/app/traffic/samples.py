"""The samples of one shipment: the package's temperature on its way, and what befalls it."""

import random
from collections.abc import Iterator
from typing import Final

from doseway.app.traffic import incidents
from doseway.app.traffic.package import STEP_MS, Air, temperatures
from doseway.app.traffic.places import Position
from doseway.app.traffic.plans import Plan
from doseway.app.traffic.surroundings import around_c, tarmac_c
from doseway.app.traffic.trackers import Sample
from doseway.app.traffic.voyages import Where
from doseway.model.units import HOUR_MS

_JITTER_DEG: Final = 0.00004
_DEAD_SUN_C: Final = 28.0
"""What a dark, unventilated container adds to the air on a tarmac."""
_BOX_KMH: Final = 40.0
_KM_A_DEGREE: Final = 111.2


def samples(plan: Plan, end_ms: int, seed: int) -> Iterator[Sample]:
    """Give a sample for every interval while the devices are with the shipment, up to the end of the day."""
    rng = random.Random(f"{seed} samples {plan.shipment.id}")  # noqa: S311  # traffic, no secrets
    battery = rng.randrange(72, 99)
    humidity = rng.randrange(380, 520)
    until_ms = min(end_ms, plan.unbind_ms or end_ms)
    for at_ms, milli in temperatures(plan.route.package, _airs(plan, until_ms), rng):
        if (at_ms - plan.bind_ms) % plan.interval_ms:
            continue
        humidity = min(640, max(330, humidity + rng.randrange(-6, 7)))
        where = _where(plan, at_ms)
        used = (at_ms - plan.bind_ms) * 15 // (100 * HOUR_MS)
        yield Sample(
            at_ms=at_ms,
            temperature_milli=milli,
            humidity=humidity / 10,
            light=_light(plan, at_ms),
            battery=battery - used,
            position=None if where.mode == "air" else _near(where.position, rng),
            speed_kmh=where.speed_kmh,
            is_mock=_is_within(plan, "spoof", at_ms, incidents.MOCK_MS),
        )


def _airs(plan: Plan, until_ms: int) -> Iterator[Air]:
    """Give what is around the package, from when it is packed on."""
    coolant = plan.route.package.coolant_c
    for at_ms in range(plan.bind_ms, until_ms, STEP_MS):
        where = plan.voyage.at(at_ms)
        air, held, leak_h = around_c(where.mode, where.position, at_ms), coolant, plan.route.package.leak_h
        if _is_within(plan, "tarmac", at_ms, incidents.TARMAC_MS):
            air, leak_h = tarmac_c(where.position, at_ms) + _DEAD_SUN_C, incidents.TARMAC_LEAK_H
        if _is_within(plan, "freezing", at_ms, incidents.FREEZING_MS):
            held = incidents.FREEZING_C
        is_spent = _is_within(plan, "tarmac", at_ms, incidents.SPENT_MS)
        yield Air(at_ms, air, None if is_spent else held, leak_h)


def _is_within(plan: Plan, incident: str, at_ms: int, lasts_ms: int) -> bool:
    return plan.incident == incident and plan.hit_ms <= at_ms < plan.hit_ms + lasts_ms


def _light(plan: Plan, at_ms: int) -> float:
    first, last = incidents.OPENED_MS
    is_open = plan.incident == "theft" and plan.hit_ms + first <= at_ms < plan.hit_ms + last
    return incidents.OPEN_LUX if is_open else 0.4


def _where(plan: Plan, at_ms: int) -> Where:
    """Return where the devices are: of a stolen box, where the lorry stopped, and then where it is carried to."""
    if plan.incident != "theft" or at_ms < plan.hit_ms:
        return plan.voyage.at(at_ms)
    stopped = plan.voyage.at(plan.hit_ms)
    carried_ms = at_ms - plan.hit_ms - incidents.STOP_MS
    if carried_ms < 0:
        return Where(stopped.position, stopped.mode, 0.0, "")
    latitude, longitude = stopped.position
    away = _BOX_KMH * carried_ms / HOUR_MS / _KM_A_DEGREE
    return Where((latitude + away, longitude), stopped.mode, _BOX_KMH, "")


def _near(position: Position, rng: random.Random) -> Position:
    """Return a fix: the position with the scatter of a receiver."""
    return tuple(value + _JITTER_DEG * (rng.random() - 0.5) * 2 for value in position)  # type: ignore[return-value]
