"""Goods: what flows in the model. A good is a product with its label and, where shelf life can bind, its last day.

Age classes are kept by the day of expiration instead of the age, so that nothing has to move from class to class: a
lot made in a period has its own good, which exists while it can still be used up in full before it expires.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from doseway.plan.cells import day_of
from doseway.plan.chain import Chain, Label
from doseway.plan.program import Floats, Ints


class Good(NamedTuple):
    """A product by position, its label, and the day ordinal on which it expires; infinite where that cannot bind."""

    product: int
    label: Label
    expires: float


class Lot(NamedTuple):
    """Stock that is there, or comes, without being made: node, good's position, period and quantity."""

    site: int
    good: int
    period: int
    quantity: float


@dataclass(frozen=True)
class Goods:
    """All goods of a chain, in a fixed order."""

    chain: Chain

    @cached_property
    def horizon(self) -> float:
        """The day after which an expiration changes nothing: the end plus the longest residual life asked for."""
        residual = self.chain.network["markets"].number("residual_life")
        return self.chain.end + float(np.max(residual, initial=0.0))

    def expires_when_made(self, product: int, day: float) -> float:
        """Return the day on which a product expires that was made in the period beginning on a day."""
        life = float(self.chain.network["products"].number("shelf_life")[product])
        return day + life if day + life < self.horizon else np.inf

    @cached_property
    def listed(self) -> list[Good]:
        """The goods, by product, label and day of expiration."""
        found: set[Good] = {good for good, _ in self._stocked.values()}
        found |= {
            Good(p, label, self.expires_when_made(p, float(self.chain.starts[0]))) for _, p, label in self.buffers
        }
        made = set(map(int, self.chain.recipe_product))
        for (_, product), labels in self.chain.labels.items():
            if product in made:
                for day in self.chain.starts:
                    found |= {Good(product, label, self.expires_when_made(product, float(day))) for label in labels}
        return sorted(found)

    @cached_property
    def index(self) -> dict[Good, int]:
        """Position of each good."""
        return {good: position for position, good in enumerate(self.listed)}

    @cached_property
    def product(self) -> Ints:
        """Product of each good."""
        return np.array([good.product for good in self.listed], dtype=np.int64)

    @cached_property
    def expires(self) -> Floats:
        """Day of expiration of each good."""
        return np.array([good.expires for good in self.listed], dtype=np.float64)

    @cached_property
    def origins(self) -> list[str]:
        """Country of origin of each good; "" where that is not followed."""
        return [good.label.origin for good in self.listed]

    @cached_property
    def names(self) -> list[str]:
        """What a person would call each good."""
        return [self._name(good) for good in self.listed]

    def _name(self, good: Good) -> str:
        origin = f" of {good.label.origin}" if good.label.origin else ""
        until = f" until {day_of(good.expires)}" if np.isfinite(good.expires) else ""
        return f"{self.chain.products[good.product]}{origin}{until}"

    @cached_property
    def usable(self) -> npt.NDArray[np.bool_]:
        """(good, period): whether the good exists by then, and what is there can be used to the period's last day.

        Age counts from the first day of the period of making to the last day of the period of use, so that nothing
        in the plan is ever used expired, whenever within the periods it happens.
        """
        ends = self.chain.starts + self.chain.days
        shape = (len(self.listed), len(ends))
        is_born = np.arange(len(ends))[None, :] >= self._births[:, None]
        return is_born & (ends[None, :] <= self.expires[:, None]) & np.ones(shape, dtype=np.bool_)

    @cached_property
    def _births(self) -> Ints:
        """First period in which each good can exist."""
        births = np.full(len(self.listed), len(self.chain.starts), dtype=np.int64)
        made = set(map(int, self.chain.recipe_product))
        for position, good in enumerate(self.listed):
            if good.product in made:
                same = [self.expires_when_made(good.product, float(day)) == good.expires for day in self.chain.starts]
                births[position] = same.index(True) if any(same) else births[position]
        for lot in self.lots:
            births[lot.good] = min(births[lot.good], lot.period)
        for _, product, label in self.buffers:
            good = Good(product, label, self.expires_when_made(product, float(self.chain.starts[0])))
            births[self.index[good]] = 0
        return births

    @cached_property
    def present(self) -> npt.NDArray[np.bool_]:
        """(node, good): whether the good's product can be at the node with the good's label."""
        grid = np.zeros((len(self.chain.nodes), len(self.listed)), dtype=np.bool_)
        places: dict[tuple[int, Label], list[int]] = {}
        for position, good in enumerate(self.listed):
            places.setdefault((good.product, good.label), []).append(position)
        for (node, product), labels in self.chain.labels.items():
            for label in labels:
                grid[node, places.get((product, label), [])] = True
        return grid

    @cached_property
    def lots(self) -> list[Lot]:
        """Opening stock and arrivals, each in the period in which it is there."""
        table, starts = self.chain.network["stocks"], self.chain.starts
        lots = []
        for row, (good, day) in self._stocked.items():
            period = int(np.searchsorted(starts, day, side="right")) - 1
            if day < self.chain.end:
                site = self.chain.nodes.index(table.text("site")[row])
                lots.append(Lot(site, self.index[good], max(period, 0), float(table.number("quantity")[row])))
        return lots

    @cached_property
    def _stocked(self) -> dict[int, tuple[Good, float]]:
        """Row of the stocks table → its good and the day on which it is there."""
        table, chain = self.chain.network["stocks"], self.chain
        sites, products = chain.positions(table, "site", chain.nodes), chain.positions(table, "product", chain.products)
        first = float(chain.starts[0])
        result = {}
        for row, (site, product) in enumerate(zip(map(int, sites), map(int, products), strict=True)):
            day, until = float(table.number("available")[row]), float(table.number("expiration_date")[row])
            day = first if np.isnan(day) else max(day, first)
            until = self.expires_when_made(product, day) if np.isnan(until) else until
            label = chain.stock_label(site, product, table.text("origin")[row])
            result[row] = (Good(product, label, until if until < self.horizon else np.inf), day)
        return result

    @cached_property
    def buffers(self) -> list[tuple[int, int, Label]]:
        """Storage row, product and label of each place where a buffer may be placed before the plan begins."""
        table, chain = self.chain.network["storage"], self.chain
        sites, products = chain.positions(table, "site", chain.nodes), chain.positions(table, "product", chain.products)
        return [
            (int(row), int(products[row]), chain.stock_label(int(sites[row]), int(products[row]), ""))
            for row in np.flatnonzero(~np.isnan(table.number("buffer_cost")))
        ]
