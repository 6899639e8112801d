"""Checks of numbers: calendars with holes, units and currencies that do not convert, values that cannot be."""

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np

from doseway.plan.findings import Finding
from doseway.plan.quantities import COUNTED, factor, rate
from doseway.plan.tables import Network

LOW_YIELD: Final = 0.2


def calendar(network: Network) -> Iterator[Finding]:
    """Find periods that overlap or leave a hole."""
    table = network["periods"]
    order = np.argsort(table.number("start"), kind="stable")
    ends = table.number("start") + table.number("days")
    for before, after in itertools.pairwise(order):
        if table.number("start")[after] != ends[before]:
            names = table.text("period")
            text = f"{names[after]} does not begin on the day after {names[before]}"
            yield Finding("calendar", "error", text, table.where(int(after), "start"))


def currencies(network: Network) -> Iterator[Finding]:
    """Find money in a currency without a rate."""
    for table in network.tables.values():
        if table.name in {"scope", "currencies"} or "currency" not in table.texts:
            continue
        for row, currency in enumerate(table.text("currency")):
            if rate(network, currency) is None:
                text = f"no rate for the currency {currency!r}"
                yield Finding(
                    "currency", "error", text, table.where(row, "currency"), "Add it to the table currencies."
                )


def units(network: Network) -> Iterator[Finding]:
    """Find amounts in a unit that does not convert to the product's."""
    products = network["products"]
    own = dict(zip(products.text("product"), products.text("unit"), strict=True))
    for name, (product_column, _) in COUNTED.items():
        table = network[name]
        for row, (product, unit) in enumerate(zip(table.text(product_column), table.text("unit"), strict=True)):
            if unit and product in own and factor(network, unit, own[product]) is None:
                text = f"{product} is counted in {own[product]!r}, and {unit!r} does not convert to it"
                yield Finding("unit", "error", text, table.where(row, "unit"), "Add the conversion to the table units.")


def ramps(network: Network) -> Iterator[Finding]:
    """Find lines whose ramp is not in the table, and ramps that fall."""
    table, lines = network["ramps"], network["lines"]
    known = set(table.text("ramp"))
    for row, name in enumerate(lines.text("ramp")):
        if name and name not in known:
            yield Finding("unknown-name", "error", f"there is no ramp {name!r}", lines.where(row, "ramp"))
    for name in sorted(known):
        rows = [i for i, ramp in enumerate(table.text("ramp")) if ramp == name]
        rows.sort(key=lambda i: table.number("days")[i])
        for before, after in itertools.pairwise(rows):
            if table.number("share")[after] < table.number("share")[before]:
                text = f"the ramp {name!r} falls with time"
                yield Finding("ramp", "error", text, table.where(after, "share"))


def policy_values(network: Network) -> Iterator[Finding]:
    """Find rules whose value or countries make no sense."""
    table = network["policies"]
    countries = set(network["sites"].text("country")) | set(network["markets"].text("country"))
    for row, rule in enumerate(table.text("rule")):
        value, named = float(table.number("value")[row]), table.text("countries")[row].split()
        if rule == "min_sites" and not value.is_integer():
            yield Finding("policy", "error", "a number of sites is a whole number", table.where(row, "value"))
        if rule != "min_sites" and value > 1:
            text = "a share is between 0 and 1"
            yield Finding("policy", "error", text, table.where(row, "value"), "Write 30 % as 0.3.")
        if rule == "min_country_share" and not named:
            yield Finding("policy", "error", "the rule names no country", table.where(row, "countries"))
        for country in sorted(set(named) - countries):
            text = f"the rule names {country!r}, where nothing of the network is"
            yield Finding("policy-country", "warning", text, table.where(row, "countries"))


def demand_twice(network: Network) -> Iterator[Finding]:
    """Find demand given for every period and for one of them too."""
    table = network["demand"]
    every = {
        (m, p)
        for m, p, t in zip(table.text("market"), table.text("product"), table.text("period"), strict=True)
        if not t
    }
    for row, pair in enumerate(zip(table.text("market"), table.text("product"), strict=True)):
        if table.text("period")[row] and pair in every:
            text = f"demand of {pair[0]} for {pair[1]} is given for every period, and for this one again"
            yield Finding("duplicate", "error", text, table.where(row, "period"), "Give each period its own row.")


def short_lives(network: Network) -> Iterator[Finding]:
    """Find products that would expire within the period in which they are made."""
    table, days = network["products"], network["periods"].number("days")
    longest = float(np.max(days, initial=0.0))
    for row, life in enumerate(table.number("shelf_life")):
        if life < longest:
            text = f"{table.text('product')[row]} expires within a period of {longest:g} days"
            yield Finding("shelf-life", "error", text, table.where(row, "shelf_life"), "Use shorter periods.")


def suspicious_yields(network: Network) -> Iterator[Finding]:
    """Find yields so low that a percentage was probably misread."""
    table = network["boms"]
    for row in np.flatnonzero(table.number("yield") < LOW_YIELD):
        text = f"a yield of {table.number('yield')[row]:g} is very low"
        yield Finding("yield", "warning", text, table.where(int(row), "yield"))


def lognormal_spread(network: Network) -> Iterator[Finding]:
    """Find lognormal durations without a spread."""
    table = network["disruptions"]
    for row, law in enumerate(table.text("duration")):
        if law == "lognormal" and table.number("duration_sd")[row] == 0:
            text = "a lognormal duration needs a standard deviation"
            yield Finding("duration", "error", text, table.where(row, "duration_sd"))
