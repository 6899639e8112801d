"""What decisions are worth: laws of information, and intervals that hold what they promise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.random_networks import networks
from tests.plan.test_decomposition import EVENTS

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import family_under
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.scenarios import draw
from doseway.plan.twostage import Risk, costs_after, decide_for, decide_under, undisturbed
from doseway.plan.worth import estimate, information_value, out_of_sample, prices_of_decisions, stochastic_value

EXACT = Limits(gap=1e-9)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks(), seed=st.integers(0, 99), weight=st.sampled_from([0.0, 0.6]))
def test_information_and_scenarios_have_a_value(network: Any, seed: int, weight: float) -> None:
    chain = Chain(in_plan_units(network))
    family = family_under(undisturbed(chain), draw(chain, 6, seed))
    risk = Risk(weight=weight, level=0.7)
    answer = decide_for(family, risk, EXACT)
    slack = 1e-6 * max(1.0, abs(answer.outcome.cost))
    assert information_value(family, answer, limits=EXACT).mean >= -slack
    assert stochastic_value(family, answer, risk, EXACT) >= -slack


def test_the_workers_price_decisions_as_solving_each_scenario_does(changed: Callable[..., Any]) -> None:
    chain = Chain(in_plan_units(changed(disruptions=EVENTS)))
    scenarios = draw(chain, 10, 1)
    family = family_under(undisturbed(chain), scenarios)
    answer = decide_for(family, limits=EXACT)
    np.testing.assert_allclose(prices_of_decisions(family, answer.decisions), answer.costs, rtol=1e-7)
    assert costs_after([], answer.decisions).shape == (0,)


def test_the_interval_covers_the_cost_of_many_more_draws(changed: Callable[..., Any]) -> None:
    chain = Chain(in_plan_units(changed(disruptions=EVENTS)))
    answer = decide_under(chain, draw(chain, 20, 1), limits=EXACT)
    few = out_of_sample(chain, answer, draw(chain, 300, 2))
    many = out_of_sample(chain, answer, draw(chain, 3000, 3))
    assert few.low < many.mean < few.high
    assert many.high - many.low < few.high - few.low


def test_the_interval_is_the_textbooks() -> None:
    found = estimate(np.array([1.0, 2.0, 3.0, 4.0]))
    assert (found.mean, found.count) == (2.5, 4)
    assert found.high - found.mean == pytest.approx(1.959964 * 1.290994 / 2, rel=1e-6)
    assert estimate(np.array([5.0])).high == np.inf
    with pytest.raises(UsageError, match="nothing"):
        estimate(np.zeros(0))
