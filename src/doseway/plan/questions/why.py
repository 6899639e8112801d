"""Why is this dose short? The cut through which no more of it can come, by name.

For one product and market, what each step could still let through beside what the plan makes and moves of everything
else is a network of capacities: hours of lines, lanes, opening stock; what is idle or not filed lets nothing through.
The least cut between the sources and the market (Ford and Fulkerson 1956) is the explanation: to bring more, something
in it has to grow. A product with several inputs is followed along each of them; the one that lets the least through
explains. All amounts are in the product's own unit, inputs converted by the bill of material.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
import numpy as np

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.answer import Plan
from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Conditions
from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.questions.cheapest import shortage_words
from doseway.plan.record import Need, Planned, record
from doseway.plan.scenarios import hit
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.solving import plan
from doseway.plan.tables import Network
from doseway.plan.wording import amount, listing, tidy

if TYPE_CHECKING:
    from doseway.plan.program import Floats

Kind: TypeAlias = Literal["hours", "idle", "filing", "lane", "stock", "demand"]
_BIG: Final = 1e15
_DUST: Final = 1e-6
_NO_WAY: Final = "no way leads there"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a cut: what it is, and how much of the product it lets through over the plan."""

    kind: Kind
    what: str
    lets: float
    remedy: str


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why one product is short in one market: the cut, and along which of its inputs it was found."""

    market: str
    product: str
    unit: str
    wanted: float
    short: float
    lets: float
    along: list[str]
    cut: list[Limit]


class Why(Answer, frozen=True, kw_only=True):
    """The shortages of a plan, explained."""

    plan: Planned
    failed: list[str]
    reasons: list[Reason]

    def words(self) -> list[str]:
        """Return the explanations in sentences."""
        said = [f"With {listing(self.failed)} out for the whole plan:"] if self.failed else []
        if not self.reasons:
            return [*said, *shortage_words(self.plan)]
        for one in self.reasons:
            said.append(
                f"{one.market} is short of {amount(one.short, one.unit)} of {one.product} over the plan,"
                f" of {amount(one.wanted, one.unit)} wanted."
            )
            said += _cut_words(one)
        return said

    def sheets(self) -> list[Sheet]:
        """Return the explanations as tables."""
        return [
            sheet(
                "short",
                "Shortages over the plan",
                ["market", "product", "unit", "wanted", "short", "can get through", "along"],
                [(r.market, r.product, r.unit, r.wanted, r.short, r.lets, " < ".join(r.along)) for r in self.reasons],
            ),
            sheet(
                "cut",
                "What holds it back",
                ["market", "product", "kind", "what", "lets through", "unit", "remedy"],
                [
                    (r.market, r.product, limit.kind, limit.what, limit.lets, r.unit, limit.remedy)
                    for r in self.reasons
                    for limit in r.cut
                ],
            ),
        ]


def _cut_words(one: Reason) -> list[str]:
    """Say what the cut lets through, part by part; closed lanes together."""
    along = f" along {' < '.join(one.along)}" if len(one.along) > 1 else ""
    said = [f"At most {amount(one.lets, one.unit)} can get through{along}:"]
    if one.lets > (one.wanted - one.short) * (1 + _DUST):
        said = [
            (
                f"Over the whole plan up to {amount(one.lets, one.unit)} could get through{along}: what is missing is"
                " missing in some periods, or costs more than the shortage. The tightest places:"
            )
        ]
    closed = [limit for limit in one.cut if limit.kind == "lane" and limit.lets == 0]
    said += [
        f"  {limit.what}: {amount(limit.lets, one.unit)}. {limit.remedy}"
        if limit.lets
        else f"  {limit.what}. {limit.remedy}"
        for limit in one.cut
        if limit not in closed
    ]
    if closed:
        said.append(f"  Closed: {listing([limit.what for limit in closed], 3)}.")
    return said


def why(
    network: Network,
    market: str = "",
    product: str = "",
    *,
    failed: tuple[tuple[str, str], ...] = (),
    effort: Effort | None = None,
) -> Why:
    """Explain why a product is short in a market, or every shortage of the plan.

    Args:
        network: checked tables.
        market, product: which shortage; "" is all of them.
        failed: what is out for the whole plan, as (kind, target) of the disruptions table.
        effort: how hard to try.

    Raises:
        UsageError: no such market, product or target.
        Infeasible: no plan meets all rules.
    """
    effort = effort or Effort()
    conditions = _without(network, failed)
    found = plan(network, effort.limits, conditions=conditions, watch=effort.watch, is_tier_first=effort.is_tier_first)
    return explained(found, network, market, product, failed=tuple(target for _, target in failed))


def explained(
    found: Plan, network: Network, market: str = "", product: str = "", *, failed: tuple[str, ...] = ()
) -> Why:
    """Explain the shortages of a plan that was found.

    Raises:
        UsageError: no such market or product.
    """
    chain = found.draft.chain
    for name, known in ((market, chain.nodes[chain.site_count :]), (product, chain.products)):
        if name and name not in known:
            raise UsageError(f"there is no {name!r}", hint=f"There are: {listing(known, 12)}.")
    planned = record(found, network)
    short: dict[tuple[str, str], list[Need]] = {}
    for need in planned.needs:
        if market in {"", need.market} and product in {"", need.product}:
            short.setdefault((need.market, need.product), []).append(need)
    spent = _Spent(found)
    reasons = [
        _reason(spent, planned, *pair, needs) for pair, needs in short.items() if sum(n.short for n in needs) > 0
    ]
    reasons.sort(key=lambda r: (_tier(short[r.market, r.product]), -r.short / r.wanted, r.market, r.product))
    return Why(plan=planned, failed=list(failed), reasons=reasons)


def _tier(needs: list[Need]) -> float:
    return min(need.tier for need in needs)


def _without(network: Network, failed: tuple[tuple[str, str], ...]) -> Conditions:
    """Return the conditions with some things out for the whole plan."""
    chain = Chain(network)
    lines = np.ones((len(network["lines"]), len(chain.starts)))
    lanes = np.ones((len(network["lanes"]), len(chain.starts)))
    for kind, target in failed:
        if kind not in {"site", "line", "lane", "country", "region", "root", "mode"}:
            raise UsageError(f"there is no kind {kind!r}", hint="Say site, line, lane, country, region, root or mode.")
        hit_lines, hit_lanes = hit(chain, kind, target)
        if not len(hit_lines) and not len(hit_lanes):
            raise UsageError(f"the network has no {kind} {target!r}")
        lines[hit_lines], lanes[hit_lanes] = 0.0, 0.0
    return Conditions(line_share=lines, lane_share=lanes)


def _reason(spent: "_Spent", planned: Planned, market: str, product: str, needs: list[Need]) -> Reason:
    """Explain one shortage by the tightest of the product's chains of inputs."""
    chain = spent.chain
    cuts = [
        (*_least_cut(spent, market, path), [chain.products[p] for p, _ in path])
        for path in _paths(chain, chain.products.index(product), 1.0)
    ]
    lets, cut, along = min(cuts, key=lambda entry: (entry[0], entry[2]))
    return Reason(
        market=market,
        product=product,
        unit=planned.units[product],
        wanted=tidy(sum(need.wanted for need in needs)),
        short=tidy(sum(need.short for need in needs)),
        lets=tidy(lets),
        along=along,
        cut=cut,
    )


