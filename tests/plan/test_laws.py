"""Laws that hold in every plan of every network."""

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.random_networks import networks

from doseway.plan.checks import check
from doseway.plan.findings import require
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.tables import Network

EXACT = Limits(gap=1e-9)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(networks())
def test_balance_capacity_shelf_life_and_quota_hold_in_every_plan(network: Network) -> None:
    require(check(network))
    answer = plan(network, EXACT)
    assert answer.violations(1e-6) == []
    flow, made = answer.values("flow"), answer.values("make")
    draft = answer.draft
    periods = range(draft.period_count)
    hours = network["recipes"].number("hours")[draft.make.recipe] * made
    for line, capacity in enumerate(network["lines"].number("capacity")):
        for t in periods:
            assert (
                hours[(draft.make.line == line) & (draft.make.period == t)].sum() <= capacity * 10 * (1 + 1e-6) + 1e-6
            )
    api = network["products"].text("product").index("api")
    crosses = np.array(draft.chain.countries)[draft.chain.lane_from[draft.flow.lane]] != "US"
    lands = np.array(draft.chain.countries)[draft.chain.lane_to[draft.flow.lane]] == "US"
    assert flow[(draft.flow.product == api) & crosses & lands].sum() <= network["quotas"].number("quantity")[0] + 1e-5
    ends = draft.chain.starts + draft.chain.days
    used = flow > 1e-6
    assert (ends[draft.flow.arrival[used]] <= draft.goods.expires[draft.flow.good[used]]).all()


@QUICK
@given(networks(), st.sampled_from(["capacity", "quota", "policy", "storage", "demand"]))
def test_a_looser_network_never_costs_more(network: Network, loosened: str) -> None:
    before = plan(network, EXACT).cost
    table, column = {
        "capacity": ("lines", "capacity"),
        "quota": ("quotas", "quantity"),
        "policy": ("policies", "value"),
        "storage": ("storage", "max_quantity"),
        "demand": ("demand", "price"),
    }[loosened]
    old = network[table]
    more = np.minimum(old.number(column) + 5, 1) if loosened == "policy" else old.number(column) + 5
    loose = Network({**network.tables, table: replace(old, numbers={**old.numbers, column: more})})
    assert plan(loose, EXACT).cost <= before + 1e-6 * max(1, abs(before))
