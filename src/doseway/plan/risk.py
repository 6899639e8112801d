"""How much the worst cases count: the mean of the worst, and the weights that give it."""

from typing import TypeAlias

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.program import Floats

_TINY = 1e-9


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """How much the worst cases count: `weight` λ on the mean of the worst (1 - `level`), the rest on all."""

    weight: float = 0.0
    level: float = 0.95


Weights: TypeAlias = Floats


def checked(risk: Risk, probabilities: Floats) -> None:
    """Refuse probabilities and risks that make no sense.

    Raises:
        UsageError: probabilities that do not add up to 1, or a risk out of range.
    """
    if not len(probabilities) or abs(float(probabilities.sum()) - 1) > _TINY or (probabilities < 0).any():
        raise UsageError("the probabilities of the scenarios must add up to 1")
    if not (0 <= risk.weight <= 1 and 0 <= risk.level < 1):
        raise UsageError("the weight of risk is between 0 and 1, its level from 0 and below 1")


def tail_weights(costs: Floats, probabilities: Floats, level: float) -> Weights:
    """Return the weights of the worst (1 - level) of cases, splitting a case at the edge; they add up to 1.

    They are the worst of all weights 0 ≤ q_s ≤ p_s / (1 - level) with Σ q = 1 (the risk envelope of CVaR).
    """
    left, weights = 1.0 - level, np.zeros(len(costs))
    for case in np.argsort(-costs, kind="stable"):
        weights[case] = min(left, float(probabilities[case]))
        left -= weights[case]
        if left <= 0:
            break
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def tail_mean(costs: Floats, probabilities: Floats, level: float) -> float:
    """Return the mean of the worst (1 - level) of cases (CVaR, Acerbi and Tasche 2002); the worst of all at level 1."""
    if level >= 1.0 or not np.isfinite(costs).all():
        return float(np.max(costs))
    return float(tail_weights(costs, probabilities, level) @ costs)


def valued(costs: Floats, probabilities: Floats, risk: Risk) -> float:
    """Return (1-λ) · mean + λ · mean of the worst."""
    if not np.isfinite(costs).all():
        return float("inf")
    tail = tail_mean(costs, probabilities, risk.level) if risk.weight else 0.0
    return float((1 - risk.weight) * (probabilities @ costs) + risk.weight * tail)
