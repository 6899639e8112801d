"""What patients need: served and short, single sources, and links that make the relaxation tight."""

import numpy as np

from doseway.plan.formulation.draft import Columns, Draft, grouped
from doseway.plan.formulation.invest import ramped, usable_from
from doseway.plan.program import Floats, Ints, Label


def add_served(draft: Draft) -> None:
    """Add w ≥ 0, what a market gets, at -price; and u ≥ 0, what it is short, where a shortage has a cost."""
    table, wants = draft.chain.network["demand"], draft.wants
    labels = want_labels(draft, np.arange(len(wants.row)))
    at = draft.program.add_columns(
        "served",
        "{product} for {market} in {period}",
        labels,
        len(wants.row),
        cost={"revenue": -table.number("price")[wants.row] * draft.discount[wants.period]},
        scale=draft.size[wants.product],
    )
    draft.served = Columns(at=at, row=wants.row, node=wants.node, product=wants.product, period=wants.period)
    penalty = table.number("shortage_cost")[wants.row]
    members = np.flatnonzero(table.flag("required")[wants.row] & ~np.isnan(penalty))
    at = draft.program.add_columns(
        "short",
        "shortage of {product} in {market} in {period}",
        want_labels(draft, members),
        len(members),
        cost={"shortage": penalty[members] * draft.discount[wants.period[members]]},
        scale=draft.size[wants.product[members]],
    )
    draft.short = Columns(at=at, row=members, product=wants.product[members], period=wants.period[members])


def want_labels(draft: Draft, members: Ints) -> dict[str, Label]:
    """Return the labels of demands."""
    wants = draft.wants
    return {
        "product": draft.label_products(wants.product[members]),
        "market": draft.label_nodes(wants.node[members]),
        "tier": (_tiers(draft), wants.row[members]),
        "period": draft.label_periods(wants.period[members]),
    }


def _tiers(draft: Draft) -> list[str]:
    return [f"{tier:g}" for tier in draft.chain.network["demand"].number("tier")]


def demand(draft: Draft) -> None:
    """Serve what is required, or count it as short: w + u = D; what is optional: w ≤ D.

    And a market sells what arrives, no more and no less: Σ_lanes Σ_goods arriving f = w.
    """
    table, wants, flow = draft.chain.network["demand"], draft.wants, draft.flow
    required = table.flag("required")[wants.row]
    labels, size = want_labels(draft, np.arange(len(wants.row))), draft.size[wants.product]
    at = draft.program.add_rows(
        "demand",
        "demand of {market} for {product} in {period}",
        labels,
        len(wants.row),
        lower=np.where(required, wants.quantity, 0.0),
        upper=wants.quantity,
        scale=size,
    )
    draft.vary_limits(
        "demand", draft.cell_key(wants.row, wants.period), at, np.where(required, wants.quantity, 0.0), wants.quantity
    )
    draft.program.add_entries(at, draft.served.at, 1.0)
    draft.program.add_entries(at[draft.short.row], draft.short.at, 1.0)
    rows = draft.program.add_rows(
        "arrival",
        "what reaches {market} of {product} in {period}",
        labels,
        len(wants.row),
        lower=0,
        upper=0,
        scale=size,
    )
    draft.program.add_entries(rows, draft.served.at, -1.0)
    members = flows_to_markets(draft)
    draft.program.add_entries(rows[want_of_flows(draft, members)], flow.at[members], 1.0)


def flows_to_markets(draft: Draft) -> Ints:
    """Return the flows that end at a market."""
    return np.flatnonzero(draft.chain.lane_to[draft.flow.lane] >= draft.chain.site_count)


def want_of_flows(draft: Draft, members: Ints) -> Ints:
    """Return the demand that each flow into a market serves; every such flow has one."""
    wants, flow = draft.wants, draft.flow
    products, periods = len(draft.chain.products), draft.period_count
    keys = (wants.node * products + wants.product) * periods + wants.period
    order = np.argsort(keys)
    wanted = (draft.chain.lane_to[flow.lane[members]] * products + flow.product[members]) * periods
    return order[np.searchsorted(keys[order], wanted + flow.arrival[members])].astype(np.int64)


