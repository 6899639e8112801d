"""What lines, lanes and stores can hold."""

import numpy as np

from doseway.plan.formulation.draft import Columns, Draft, Kind, grouped, limit_size
from doseway.plan.formulation.invest import ramped
from doseway.plan.program import Ints


def add_campaigns(draft: Draft) -> None:
    """Add s[recipe, period] ∈ {0, 1} where a campaign has a shortest length or a changeover, and bound it.

    hours · Σ_goods x ≤ H[line, t] · s  and  hours · Σ_goods x ≥ campaign_min · s: set-up and least batch, a
    semi-continuous amount (Pochet and Wolsey 2006).
    """
    chain, make = draft.chain, draft.make
    recipes, lines = chain.network["recipes"], chain.network["lines"]
    matters = (
        (recipes.number("changeover_hours") > 0)
        | (recipes.number("changeover_cost") > 0)
        | (lines.number("campaign_min")[chain.recipe_line] > 0)
    ) & (recipes.number("hours") > 0)
    members = np.flatnonzero(matters[make.recipe])
    group, [recipe, period] = grouped(make.recipe[members], make.period[members])
    line = chain.recipe_line[recipe]
    labels = {
        "product": draft.label_table("recipes", "product", recipe),
        "line": draft.label_table("recipes", "line", recipe),
        "period": draft.label_periods(period),
    }
    cost = recipes.number("changeover_cost")[recipe] * draft.discount[period]
    at = draft.program.add_columns(
        "campaign",
        "campaign of {product} on {line} in {period}",
        labels,
        len(recipe),
        cost={"changeover": cost},
        upper=1.0,
        is_integer=True,
    )
    draft.campaign = Columns(at=at, recipe=recipe, line=line, period=period)
    hours = recipes.number("hours")[make.recipe[members]]
    most = draft.whole_hours[line, period] + lines.number("expansion_max")[line] * chain.days[period]
    scale = np.maximum(most, 1.0)
    for name, sentence, limit, low, high in (
        ("campaign run", "no {product} on {line} in {period} without a campaign", most, -np.inf, 0.0),
        (
            "campaign length",
            "shortest campaign of {product} on {line} in {period}",
            lines.number("campaign_min")[line],
            0.0,
            np.inf,
        ),
    ):
        rows = draft.program.add_rows(name, sentence, labels, len(recipe), lower=low, upper=high, scale=scale)
        draft.program.add_entries(rows[group], make.at[members], hours)
        draft.program.add_entries(rows, at, -limit)


def line_hours(draft: Draft) -> None:
    """Keep each line within its hours.

    Σ_j hours[j] · x[j,t] + Σ_j changeover_hours[j] · s[j,t]
        ≤ works[l,t] · days[t] · utilisation[l] · (capacity[l] · (1 - idle[l]) + e[l]
                                                    + capacity[l] · idle[l] · Σ_τ ramp[l,t-τ] · a[l,τ]).
    The capacity constraint of big-bucket lot sizing (Pochet and Wolsey 2006), with hours that decisions
    open by degrees.
    """
    chain, make, campaign = draft.chain, draft.make, draft.campaign
    recipes, lines = chain.network["recipes"], chain.network["lines"]
    counts = np.flatnonzero(recipes.number("hours")[make.recipe] > 0)
    group, [line, period] = grouped(make.line[counts], make.period[counts])
    hours = draft.line_hours[line, period]
    idle = lines.number("idle")[line]
    key = draft.cell_key(line, period)
    labels = {
        "line": draft.label_table("lines", "line", line),
        "site": draft.label_nodes(chain.line_site[line]),
        "period": draft.label_periods(period),
    }
    scale = limit_size(lines.number("capacity")[line] * chain.days[period], chain.days[period])
    sentence = "hours of {line} at {site} in {period}"
    at = draft.program.add_rows("hours", sentence, labels, len(line), upper=hours * (1 - idle), scale=scale)
    draft.vary_limits("line", key, at, -np.inf, hours * (1 - idle))
    draft.program.add_entries(at[group], make.at[counts], recipes.number("hours")[make.recipe[counts]])
    row_of = {(int(x), int(t)): int(row) for x, t, row in zip(line, period, at, strict=True)}
    rows = np.array(
        [row_of[int(x), int(t)] for x, t in zip(campaign.line, campaign.period, strict=True)], dtype=np.int64
    )
    draft.program.add_entries(rows, campaign.at, recipes.number("changeover_hours")[campaign.recipe])
    _opened_hours(draft, row_of)


def _opened_hours(draft: Draft, row_of: dict[tuple[int, int], int]) -> None:
    """Put the hours that decisions open on the right side of `line_hours`."""
    lines, activate, expand = draft.chain.network["lines"], draft.activate, draft.expand
    shares = ramped(draft, activate.line, activate.period)
    for member, when in zip(*np.nonzero(shares), strict=True):
        line = int(activate.line[member])
        if (line, int(when)) in row_of:
            opened = draft.line_hours[line, when] * lines.number("idle")[line] * shares[member, when]
            _vary_hours(draft, row_of[line, int(when)], int(activate.at[member]), (line, int(when)), float(opened))
    works = draft.conditions.line_share
    for line, column in zip(map(int, expand.line), expand.at, strict=True):
        for when, days in enumerate(draft.chain.days):
            if (line, when) in row_of:
                opened = days * lines.number("utilisation")[line] * (1.0 if works is None else works[line, when])
                _vary_hours(draft, row_of[line, when], int(column), (line, when), float(opened))


