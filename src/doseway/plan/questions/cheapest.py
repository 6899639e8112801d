"""What is the cheapest plan that serves demand?"""

from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.record import Binding, Decision, Planned, record
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.solving import plan
from doseway.plan.tables import Network
from doseway.plan.wording import amount, money, number, percent, result, several

_SHOWN = 5


class Cheapest(Answer, frozen=True, kw_only=True):
    """The cheapest plan, what it decides, what binds and who is short."""

    plan: Planned

    def words(self) -> list[str]:
        """Return the plan in sentences."""
        one = self.plan
        return [
            f"The plan {result(one.cost, one.currency)} over {several(len(one.periods), 'period')}. {proof(one)}",
            *(f"Tier {tier}: {percent(share)} of what is required is served." for tier, share in one.service.items()),
            *(decision_words(decision, one) for decision in one.decisions),
            *(binding_words(binding, one.currency) for binding in one.binding[:_SHOWN]),
            *shortage_words(one),
        ]

    def sheets(self) -> list[Sheet]:
        """Return the plan as tables."""
        return plan_sheets(self.plan)


def cheapest(network: Network, effort: Effort | None = None) -> Cheapest:
    """Find the cheapest plan.

    Raises:
        Infeasible: no plan meets all rules; says which.
        Unavailable: time ran out before any plan was found, or the solver is not installed.
    """
    effort = effort or Effort()
    found = plan(network, effort.limits, watch=effort.watch, is_tier_first=effort.is_tier_first)
    return Cheapest(plan=record(found, network))


def proof(one: Planned) -> str:
    """Say what was proved about a plan's cost."""
    if one.bound is None or one.gap is None:
        return "The search was stopped before anything was proved about how good it is."
    if one.status == "optimal":
        return f"It is optimal within {percent(one.gap)}: no plan {_least(one)}."
    return f"The search was stopped {percent(one.gap)} from the bound: no plan {_least(one)}."


def _least(one: Planned) -> str:
    bound = one.bound if one.bound is not None else one.cost
    if bound < 0:
        return f"can earn more than {money(-bound, one.currency)}"
    return f"can cost less than {money(bound, one.currency)}"


def decision_words(decision: Decision, one: Planned) -> str:
    """Say what to decide, when, and what it costs."""
    cost = f", for {money(decision.cost, one.currency)}" if decision.cost else ""
    when = f" in {decision.period}" if decision.period else ""
    if decision.kind == "activate":
        return f"Open the idle share of {decision.line}{when}{cost}."
    if decision.kind == "qualify":
        return f"File {decision.product} for {decision.line}{when}{cost}."
    if decision.kind == "expand":
        return f"Add {number(decision.quantity)} hours a day to {decision.line}{cost}."
    if decision.kind == "open":
        return f"Open the lane {decision.lane}{cost}."
    unit = one.units.get(decision.product.partition(" of ")[0], "units")
    return f"Place a buffer of {amount(decision.quantity, unit)} of {decision.product} at {decision.site}{cost}."


def binding_words(binding: Binding, currency: str) -> str:
    """Say what binds and what one more unit of it saves."""
    low, high = money(binding.least, currency), money(binding.most, currency)
    saves = low if low == high else f"between {low} and {high}"
    many = f" (in {several(binding.periods, 'period')})" if binding.periods > 1 else ""
    return f"What binds: {binding.limit}. One more {binding.unit} of it saves {saves}{many}."


def shortage_words(one: Planned) -> list[str]:
    """Say who is short of what."""
    short = one.shortages
    if not short:
        return ["Nobody is short of what is required."]
    said = [
        f"{need.market} is short of {amount(need.short, one.units[need.product])} of {need.product} in {need.period},"
        f" of {number(need.wanted)} wanted (tier {need.tier:g})."
        for need in short[:_SHOWN]
    ]
    rest = len(short) - len(said)
    return [*said, f"And {several(rest, 'more shortage')}."] if rest else said


def plan_sheets(one: Planned) -> list[Sheet]:
    """Return all tables of a plan."""
    money_unit = one.currency
    return [
        summary_sheet(one),
        sheet("costs", "Cost by component", ["component", ("cost", money_unit)], sorted(one.costs.items())),
        sheet("service", "Service by clinical tier", ["tier", "share served"], sorted(one.service.items())),
        sheet(
            "decisions",
            "Decisions",
            ["kind", "line", "lane", "site", "product", "period", "quantity", ("cost", money_unit)],
            [(d.kind, d.line, d.lane, d.site, d.product, d.period, d.quantity, d.cost) for d in one.decisions],
        ),
        sheet(
            "binding",
            "What binds",
            ["limit", "unit", "periods", ("least saving", money_unit), ("most saving", money_unit), "worth"],
            [(b.limit, b.unit, b.periods, b.least, b.most, b.worth) for b in one.binding],
        ),
        sheet(
            "shortages",
            "Shortages",
            ["market", "product", "tier", "period", "wanted", "short", "unit"],
            [(s.market, s.product, s.tier, s.period, s.wanted, s.short, one.units[s.product]) for s in one.shortages],
        ),
        *_detail_sheets(one),
    ]


def summary_sheet(one: Planned) -> Sheet:
    """Return what a plan costs and what was proved, with the hash of its network."""
    rows: list[tuple[str, str | float | int | None]] = [
        ("plan", one.name), ("status", one.status), ("cost", one.cost), ("bound", one.bound), ("gap", one.gap),
        ("periods", len(one.periods)), ("shortages", len(one.shortages)), ("currency", one.currency),
        ("model version", one.model), ("network", one.network),
    ]  # fmt: skip
    return sheet("summary", "Summary", ["what", "value"], rows)


def _detail_sheets(one: Planned) -> list[Sheet]:
    return [
        sheet(
            "flows",
            "What moves",
            ["lane", "from", "to", "product", "origin", "period", "quantity", "unit"],
            [
                (f.lane, f.from_node, f.to_node, f.product, f.origin, f.period, f.quantity, one.units[f.product])
                for f in one.flows
            ],
        ),
        sheet(
            "makes",
            "What is made",
            ["line", "site", "product", "origin", "period", "quantity", "unit"],
            [(m.line, m.site, m.product, m.origin, m.period, m.quantity, one.units[m.product]) for m in one.makes],
        ),
        sheet(
            "served",
            "What the markets get",
            ["market", "product", "tier", "period", "wanted", "served", "unit"],
            [(n.market, n.product, n.tier, n.period, n.wanted, n.served, one.units[n.product]) for n in one.needs],
        ),
        sheet(
            "loads",
            "Hours of the lines",
            ["line", "site", "period", ("used", "hour"), ("available", "hour"), "utilisation"],
            [
                (x.line, x.site, x.period, x.used, x.available, x.used / x.available if x.available else None)
                for x in one.loads
            ],
        ),
    ]