def single_source(draft: Draft) -> None:
    """Let one lane bring all of a product to a market that wants it so: Σ_e g[e,p] ≤ 1, and f = D · g where D is hard.

    With g[e, p] ∈ {0, 1}: Σ_goods f[e,·,t] ≤ D · g[e,p], and = where the demand must be served in full
    (Holmberg, Rönnqvist and Yuan 1999, single-source capacitated facility location).
    """
    chain, flow, wants = draft.chain, draft.flow, draft.wants
    wishes = np.zeros(len(chain.nodes), dtype=np.bool_)
    wishes[chain.site_count :] = chain.network["markets"].flag("single_source")
    members = flows_to_markets(draft)
    members = members[wishes[chain.lane_to[flow.lane[members]]]]
    group, [lane, product] = grouped(flow.lane[members], flow.product[members])
    labels = {
        "lane": draft.label_table("lanes", "lane", lane),
        "product": draft.label_products(product),
        "market": draft.label_nodes(chain.lane_to[lane]),
    }
    at = draft.program.add_columns(
        "single",
        "{lane} as only source of {product} for {market}",
        labels,
        len(lane),
        upper=1.0,
        is_integer=True,
        stage=1,
    )
    draft.single = Columns(at=at, lane=lane, product=product)
    owner, [market, wanted] = grouped(chain.lane_to[lane], product)
    one = {"market": draft.label_nodes(market), "product": draft.label_products(wanted)}
    rows = draft.program.add_rows(
        "one source", "{market} has one source of {product}", one, len(market), upper=1.0, stage=1
    )
    draft.program.add_entries(rows[owner], at, 1.0)
    want = want_of_flows(draft, members)
    cell, [pair, demanded] = grouped(group, want)
    hard = chain.network["demand"].flag("required") & np.isnan(chain.network["demand"].number("shortage_cost"))
    lower = np.where(hard[wants.row[demanded]], 0.0, -np.inf)
    sources = {name: (names, positions[pair]) for name, (names, positions) in labels.items()}
    rows = draft.program.add_rows(
        "source",
        "{lane} brings {product} to {market} only as its source",
        sources,
        len(pair),
        lower=lower,
        upper=0.0,
        scale=draft.size[product[pair]],
    )
    draft.program.add_entries(rows[cell], flow.at[members], 1.0)
    key = draft.cell_key(wants.row[demanded], wants.period[demanded])
    draft.vary_entries("demand", key, rows, at[pair], -wants.quantity[demanded])


def strong_links(draft: Draft) -> None:
    """Tie each flow into a market to the decision without which it cannot be: Σ_goods f[e,·,t] ≤ D · Σ decisions.

    Implied by the capacities for whole decisions, but not for fractions of them: the disaggregated inequality of
    facility location (Krarup and Pruzan 1983). For a lane that must be opened, D · v[e]; for a plant that makes the
    product on idle lines only, has none in stock and receives none, D · Σ_lines Σ_τ a.
    """
    chain, flow, wants, opened = draft.chain, draft.flow, draft.wants, draft.opened
    members = flows_to_markets(draft)
    want = want_of_flows(draft, members)
    cell, [lane, wanted, period] = grouped(flow.lane[members], want, flow.period[members])
    column = np.full(len(chain.network["lanes"]), -1, dtype=np.int64)
    column[opened.lane] = opened.at
    _link(draft, "link open", members, cell, (lane, wanted), column[lane] >= 0, [(np.arange(len(lane)), column[lane])])
    lines = _only_idle_lines(draft)
    product = wants.product[wanted]
    pairs = list(zip(map(int, chain.lane_from[lane]), map(int, product), strict=True))
    applies = np.array([pair in lines for pair in pairs], dtype=np.bool_)
    shares = ramped(draft, draft.activate.line, draft.activate.period)
    owner, columns = [], []
    for row in np.flatnonzero(applies):
        for member in np.flatnonzero(np.isin(draft.activate.line, lines[pairs[row]])):
            if shares[member, : period[row] + 1].any():
                owner.append(row)
                columns.append(int(draft.activate.at[member]))
    entries = (np.array(owner, dtype=np.int64), np.array(columns, dtype=np.int64))
    _link(draft, "link activate", members, cell, (lane, wanted), applies, [entries])
    _free_implied_hours(draft, lines, shares)


