"""How many doses more from idle capacity, at what cost, and what binds?

The mix of products and markets stays as the required demand has it; each period's demand is multiplied by a factor
λ_t of its own:  max Σ_t λ_t Σ D_t  with  w[m,p,t] = λ_t · D[m,p,t],  once with every line as it is, once with idle
shares opened, recipes filed, lines expanded and lanes opened. Then the least cost of each step between the two.
"""

from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.answer import Plan
from doseway.plan.formulation.build import build
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Outcome, solve, with_cost
from doseway.plan.program import Arrays, Floats, Ints
from doseway.plan.quantities import plan_currency
from doseway.plan.questions.answering import DUST, Answer, Effort, closed, with_columns
from doseway.plan.record import Binding, Decision, Planned, bindings, record
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.solving import failure, prices_of, with_row
from doseway.plan.tables import Network
from doseway.plan.wording import amount, listing, money, percent, several, tidy

LARGEST_FACTOR: Final = 1000.0
STEPS: Final = (0.5, 1.0)
_SHOWN: Final = 3


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Part of the extra doses: how many, what they cost beyond today's most, each, and what must be decided."""

    share: float
    extra: float
    extra_cost: float
    cost_each: float
    decisions: list[Decision]


class More(msgspec.Struct, frozen=True, kw_only=True):
    """What could be made of a product over the plan: as it is, with idle capacity, and what is needed."""

    product: str
    unit: str
    needed: float
    as_it_is: float
    with_idle: float


class Capacity(Answer, frozen=True, kw_only=True):
    """Doses more from idle capacity.

    Attributes:
        unit: of the totals; "average demands" where products are counted in different units.
        needed: what is required; as_it_is, with_idle: most that can be made over the plan, in the mix of the demand.
        steps: what parts of the difference cost; `binding` is what holds back more, in `unit` for one more hour.
    """

    currency: str
    unit: str
    periods: int
    needed: float
    as_it_is: float
    with_idle: float
    products: list[More]
    steps: list[Step]
    binding: list[Binding]

    @property
    def extra(self) -> float:
        """How much more idle capacity gives."""
        return tidy(self.with_idle - self.as_it_is)

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        if self.extra <= DUST * self.as_it_is:
            return [f"Idle capacity adds nothing to the {amount(self.as_it_is, self.unit)} of today.", *self._binds()]
        said = [
            (
                f"Idle capacity gives {amount(self.extra, self.unit)} more over {several(self.periods, 'period')}: "
                f"{amount(self.with_idle, self.unit)} instead of {amount(self.as_it_is, self.unit)},"
                f" {percent(self.extra / self.as_it_is)} more. Required are {amount(self.needed, self.unit)}."
            )
        ]
        for step in self.steps:
            opened = [f"open {d.line}" for d in step.decisions if d.kind == "activate"]
            filed = [f"file {d.product} for {d.line}" for d in step.decisions if d.kind == "qualify"]
            said.append(
                f"{amount(step.extra, self.unit)} more cost {money(step.extra_cost, self.currency)}, or"
                f" {money(step.cost_each, self.currency)} per {self.unit}:"
                f" {listing(opened + filed) or 'no new decision'}."
            )
        return [*said, *self._binds()]

    def _binds(self) -> list[str]:
        return [
            f"What binds then: {one.limit}. One more {one.unit} of it gives up to {amount(one.most, self.unit)} more."
            for one in self.binding[:_SHOWN]
        ]

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        return [
            sheet(
                "capacity",
                "What could be made over the plan",
                ["what", ("amount", self.unit)],
                [
                    ("required", self.needed),
                    ("as it is", self.as_it_is),
                    ("with idle capacity", self.with_idle),
                    ("more", self.extra),
                ],
            ),
            sheet(
                "more_share",
                "In relation",
                ["what", "value"],
                [("more, share", self.extra / self.as_it_is if self.as_it_is else None), ("periods", self.periods)],
            ),
            sheet(
                "more_by_product",
                "By product",
                ["product", "unit", "needed", "as it is", "with idle capacity"],
                [(m.product, m.unit, m.needed, m.as_it_is, m.with_idle) for m in self.products],
            ),
            sheet(
                "steps",
                "What more costs",
                ["share", ("more", self.unit), ("cost", self.currency), ("cost of each", self.currency), "decisions"],
                [(s.share, s.extra, s.extra_cost, s.cost_each, len(s.decisions)) for s in self.steps],
            ),
            sheet(
                "capacity_binding",
                "What holds back more",
                ["limit", "of one more", ("gives least", self.unit), ("gives most", self.unit), "periods"],
                [(b.limit, b.unit, b.least, b.most, b.periods) for b in self.binding],
            ),
        ]


