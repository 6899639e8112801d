"""Where a solve by cuts begins: the decisions for the expected values, a plan from the first round on."""

from typing import Final

import numpy as np

from doseway.plan.decomposition.family import Family
from doseway.plan.decomposition.master import Master
from doseway.plan.highs import Limits, relaxed, solve
from doseway.plan.program import Floats

_GAP: Final = 5e-2
_SECONDS: Final = 30.0


def expected_start(family: Family, master: Master, limits: Limits) -> Floats:
    """Return good decisions for the expected values, in natural sizes; without whole numbers where time is short."""
    expected, columns = family.expected(), master.columns
    seconds = min(_SECONDS, limits.seconds / 4)
    outcome = solve(expected, Limits(gap=_GAP, seconds=seconds))
    if outcome.x is None:
        outcome = solve(relaxed(expected), Limits(seconds=seconds))
    if outcome.x is None:
        return np.clip(np.zeros(len(columns)), master.lower, master.upper)
    return np.clip(outcome.x[columns] / master.scale, master.lower, master.upper)
