"""The frontier is monotone, whatever the solver's gap."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.errors import UsageError
from doseway.plan.highs import Limits
from doseway.plan.questions.answering import Effort
from doseway.plan.questions.frontier import Point, frontier, monotone
from doseway.plan.tables import Network

costs = st.floats(-1e6, 1e6)


def point(maximum: float, cost: float, slack: float) -> Point:
    return Point(maximum=maximum, largest=maximum, cost=cost, bound=cost - slack, more=0, service={}, decisions=0)


@given(st.lists(st.tuples(costs, st.floats(0, 1e5)), min_size=1, max_size=8))
def test_tighter_is_never_cheaper_and_a_bound_never_above_its_cost(drawn: list[tuple[float, float]]) -> None:
    # True optima rise with tightness; the solver reports anything from the optimum up, and bounds up to it.
    truth = [sum(abs(c) for c, _ in drawn[: i + 1]) for i in range(len(drawn))]
    points = [
        point(1 - i / 10, true + slack, 2 * slack)
        for i, (true, (_, slack)) in enumerate(zip(truth, drawn, strict=True))
    ]
    listed = monotone(points)
    assert [p.cost for p in listed] == sorted(p.cost for p in listed)
    assert [p.bound for p in listed] == sorted(p.bound for p in listed if p.bound is not None)
    assert all(p.bound is not None and p.bound <= p.cost + 1e-6 for p in listed)
    assert [p.maximum for p in listed] == [p.maximum for p in points]
    assert all(p.cost <= q.cost for p, q in zip(listed, points, strict=True))


def test_the_frontier_of_a_network_is_monotone_and_ends_where_no_plan_is(
    rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]
) -> None:
    """Two countries make the ingredient, so neither can keep below half where all demand must be served."""
    network = changed(demand=[{**rows["demand"][0], "shortage_cost": ""}])
    asked: list[tuple[int, int]] = []
    answer = frontier(
        network, (0.3, 1.0, 0.5, 0.7), since="2027-01-01", effort=Effort(limits=Limits(gap=1e-6)),
        told=lambda done, total: asked.append((done, total)),
    )  # fmt: skip
    assert [p.maximum for p in answer.points] == [1.0, 0.7, 0.5]
    assert [p.cost for p in answer.points] == sorted(p.cost for p in answer.points)
    assert all(p.largest <= p.maximum + 1e-6 for p in answer.points)
    assert answer.points[0].more == 0
    assert asked[0] == (0, 4)
    assert answer.impossible == [0.3]
    assert answer.words()[-1] == "No plan keeps 30 %."


def test_maxima_out_of_range_are_refused(network: Network) -> None:
    for maxima in ((), (1.2,), (-0.1,)):
        with pytest.raises(UsageError, match="between 0 and 1"):
            frontier(network, maxima)
