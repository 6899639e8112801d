"""Which leg a shipment is on: a step function of time, from its stays at the sites of its legs."""

from collections.abc import Sequence

import numpy as np

from doseway.model.documents import Leg
from doseway.model.geo import Int64
from doseway.model.journey import Journey, Visit


def leg_steps(legs: Sequence[Leg], visits: Sequence[Visit]) -> Int64:
    """Return from when on each leg but the first is the current one: ascending, as many as legs - 1.

    A leg begins with the confirmed arrival at its site of departure, one behind it included: a hub that nobody saw is
    passed with the next one.
    """
    never = np.iinfo(np.int64).max
    arrived = [
        min((visit.confirmed_ms for visit in visits if visit.site == leg.from_site), default=never) for leg in legs[1:]
    ]
    steps = np.asarray(arrived, np.int64)
    return np.minimum.accumulate(steps[::-1])[::-1] if len(steps) else steps


def leg_at(journey: Journey, at_ms: Int64) -> Int64:
    """Return the number of the current leg at each instant."""
    return np.searchsorted(leg_steps(journey.legs, journey.visits), at_ms, side="right").astype(np.int64)


def arrived_at(journey: Journey) -> int | None:
    """Return when a device of the shipment was first at the end of its legs; None: not yet."""
    if not journey.legs:
        return None
    end = journey.legs[-1].to_site
    return min((one.confirmed_ms for one in journey.visits if one.site == end and not one.is_crossing), default=None)