def _paths(chain: Chain, product: int, amount_each: float) -> Iterator[list[tuple[int, float]]]:
    """Give every chain of inputs from a product down, each step as product and its amount in one of the first."""
    inputs = chain.inputs[product]
    if not inputs:
        yield [(product, amount_each)]
    for entry in inputs:
        for rest in _paths(chain, entry.product, amount_each * entry.amount):
            yield [(product, amount_each), *rest]


@dataclass
class _Spent:
    """What a plan leaves of every capacity for one product."""

    found: Plan

    def __post_init__(self) -> None:
        self.chain = self.found.draft.chain
        draft, x = self.found.draft, np.maximum(self.found.x, 0.0)
        recipes, lanes = self.chain.network["recipes"], self.chain.network["lanes"]
        self.made = np.bincount(draft.make.recipe, x[draft.make.at], len(recipes))
        self.hours: Floats = np.zeros(len(self.chain.network["lines"]))
        block = draft.program.row_block("hours")
        room = self.found.arrays.row_upper - self.found.arrays.activity(self.found.x)
        for member, line in zip(block.members, block.labels["line"][1] if block.count else (), strict=True):
            self.hours[line] += max(0.0, float(room[member])) if np.isfinite(room[member]) else _BIG
        self.used = recipes.number("hours") * self.made
        share = draft.conditions.lane_share
        open_days = self.chain.days if share is None else (share * self.chain.days[None, :]).T
        capacity = lanes.number("capacity")
        works = np.ones(len(lanes), dtype=np.bool_) if share is None else (share > 0).any(axis=1)
        total = np.where(np.isfinite(capacity), capacity, 0.0) * np.sum(open_days, axis=0)
        self.lanes: Floats = np.where(np.isfinite(capacity), total, np.where(works, _BIG, 0.0))
        self.moved: dict[tuple[int, int], float] = {}
        for lane, product, quantity in zip(draft.flow.lane, draft.flow.product, x[draft.flow.at], strict=True):
            key = (int(lane), int(product))
            self.moved[key] = self.moved.get(key, 0.0) + float(quantity)
        self.carried = np.bincount(draft.flow.lane, x[draft.flow.at], len(lanes))

    def makes(self, recipe: int) -> float:
        """Return what a recipe could make: what it makes, and what the spare hours of its line would add."""
        hours = float(self.chain.network["recipes"].number("hours")[recipe])
        spare = self.hours[self.chain.recipe_line[recipe]]
        return float(self.made[recipe]) + (spare / hours if hours > 0 else _BIG)

    def sends(self, lane: int, product: int) -> float:
        """Return what a lane could carry of a product beside everything else."""
        mine = self.moved.get((lane, product), 0.0)
        return mine + max(0.0, float(self.lanes[lane] - self.carried[lane]))


