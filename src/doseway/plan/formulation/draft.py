"""What the functions of the formulation share: the goods, the conditions of the scenario, and the columns so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from doseway.plan.chain import Chain
from doseway.plan.goods import Goods
from doseway.plan.program import Floats, Ints, Label, Numbers, Program, codes, filled

EMPTY: Ints = np.zeros(0, dtype=np.int64)
_SMALLEST_LIMIT = 1e-3
"""Of the usual amount: a row is not reckoned in smaller sizes than that."""


@dataclass(frozen=True)
class Conditions:
    """What differs between scenarios, as factors on the tables; None leaves everything as it is.

    Attributes:
        line_share: (line, period) share of the capacity that works.
        lane_share: (lane, period) share of the lane's capacity; 0 closes it, also where the capacity is unlimited.
        lane_cost: (lane,) factor on the freight.
        demand: (demand row, period) factor on the quantity.
    """

    line_share: Floats | None = None
    lane_share: Floats | None = None
    lane_cost: Floats | None = None
    demand: Floats | None = None


@dataclass(frozen=True)
class Wants:
    """Demand by market and period. Arrays of one length: table row, node, product, period, quantity."""

    row: Ints
    node: Ints
    product: Ints
    period: Ints
    quantity: Floats


@dataclass
class Columns:
    """Columns of one kind with the positions that tell them apart; unused ones stay empty."""

    at: Ints = field(default_factory=lambda: EMPTY)
    lane: Ints = field(default_factory=lambda: EMPTY)
    recipe: Ints = field(default_factory=lambda: EMPTY)
    line: Ints = field(default_factory=lambda: EMPTY)
    node: Ints = field(default_factory=lambda: EMPTY)
    good: Ints = field(default_factory=lambda: EMPTY)
    product: Ints = field(default_factory=lambda: EMPTY)
    period: Ints = field(default_factory=lambda: EMPTY)
    arrival: Ints = field(default_factory=lambda: EMPTY)
    row: Ints = field(default_factory=lambda: EMPTY)


Kind: TypeAlias = Literal["line", "lane", "demand", "open", "growth"]


@dataclass(frozen=True)
class Varying:
    """Numbers of the program that conditions multiply, so that a scenario need not be built anew.

    Attributes:
        kind: `line`, `lane` and `demand` multiply by the share or factor of the key; `open` by 1 while the lane is
            open, times the growth of demand; `growth` by that alone.
        keys: first index · periods + period of each member.
        rows: whose limits are the sum of its members' lower and upper, or
        columns: with which a row has an entry of that value, where they are given.
    """

    kind: Kind
    keys: Ints
    rows: Ints
    columns: Ints | None = None
    values: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None


@dataclass
class Draft:
    """A program in the making."""

    chain: Chain
    goods: Goods
    conditions: Conditions
    program: Program = field(default_factory=Program)
    flow: Columns = field(default_factory=Columns)
    make: Columns = field(default_factory=Columns)
    use: Columns = field(default_factory=Columns)
    stock: Columns = field(default_factory=Columns)
    buffer: Columns = field(default_factory=Columns)
    served: Columns = field(default_factory=Columns)
    short: Columns = field(default_factory=Columns)
    activate: Columns = field(default_factory=Columns)
    expand: Columns = field(default_factory=Columns)
    qualify: Columns = field(default_factory=Columns)
    opened: Columns = field(default_factory=Columns)
    campaign: Columns = field(default_factory=Columns)
    varying: list["Varying"] = field(default_factory=list)
    single: Columns = field(default_factory=Columns)

    @property
    def period_count(self) -> int:
        """Number of periods."""
        return len(self.chain.starts)

    @cached_property
    def discount(self) -> Floats:
        """Factor on the money of each period."""
        scope = self.chain.network["scope"]
        rate = float(scope.number("discount_rate")[0]) if len(scope) else 0.0
        return np.asarray((1 + rate) ** (-(self.chain.starts - self.chain.starts[0]) / 365.0), dtype=np.float64)

    @cached_property
    def arrivals(self) -> Ints:
        """(lane, period) → period that holds the day of arrival of what leaves on the first day; -1 is too late.

        A lane shorter than a period arrives in the same period; what it takes is paid as carrying cost, and is taken
        in full by the time-to-survive analysis, which knows days.
        """
        due = self.chain.starts[None, :] + self.chain.network["lanes"].number("days")[:, None]
        period = np.searchsorted(self.chain.starts, due, side="right") - 1
        return np.where(due < self.chain.end, period, -1).astype(np.int64)

    @cached_property
    def wants(self) -> Wants:
        """Demand, a blank period spread over all of them."""
        table, chain = self.chain.network["demand"], self.chain
        named = chain.positions(table, "period", chain.periods)
        rows = np.concatenate(
            [np.full(1 if p >= 0 else self.period_count, row) for row, p in enumerate(named)] or [EMPTY]
        )
        periods = np.concatenate([[p] if p >= 0 else np.arange(self.period_count) for p in named] or [EMPTY])
        rows, periods = rows.astype(np.int64), periods.astype(np.int64)
        factor = 1.0 if self.conditions.demand is None else self.conditions.demand[rows, periods]
        nodes, products = (
            chain.positions(table, "market", chain.nodes),
            chain.positions(table, "product", chain.products),
        )
        return Wants(rows, nodes[rows], products[rows], periods, table.number("quantity")[rows] * factor)

    @cached_property
    def need(self) -> Floats:
        """Per product, all that the tables' markets want of it over the plan, also inside what is made from it.

        A scenario may want more, by `growth` at most.
        """
        own: Floats = np.bincount(
            self.wants.product,
            self.chain.network["demand"].number("quantity")[self.wants.row],
            minlength=len(self.chain.products),
        ).astype(np.float64)
        total = own
        for _ in self.chain.products:  # as deep as the longest chain at most
            inside = np.zeros_like(own)
            for product, bom in enumerate(self.chain.inputs):
                for entry in bom:
                    inside[entry.product] += entry.amount * total[product]
            if np.array_equal(own + inside, total):
                break
            total = own + inside
        storage = self.chain.network["storage"]
        held = self.chain.positions(storage, "product", self.chain.products)
        kept = np.maximum(storage.number("min_quantity"), storage.number("closing"))
        # Cover in days is stock on top of what the markets take; a generous bound is enough here.
        cover = 1 + float(storage.number("min_days").sum()) / float(self.chain.days.min())
        return (total + np.bincount(held, kept, minlength=len(total))) * cover

    @property
    def growth(self) -> float:
        """The factor by which a scenario's demand exceeds the tables' at most; 1 where it nowhere does."""
        factors = self.conditions.demand
        return 1.0 if factors is None else max(1.0, float(np.max(factors, initial=1.0)))

    @cached_property
    def size(self) -> Floats:
        """Natural amount of each product, in which the solver reckons: so a unit of measure changes nothing."""
        typical = self.need / max(len(self.wants.row), 1)
        return np.where(typical > 0, typical, 1.0)

    @cached_property
    def whole_hours(self) -> Floats:
        """(line, period) hours that good practice lets a line run undisturbed, idle ones included."""
        lines = self.chain.network["lines"]
        return (lines.number("capacity") * lines.number("utilisation"))[:, None] * self.chain.days[None, :]

    @cached_property
    def line_hours(self) -> Floats:
        """The hours of `whole_hours` without the disrupted share."""
        share = self.conditions.line_share
        return self.whole_hours if share is None else self.whole_hours * share

    def vary_limits(self, kind: Kind, keys: Ints, rows: Ints, lower: Numbers, upper: Numbers) -> None:
        """Note that conditions multiply limits of rows; a row has the sum of what is noted for it."""
        count = len(rows)
        self.varying.append(Varying(kind, keys, rows, lower=filled(lower, count), upper=filled(upper, count)))

    def vary_entries(self, kind: Kind, keys: Ints, rows: Ints, columns: Ints, values: Floats) -> None:
        """Note that conditions multiply entries, and add them; several at one place add up."""
        some = values != 0  # what is 0 has no place in the matrix
        self.program.add_entries(rows[some], columns[some], values[some])
        self.varying.append(Varying(kind, keys[some], rows[some], columns[some], values[some]))

    def cell_key(self, first: Ints, period: Ints) -> Ints:
        """Return the key of a line, lane or demand row in a period."""
        return first * self.period_count + period

    def key(self, node: Ints, good: Ints, period: Ints) -> Ints:
        """Return one number for node, good and period."""
        return (node * len(self.goods.listed) + good) * self.period_count + period

    def label_nodes(self, positions: Ints) -> Label:
        """Label members with their node."""
        return codes(self.chain.nodes, positions)

    def label_goods(self, positions: Ints) -> Label:
        """Label members with their good."""
        return codes(self.goods.names, positions)

    def label_products(self, positions: Ints) -> Label:
        """Label members with their product."""
        return codes(self.chain.products, positions)

    def label_periods(self, positions: Ints) -> Label:
        """Label members with their period."""
        return codes(self.chain.periods, positions)

    def label_table(self, table: str, attribute: str, positions: Ints) -> Label:
        """Label members with a cell of the table's row."""
        return codes(self.chain.network[table].text(attribute), positions)


def limit_size(limits: Floats, usual: Numbers) -> Floats:
    """Return the natural size of limits: each its own, yet not so small that a limit of zero blows its row up."""
    return np.maximum(limits, _SMALLEST_LIMIT * np.asarray(usual))


def grouped(*columns: Ints) -> tuple[Ints, list[Ints]]:
    """Return, for each member, the position of its group, and the columns of the distinct groups in sorted order."""
    if not len(columns[0]):
        return EMPTY, [EMPTY for _ in columns]
    distinct, inverse = np.unique(np.stack(columns), axis=1, return_inverse=True)
    return np.asarray(inverse, dtype=np.int64).reshape(-1), [np.asarray(row, dtype=np.int64) for row in distinct]


def found(sorted_keys: Ints, wanted: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the position of each wanted key among sorted ones, and whether it is there."""
    if not len(sorted_keys):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    position = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return position.astype(np.int64), sorted_keys[position] == wanted


def unzipped(members: Sequence[tuple[int, ...]], width: int) -> list[Ints]:
    """Return a list of tuples of positions as columns."""
    return [np.asarray(column) for column in np.array(members, dtype=np.int64).reshape(-1, width).T]
