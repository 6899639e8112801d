"""Everything in the plan's own currency and in each product's own unit, before anything is reckoned."""

from collections import deque
from dataclasses import replace
from typing import Final

import numpy as np

from doseway.model.errors import UnitError
from doseway.plan.schema import attributes
from doseway.plan.tables import Floats, Network, Table

COUNTED: Final = {
    "boms": ("input", ("quantity",)),
    "demand": ("product", ("quantity", "sd")),
    "stocks": ("product", ("quantity",)),
}
"""Tables with a unit column: the attribute that names the product, and the amounts counted in that unit."""
PER_UNIT: Final = {"demand": ("price", "shortage_cost")}
"""Money per unit in those tables: it is per unit of the row, and is divided where the amount is multiplied."""


def in_plan_units(network: Network) -> Network:
    """Return the network with all money in the plan's currency and all amounts in their product's unit.

    Raises:
        UnitError: a currency without a rate, or a unit that cannot be converted, with its place.
    """
    return Network({name: _counted(_money(table, network), network) for name, table in network.tables.items()})


def plan_currency(network: Network) -> str:
    """Return the ISO code in which the plan reckons."""
    return network["scope"].text("currency")[0] if len(network["scope"]) else "USD"


def rate(network: Network, currency: str) -> float | None:
    """Return the value of one unit of a currency in the plan's; None where it is not known."""
    if currency in {"", plan_currency(network)}:
        return 1.0
    table = network["currencies"]
    names = table.text("currency")
    return float(table.number("rate")[names.index(currency)]) if currency in names else None


def factor(network: Network, unit: str, target: str) -> float | None:
    """Return how many target units make one unit, over the table `units` in both directions; None without a way."""
    table = network["units"]
    ways: dict[str, list[tuple[str, float]]] = {}
    for name, other, equals in zip(table.text("unit"), table.text("of"), table.number("equals"), strict=True):
        ways.setdefault(name, []).append((other, float(equals)))
        ways.setdefault(other, []).append((name, 1 / float(equals)))
    queue, seen = deque([(unit, 1.0)]), {unit}
    while queue:
        name, product = queue.popleft()
        if name == target:
            return product
        for other, step in ways.get(name, ()):
            if other not in seen:
                seen.add(other)
                queue.append((other, product * step))
    return None


def _money(table: Table, network: Network) -> Table:
    """Convert the money of a table."""
    if "currency" not in table.texts or table.name in {"scope", "currencies"} or not len(table):
        return table
    rates = np.array([_rate(network, table, row) for row in range(len(table))])
    if (rates == 1.0).all():
        return table
    money = [name for name, attribute in attributes(table.name).items() if attribute.is_money]
    return replace(table, numbers={**table.numbers, **{name: table.number(name) * rates for name in money}})


def _rate(network: Network, table: Table, row: int) -> float:
    currency = table.text("currency")[row]
    value = rate(network, currency)
    if value is None:
        hint = "Add it to the table currencies."
        raise UnitError(f"no rate for the currency {currency!r}", hint=hint, where=table.where(row, "currency"))
    return value


def _counted(table: Table, network: Network) -> Table:
    """Convert the amounts of a table."""
    if table.name not in COUNTED or not len(table):
        return table
    factors = _factors(table, network)
    if (factors == 1.0).all():
        return table
    changed = {name: table.number(name) * factors for name in COUNTED[table.name][1]}
    changed |= {name: table.number(name) / factors for name in PER_UNIT.get(table.name, ())}
    return replace(table, numbers={**table.numbers, **changed})


def _factors(table: Table, network: Network) -> Floats:
    """Return the factor of each row from its unit to its product's."""
    products = network["products"]
    own = dict(zip(products.text("product"), products.text("unit"), strict=True))
    factors = np.ones(len(table))
    for row, (product, unit) in enumerate(zip(table.text(COUNTED[table.name][0]), table.text("unit"), strict=True)):
        if not unit or unit == own.get(product, unit):
            continue
        value = factor(network, unit, own[product])
        if value is None:
            what = f"{product} is counted in {own[product]!r}, and {unit!r} cannot be converted"
            raise UnitError(what, hint="Add the conversion to the table units.", where=table.where(row, "unit"))
        factors[row] = value
    return factors
