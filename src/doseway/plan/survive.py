"""Time to survive against time to recover: which single failures hurt, every site and lane, ranked.

Simchi-Levi et al., Interfaces 45(5), 2015 (doi 10.1287/inte.2015.0804). One linear program with the length t of the
outage as a column serves every outage: what fails has its columns shut, and the last basis is the next start.

    stock[i,p] + Σ arriving f + Σ x ≥ Σ amount · x + Σ leaving f        for each site and product
    Σ hours · x ≤ hours a day · t,   Σ f ≤ capacity a day · t           for each line and lane
    Σ arriving f + lost[m,p] = demand a day · t                         for each market and product
    time to survive: max t with lost = 0;   impact: min Σ worth · lost with t = time to recover.

Idle lines and unfiled recipes do not help: the question is what the network can do as it is. Stock counts where it
lies; what is on its way does not. Origins do not matter here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from doseway.model.errors import DosewayError
from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Conditions, Draft, grouped, unzipped
from doseway.plan.goods import Goods
from doseway.plan.highs import Limits, loaded
from doseway.plan.program import Floats, Ints, Program, codes
from doseway.plan.scenarios import hit

if TYPE_CHECKING:
    import highspy

LONGEST_DAYS: Final = 3650.0
"""Time to survive is not looked for beyond this: longer means that nothing is ever short."""
_DUST: Final = 1e-7


class Outage(msgspec.Struct, frozen=True):
    """Things that fail together, each as (kind, target) of the disruptions table, and the days until they recover."""

    name: str
    targets: tuple[tuple[str, str], ...]
    recovery_days: float


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What an outage does.

    Attributes:
        survive_days: how long every patient is still served; LONGEST_DAYS is for ever.
        impact: worth of what is lost until recovery, in the plan's currency; `index` is its part of the worst one.
        lost: (market, product) → units lost until recovery.
        is_exposed: recovery takes longer than the network survives.
    """

    outage: Outage
    survive_days: float
    impact: float
    index: float
    lost: dict[str, float]
    is_exposed: bool


def every_outage(chain: Chain) -> list[Outage]:
    """Return the failure of each site and each lane by itself, with the tables' times to recover."""
    sites, lanes = chain.network["sites"], chain.network["lanes"]
    outages = [
        Outage(name, (("site", name),), float(days))
        for name, days in zip(sites.text("site"), sites.number("recovery_days"), strict=True)
    ]
    return outages + [
        Outage(name, (("lane", name),), float(days))
        for name, days in zip(lanes.text("lane"), lanes.number("recovery_days"), strict=True)
    ]


def country_outages(chain: Chain) -> list[Outage]:
    """Return the failure of each country's sites together, recovered when the slowest of them is."""
    sites = chain.network["sites"]
    slowest: dict[str, float] = {}
    for country, days in zip(sites.text("country"), sites.number("recovery_days"), strict=True):
        slowest[country] = max(slowest.get(country, 0.0), float(days))
    return [Outage(country, (("country", country),), days) for country, days in sorted(slowest.items())]


def sweep(chain: Chain, outages: Iterable[Outage]) -> list[Exposure]:
    """Return what each outage does, the worst impact first, then the shortest survival.

    Raises:
        DosewayError: the solver failed.
    """
    listed = list(outages)
    model = _Survival(chain)
    survived = model.survive(listed)
    # What survives to its recovery loses nothing: feasible lengths are an interval from 0, the program being convex.
    exposed = [outage for outage, days in zip(listed, survived, strict=True) if days < outage.recovery_days]
    losses = iter(model.impacts(exposed))
    impacts = [
        next(losses) if days < outage.recovery_days else (0.0, {})
        for outage, days in zip(listed, survived, strict=True)
    ]
    worst = max((impact for impact, _ in impacts), default=0.0)
    exposures = [
        Exposure(
            outage=outage,
            survive_days=days,
            impact=impact,
            index=impact / worst if worst else 0.0,
            lost=lost,
            is_exposed=days < outage.recovery_days,
        )
        for outage, days, (impact, lost) in zip(listed, survived, impacts, strict=True)
    ]
    return sorted(exposures, key=lambda e: (-e.impact, e.survive_days, e.outage.name))


