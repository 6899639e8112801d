"""Rules that people set: shares by country and site, a number of sources, exports, service."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from doseway.plan.formulation.draft import Draft
from doseway.plan.formulation.invest import ramped
from doseway.plan.formulation.markets import flows_to_markets, qualified_share
from doseway.plan.program import Floats, Ints, codes

Flags = npt.NDArray[np.bool_]


def policies(draft: Draft) -> None:
    """Add the rows of every rule in the table."""
    for row, rule in enumerate(draft.chain.network["policies"].text("rule")):
        RULES[rule](draft, row)


def country_share(draft: Draft, row: int) -> None:
    """Bound a share by country, per product and period: Σ_{in countries} v ≤ (or ≥) value · Σ v.

    By origin, v is what reaches the markets in scope; by making, what is made where. A maximum that names no country
    holds for each country by itself.
    """
    table = draft.chain.network["policies"]
    if table.text("measure")[row] == "origin":
        at, product, period, country = _by_origin(draft, row)
    else:
        at, product, period = draft.make.at, draft.make.product, draft.make.period
        country = np.array(draft.chain.countries, dtype=object)[draft.make.node]
    named = table.text("countries")[row].split()
    is_most = table.text("rule")[row] == "max_country_share"
    each = [[name] for name in sorted(set(map(str, country)))] if is_most and not named else [named]
    for countries in each:
        inside = np.isin(country.astype(str), countries)
        _share(draft, row, " ".join(countries), (at, product, period), inside, is_most=is_most)


def _by_origin(draft: Draft, row: int) -> tuple[Ints, Ints, Ints, npt.NDArray[np.object_]]:
    """Return column, product, period and origin of what reaches the markets in a rule's scope."""
    chain, flow = draft.chain, draft.flow
    members = flows_to_markets(draft)
    market = chain.network["policies"].text("market")[row]
    if market:
        members = members[chain.lane_to[flow.lane[members]] == chain.nodes.index(market)]
    followed = np.array(draft.goods.origins, dtype=object)[flow.good[members]]
    sender = np.array(chain.countries, dtype=object)[chain.lane_from[flow.lane[members]]]
    origin = np.where(followed == "", sender, followed)
    return flow.at[members], flow.product[members], flow.arrival[members], origin


def site_share(draft: Draft, row: int) -> None:
    """Bound what one site makes of a product in a period: Σ_{at the site} x ≤ value · Σ x, for each site."""
    make = draft.make
    for site in np.unique(make.node):
        inside = make.node == site
        _share(draft, row, draft.chain.nodes[site], (make.at, make.product, make.period), inside, is_most=True)


def export_share(draft: Draft, row: int) -> None:
    """Bound the exported part of what is sold, per product and period: Σ_{export} w ≤ value · Σ w."""
    served, chain = draft.served, draft.chain
    is_export = np.zeros(len(chain.nodes), dtype=np.bool_)
    is_export[chain.site_count :] = ~chain.network["markets"].flag("domestic")
    columns = (served.at, served.product, served.period)
    _share(draft, row, "export", columns, is_export[served.node], is_most=True)


def _share(draft: Draft, row: int, who: str, columns: tuple[Ints, Ints, Ints], inside: Flags, *, is_most: bool) -> None:
    """Add Σ_inside v - value · Σ v ≤ 0 (≥ 0 for a minimum) per product in scope and period in force."""
    at, product, period = columns
    scope = _in_scope(draft, row, product, period)
    pairs = np.unique(np.stack([product[scope], period[scope]]), axis=1)
    table = draft.chain.network["policies"]
    labels = {
        "policy": codes(table.text("policy"), np.full(pairs.shape[1], row)),
        "who": codes([who], np.zeros(pairs.shape[1])),
        "product": draft.label_products(pairs[0]),
        "period": draft.label_periods(pairs[1]),
    }
    rows = draft.program.add_rows(
        f"policy {row} {who}",
        "the rule {policy} for {product} ({who}) in {period}",
        labels,
        pairs.shape[1],
        lower=-np.inf if is_most else 0.0,
        upper=0.0 if is_most else np.inf,
        scale=draft.size[pairs[0]],
    )
    keys = pairs[0] * draft.period_count + pairs[1]
    mine = rows[np.searchsorted(keys, product[scope] * draft.period_count + period[scope])]
    draft.program.add_entries(mine, at[scope], inside[scope].astype(np.float64) - table.number("value")[row])


def _in_scope(draft: Draft, row: int, product: Ints, period: Ints) -> Flags:
    """Return which members a rule is about: its product, and periods from its first day."""
    table, chain = draft.chain.network["policies"], draft.chain
    begins = np.nan_to_num(table.number("valid_from")[row], nan=-np.inf)
    only = table.text("product")[row]
    fits = np.ones(len(product), dtype=np.bool_) if not only else product == chain.products.index(only)
    return np.asarray(fits & (chain.starts[period] >= begins), dtype=np.bool_)