def _vary_hours(draft: Draft, row: int, column: int, cell: tuple[int, int], opened: float) -> None:
    """Let a decision open hours, of which a disruption takes its share."""
    key = draft.cell_key(np.array([cell[0]]), np.array([cell[1]]))
    draft.vary_entries("line", key, np.array([row]), np.array([column]), np.array([-opened]))


def lane_capacity(draft: Draft) -> None:
    """Keep each lane within its capacity: Σ_goods f[e,·,t] ≤ works[e,t] · capacity[e] · days[t] (· v[e] to open it).

    The arc capacity of fixed-charge network design (Magnanti and Wong 1984).
    """
    chain, flow, opened = draft.chain, draft.flow, draft.opened
    lanes = chain.network["lanes"]
    is_decision = lanes.number("opening_cost") > 0
    members = np.flatnonzero(np.isfinite(lanes.number("capacity")[flow.lane]) | is_decision[flow.lane])
    group, [lane, period] = grouped(flow.lane[members], flow.period[members])
    share = np.ones(len(lane)) if draft.conditions.lane_share is None else draft.conditions.lane_share[lane, period]
    has_limit = np.isfinite(lanes.number("capacity")[lane])
    most = np.where(has_limit, lanes.number("capacity")[lane], 0.0) * chain.days[period] * share
    # A lane without a limit can never carry more than all needs together.
    most = np.where(has_limit, most, float(draft.need.sum()) * draft.growth * np.sign(share))
    labels = {"lane": draft.label_table("lanes", "lane", lane), "period": draft.label_periods(period)}
    upper = np.where(is_decision[lane], 0.0, most)
    scale = limit_size(most, float(draft.size.max()))
    at = draft.program.add_rows("lane", "capacity of {lane} in {period}", labels, len(lane), upper=upper, scale=scale)
    draft.program.add_entries(at[group], flow.at[members], 1.0)
    column = np.full(len(lanes), -1, dtype=np.int64)
    column[opened.lane] = opened.at
    rows = np.flatnonzero(is_decision[lane])
    key = draft.cell_key(lane, period)
    kinds: tuple[Kind, Kind] = ("lane", "open")
    for kind, members in zip(kinds, (rows[has_limit[rows]], rows[~has_limit[rows]]), strict=True):
        draft.vary_entries(kind, key[members], at[members], column[lane[members]], -most[members])
    plain = np.flatnonzero(~is_decision[lane])
    draft.vary_limits("lane", key[plain], at[plain], -np.inf, most[plain])


def storage_limits(draft: Draft) -> None:
    """Keep stocks within the store's policy: min ≤ Σ_goods q[i,p,t] ≤ max, and Σ q ≥ days of what leaves.

    The days rule counts what the site uses and sends away in the period: Σ q ≥ (min_days / days[t]) · (Σ g + Σ f).
    """
    chain, stock = draft.chain, draft.stock
    table = chain.network["storage"]
    sites, products = chain.positions(table, "site", chain.nodes), chain.positions(table, "product", chain.products)
    last = draft.period_count - 1
    for row, (site, product) in enumerate(zip(map(int, sites), map(int, products), strict=True)):
        members = np.flatnonzero((stock.node == site) & (stock.product == product))
        periods = np.arange(draft.period_count)
        least = np.where(periods == last, 0.0, table.number("min_quantity")[row])
        least[last] = max(table.number("min_quantity")[row], table.number("closing")[row])
        labels = {
            "product": draft.label_table("storage", "product", np.full(len(periods), row)),
            "site": draft.label_table("storage", "site", np.full(len(periods), row)),
            "period": draft.label_periods(periods),
        }
        sentence = "stock policy of {product} at {site} at the end of {period}"
        at = draft.program.add_rows(
            f"storage {row}",
            sentence,
            labels,
            len(periods),
            lower=least,
            upper=table.number("max_quantity")[row],
            scale=draft.size[product],
        )
        draft.program.add_entries(at[stock.period[members]], stock.at[members], 1.0)
        if table.number("min_days")[row] > 0:
            _days_of_cover(draft, row, site, product, members)


def _days_of_cover(draft: Draft, row: int, site: int, product: int, members: Ints) -> None:
    """Add the days rule of `storage_limits`."""
    chain, stock, flow, use = draft.chain, draft.stock, draft.flow, draft.use
    periods = np.arange(draft.period_count)
    labels = {
        "product": draft.label_products(np.full(len(periods), product)),
        "site": draft.label_nodes(np.full(len(periods), site)),
        "period": draft.label_periods(periods),
    }
    sentence = "days of cover of {product} at {site} at the end of {period}"
    size = draft.size[product]
    at = draft.program.add_rows(f"cover {row}", sentence, labels, len(periods), lower=0.0, scale=size)
    draft.program.add_entries(at[stock.period[members]], stock.at[members], 1.0)
    per_day = float(chain.network["storage"].number("min_days")[row]) / chain.days
    sent = np.flatnonzero((chain.lane_from[flow.lane] == site) & (flow.product == product))
    draft.program.add_entries(at[flow.period[sent]], flow.at[sent], -per_day[flow.period[sent]])
    used = np.flatnonzero((use.node == site) & (draft.goods.product[use.good] == product))
    draft.program.add_entries(at[use.period[used]], use.at[used], -per_day[use.period[used]])
