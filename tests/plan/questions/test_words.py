"""Every number in an answer's words is in its tables, whatever the network."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plan.words_kit import numbers, untrue

from doseway.plan.highs import Limits
from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.questions.buffer import buffer
from doseway.plan.questions.capacity import capacity
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.questions.compare import compare
from doseway.plan.questions.export import export
from doseway.plan.questions.exposure import exposure
from doseway.plan.questions.failures import failures
from doseway.plan.questions.frontier import frontier
from doseway.plan.questions.resource import resource, with_maximum
from doseway.plan.questions.roadmap import roadmap
from doseway.plan.questions.uncertain import uncertain
from doseway.plan.questions.why import why
from doseway.plan.tables import Network

EXACT = Effort(limits=Limits(gap=1e-7))
ASK: dict[str, Callable[[Network], Answer]] = {
    "buffer": lambda n: buffer(n, scenarios=3, effort=EXACT),
    "capacity": lambda n: capacity(n, EXACT),
    "cheapest": lambda n: cheapest(n, EXACT),
    "compare": lambda n: compare(
        cheapest(n, EXACT).plan, cheapest(with_maximum(n, 0.5, since="2027-04-01"), EXACT).plan
    ),
    "export": lambda n: export(n, EXACT),
    "exposure": lambda n: exposure(n, cheapest(n, EXACT).plan),
    "failures": failures,
    "frontier": lambda n: frontier(n, (1.0, 0.7, 0.5), since="2027-04-01", effort=EXACT),
    "resource": lambda n: resource(n, (0.5,), since="2027-04-01", effort=EXACT),
    "roadmap": lambda n: roadmap(n, cheapest(n, EXACT).plan),
    "uncertain": lambda n: uncertain(n, scenarios=3, effort=EXACT),
    "why": lambda n: why(n, failed=(("country", "IN"),), effort=EXACT),
}


@pytest.mark.parametrize("scale", [1.0, 7.3, 0.0137])
@pytest.mark.parametrize("question", sorted(ASK))
def test_every_number_in_words_is_in_the_tables(
    question: str, scale: float, rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]
) -> None:
    demand = [{**row, "quantity": row["quantity"] * scale} for row in rows["demand"]]
    events = [{"event": "Ankle out", "target_kind": "site", "target": "Ankle", "probability": 0.5, "duration_days": 90}]
    answer = ASK[question](changed(demand=demand, disruptions=events))
    assert answer.words()
    assert untrue(answer) == []


def test_the_kit_finds_a_number_that_is_not_there() -> None:
    assert numbers("It costs USD 3.2 million in 2027-Q1, 12 % more", {"2027-Q1"}) == [(3.2e6, 3.2), (0.12, 12.0)]
