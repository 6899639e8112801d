"""Where does buffer stock of what buy most?

What one more unit in stock on the first day saves, at each site, is the shadow price of what there is of it there: one
linear program for each scenario, the decisions of the plan fixed, prices every place at once. The best places are then
tried: stock for some days is put there, and the scenarios are reckoned again.
"""

from typing import Final

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Outcome
from doseway.plan.program import Floats
from doseway.plan.quantities import in_plan_units, plan_currency
from doseway.plan.questions.answering import DUST, Answer, Effort, with_rows
from doseway.plan.questions.cases import Cases, cases
from doseway.plan.scenarios import Scenario, draw
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.solving import plan_of
from doseway.plan.tables import Network
from doseway.plan.twostage import first_stage, undisturbed
from doseway.plan.wording import amount, days, money, percent, several, tidy

DAYS: Final = 30.0
SCENARIOS: Final = 8
TRIED: Final = 3
_SHOWN: Final = 5


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Stock of a product at a site.

    Attributes:
        origin: of the stock that is worth most there; "" where origins are not followed.
        saving: what one more unit saves, expected over the scenarios; `value` is what one unit is worth.
        ratio: saving / value.
    """

    site: str
    product: str
    origin: str
    unit: str
    saving: float
    value: float
    ratio: float


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A buffer that was tried: what it saves before its own value, and how often somebody is short."""

    place: Place
    days: float
    quantity: float
    value: float
    saving: float
    short_before: float
    short_after: float


class Buffers(Answer, frozen=True, kw_only=True):
    """Where buffers buy most, the best place for the money first."""

    currency: str
    scenarios: int
    seed: int
    places: list[Place]
    tried: list[Tried]

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        if not self.places:
            return [f"More stock buys nothing in {several(self.scenarios, 'scenario')}."]
        said = [f"What one more unit in stock on the first day saves, expected over {self.scenarios:,} scenarios:"]
        said += [
            f"{p.product}{_of(p.origin)} at {p.site}: {money(p.saving, self.currency)} per {p.unit},"
            f" {percent(p.ratio)} of its value."
            for p in best_of_each(self.places)[:_SHOWN]
        ]
        for t in self.tried:
            where = f"{amount(t.quantity, t.place.unit)} of {t.place.product} at {t.place.site}"
            saves = f"saves {money(t.saving, self.currency)} and is worth {money(t.value, self.currency)}"
            falls = f"the chance of a shortage goes from {percent(t.short_before)} to {percent(t.short_after)}"
            said.append(f"{where}, {days(t.days)} of all need, {saves}; {falls}.")
        return said

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        currency = self.currency
        return [
            sheet("buffer_basis", "Basis", ["scenarios", "seed"], [(self.scenarios, self.seed)]),
            sheet(
                "buffers",
                "What one more unit in stock saves",
                ["site", "product", "origin", "unit", ("saving", currency), ("value", currency), "saving / value"],
                [(p.site, p.product, p.origin, p.unit, p.saving, p.value, p.ratio) for p in self.places],
            ),
            sheet(
                "buffers_tried",
                "Buffers that were tried",
                [
                    "site", "product", ("stock", "day"), "quantity", "unit", ("value", currency), ("saving", currency),
                    "chance of a shortage before", "after",
                ],
                [
                    (
                        t.place.site, t.place.product, t.days, t.quantity, t.place.unit, t.value, t.saving,
                        t.short_before, t.short_after,
                    )
                    for t in self.tried
                ],
            ),
        ]  # fmt: skip


def best_of_each(places: list[Place]) -> list[Place]:
    """Return the best place of each product: several places of one product share the same need."""
    first: dict[str, Place] = {}
    for place in places:
        first.setdefault(place.product, place)
    return list(first.values())


def _of(origin: str) -> str:
    return f" of {origin}" if origin else ""


