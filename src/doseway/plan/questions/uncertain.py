"""What to decide now, when it is not known what happens?

Two-stage: decisions first, then each scenario makes the best of it. The answer has both bounds; the value of perfect
information (EVPI) and of the stochastic solution (VSS) as in Birge and Louveaux (2011, chapter 4); and what the
decisions cost in scenarios that they were not made for, with its interval of confidence.
"""

from typing import Final

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.answer import Plan
from doseway.plan.chain import Chain
from doseway.plan.decomposition.checkpoint import Checkpoint
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.executor import Executor
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Limits, Outcome, Status, relaxed, solve
from doseway.plan.quantities import in_plan_units, plan_currency
from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.questions.cases import Cases, cases
from doseway.plan.questions.cheapest import decision_words
from doseway.plan.record import Planned, record
from doseway.plan.risk import Risk, tail_mean
from doseway.plan.scenarios import Scenario, draw
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.twostage import TwoStage, decide_for, undisturbed
from doseway.plan.wording import money, percent, result, several, tidy
from doseway.plan.worth import out_of_sample, stochastic_value

SCENARIOS: Final = 20


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
        method: one program (extensive), or cuts (decomposed).
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
    method: str
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
            ("worst cases", tidy(1 - self.level)), ("status", self.status), ("method", self.method),
            ("weighted cost", self.cost),
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
    checkpoint: Checkpoint | None = None,
) -> Uncertain:
    """Plan under uncertainty.

    Args:
        network: checked tables; the disruptions and the spread of demand make the scenarios.
        scenarios: how many are drawn, with `seed`.
        risk: weight of the worst cases, and which count as worst.
        effort: how hard to try.
        executor: where the scenarios are solved; else threads of this process.
        is_valued: reckon EVPI, VSS and the cost outside the sample too; about twice the work.
        checkpoint: a file from which a killed solve by cuts goes on.

    Raises:
        UsageError: no scenarios, or no decisions that all of them can follow.
        DataError: a scenario in which required demand without a shortage_cost cannot be served.
        Unavailable: stopped before any plan was found.
    """
    if scenarios < 1:
        raise UsageError("uncertainty needs at least one scenario")
    effort, risk = effort or Effort(), risk or Risk()
    chain = Chain(in_plan_units(network))
    draft, drawn = undisturbed(chain), draw(chain, scenarios, seed)
    family = family_under(draft, drawn)
    found = decide_for(family, risk, effort.limits, effort.watch, executor=executor, checkpoint=checkpoint)
    inside = cases(draft, drawn, found.decisions)
    worth = _Worth()
    if is_valued:
        outside = out_of_sample(chain, found, draw(chain, scenarios, seed + 1), executor)
        worth = _Worth(
            evpi=_evpi(family, inside),
            vss=_vss(family, found, risk, effort),
            outside=_finite(outside.mean),
            outside_half=_finite((outside.high - outside.low) / 2),
        )
    return _told(network, draft, found, inside, drawn, risk, seed, worth)


class _Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What is reckoned only when asked for."""

    evpi: float | None = None
    vss: float | None = None
    outside: float | None = None
    outside_half: float | None = None


def _told(
    network: Network, draft: Draft, found: TwoStage, inside: Cases, drawn: list[Scenario], risk: Risk, seed: int,
    worth: _Worth,
) -> Uncertain:  # fmt: skip
    """Put the answer together."""
    return Uncertain(
        currency=plan_currency(network),
        scenarios=len(drawn),
        seed=seed,
        weight=risk.weight,
        level=risk.level,
        method=found.method,
        status=found.outcome.status,
        cost=tidy(found.outcome.cost),
        bound=tidy(found.outcome.bound),
        gap=tidy(found.outcome.gap),
        expected=tidy(inside.expected),
        tail=tidy(tail_mean(inside.costs, inside.family.probabilities, risk.level)),
        tiers=_tiers(inside),
        cases=_listed(drawn, inside),
        evpi=worth.evpi,
        vss=worth.vss,
        outside=worth.outside,
        outside_half=worth.outside_half,
        plan=_undisturbed(draft, network, found),
    )


def _finite(value: float) -> float | None:
    return tidy(value) if np.isfinite(value) else None


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


def _vss(family: Family, found: TwoStage, risk: Risk, effort: Effort) -> float | None:
    """Return what the decisions for the mean case cost more; None where a scenario cannot follow them."""
    return _finite(max(0.0, stochastic_value(family, found, risk, effort.limits)))


def _undisturbed(draft: Draft, network: Network, found: TwoStage) -> Planned:
    """Return the plan of the undisturbed case under the decisions."""
    calm = cases(draft, [_calm(draft)], found.decisions).outcomes[0]
    if calm.x is None:
        raise UsageError("there is no plan to read")
    outcome = Outcome(found.outcome.status, calm.x, calm.cost, -np.inf, np.inf)
    return record(Plan(draft, draft.program.arrays(), calm.x, outcome, calm.prices), network)


def _calm(draft: Draft) -> Scenario:
    return Scenario(1.0, (), draft.conditions)
