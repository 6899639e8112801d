"""Prices found in one scenario bound the costs of all: never above them, and exact where they were found."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.random_networks import networks

from doseway.plan.chain import Chain
from doseway.plan.decomposition import pool as pools
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.decomposition.worker import Question, ScenarioWorker
from doseway.plan.program import Floats
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenarios import draw
from doseway.plan.twostage import undisturbed

COUNT = 9


def family_of(network: Any, seed: int) -> Family:
    chain = Chain(in_plan_units(network))
    return family_under(undisturbed(chain), draw(chain, COUNT, seed))


def somewhere(family: Family, random: np.random.Generator) -> Floats:
    base, columns = family.base, family.decisions
    upper = np.minimum(base.upper[columns] / base.column_scale[columns], 3.0)
    return np.asarray(random.uniform(0.0, 1.0, len(columns)) * upper, dtype=np.float64)


def exact(family: Family, x: Floats) -> Floats:
    reply = ScenarioWorker(family, 1.0).tell(Question([x], np.arange(COUNT)))
    return np.asarray(reply.costs[0], dtype=np.float64)


@settings(max_examples=30, deadline=None)
@given(network=networks(), seed=st.integers(0, 99), chosen=st.sets(st.integers(0, COUNT - 1), min_size=1))
def test_the_prices_of_some_scenarios_bound_all_of_them(network: Any, seed: int, chosen: set[int]) -> None:
    family, random = family_of(network, seed), np.random.default_rng(seed)
    here, there = somewhere(family, random), somewhere(family, random)
    reply = ScenarioWorker(family, 1.0).tell(Question([here, there], np.array(sorted(chosen))))
    for point, x in enumerate((here, there)):
        known, costs = reply.costs[point], exact(family, x)
        size = np.maximum(1.0, np.abs(np.where(np.isfinite(costs), costs, 0.0)))
        assert (known <= costs + 1e-6 * size).all()
        steps = reply.slopes[point] @ (there - here if point == 0 else here - there)
        elsewhere = exact(family, there if point == 0 else here)
        finite = np.isfinite(known) & np.isfinite(costs)
        assert (
            known[finite] + steps[finite] <= elsewhere[finite] + 1e-6 * np.maximum(1, np.abs(elsewhere[finite]))
        ).all()
    solved = sorted(chosen)
    assert reply.costs[0][solved] == pytest.approx(exact(family, here)[solved], rel=1e-7, abs=1e-6)


def test_a_full_pool_lets_go_of_what_bounds_nothing(monkeypatch: pytest.MonkeyPatch, network: Any) -> None:
    monkeypatch.setattr(pools, "_LEAST", 6)
    monkeypatch.setattr(pools, "BYTES", 0)
    family, random = family_of(network, 3), np.random.default_rng(3)
    worker = ScenarioWorker(family, 1.0)
    for _ in range(8):
        x = somewhere(family, random)
        known = worker.tell(Question([x], np.arange(3))).costs[0]
        costs = exact(family, x)
        assert (known <= costs + 1e-6 * np.maximum(1.0, np.abs(costs))).all()
    assert worker._pool is not None  # how much it keeps is not to be seen otherwise
    assert len(worker._pool) <= 9
