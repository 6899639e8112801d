"""What does export add?"""

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.questions.answering import DUST, Answer, Effort, rows_of
from doseway.plan.questions.cheapest import cheapest, decision_words
from doseway.plan.questions.differences import only_in
from doseway.plan.record import Decision, Need, Planned
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.wording import amount, money, percent, tidy

_SHOWN = 8


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What an export market buys of a product over the plan, of what it would take, and the revenue."""

    market: str
    product: str
    unit: str
    wanted: float
    sold: float
    revenue: float


class Exporting(Answer, frozen=True, kw_only=True):
    """What export adds: the plan with it and without it.

    Attributes:
        added: what it adds to the result; `proved` is the least that it can add, from the bounds.
        decisions: those that only the plan with export takes.
    """

    with_export: Planned
    without: Planned
    added: float
    proved: float | None
    sales: list[Sale]
    decisions: list[Decision]

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        currency = self.with_export.currency
        if self.added <= DUST * abs(self.with_export.cost):
            return ["Export adds nothing: what is over costs as much as it brings."]
        proved = f" (at least {money(self.proved, currency)}, proved)" if self.proved else ""
        said = [f"Export adds {money(self.added, currency)}{proved}."]
        for sale in self.sales[:_SHOWN]:
            if sale.sold > DUST * sale.wanted:
                part = f"{percent(sale.sold / sale.wanted)} of what it would take"
                brings = f"for {money(sale.revenue, currency)}"
                said.append(f"{sale.market} gets {amount(sale.sold, sale.unit)} of {sale.product}, {part}, {brings}.")
        said += [f"Only with export: {decision_words(d, self.with_export)}" for d in self.decisions]
        before, after = self.without.service, self.with_export.service
        for tier, share in after.items():
            if before[tier] - share > 1e-4:  # noqa: PLR2004  # what percent() shows
                said.append(
                    f"Export takes from home: tier {tier} falls from {percent(before[tier])} to {percent(share)}."
                )
        return said

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        currency = self.with_export.currency
        summary = [
            ("cost with export", self.with_export.cost), ("cost without", self.without.cost),
            ("export adds", self.added), ("export adds at least", self.proved),
        ]  # fmt: skip
        tiers = sorted(self.with_export.service)
        return [
            sheet("export", "What export adds", ["what", ("amount", currency)], summary),
            sheet(
                "sales",
                "What export markets buy",
                ["market", "product", "unit", "would take", "sold", "share", ("revenue", currency)],
                [
                    (s.market, s.product, s.unit, s.wanted, s.sold, s.sold / s.wanted if s.wanted else None, s.revenue)
                    for s in self.sales
                ],
            ),
            sheet(
                "export_decisions",
                "Decisions that only export pays for",
                ["kind", "line", "product", "period", ("cost", currency)],
                [(d.kind, d.line, d.product, d.period, d.cost) for d in self.decisions],
            ),
            sheet(
                "export_service",
                "Service by tier",
                ["tier", "with export", "without"],
                [(tier, self.with_export.service[tier], self.without.service[tier]) for tier in tiers],
            ),
        ]


def export(network: Network, effort: Effort | None = None) -> Exporting:
    """Say what export adds: optional demand of markets abroad, with it and without it.

    Raises:
        UsageError: there is no such demand.
        Infeasible: no plan meets all rules.
    """
    abroad = _abroad(network)
    kept = [
        row
        for row in rows_of(network["demand"])
        if row["market"] not in abroad or row["required"]
    ]  # fmt: skip
    if len(kept) == len(network["demand"]):
        raise UsageError(
            "no market abroad has optional demand", hint="Mark markets domestic=no and their demand required=no."
        )
    with_export = cheapest(network, effort).plan
    without = cheapest(network.replace(demand=kept), effort).plan
    proved = None if without.bound is None else without.bound - with_export.cost
    return Exporting(
        with_export=with_export,
        without=without,
        # Exporting nothing is a plan too, so export never costs.
        added=tidy(max(0.0, without.cost - with_export.cost)),
        proved=None if proved is None else tidy(max(0.0, proved)),
        sales=_sales(network, with_export, abroad),
        decisions=only_in(with_export.decisions, without.decisions),
    )


def _abroad(network: Network) -> set[str]:
    markets = network["markets"]
    return {markets.text("market")[row] for row in np.flatnonzero(~markets.flag("domestic"))}


def _sales(network: Network, plan: Planned, abroad: set[str]) -> list[Sale]:
    """Return what markets abroad buy, the largest revenue first."""
    table = network["demand"]
    prices: dict[tuple[str, str, str], float] = {
        (market, product, period): float(price)
        for market, product, period, price in zip(
            table.text("market"), table.text("product"), table.text("period"), table.number("price"), strict=True
        )
    }
    grouped: dict[tuple[str, str], list[Need]] = {}
    for need in plan.needs:
        if need.market in abroad:
            grouped.setdefault((need.market, need.product), []).append(need)
    sales = [
        Sale(
            market=market,
            product=product,
            unit=plan.units[product],
            wanted=tidy(sum(need.wanted for need in needs)),
            sold=tidy(sum(need.served for need in needs)),
            revenue=tidy(sum(need.served * _price(prices, need) for need in needs)),
        )
        for (market, product), needs in grouped.items()
    ]
    return sorted(sales, key=lambda sale: (-sale.revenue, sale.market, sale.product))


def _price(prices: dict[tuple[str, str, str], float], need: Need) -> float:
    every = prices.get((need.market, need.product, ""), 0.0)
    return prices.get((need.market, need.product, need.period), every)