def _free_implied_hours(draft: Draft, lines: dict[tuple[int, int], list[int]], shares: Floats) -> None:
    """Free the hours of a line that can make, once opened, all that its links let out: uncapacitated location.

    Only in an undisturbed plan of one period, where nothing is made for later, and for a line with one product that
    its site sends to markets only.
    """
    chain, activate, wants = draft.chain, draft.activate, draft.wants
    if draft.period_count > 1 or draft.conditions.line_share is not None:
        return
    hours, block = chain.network["recipes"].number("hours"), draft.program.row_block("hours")
    wanted = np.zeros((len(chain.nodes), len(chain.products)))
    np.add.at(wanted, (wants.node, wants.product), wants.quantity)
    sent: dict[tuple[int, int], list[int]] = {}
    for lane, product in chain.carried:
        sent.setdefault((int(chain.lane_from[lane]), product), []).append(int(chain.lane_to[lane]))
    row_of = dict(zip(map(int, block.labels["line"][1]), map(int, block.members), strict=True))
    for (site, product), own in lines.items():
        recipes = np.flatnonzero(chain.recipe_line == own[0])
        ends = sent.get((site, product), [])
        opened = draft.line_hours[own[0], 0] * shares[activate.line == own[0], 0]
        if len(own) == len(recipes) == 1 and all(end >= chain.site_count for end in ends) and own[0] in row_of:
            most = float(hours[recipes[0]] * sum(wanted[end, product] for end in ends))
            if len(opened) and (opened >= most).all():
                draft.program.free_rows(np.array([row_of[own[0]]]))


def _link(
    draft: Draft,
    name: str,
    members: Ints,
    cell: Ints,
    groups: tuple[Ints, Ints],
    applies: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]",
    decisions: list[tuple[Ints, Ints]],
) -> None:
    """Add Σ f ≤ D · Σ decisions for the groups of flows to which it applies."""
    lane, wanted = groups
    chosen = np.flatnonzero(applies)
    row_of = np.full(len(lane), -1, dtype=np.int64)
    labels = {"lane": draft.label_table("lanes", "lane", lane[chosen]), **want_labels(draft, wanted[chosen])}
    size = draft.size[draft.wants.product[wanted[chosen]]]
    sentence = "{product} on {lane} for {market} in {period} needs its decision"
    row_of[chosen] = draft.program.add_rows(name, sentence, labels, len(chosen), upper=0.0, scale=size)
    rows = row_of[cell]
    draft.program.add_entries(rows[rows >= 0], draft.flow.at[members[rows >= 0]], 1.0)
    for owner, columns in decisions:
        used = row_of[owner] >= 0
        wants, want = draft.wants, wanted[owner[used]]
        key = draft.cell_key(wants.row[want], wants.period[want])
        draft.vary_entries("demand", key, row_of[owner[used]], columns[used], -wants.quantity[want])


def _only_idle_lines(draft: Draft) -> dict[tuple[int, int], list[int]]:
    """Return (site, product) → the lines that make it, where all of them are wholly idle and nothing else brings it."""
    chain = draft.chain
    idle = chain.network["lines"].number("idle") == 1.0
    expandable = chain.network["lines"].number("expansion_max") > 0
    hours = chain.network["recipes"].number("hours") > 0
    lines: dict[tuple[int, int], list[int]] = {}
    for recipe in range(len(chain.recipe_line)):
        lines.setdefault((int(chain.recipe_site[recipe]), int(chain.recipe_product[recipe])), []).append(recipe)
    received = {(int(chain.lane_to[lane]), product) for lane, product in chain.carried}
    stocked = {(lot.site, int(draft.goods.product[lot.good])) for lot in draft.goods.lots}
    stocked |= set(zip(map(int, draft.buffer.node), map(int, draft.buffer.product), strict=True))
    return {
        pair: [int(chain.recipe_line[recipe]) for recipe in recipes]
        for pair, recipes in lines.items()
        if all(idle[chain.recipe_line[r]] and hours[r] and not expandable[chain.recipe_line[r]] for r in recipes)
        and pair not in received
        and pair not in stocked
    }


def qualified_share(draft: Draft, recipe: int, period: int) -> tuple[bool, Ints]:
    """Return whether a recipe is qualified today, and the decisions that qualify it by a period."""
    recipes, qualify = draft.chain.network["recipes"], draft.qualify
    counts = usable_from(draft, qualify, recipes.number("qualification_days")[qualify.recipe])
    members = np.flatnonzero((qualify.recipe == recipe) & counts[:, period])
    return bool(recipes.flag("qualified")[recipe]), qualify.at[members]
