"""Checks along the chain: lanes that lead nowhere, demand that nothing reaches, capacity that cannot be enough."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from doseway.plan.chain import Chain
from doseway.plan.findings import Finding
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.goods import Goods
from doseway.plan.quantities import in_plan_units
from doseway.plan.tables import Network


def orphan_lanes(network: Network) -> Iterator[Finding]:
    """Find lanes over which nothing useful can ever move."""
    chain, table = Chain(in_plan_units(network)), network["lanes"]
    used = {
        lane
        for lane, product in chain.carried
        if chain.labels.get((int(chain.lane_from[lane]), product))
        and (int(chain.lane_to[lane]), product) in chain.needed
    }
    for row, lane in enumerate(table.text("lane")):
        if row not in used:
            text = (
                f"nothing can use the lane {lane} from {table.text('from_node')[row]} to {table.text('to_node')[row]}"
            )
            hint = "Nothing that its end needs can be at its beginning, or no class of temperature fits."
            yield Finding("orphan-lane", "warning", text, table.where(row, "lane"), hint)


def unreachable_demand(network: Network) -> Iterator[Finding]:
    """Find demand that no maker, stock and chain of lanes can reach: an error where it must be served."""
    chain, table = Chain(in_plan_units(network)), network["demand"]
    nodes, products = chain.positions(table, "market", chain.nodes), chain.positions(table, "product", chain.products)
    for row, pair in enumerate(zip(map(int, nodes), map(int, products), strict=True)):
        if not chain.labels.get(pair):
            is_hard = bool(table.flag("required")[row]) and bool(np.isnan(table.number("shortage_cost")[row]))
            text = f"no {table.text('product')[row]} can reach {table.text('market')[row]}"
            hint = "Look for a missing recipe, input, lane, licence or class of temperature."
            severity: Literal["error", "warning"] = (
                "error" if is_hard and table.number("quantity")[row] > 0 else "warning"
            )
            yield Finding("unreachable", severity, text, table.where(row, "market"), hint)


def capacity_below_demand(network: Network) -> Iterator[Finding]:
    """Find products of which even all lines together, opened and expanded, cannot make what is needed."""
    chain = Chain(in_plan_units(network))
    draft = Draft(chain, Goods(chain), Conditions())
    hours = chain.network["recipes"].number("hours")
    extra = chain.network["lines"].number("expansion_max")[:, None] * chain.days[None, :]
    total = (draft.line_hours + extra).sum(axis=1)
    for product in np.unique(draft.wants.product):
        recipes = np.flatnonzero(chain.recipe_product == product)
        if not len(recipes) or (hours[recipes] == 0).any():
            continue
        most = float((total[chain.recipe_line[recipes]] / hours[recipes]).sum())
        most += sum(lot.quantity for lot in draft.goods.lots if draft.goods.product[lot.good] == product)
        wanted = float(draft.wants.quantity[draft.wants.product == product].sum())
        if most < wanted * (1 - 1e-9):
            row = int(draft.wants.row[draft.wants.product == product][0])
            text = f"{chain.products[product]}: {wanted:,.6g} are wanted, and at most {most:,.6g} can be made"
            yield Finding("capacity", "warning", text, network["demand"].where(row, "quantity"))


def unreachable_storage(network: Network) -> Iterator[Finding]:
    """Find stock that must be kept of what can never be there."""
    chain, table = Chain(in_plan_units(network)), network["storage"]
    nodes, products = chain.positions(table, "site", chain.nodes), chain.positions(table, "product", chain.products)
    for row, pair in enumerate(zip(map(int, nodes), map(int, products), strict=True)):
        least = max(table.number("min_quantity")[row], table.number("closing")[row])
        if least > 0 and not chain.labels.get(pair):
            text = f"{table.text('site')[row]} must keep {table.text('product')[row]}, and none can get there"
            yield Finding("unreachable", "error", text, table.where(row, "site"))