def site_count(draft: Draft, row: int) -> None:
    """Have a product qualified at a number of sites, per period in force: Σ_sites n[s] ≥ value, n[s] ≤ Σ_j r[j], n ≤ 1.

    A recipe counts as ready, r[j] ≤ 1, when it is filed, r[j] ≤ Σ z[j,τ], and its line is not idle, r[j] ≤ Σ a[l,τ].
    """
    table, chain = draft.chain.network["policies"], draft.chain
    recipes = np.arange(len(chain.recipe_product))
    only = table.text("product")[row]
    for product in [chain.products.index(only)] if only else sorted(chain.demanded):
        periods = np.arange(draft.period_count)
        mine = recipes[chain.recipe_product == product]
        for period in periods[_in_scope(draft, row, np.full(len(periods), product), periods)]:
            labels = {
                "policy": codes(table.text("policy"), [row]),
                "product": draft.label_products(np.array([product])),
                "period": draft.label_periods(np.array([period])),
            }
            sentence = "the rule {policy} for {product} in {period}"
            value = float(table.number("value")[row])
            at = draft.program.add_rows(f"policy {row} sites", sentence, labels, 1, lower=value, stage=1)
            for site in np.unique(chain.recipe_site[mine]):
                ready = _ready_site(draft, mine[chain.recipe_site[mine] == site], int(period))
                draft.program.add_entries(at, ready, 1.0)


def _ready_site(draft: Draft, recipes: Ints, period: int) -> Ints:
    """Add n[site] and r[recipe] of `site_count`; return the column n."""
    program = draft.program
    site = program.add_columns("ready site", "a site ready", {}, 1, upper=1.0, stage=1)
    at_most = program.add_rows("ready site", "a site ready with a recipe", {}, 1, upper=0.0, stage=1)
    program.add_entries(at_most, site, 1.0)
    for recipe in map(int, recipes):
        ready = program.add_columns("ready", "a recipe ready", {}, 1, upper=1.0, stage=1)
        program.add_entries(at_most, ready, -1.0)
        is_filed, filings = qualified_share(draft, recipe, period)
        for is_given, decisions in ((is_filed, filings), _opened(draft, recipe, period)):
            if not is_given:
                row = program.add_rows("ready", "a recipe ready by decision", {}, 1, upper=0.0, stage=1)
                program.add_entries(row, ready, 1.0)
                program.add_entries(np.full(len(decisions), row[0]), decisions, -1.0)
    return site


def _opened(draft: Draft, recipe: int, period: int) -> tuple[bool, Ints]:
    """Return whether a recipe's line runs today, and the decisions that open it by a period."""
    line, activate = int(draft.chain.recipe_line[recipe]), draft.activate
    shares = ramped(draft, activate.line, activate.period)
    members = np.flatnonzero((activate.line == line) & (shares[:, period] > 0))
    return float(draft.chain.network["lines"].number("idle")[line]) < 1.0, activate.at[members]


def least_service(draft: Draft, row: int) -> None:
    """Serve at least a share of what is required, in scope and per period: Σ w ≥ value · Σ D."""
    chain, wants, served = draft.chain, draft.wants, draft.served
    table, demand = chain.network["policies"], chain.network["demand"]
    scope = _in_scope(draft, row, wants.product, wants.period) & demand.flag("required")[wants.row]
    market, tier = table.text("market")[row], table.number("tier")[row]
    if market:
        scope &= wants.node == chain.nodes.index(market)
    if not np.isnan(tier):
        scope &= demand.number("tier")[wants.row] == tier
    pairs = np.unique(np.stack([wants.product[scope], wants.period[scope]]), axis=1)
    group = np.searchsorted(
        pairs[0] * draft.period_count + pairs[1], wants.product[scope] * draft.period_count + wants.period[scope]
    )
    total: Floats = np.bincount(group, wants.quantity[scope], minlength=pairs.shape[1]).astype(np.float64)
    labels = {
        "policy": codes(table.text("policy"), np.full(pairs.shape[1], row)),
        "product": draft.label_products(pairs[0]),
        "period": draft.label_periods(pairs[1]),
    }
    rows = draft.program.add_rows(
        f"policy {row} service",
        "the rule {policy} for {product} in {period}",
        labels,
        pairs.shape[1],
        lower=float(table.number("value")[row]) * total,
        scale=draft.size[pairs[0]],
    )
    key = draft.cell_key(wants.row[scope], wants.period[scope])
    least = float(table.number("value")[row]) * wants.quantity[scope]
    draft.vary_limits("demand", key, rows[group], least, np.inf)
    draft.program.add_entries(rows[group], served.at[scope], 1.0)


RULES: Final[dict[str, Callable[[Draft, int], None]]] = {
    "max_country_share": country_share,
    "min_country_share": country_share,
    "max_site_share": site_share,
    "min_sites": site_count,
    "max_export_share": export_share,
    "min_service": least_service,
}