def capacity(network: Network, effort: Effort | None = None, steps: tuple[float, ...] = STEPS) -> Capacity:
    """Say how much more idle capacity could make, what it costs and what binds then.

    Args:
        network: checked tables.
        effort: how hard to try.
        steps: parts of the extra doses to price, each above 0 and up to 1.

    Raises:
        UsageError: nothing is required, or a step out of range.
        Infeasible: even today's rules contradict each other.
    """
    if any(not 0 < share <= 1 for share in steps):
        raise UsageError("a step is a part of the extra doses, above 0 and up to 1")
    effort = effort or Effort()
    scaled = _Scaled(build(network))
    today = scaled.most(scaled.as_it_is, effort)
    open_all = scaled.most(scaled.arrays, effort)
    low, high = scaled.total(today), scaled.total(open_all)
    base = scaled.cheapest(scaled.as_it_is, low, effort)
    priced = [] if high - low <= DUST * max(high, 1.0) else [
        scaled.step(network, share, low, high, base.cost, effort) for share in sorted(steps)
    ]  # fmt: skip
    return Capacity(
        currency=plan_currency(network),
        unit=scaled.unit,
        periods=scaled.draft.period_count,
        needed=tidy(float(scaled.weight.sum())),
        as_it_is=tidy(low),
        with_idle=tidy(high),
        products=scaled.by_product(today, open_all),
        steps=priced,
        binding=scaled.binding(open_all, effort),
    )


