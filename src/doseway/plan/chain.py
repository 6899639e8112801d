"""The network's tables as arrays of positions, and which material with which label can be where.

A *label* is what a material carries with it besides its name: the country that customs call its origin, because duty
follows the active ingredient and not the lorry; and the market countries that license the site which finished it.
"""

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from doseway.plan.program import Floats, Ints
from doseway.plan.tables import Network, Table

INGREDIENTS: Final = {"ksm", "reagent", "excipient"}


class Label(NamedTuple):
    """What a material carries: its origin ("" where that is not followed), and the countries that license its maker."""

    origin: str = ""
    licensed: tuple[str, ...] = ()


class Input(NamedTuple):
    """One line of a bill of material: position of the input, amount per unit with losses, origin given or not."""

    product: int
    amount: float
    gives_origin: bool


@dataclass(frozen=True)
class Chain:
    """A network whose amounts are in plan units, with names turned into positions.

    Nodes are the sites, then the markets. Rows of `lines`, `recipes`, `lanes`, `products` keep their position.
    """

    network: Network

    @cached_property
    def products(self) -> list[str]:
        """Names of products by position."""
        return self.network["products"].text("product")

    @cached_property
    def nodes(self) -> list[str]:
        """Names of nodes by position: sites, then markets."""
        return self.network["sites"].text("site") + self.network["markets"].text("market")

    @cached_property
    def countries(self) -> list[str]:
        """Country of each node."""
        return self.network["sites"].text("country") + self.network["markets"].text("country")

    @property
    def site_count(self) -> int:
        """Nodes below this position are sites."""
        return len(self.network["sites"])

    @cached_property
    def starts(self) -> Floats:
        """First day of each period, day ordinals; periods in order of time."""
        return np.sort(self.network["periods"].number("start"))

    @cached_property
    def days(self) -> Floats:
        """Length of each period in days, in order of time."""
        table = self.network["periods"]
        return table.number("days")[np.argsort(table.number("start"), kind="stable")]

    @cached_property
    def periods(self) -> list[str]:
        """Names of the periods in order of time."""
        table = self.network["periods"]
        return [table.text("period")[row] for row in np.argsort(table.number("start"), kind="stable")]

    @property
    def end(self) -> float:
        """The day after the last period."""
        return float(self.starts[-1] + self.days[-1])

    @cached_property
    def line_site(self) -> Ints:
        """Node of each line."""
        return self.positions(self.network["lines"], "site", self.nodes)

    @cached_property
    def recipe_line(self) -> Ints:
        """Line of each recipe."""
        return self.positions(self.network["recipes"], "line", self.network["lines"].text("line"))

    @cached_property
    def recipe_product(self) -> Ints:
        """Product of each recipe."""
        return self.positions(self.network["recipes"], "product", self.products)

    @cached_property
    def recipe_site(self) -> Ints:
        """Node of each recipe."""
        return self.line_site[self.recipe_line]

    @cached_property
    def lane_from(self) -> Ints:
        """Node at which each lane begins."""
        return self.positions(self.network["lanes"], "from_node", self.nodes)

    @cached_property
    def lane_to(self) -> Ints:
        """Node at which each lane ends."""
        return self.positions(self.network["lanes"], "to_node", self.nodes)

    @cached_property
    def inputs(self) -> list[list[Input]]:
        """Bill of material of each product."""
        table = self.network["boms"]
        kinds = self.network["products"].text("kind")
        listed: list[list[Input]] = [[] for _ in self.products]
        made = self.positions(table, "product", self.products)
        used = self.positions(table, "input", self.products)
        amounts = table.number("quantity") / table.number("yield")
        for row in range(len(table)):
            listed[made[row]].append(Input(int(used[row]), float(amounts[row]), bool(table.flag("gives_origin")[row])))
        return [_with_carrier(bom, kinds) for bom in listed]

    @cached_property
    def origin_rules(self) -> list[str]:
        """How each product gets its origin: made, inherit or none."""
        table = self.network["products"]
        return [
            rule if rule != "auto" else _automatic(kind, any(entry.gives_origin for entry in self.inputs[product]))
            for product, (rule, kind) in enumerate(zip(table.text("origin_rule"), table.text("kind"), strict=True))
        ]

    @cached_property
    def demanded(self) -> set[int]:
        """Products that some market wants."""
        return set(map(int, self.positions(self.network["demand"], "product", self.products)))

    @cached_property
    def licensed(self) -> list[tuple[str, ...]]:
        """Market countries that license each site, sorted; empty everywhere when nothing is said about licences."""
        table = self.network["licences"]
        pairs = sorted(zip(table.text("site"), table.text("country"), strict=True))
        return [tuple(c for s, c in pairs if s == site) for site in self.network["sites"].text("site")]

    @cached_property
    def carried(self) -> list[tuple[int, int]]:
        """All (lane, product) pairs that the lane may carry, by name and temperature class."""
        lanes, products = self.network["lanes"], self.network["products"]
        classes = products.text("temperature_class")
        every = range(len(self.products))
        position = {name: i for i, name in enumerate(self.products)}
        return [
            (lane, product)
            for lane, (only, kept) in enumerate(
                zip(lanes.text("product"), lanes.text("temperature_class"), strict=True)
            )
            for product in ((position[only],) if only else every)
            if not kept or not classes[product] or kept == classes[product]
        ]

    @cached_property
    def lanes_of(self) -> dict[int, Ints]:
        """Product → the lanes that may carry it."""
        lanes: dict[int, list[int]] = {}
        for lane, product in self.carried:
            lanes.setdefault(product, []).append(lane)
        return {product: np.array(listed, dtype=np.int64) for product, listed in lanes.items()}

    def positions(self, table: Table, attribute: str, names: list[str]) -> Ints:
        """Return the position of each name of a column; -1 for a blank."""
        index = {name: i for i, name in enumerate(names)}
        return np.array([index[name] if name else -1 for name in table.text(attribute)], dtype=np.int64)

    @cached_property
    def needed(self) -> set[tuple[int, int]]:
        """(node, product) pairs from which somebody's need can be served, found backwards from the markets."""
        demand = self.network["demand"]
        markets = self.positions(demand, "market", self.nodes)
        wanted = set(zip(map(int, markets), map(int, self.positions(demand, "product", self.products)), strict=True))
        storage = self.network["storage"]
        must_hold = (storage.number("min_quantity") > 0) | (storage.number("closing") > 0)
        nodes, held = self.positions(storage, "site", self.nodes), self.positions(storage, "product", self.products)
        wanted |= {(int(nodes[row]), int(held[row])) for row in np.flatnonzero(must_hold)}
        back: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for lane, product in self.carried:
            back.setdefault((int(self.lane_to[lane]), product), []).append((int(self.lane_from[lane]), product))
        for site, product in zip(map(int, self.recipe_site), map(int, self.recipe_product), strict=True):
            back.setdefault((site, product), []).extend((site, entry.product) for entry in self.inputs[product])
        queue = deque(wanted)
        while queue:
            for pair in back.get(queue.popleft(), ()):
                if pair not in wanted:
                    wanted.add(pair)
                    queue.append(pair)
        return wanted

    def label_made(self, site: int, product: int, carrier: Label = Label()) -> Label:  # noqa: B008  # immutable
        """Return the label of what a site makes from an ingredient with a label."""
        rule = self.origin_rules[product]
        origin = {"made": self.countries[site], "inherit": carrier.origin, "none": ""}[rule]
        return Label(origin, self.licensed[site] if product in self.demanded else ())

    @cached_property
    def labels(self) -> dict[tuple[int, int], set[Label]]:
        """(node, product) → labels with which it can be there and is of use, found forwards from makers and stocks."""
        found: dict[tuple[int, int], set[Label]] = {}
        for site, product, label in self._stocked():
            found.setdefault((site, product), set()).add(label)
        onward: dict[tuple[int, int], list[int]] = {}
        for lane, product in self.carried:
            onward.setdefault((int(self.lane_from[lane]), product), []).append(int(self.lane_to[lane]))
        users = self._users()
        queue = deque(found)
        for site, product in users.get((-1, -1), ()):
            self._make(found, queue, site, product)
        while queue:
            pair = queue.popleft()
            for node in onward.get(pair, ()):
                self._put(found, queue, (node, pair[1]), found[pair])
            for site, product in users.get(pair, ()):
                self._make(found, queue, site, product)
        return {pair: labels for pair, labels in found.items() if pair in self.needed}

    def _stocked(self) -> list[tuple[int, int, Label]]:
        """Return node, product and label of what lies in stock or may be placed there as a buffer."""
        stocks, storage = self.network["stocks"], self.network["storage"]
        result = []
        for site, product, origin in zip(
            self.positions(stocks, "site", self.nodes),
            self.positions(stocks, "product", self.products),
            stocks.text("origin"),
            strict=True,
        ):
            result.append((int(site), int(product), self.stock_label(int(site), int(product), origin)))
        places = zip(
            self.positions(storage, "site", self.nodes), self.positions(storage, "product", self.products), strict=True
        )
        for row, (site, product) in enumerate(places):
            if not np.isnan(storage.number("buffer_cost")[row]):
                result.append((int(site), int(product), self.stock_label(int(site), int(product), "")))
        return result

    def stock_label(self, site: int, product: int, origin: str) -> Label:
        """Return the label of stock: of the origin given, else of the site's country, where origins are followed."""
        followed = "" if self.origin_rules[product] == "none" else origin or self.countries[site]
        return Label(followed, self.licensed[site] if product in self.demanded else ())

    def _users(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Return (node, input) → what the node makes from it; (-1, -1) → what is made from nothing."""
        users: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for site, product in zip(map(int, self.recipe_site), map(int, self.recipe_product), strict=True):
            bom = self.inputs[product]
            for key in [(site, entry.product) for entry in bom] or [(-1, -1)]:
                users.setdefault(key, []).append((site, product))
        return users

    def _make(
        self, found: dict[tuple[int, int], set[Label]], queue: deque[tuple[int, int]], site: int, product: int
    ) -> None:
        """Note the labels with which a site can make a product from what has been found so far."""
        bom = self.inputs[product]
        if not all((site, entry.product) in found for entry in bom):
            return
        carrier = next((entry.product for entry in bom if entry.gives_origin), None)
        carriers = found[site, carrier] if carrier is not None else {Label()}
        self._put(found, queue, (site, product), {self.label_made(site, product, label) for label in carriers})

    def _put(
        self,
        found: dict[tuple[int, int], set[Label]],
        queue: deque[tuple[int, int]],
        pair: tuple[int, int],
        labels: set[Label],
    ) -> None:
        """Note labels at a place; what is new goes on from there."""
        if pair not in self.needed:
            return
        known = found.setdefault(pair, set())
        if admitted := {label for label in labels if self.admits(pair[0], label)} - known:
            known |= admitted
            queue.append(pair)
        elif not known:
            del found[pair]

    def admits(self, node: int, label: Label) -> bool:
        """Tell whether a node may receive it: a market needs a finisher that its country licenses."""
        if node < self.site_count or not len(self.network["licences"]):
            return True
        return self.countries[node] in label.licensed


def _with_carrier(bom: list[Input], kinds: list[str]) -> list[Input]:
    """Mark the only active ingredient as the giver of the origin, where no input is marked."""
    active = [entry.product for entry in bom if kinds[entry.product] == "api"]
    if any(entry.gives_origin for entry in bom) or len(active) != 1:
        # A pack takes the origin of the only drug in it.
        drugs = [entry.product for entry in bom if kinds[entry.product] == "drug"]
        if any(entry.gives_origin for entry in bom) or active or len(drugs) != 1:
            return bom
        active = drugs
    return [entry._replace(gives_origin=entry.product == active[0]) for entry in bom]


def _automatic(kind: str, has_carrier: bool) -> str:
    """Return the origin rule of a kind of product."""
    if kind in INGREDIENTS:
        return "none"
    return "inherit" if has_carrier and kind in {"drug", "pack"} else "made"
