"""The scenarios of each θ of the master: clusters for the mean, dealt round robin, and the tail for the worst cases."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from doseway.plan.program import Floats, Ints
from doseway.plan.risk import Risk, tail_weights

CLUSTERS: Final = 20


def groups_of(count: int, risks: Sequence[Risk]) -> list[Ints | None]:
    """Return the members of each θ that some risk counts; the tail, None, has no members of its own."""
    groups: list[Ints | None] = []
    if any(risk.weight < 1 for risk in risks):
        width = min(CLUSTERS, count)
        groups = [np.arange(start, count, width) for start in range(width)]
    return groups + ([None] if any(risk.weight > 0 for risk in risks) else [])


def group_weights(groups: Sequence[Ints | None], risk: Risk) -> Floats:
    """Return how much each θ counts."""
    return np.array([risk.weight if members is None else 1 - risk.weight for members in groups])


def case_weights(groups: Sequence[Ints | None], costs: Floats, probabilities: Floats, risk: Risk) -> Iterator[Floats]:
    """Return the weight of each scenario in the cut of each θ, at what the scenarios cost."""
    for members in groups:
        if members is None:
            yield tail_weights(costs, probabilities, risk.level)
        else:
            weights = np.zeros(len(costs))
            weights[members] = probabilities[members]
            yield weights