class _Survival:
    """The linear program of the module, loaded once."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.draft = Draft(chain, Goods(chain), Conditions())
        self.program = Program()
        self.time = int(self.program.add_columns("time", "length of the outage", {}, 1, upper=LONGEST_DAYS)[0])
        self._columns()
        self._rows()
        self.arrays = self.program.arrays()

    def _columns(self) -> None:
        chain, size = self.chain, self.draft.size
        works = chain.network["recipes"].flag("qualified")
        able = [
            j for j in np.flatnonzero(works)
            if chain.labels.get((int(chain.recipe_site[j]), int(chain.recipe_product[j])))
        ]  # fmt: skip
        self.recipe = np.array(able, dtype=np.int64)
        used = [
            (lane, product)
            for lane, product in chain.carried
            if chain.labels.get((int(chain.lane_from[lane]), product))
            and chain.labels.get((int(chain.lane_to[lane]), product))
        ]
        self.lane, self.product = unzipped(used, 2)
        self.make = self.program.add_columns(
            "make", "making", {}, len(able), scale=size[chain.recipe_product[self.recipe]]
        )
        self.flow = self.program.add_columns("flow", "flow", {}, len(used), scale=size[self.product])
        table = chain.network["demand"]
        required = np.flatnonzero(table.flag("required")[self.draft.wants.row])
        wants = self.draft.wants
        group, [market, wanted] = grouped(wants.node[required], wants.product[required])
        self.market, self.wanted = market, wanted
        total = float(chain.days.sum())
        self.daily: Floats = (
            np.bincount(group, wants.quantity[required], minlength=len(market)).astype(np.float64) / total
        )
        worth = (
            np.nan_to_num(table.number("shortage_cost")[wants.row[required]])
            + table.number("price")[wants.row[required]]
        )
        mean: Floats = np.bincount(group, worth, minlength=len(market)) / np.maximum(
            np.bincount(group, minlength=len(market)), 1
        )
        self.worth = np.where(mean > 0, mean, 1.0)
        labels = {"market": codes(chain.nodes, market), "product": codes(chain.products, wanted)}
        self.lost = self.program.add_columns("lost", "{market}: {product}", labels, len(market), scale=size[wanted])

    def _balance(self) -> None:
        """Add the balance of each site and product that anything touches."""
        chain, program, products = self.chain, self.program, len(self.chain.products)
        site, made = chain.recipe_site[self.recipe], chain.recipe_product[self.recipe]
        used = [
            (int(column), int(at) * products + entry.product, -entry.amount)
            for column, at, product in zip(self.make, site, made, strict=True)
            for entry in chain.inputs[int(product)]
        ]
        inward = chain.lane_to[self.lane] < chain.site_count
        columns = np.concatenate([self.make, [c for c, _, _ in used], self.flow, self.flow[inward]]).astype(np.int64)
        sent, received = chain.lane_from[self.lane] * products, chain.lane_to[self.lane[inward]] * products
        keys = np.concatenate(
            [site * products + made, [k for _, k, _ in used], sent + self.product, received + self.product[inward]]
        ).astype(np.int64)
        values = np.concatenate(
            [np.ones(len(self.make)), [v for _, _, v in used], -np.ones(len(sent)), np.ones(len(received))]
        )
        places, row = np.unique(keys, return_inverse=True)
        opening = np.zeros(len(places))
        for lot in self.draft.goods.lots:
            key = lot.site * products + int(self.draft.goods.product[lot.good])
            opening[places == key] += lot.quantity if lot.period == 0 else 0.0
        scale = self.draft.size[places % products]
        at = program.add_rows("balance", "balance", {}, len(places), lower=-opening, scale=scale)
        program.add_entries(at[np.asarray(row).reshape(-1)], columns, values)

    def _rows(self) -> None:
        chain, program, size = self.chain, self.program, self.draft.size
        lanes, lines, recipes = chain.network["lanes"], chain.network["lines"], chain.network["recipes"]
        products = len(chain.products)
        self._balance()
        daily = lines.number("capacity") * lines.number("utilisation") * (1 - lines.number("idle"))
        hours = program.add_rows("hours", "hours", {}, len(lines), upper=0.0, scale=np.maximum(daily, 1e-6))
        program.add_entries(hours[chain.recipe_line[self.recipe]], self.make, recipes.number("hours")[self.recipe])
        program.add_entries(hours, np.full(len(lines), self.time), -daily)
        limited = np.flatnonzero(np.isfinite(lanes.number("capacity")))
        capacity = lanes.number("capacity")[limited]
        rows = program.add_rows("lane", "lane", {}, len(limited), upper=0.0, scale=np.maximum(capacity, 1e-6))
        program.add_entries(rows, np.full(len(limited), self.time), -capacity)
        row_of = np.full(len(lanes), -1, dtype=np.int64)
        row_of[limited] = rows
        members = row_of[self.lane] >= 0
        program.add_entries(row_of[self.lane[members]], self.flow[members], 1.0)
        need = program.add_rows("need", "need", {}, len(self.market), lower=0, upper=0, scale=size[self.wanted])
        program.add_entries(need, self.lost, 1.0)
        program.add_entries(need, np.full(len(need), self.time), -self.daily)
        keys = self.market * products + self.wanted
        arriving = chain.lane_to[self.lane] * products + self.product
        position = np.minimum(np.searchsorted(keys, arriving), max(len(keys) - 1, 0))
        serves = np.flatnonzero(keys[position] == arriving) if len(keys) else np.zeros(0, dtype=np.int64)
        program.add_entries(need[position[serves]], self.flow[serves], 1.0)

    def shut(self, outage: Outage) -> Ints:
        """Return the columns that an outage shuts."""
        lines: set[int] = set()
        lanes: set[int] = set()
        for kind, target in outage.targets:
            hit_lines, hit_lanes = hit(self.chain, kind, target)
            lines |= set(map(int, hit_lines))
            lanes |= set(map(int, hit_lanes))
        made = np.isin(self.chain.recipe_line[self.recipe], list(lines))
        sent = np.isin(self.lane, list(lanes))
        return np.concatenate([self.make[made], self.flow[sent]])

    def survive(self, outages: Sequence[Outage]) -> list[float]:
        """Return the time to survive of each outage."""
        cost, upper = np.zeros(len(self.arrays.cost)), self.arrays.upper.copy()
        cost[self.time], upper[self.lost] = -1.0, 0.0
        solver = loaded(replace(self.arrays, cost=cost, upper=upper), Limits())
        whole = _with_shut(solver, np.zeros(0, dtype=np.int64))
        basis = solver.getBasis()
        days = []
        for outage in outages:
            columns = self.shut(outage)
            # Where the best of the whole network does without what fails, it is the best of the rest too.
            is_idle = not whole[columns].any()
            days.append(whole[self.time] if is_idle else _with_shut(solver, columns, basis)[self.time])
        return [_clean(float(day)) for day in days]

    def impacts(self, outages: Sequence[Outage]) -> list[tuple[float, dict[str, float]]]:
        """Return impact and losses of each outage; solved in order of recovery, so that one bound moves at a time."""
        cost = np.zeros(len(self.arrays.cost))
        cost[self.lost] = self.worth
        solver = loaded(replace(self.arrays, cost=cost), Limits())
        _with_shut(solver, np.zeros(0, dtype=np.int64))
        basis = solver.getBasis()
        result: dict[int, tuple[float, dict[str, float]]] = {}
        for position in sorted(range(len(outages)), key=lambda i: outages[i].recovery_days):
            days = outages[position].recovery_days
            solver.changeColBounds(self.time, days, days)
            x = _with_shut(solver, self.shut(outages[position]), basis)
            lost = np.asarray(x[self.lost] * self.arrays.column_scale[self.lost], dtype=np.float64)
            lost = np.where(lost > _DUST * np.maximum(self.daily * days, 1e-12), lost, 0.0)
            named = {self.program.column_says(int(c)): float(v) for c, v in zip(self.lost, lost, strict=True) if v}
            result[position] = (_clean(float(self.worth @ lost)), named)
        return [result[position] for position in range(len(outages))]


def _clean(value: float) -> float:
    """Take the solver's dust off a value that is never negative, so that equal outages rank by name."""
    return max(0.0, float(f"{value:.9g}")) + 0.0


def _with_shut(solver: "highspy.Highs", columns: Ints, basis: "highspy.HighsBasis | None" = None) -> Floats:
    """Solve with some columns shut, open them again, and return the scaled values.

    From the basis of the whole network: shutting a column only moves bounds, so it stays dual feasible.
    """
    import highspy  # noqa: PLC0415  # it has been loaded

    if basis is not None:
        solver.setBasis(basis)
    zeros, opened = np.zeros(len(columns)), np.full(len(columns), np.inf)
    if len(columns):
        solver.changeColsBounds(len(columns), columns.astype(np.int32), zeros, zeros)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise DosewayError(f"the solver failed on an outage: {solver.modelStatusToString(solver.getModelStatus())}")
    x = np.asarray(solver.getSolution().col_value, dtype=np.float64)
    if len(columns):
        solver.changeColsBounds(len(columns), columns.astype(np.int32), zeros, opened)
    return x
