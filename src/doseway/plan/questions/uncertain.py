"""What to decide now, when it is not known what happens?

Two-stage: decisions first, then each scenario makes the best of it. The answer has both bounds; the value of perfect
information (EVPI) and of the stochastic solution (VSS) as in Birge and Louveaux (2011, chapter 4); and what the
decisions cost in scenarios that they were not made for, with its interval of confidence.
"""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.answer import Plan
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.decomposition.shaped import Shaped, decide_by_cuts
from doseway.plan.executor import Executor, Threads
from doseway.plan.formulation.build import build
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Limits, Outcome, Status, relaxed, solve
from doseway.plan.quantities import plan_currency
from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.questions.cases import Cases, cases
from doseway.plan.questions.cheapest import decision_words
from doseway.plan.record import Planned, record
from doseway.plan.risk import Risk, tail_mean
from doseway.plan.scenarios import Scenario, draw
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.wording import money, percent, result, several, tidy

if TYPE_CHECKING:
    from doseway.plan.program import Floats

SCENARIOS: Final = 20
WORKERS: Final = 2
_NINETY_FIVE: Final = 1.96
"""Standard deviations on either side of a mean that hold 95 % (normal law)."""


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """A clinical tier over the scenarios: chance that somebody is short, and expected share served."""

    tier: str
    chance_of_shortage: float
    service: float


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: what happens, and what the plan costs in it."""

    probability: float
    events: list[str]
    cost: float


class Uncertain(Answer, frozen=True, kw_only=True):
    """A plan under uncertainty.

    Attributes:
        weight, level: how much the mean of the worst (1 - level) of cases counts, beside the mean of all.
        status, bound, gap: proved about the weighted cost, with which `cost` is reckoned.
        expected, tail: mean cost, and mean of the worst cases (CVaR); less revenue.
        evpi: what a crystal ball would be worth at most; `vss` what a plan for the mean costs more; None: not asked.
        outside, outside_half: mean cost in scenarios that the plan was not made for, and half its 95 % interval.
        plan: decisions with the flows of the undisturbed case.
    """

    currency: str
    scenarios: int
    seed: int
    weight: float
    level: float
    status: Status
    cost: float
    bound: float
    gap: float
    expected: float
    tail: float
    evpi: float | None
    vss: float | None
    outside: float | None
    outside_half: float | None
    tiers: list[Tier]
    cases: list[Case]
    plan: Planned

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        worst = 1 - self.level
        said = [
            (
                f"Over {several(self.scenarios, 'scenario')} it {result(self.expected, self.currency)} on average,"
                f" and {result(self.tail, self.currency)} in the mean of the worst {percent(worst)}."
            ),
            (
                f"{'Optimal' if self.status == 'optimal' else 'Stopped'}: the gap to the bound is {percent(self.gap)}"
                f" (cost {money(self.cost, self.currency)}, bound {money(self.bound, self.currency)},"
                f" weight of the worst cases {percent(self.weight)})."
            ),
            *(
                f"Tier {t.tier}: a shortage in {percent(t.chance_of_shortage)} of cases,"
                f" {percent(t.service)} served on average."
                for t in self.tiers
            ),
            *(decision_words(decision, self.plan) for decision in self.plan.decisions),
        ]
        if self.evpi is not None and self.vss is not None:
            said.append(f"To know what happens would be worth at most {money(self.evpi, self.currency)}.")
            said.append(f"A plan for the mean case would cost {money(self.vss, self.currency)} more.")
        if self.outside is not None and self.outside_half is not None:
            said.append(
                f"In scenarios it was not made for, it {result(self.outside, self.currency)} on average,"
                f" give or take {money(self.outside_half, self.currency)} (95 %)."
            )
        return said

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        rows: list[tuple[str, str | float | int | None]] = [
            ("scenarios", self.scenarios), ("seed", self.seed), ("weight of the worst cases", self.weight),
            ("worst cases", tidy(1 - self.level)), ("status", self.status), ("weighted cost", self.cost),
            ("bound", self.bound), ("gap", self.gap), ("expected cost", self.expected),
            ("mean of the worst (CVaR)", self.tail), ("perfect information (EVPI)", self.evpi),
            ("stochastic solution (VSS)", self.vss), ("cost outside the sample", self.outside),
            ("half of its interval", self.outside_half), ("level of the interval", 0.95), ("currency", self.currency),
        ]  # fmt: skip
        return [
            sheet("uncertain", "Plan under uncertainty", ["what", "value"], rows),
            sheet(
                "tiers",
                "Chance of a shortage by clinical tier",
                ["tier", "chance of a shortage", "expected service"],
                [(t.tier, t.chance_of_shortage, t.service) for t in self.tiers],
            ),
            sheet(
                "decided",
                "Decisions",
                ["kind", "line", "product", "site", "period", "quantity", ("cost", self.currency)],
                [(d.kind, d.line, d.product, d.site, d.period, d.quantity, d.cost) for d in self.plan.decisions],
            ),
            sheet(
                "cases",
                "Scenarios",
                ["probability", "what happens", ("cost", self.currency)],
                [(c.probability, "; ".join(c.events), c.cost) for c in self.cases],
            ),
        ]


def uncertain(
    network: Network,
    *,
    scenarios: int = SCENARIOS,
    seed: int = 1,
    risk: Risk | None = None,
    effort: Effort | None = None,
    executor: Executor | None = None,
    is_valued: bool = True,
) -> Uncertain:
    """Plan under uncertainty.

    Args:
        network: checked tables; the disruptions and the spread of demand make the scenarios.
        scenarios: how many are drawn, with `seed`.
        risk: weight of the worst cases, and which count as worst.
        effort: how hard to try.
        executor: where the scenarios are solved; else two threads.
        is_valued: reckon EVPI, VSS and the cost outside the sample too; about twice the work.

    Raises:
        UsageError: no scenarios, or campaigns that must be whole after the event.
        DataError: a scenario in which required demand without a shortage_cost cannot be served.
        Unavailable: stopped before any plan was found.
    """
    if scenarios < 1:
        raise UsageError("uncertainty needs at least one scenario")
    effort, risk = effort or Effort(), risk or Risk()
    draft = build(network)
    drawn = draw(draft.chain, scenarios, seed)
    family = family_under(draft, drawn)
    shaped = decide_by_cuts(family, risk, effort.limits, executor or Threads(WORKERS), effort.watch)
    inside = cases(draft, drawn, shaped.decisions)
    outside = cases(draft, draw(draft.chain, scenarios, seed + 1), shaped.decisions) if is_valued else None
    return Uncertain(
        currency=plan_currency(network),
        scenarios=scenarios,
        seed=seed,
        weight=risk.weight,
        level=risk.level,
        status=shaped.status,
        cost=tidy(shaped.cost),
        bound=tidy(shaped.bound),
        gap=tidy(shaped.gap),
        expected=tidy(inside.expected),
        tail=tidy(tail_mean(inside.costs, family.probabilities, risk.level)),
        evpi=_evpi(family, inside) if is_valued else None,
        vss=_vss(draft, family, drawn, inside, effort) if is_valued else None,
        outside=tidy(outside.expected) if outside else None,
        outside_half=_half(outside) if outside else None,
        tiers=_tiers(inside),
        cases=_listed(drawn, inside),
        plan=_undisturbed(draft, network, shaped),
    )


def _tiers(inside: Cases) -> list[Tier]:
    chances, service = inside.chances(), inside.service()
    return [Tier(tier=tier, chance_of_shortage=chance, service=service[tier]) for tier, chance in chances.items()]


def _listed(drawn: list[Scenario], inside: Cases) -> list[Case]:
    """Return the scenarios, the dearest first."""
    listed = [
        Case(probability=scenario.probability, events=list(scenario.events), cost=tidy(float(cost)))
        for scenario, cost in zip(drawn, inside.costs, strict=True)
    ]
    return sorted(listed, key=lambda case: (-case.cost, case.events))


def _evpi(family: Family, inside: Cases) -> float:
    """Return expected cost less the mean bound of each scenario planned by itself: never less than EVPI.

    The bound is that without the demand for whole numbers, so that many scenarios cost seconds and not hours.
    """
    bounds = np.array([solve(relaxed(family.arrays(s)), Limits()).cost for s in range(len(family))])
    return tidy(max(0.0, inside.expected - float(family.probabilities @ bounds)))


def _vss(draft: Draft, family: Family, drawn: list[Scenario], inside: Cases, effort: Effort) -> float:
    """Return what the decisions for the mean case cost more, over the scenarios."""
    mean = solve(family.expected(), effort.limits)
    if mean.x is None:
        return 0.0
    return tidy(max(0.0, cases(draft, drawn, mean.x[family.is_first]).expected - inside.expected))


def _half(outside: Cases) -> float | None:
    """Return half of the 95 % interval of the mean cost; None for one scenario."""
    costs: Floats = outside.costs
    count = len(costs)
    return tidy(_NINETY_FIVE * float(np.std(costs, ddof=1)) / count**0.5) if count > 1 else None


def _undisturbed(draft: Draft, network: Network, shaped: Shaped) -> Planned:
    """Return the plan of the undisturbed case under the decisions."""
    calm = cases(draft, [_calm(draft)], shaped.decisions).outcomes[0]
    if calm.x is None:
        raise UsageError("there is no plan to read")
    outcome = Outcome(shaped.status, calm.x, calm.cost, -np.inf, np.inf)
    return record(Plan(draft, draft.program.arrays(), calm.x, outcome, calm.prices), network)


def _calm(draft: Draft) -> Scenario:
    return Scenario(1.0, (), draft.conditions)
