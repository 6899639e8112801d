"""Laws that hold in every plan of every network."""

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.plan.checks import check
from doseway.plan.findings import require
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.tables import Network, from_rows

EXACT = Limits(gap=1e-9)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Two layers of makers, a warehouse, two markets, three periods; capacities, costs and rules at random."""
    number = st.integers(0, 40).map(float)
    count = st.integers(1, 3)
    makers, fillers = draw(count), draw(count)
    country = st.sampled_from(["US", "IN", "CN"])
    sites = [{"site": f"a{i}", "country": draw(country)} for i in range(makers)]
    sites += [{"site": f"f{i}", "country": draw(country)} for i in range(fillers)] + [{"site": "w", "country": "US"}]
    lines = [
        {
            "line": s["site"],
            "site": s["site"],
            "capacity": draw(number),
            "idle": draw(st.sampled_from([0, 0.5, 1])),
            "activation_cost": draw(number),
        }
        for s in sites[:-1]
    ]
    recipes = [
        {
            "line": s["site"],
            "product": "api" if s["site"][0] == "a" else "dose",
            "hours": draw(st.sampled_from([0.5, 1, 3])),
            "cost": draw(number),
            "qualified": draw(st.booleans()),
            "qualification_cost": draw(number),
        }
        for s in sites[:-1]
    ]
    lanes = [
        {
            "lane": f"a{i}f{j}",
            "from_node": f"a{i}",
            "to_node": f"f{j}",
            "cost": draw(number),
            "days": draw(st.sampled_from([1, 12])),
        }
        for i in range(makers)
        for j in range(fillers)
    ]
    lanes += [
        {"lane": f"f{j}w", "from_node": f"f{j}", "to_node": "w", "cost": 1, "capacity": draw(number)}
        for j in range(fillers)
    ]
    lanes += [{"lane": f"w{m}", "from_node": "w", "to_node": m, "cost": draw(number)} for m in ("m", "n")]
    return from_rows(
        periods=[{"period": f"t{i}", "start": f"2027-01-{1 + 10 * i:02d}", "days": 10} for i in range(3)],
        products=[
            {"product": "api", "kind": "api", "value": 10, "hs": "29"},
            {
                "product": "dose",
                "value": 20,
                "hs": "30",
                "shelf_life": draw(st.sampled_from([10, 20, 500])),
                "holding_cost": 0.1,
            },
        ],
        boms=[
            {
                "product": "dose",
                "input": "api",
                "quantity": draw(st.sampled_from([0.5, 1, 2])),
                "yield": draw(st.sampled_from([0.5, 1])),
            }
        ],
        sites=sites,
        lines=lines,
        recipes=recipes,
        lanes=lanes,
        markets=[{"market": "m", "country": "US"}, {"market": "n", "country": "IN", "domestic": "no"}],
        demand=[
            {"market": "m", "product": "dose", "quantity": draw(number), "shortage_cost": 200},
            {"market": "n", "product": "dose", "quantity": draw(number), "price": draw(number), "required": "no"},
        ],
        duties=[{"origin": draw(country), "destination": "US", "rate": draw(st.sampled_from([0, 0.5]))}],
        quotas=[{"quota": "q", "destination": "US", "product": "api", "quantity": draw(number)}],
        policies=[{"policy": "p", "rule": "max_country_share", "value": draw(st.sampled_from([0.5, 1.0]))}],
        storage=[{"site": "w", "product": "dose", "max_quantity": draw(number)}],
    )


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