def _least_cut(spent: _Spent, market: str, path: list[tuple[int, float]]) -> tuple[float, list[Limit]]:
    """Return what can get through along a chain of inputs, and the limits of the least cut."""
    try:
        import networkx as nx  # noqa: PLC0415  # an optional extra, only for this question
    except ImportError as error:
        raise Unavailable("cut sets need networkx", hint="Install it with `pip install doseway[plan]`.") from error
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    labels: dict[tuple[object, object], Limit] = {}
    for start, end, lets, limit in _edges(spent, market, path):
        graph.add_edge(start, end, capacity=min(lets, _BIG))
        labels[start, end] = limit
    value, (near, far) = nx.minimum_cut(graph, "source", "sink")
    crossing = [labels[edge] for edge in graph.edges if edge[0] in near and edge[1] in far]
    crossing.sort(key=lambda limit: (-limit.lets, limit.what))
    return float(value), crossing


Edge: TypeAlias = tuple[object, object, float, Limit]


def _edges(spent: _Spent, market: str, path: list[tuple[int, float]]) -> Iterator[Edge]:
    """Give the edges: stock and makers from the source, lanes between places, the market to the sink."""
    chain = spent.chain
    below = dict(zip([p for p, _ in path], [*path[1:], None], strict=True))
    for product, each in path:
        yield from _stock_edges(spent, product, each)
        for recipe in np.flatnonzero(chain.recipe_product == product):
            yield from _recipe_edges(spent, int(recipe), each, below[product])
        for lane, carried in chain.carried:
            if carried == product:
                yield _lane_edge(spent, lane, product, each)
    wanted = path[0][0]
    mine = (spent.found.draft.wants.product == wanted) & (spent.found.draft.wants.node == chain.nodes.index(market))
    total = float(spent.found.draft.wants.quantity[mine].sum())
    need = Limit(kind="demand", what=f"all that {market} wants", lets=tidy(total), remedy="")
    yield (chain.nodes.index(market), wanted), "sink", total, need


def _stock_edges(spent: _Spent, product: int, each: float) -> Iterator[Edge]:
    chain, goods = spent.chain, spent.found.draft.goods
    total: dict[int, float] = {}
    for lot in goods.lots:
        if int(goods.product[lot.good]) == product:
            total[lot.site] = total.get(lot.site, 0.0) + lot.quantity / each
    placed = spent.found.draft.buffer
    for at, site, good in zip(placed.at, map(int, placed.node), map(int, placed.good), strict=True):
        if int(goods.product[good]) == product:
            total[site] = total.get(site, 0.0) + max(0.0, float(spent.found.x[at])) / each
    for site, quantity in total.items():
        what = f"stock of {chain.products[product]} at {chain.nodes[site]}"
        limit = Limit(kind="stock", what=what, lets=tidy(quantity), remedy="Hold more there.")
        yield "source", (site, product), quantity, limit


def _recipe_edges(spent: _Spent, recipe: int, each: float, below: tuple[int, float] | None) -> Iterator[Edge]:
    """Give the edge of a recipe, from its input's place to its product's."""
    chain = spent.chain
    recipes, lines = chain.network["recipes"], chain.network["lines"]
    line, site = int(chain.recipe_line[recipe]), int(chain.recipe_site[recipe])
    product = int(chain.recipe_product[recipe])
    lets = spent.makes(recipe) / each
    name, what = lines.text("line")[line], chain.products[product]
    start: object = "source" if below is None else (site, below[0])
    is_filed = bool(recipes.flag("qualified")[recipe]) or spent.made[recipe] > 0
    if not is_filed:
        limit = Limit(kind="filing", what=f"{what} is not filed for {name}", lets=0.0, remedy="File it.")
        yield start, (site, product), 0.0, limit
        return
    idle = float(lines.number("idle")[line])
    opened = bool(np.isin(line, [d for d, a in _opened(spent) if a > 0]))
    hint = "Open its idle share." if idle > 0 and not opened else "Free hours there, or add some."
    kind: Kind = "idle" if idle > 0 and not opened else "hours"
    limit = Limit(kind=kind, what=f"hours of {name} for {what}", lets=tidy(lets), remedy=hint)
    yield start, (site, product), lets, limit


def _opened(spent: _Spent) -> list[tuple[int, float]]:
    activate = spent.found.draft.activate
    return list(zip(map(int, activate.line), map(float, spent.found.x[activate.at]), strict=True))


def _lane_edge(spent: _Spent, lane: int, product: int, each: float) -> Edge:
    chain = spent.chain
    lets = spent.sends(lane, product) / each
    name = chain.network["lanes"].text("lane")[lane]
    remedy = "It is closed." if lets == 0 else "It is full."
    limit = Limit(kind="lane", what=f"the lane {name} for {chain.products[product]}", lets=tidy(lets), remedy=remedy)
    return (int(chain.lane_from[lane]), product), (int(chain.lane_to[lane]), product), lets, limit