def buffer(
    network: Network,
    *,
    scenarios: int = SCENARIOS,
    seed: int = 1,
    stock_days: float = DAYS,
    tried: int = TRIED,
    effort: Effort | None = None,
) -> Buffers:
    """Say where stock of what buys most.

    Args:
        network: checked tables; the disruptions and the spread of demand make the scenarios.
        scenarios: how many are drawn, with `seed`.
        stock_days: days of all need for the product that each tried buffer holds.
        tried: how many are tried, each the best place of its product.
        effort: how hard to try.

    Raises:
        UsageError: no scenarios.
        Infeasible: no plan meets all rules.
        DataError: a scenario in which required demand without a shortage_cost cannot be served.
    """
    if scenarios < 1 or stock_days <= 0:
        raise UsageError("a buffer is judged by at least one scenario and more than 0 days")
    effort = effort or Effort()
    base = plan_of(undisturbed(Chain(in_plan_units(network))), effort.limits, watch=effort.watch)
    drawn = draw(base.draft.chain, scenarios, seed)
    decisions = base.x[first_stage(base.draft.program)]
    before = cases(base.draft, drawn, decisions)
    places = _places(before)
    return Buffers(
        currency=plan_currency(network),
        scenarios=scenarios,
        seed=seed,
        places=places,
        tried=[_try(network, place, stock_days, before, drawn, decisions) for place in best_of_each(places)[:tried]],
    )


def _try(
    network: Network, place: Place, stock_days: float, before: Cases, drawn: list[Scenario], decisions: Floats
) -> Tried:
    """Put stock at a place and reckon the scenarios again."""
    chain = before.draft.chain
    daily = float(before.draft.need[chain.products.index(place.product)] / chain.days.sum())
    quantity = stock_days * daily
    row = {"site": place.site, "product": place.product, "quantity": quantity}
    added = with_rows(network, "stocks", {**row, **({"origin": place.origin} if place.origin else {})})
    after = cases(undisturbed(Chain(in_plan_units(added))), drawn, decisions)
    return Tried(
        place=place,
        days=stock_days,
        quantity=tidy(quantity),
        value=tidy(quantity * place.value),
        saving=tidy(before.expected - after.expected),
        short_before=before.chance_of_shortage,
        short_after=after.chance_of_shortage,
    )


def _places(before: Cases) -> list[Place]:
    """Return what one more unit in stock saves at each place, the best for the money first."""
    total: dict[tuple[str, str, str], float] = {}
    for probability, outcome in zip(before.family.probabilities, before.outcomes, strict=True):
        for key, saving in _prices(before.draft, outcome).items():
            total[key] = total.get(key, 0.0) + float(probability) * saving
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for (site, product, origin), saving in total.items():
        best[site, product] = max(best.get((site, product), (0.0, "")), (saving, origin))
    table = before.draft.chain.network["products"]
    values = dict(zip(table.text("product"), map(float, table.number("value")), strict=True))
    units = dict(zip(table.text("product"), table.text("unit"), strict=True))
    places = [
        Place(
            site=site, product=product, origin=origin, unit=units[product], saving=tidy(saving),
            value=values[product], ratio=tidy(saving / values[product]),
        )
        for (site, product), (saving, origin) in best.items()
        if values[product] > 0 and saving > DUST * values[product]
    ]  # fmt: skip
    return sorted(places, key=lambda p: (-p.ratio, p.site, p.product))


def _prices(draft: Draft, outcome: Outcome) -> dict[tuple[str, str, str], float]:
    """Return (site, product, origin) → what one more unit on the first day saves."""
    block = draft.program.row_block("balance")
    if outcome.prices is None:
        return {}
    goods, where, when = (block.labels[name][1] for name in ("good", "site", "period"))
    prices = outcome.prices[block.members]
    found: dict[tuple[str, str, str], float] = {}
    for member in np.flatnonzero((when == 0) & (prices > 0)):
        good = int(goods[member])
        key = (
            draft.chain.nodes[int(where[member])],
            draft.chain.products[int(draft.goods.product[good])],
            draft.goods.origins[good],
        )
        found[key] = max(found.get(key, 0.0), float(prices[member]))
    return found