@dataclass
class _Scaled:
    """The program with a factor on the demand of each period."""

    draft: Draft

    def __post_init__(self) -> None:
        draft, wants = self.draft, self.draft.wants
        table = draft.chain.network["demand"]
        self.required: Ints = np.flatnonzero(table.flag("required")[wants.row] & (wants.quantity > 0))
        if not len(self.required):
            raise UsageError("no demand is required, so there is no mix of doses to make more of")
        units = {draft.chain.network["products"].text("unit")[p] for p in wants.product[self.required]}
        self.unit = units.pop() if len(units) == 1 else "average demands"
        size = 1.0 if self.unit != "average demands" else draft.size[wants.product[self.required]]
        counted = np.bincount(wants.period[self.required], wants.quantity[self.required] / size, draft.period_count)
        self.weight: Floats = counted.astype(np.float64)
        self.arrays = self._program()
        self.factors: Ints = np.arange(draft.period_count, dtype=np.int64) + draft.program.column_count
        decided = [self.draft.activate, self.draft.expand, self.draft.qualify, self.draft.opened]
        self.as_it_is = closed(self.arrays, np.concatenate([columns.at for columns in decided]))

    def _program(self) -> Arrays:
        """Return the program in which required demand is w = λ_t D, nothing is short, and nothing optional is sold."""
        draft, wants = self.draft, self.draft.wants
        optional = np.setdiff1d(np.arange(len(wants.row)), self.required)
        # A buffer is bought in and is no capacity.
        shut = np.concatenate([draft.short.at, draft.served.at[optional], draft.buffer.at])
        arrays = closed(draft.program.arrays(), shut)
        lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        rows = draft.program.row_block("demand").members[self.required]
        lower[rows] = upper[rows] = 0.0
        for block in draft.program.row_blocks:
            if block.name.startswith("policy") and block.name.endswith("service"):
                lower[block.members] = -np.inf
        entries = [(rows[mine], -wants.quantity[self.required[mine]]) for mine in self._members()]
        arrays = replace(arrays, row_lower=lower, row_upper=upper)
        return with_columns(arrays, entries, cost=np.zeros(len(entries)), upper=LARGEST_FACTOR)

    def _members(self) -> list[Ints]:
        periods = self.draft.wants.period[self.required]
        return [np.flatnonzero(periods == t) for t in range(self.draft.period_count)]

    def most(self, arrays: Arrays, effort: Effort) -> Outcome:
        """Make as much as can be."""
        cost = np.zeros(len(arrays.cost))
        cost[self.factors] = -self.weight
        outcome = solve(with_cost(arrays, cost), effort.limits, effort.watch)
        if outcome.x is None:
            raise failure(self.draft, arrays, outcome)
        return outcome

    def total(self, outcome: Outcome) -> float:
        """Return what is made in the unit of the totals."""
        return float(self.weight @ self._factors(outcome))

    def _factors(self, outcome: Outcome) -> Floats:
        if outcome.x is None:
            raise UsageError("there is no plan to read")
        return outcome.x[self.factors]

    def cheapest(self, arrays: Arrays, least: float, effort: Effort) -> Outcome:
        """Make at least so much as cheaply as can be; revenue and shortages do not count."""
        cost = arrays.cost.copy()
        for block in self.draft.program.column_blocks:
            for part in {"revenue", "shortage"} & set(block.parts):
                cost[block.members] -= block.parts[part]
        limited = with_row(with_cost(arrays, cost), self.factors, -self.weight, -least * (1 - DUST))
        outcome = solve(limited, effort.limits, effort.watch)
        if outcome.x is None:
            raise failure(self.draft, limited, outcome)
        return outcome

    def step(self, network: Network, share: float, low: float, high: float, base_cost: float, effort: Effort) -> Step:
        """Price a part of the extra doses."""
        extra = share * (high - low)
        found = self.cheapest(self.arrays, low + extra, effort)
        cost = found.cost - base_cost
        return Step(
            share=share,
            extra=tidy(extra),
            extra_cost=tidy(cost),
            cost_each=tidy(cost / extra),
            decisions=self._record(found, network).decisions,
        )

    def _record(self, outcome: Outcome, network: Network) -> Planned:
        return record(self._plan(outcome, None), network)

    def _plan(self, outcome: Outcome, prices: Floats | None) -> Plan:
        if outcome.x is None:
            raise UsageError("there is no plan to read")
        count = self.draft.program.column_count
        return Plan(self.draft, self.draft.program.arrays(), outcome.x[:count], outcome, prices)

    def binding(self, outcome: Outcome, effort: Effort) -> list[Binding]:
        """Return what holds back more: with the decisions made, how much one more unit of each limit gives."""
        if outcome.x is None:
            return []
        cost = np.zeros(len(self.arrays.cost))
        cost[self.factors] = -self.weight
        prices = prices_of(with_cost(self.arrays, cost), outcome.x, effort.limits)
        # Amounts of doses, not money: what is dust is told by the size of the total.
        plan = self._plan(outcome, prices)
        return [one for one in bindings(plan, scale=self.total(outcome)) if one.unit == "hour" or one.most > 0]

    def by_product(self, today: Outcome, open_all: Outcome) -> list[More]:
        """Return what could be made of each required product."""
        chain, wants = self.draft.chain, self.draft.wants
        units = chain.network["products"].text("unit")
        listed = []
        for product in np.unique(wants.product[self.required]):
            mine = self.required[wants.product[self.required] == product]
            quantity, period = wants.quantity[mine], wants.period[mine]
            listed.append(
                More(
                    product=chain.products[product],
                    unit=units[product],
                    needed=tidy(float(quantity.sum())),
                    as_it_is=tidy(float(quantity @ self._factors(today)[period])),
                    with_idle=tidy(float(quantity @ self._factors(open_all)[period])),
                )
            )
        return listed
