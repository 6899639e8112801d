"""Channels and routes thinned for a screen: the least and the greatest value of each bucket, never an average."""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.app.board import ChannelPoints
from doseway.app.tower.history import Column, parts_of
from doseway.app.tower.rows import accuracy_of
from doseway.app.tower.sensors import air_sensors
from doseway.app.tower.state import Context, Holder
from doseway.model.readings import Quantity
from doseway.model.units import INVALID, SECOND_MS

_GAP_INTERVALS: Final = 2
_ORDER: Final = [quantity.value for quantity in Quantity]
Limits = tuple[int | None, int | None]


def channels_of(holder: Holder, first_ms: int, last_ms: int, buckets: int) -> list[ChannelPoints]:
    """Return every channel of a subject from an instant to another, both included; what matters most comes first."""
    found = []
    for device, carried in holder.devices.items():
        card = holder.context.cards.get(device) if holder.context is not None else None
        air = air_sensors(carried.history, holder.context, device)
        for key, column in sorted(carried.history.columns.items()):
            quantity, sensor = parts_of(key)
            part = column.between(first_ms, last_ms + 1)
            interval_ms = card.interval_s * SECOND_MS if card is not None else _median(column)
            at, low, high = _buckets(part, first_ms, last_ms, buckets)
            found.append(
                ChannelPoints(
                    device=device,
                    sensor=sensor,
                    quantity=quantity.value,
                    at_ms=tuple(at.tolist()),
                    low_milli=tuple(low.tolist()),
                    high_milli=tuple(high.tolist()),
                    gaps_ms=_gaps(part, interval_ms),
                    limits_milli=_limits(holder.context, quantity, is_air=sensor in air),
                )
            )
    return sorted(found, key=lambda one: (_ORDER.index(one.quantity), one.device, one.sensor))


def route_of(holder: Holder, points: int) -> list[tuple[int, int, int, int | None]]:
    """Return the positions that no software set, thinned; the first and the newest are among them."""
    parts = [carried.history.positions for carried in holder.devices.values() if carried.history.fixes]
    if not parts:
        return []
    fixes = np.concatenate(parts)
    fixes = fixes[fixes["is_mock"] == 0]
    fixes = fixes[np.argsort(fixes["at"], kind="stable")]
    if len(fixes) > points:
        fixes = fixes[np.linspace(0, len(fixes) - 1, points).astype(np.int64)]
    return [
        (int(one["at"]), int(one["latitude"]), int(one["longitude"]), accuracy_of(int(one["accuracy"])))
        for one in fixes
    ]


def _buckets(
    column: Column, first_ms: int, last_ms: int, buckets: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the time of the first record of each bucket that has one, with its extremes.

    The buckets divide what was observed within the span, for whoever asks may ask for all time.
    """
    is_valid = column.values != INVALID
    times, values = column.times[is_valid], column.values[is_valid]
    if not len(times):
        return times, values, values
    first_ms, last_ms = max(first_ms, int(times[0])), min(last_ms, int(times[-1]))
    number = (times - first_ms) * buckets // (last_ms - first_ms + 1)
    starts = np.flatnonzero(np.concatenate(([True], number[1:] != number[:-1])))
    return times[starts], np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def _gaps(column: Column, interval_ms: int) -> tuple[tuple[int, int], ...]:
    is_valid = column.values != INVALID
    times = column.times[is_valid]
    if len(times) < 2 or not interval_ms:  # noqa: PLR2004 - a gap lies between two
        return ()
    places = np.flatnonzero(np.diff(times) > _GAP_INTERVALS * interval_ms)
    return tuple((int(times[place]), int(times[place + 1])) for place in places)


def _median(column: Column) -> int:
    pauses = np.diff(column.times)
    pauses = pauses[pauses > 0]
    return int(np.sort(pauses)[(len(pauses) - 1) // 2]) if len(pauses) else 0


def _limits(context: Context | None, quantity: Quantity, *, is_air: bool) -> Limits:
    """Return the narrowest band of the excursion limits in force."""
    if context is None or quantity is not Quantity.TEMPERATURE:
        return None, None
    plain = context.ambient_limits if is_air else context.limits
    rules: list[dict[str, Any]] = msgspec.json.decode(plain)["rules"] if plain else []
    bands = [(one["side"], one["limit_milli"]) for one in rules if one["rule"] == "excursion"]
    low = max((limit for side, limit in bands if side == "low"), default=None)
    return low, min((limit for side, limit in bands if side == "high"), default=None)
