"""Columns of what is made, used, moved and kept, and the balance that ties them together."""

import numpy as np

from doseway.plan.chain import Input, Label
from doseway.plan.formulation.draft import EMPTY, Columns, Draft, found, grouped, unzipped
from doseway.plan.formulation.trade import duty
from doseway.plan.goods import Good
from doseway.plan.program import Floats, Ints


def add_flows(draft: Draft) -> None:
    """Add f[lane, good, period] ≥ 0, one for each good that a lane may carry and that arrives in time to be used.

    Goods keep their origin on the way, through warehouses too, because duty follows where the active ingredient was
    made. Cost: freight, duty at a border, and carrying what is on the way.
    """
    chain, parts = draft.chain, [_flows_of(draft, product) for product in range(len(draft.chain.products))]
    lane, good, period = (np.concatenate([part[i] for part in parts] or [EMPTY]) for i in range(3))
    lanes = chain.network["lanes"]
    product, discount = draft.goods.product[good], draft.discount[period]
    freight = lanes.number("cost")[lane]
    if draft.conditions.lane_cost is not None:
        freight = freight * draft.conditions.lane_cost[lane]
    carrying = chain.network["products"].number("holding_cost")[product] * lanes.number("days")[lane]
    cost = {
        "freight": freight * discount,
        "carrying": carrying * discount,
        "duty": duty(draft, lane, good, period) * discount,
    }
    labels = {
        "good": draft.label_goods(good),
        "lane": draft.label_table("lanes", "lane", lane),
        "from": draft.label_nodes(chain.lane_from[lane]),
        "to": draft.label_nodes(chain.lane_to[lane]),
        "period": draft.label_periods(period),
    }
    at = draft.program.add_columns(
        "flow",
        "flow of {good} on {lane} from {from} to {to} in {period}",
        labels,
        len(lane),
        cost=cost,
        upper=_flow_limit(draft, lane, period),
        scale=draft.size[product],
    )
    draft.flow = Columns(
        at=at, lane=lane, good=good, product=product, period=period, arrival=draft.arrivals[lane, period]
    )


def _flows_of(draft: Draft, product: int) -> tuple[Ints, Ints, Ints]:
    """Return lane, good and period of every flow of one product."""
    chain, goods = draft.chain, draft.goods
    lanes = chain.lanes_of.get(product, EMPTY)
    own = np.flatnonzero(goods.product == product)
    if not len(lanes) or not len(own):
        return EMPTY, EMPTY, EMPTY
    arrival = draft.arrivals[lanes]
    residual = np.zeros(len(chain.nodes))
    residual[chain.site_count :] = chain.network["markets"].number("residual_life")
    ends = chain.starts + chain.days
    due = ends[arrival] + residual[chain.lane_to[lanes]][:, None]
    fits = (
        goods.present[chain.lane_from[lanes]][:, own][:, :, None]
        & goods.present[chain.lane_to[lanes]][:, own][:, :, None]
    )
    fits = fits & goods.usable[own][None, :, :] & (arrival >= 0)[:, None, :]
    fits &= due[:, None, :] <= goods.expires[own][None, :, None]
    fits &= _is_wanted(draft, lanes, product, arrival)[:, None, :]
    lane, good, period = np.nonzero(fits)
    return lanes[lane], own[good].astype(np.int64), period.astype(np.int64)


def _is_wanted(
    draft: Draft, lanes: Ints, product: int, arrival: Ints
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Return (lane, period): a market takes only what it wants in the period of arrival; a site takes anything."""
    wants = draft.wants
    mine = wants.product == product
    grid = np.zeros((len(draft.chain.nodes), draft.period_count), dtype=np.bool_)
    grid[: draft.chain.site_count] = True
    grid[wants.node[mine], wants.period[mine]] = True
    return np.asarray(grid[draft.chain.lane_to[lanes][:, None], np.maximum(arrival, 0)], dtype=np.bool_)


def _flow_limit(draft: Draft, lane: Ints, period: Ints) -> Floats:
    """Close the lanes that the scenario closes; limits of capacity are rows of their own."""
    share = draft.conditions.lane_share
    return np.full(len(lane), np.inf) if share is None else np.where(share[lane, period] > 0, np.inf, 0.0)


def add_makes(draft: Draft) -> None:
    """Add x[recipe, good, period] ≥ 0: what a line makes, told apart by the origin it takes from its ingredient."""
    chain, goods = draft.chain, draft.goods
    made = []
    for j, (site, material) in enumerate(zip(map(int, chain.recipe_site), map(int, chain.recipe_product), strict=True)):
        for label in _labels_made(draft, site, material):
            for t, day in enumerate(chain.starts):
                k = goods.index.get(Good(material, label, goods.expires_when_made(material, float(day))))
                if k is not None and goods.usable[k, t]:
                    made.append((j, k, t))
    recipe, good, period = unzipped(made, 3)
    product = goods.product[good]
    labels = {
        "good": draft.label_goods(good),
        "line": draft.label_table("recipes", "line", recipe),
        "site": draft.label_nodes(chain.recipe_site[recipe]),
        "period": draft.label_periods(period),
    }
    cost = chain.network["recipes"].number("cost")[recipe] * draft.discount[period]
    at = draft.program.add_columns(
        "make",
        "making of {good} on {line} at {site} in {period}",
        labels,
        len(recipe),
        cost={"making": cost},
        scale=draft.size[product],
    )
    draft.make = Columns(
        at=at, recipe=recipe, line=chain.recipe_line[recipe], node=chain.recipe_site[recipe], good=good,
        product=product, period=period,
    )  # fmt: skip


def _labels_made(draft: Draft, site: int, product: int) -> list[Label]:
    """Return the labels with which a site can make a product, if it has all ingredients."""
    chain = draft.chain
    bom = chain.inputs[product]
    if not all(chain.labels.get((site, entry.product)) for entry in bom):
        return []
    carrier = next((entry.product for entry in bom if entry.gives_origin), None)
    carriers = chain.labels[site, carrier] if carrier is not None else {Label()}
    return sorted({chain.label_made(site, product, label) for label in carriers})


def add_uses(draft: Draft) -> None:
    """Add g[recipe, input good, period] ≥ 0, and tie it to what is made, losses included.

    For every ingredient i of a product p:  Σ_goods g[j, i, t] = amount[p, i] · Σ_goods x[j, p, t].
    The ingredient that gives the origin does so origin by origin: output of origin o uses input of origin o
    (substantial transformation, 19 CFR 134.1(b); for medicines customs looks at the active ingredient).
    """
    chain, goods, make = draft.chain, draft.goods, draft.make
    _, [recipes, periods] = grouped(make.recipe, make.period)
    listed = []
    for j, t in zip(map(int, recipes), map(int, periods), strict=True):
        site, made = int(chain.recipe_site[j]), int(chain.recipe_product[j])
        for n, entry in enumerate(chain.inputs[made]):
            can = (goods.product == entry.product) & goods.present[site] & goods.usable[:, t]
            origin = _follows(draft, made, entry)
            listed += [(j, t, n, int(k), origin) for k in np.flatnonzero(can)]
    recipe, period, number, good, follows = unzipped(listed, 5)
    labels = {
        "good": draft.label_goods(good),
        "line": draft.label_table("recipes", "line", recipe),
        "site": draft.label_nodes(chain.recipe_site[recipe]),
        "period": draft.label_periods(period),
    }
    at = draft.program.add_columns(
        "use",
        "use of {good} on {line} at {site} in {period}",
        labels,
        len(recipe),
        scale=draft.size[goods.product[good]],
    )
    draft.use = Columns(at=at, recipe=recipe, node=chain.recipe_site[recipe], good=good, period=period)
    _tie_uses(draft, number, follows)


def _follows(draft: Draft, product: int, entry: Input) -> int:
    """Return 1 where the product takes the input's origin."""
    return int(entry.gives_origin and draft.chain.origin_rules[product] == "inherit")


def _tie_uses(draft: Draft, number: Ints, follows: Ints) -> None:
    """Add the rows of `add_uses`."""
    chain, goods, make, use = draft.chain, draft.goods, draft.make, draft.use
    origins = sorted(set(goods.origins))
    origin_of = np.array([origins.index(origin) for origin in goods.origins], dtype=np.int64)
    rows: list[tuple[int, int, int, int]] = []  # of each make: recipe, period, input's number, origin or -1
    members, amounts = [], []
    for i, (j, t, product) in enumerate(zip(make.recipe, make.period, make.product, strict=True)):
        for place, entry in enumerate(chain.inputs[product]):
            origin = int(origin_of[make.good[i]]) if _follows(draft, int(product), entry) else -1
            rows.append((int(j), int(t), place, origin))
            members.append(i)
            amounts.append(entry.amount)
    made = np.array(rows, dtype=np.int64).reshape(-1, 4)
    used = np.stack([use.recipe, use.period, number, np.where(follows == 1, origin_of[use.good], -1)], axis=1)
    group, [recipe, period, n, _] = grouped(*np.concatenate([made, used]).T)
    inputs = np.array(
        [chain.inputs[int(chain.recipe_product[r])][int(i)].product for r, i in zip(recipe, n, strict=True)],
        dtype=np.int64,
    )
    labels = {
        "input": draft.label_products(inputs),
        "line": draft.label_table("recipes", "line", recipe),
        "product": draft.label_table("recipes", "product", recipe),
        "period": draft.label_periods(period),
    }
    sentence = "what {product} on {line} needs of {input} in {period}"
    at = draft.program.add_rows("recipe", sentence, labels, len(recipe), lower=0, upper=0, scale=draft.size[inputs])
    draft.program.add_entries(
        at[group[: len(made)]], make.at[np.array(members, dtype=np.int64)], np.array(amounts, dtype=np.float64)
    )
    draft.program.add_entries(at[group[len(made) :]], use.at, -1.0)


def add_stocks(draft: Draft) -> None:
    """Add q[site, good, period] ≥ 0: what is kept at the end of a period for the next one.

    At the end of the plan only what a closing stock asks for is kept. Cost: holding, for the days of the period.
    """
    chain, goods = draft.chain, draft.goods
    fits = np.zeros((chain.site_count, len(goods.listed), draft.period_count), dtype=np.bool_)
    fits[:, :, :-1] = goods.present[: chain.site_count, :, None] & (goods.usable[:, :-1] & goods.usable[:, 1:])[None]
    storage = chain.network["storage"]
    asks = (storage.number("min_quantity") > 0) | (storage.number("closing") > 0) | (storage.number("min_days") > 0)
    sites = chain.positions(storage, "site", chain.nodes)
    products = chain.positions(storage, "product", chain.products)
    for row in np.flatnonzero(asks):
        last = goods.present[sites[row]] & goods.usable[:, -1] & (goods.product == products[row])
        fits[sites[row], :, -1] |= last & (goods.expires > chain.end)
    node, good, period = (np.asarray(part, dtype=np.int64) for part in np.nonzero(fits))
    product = goods.product[good]
    daily = np.tile(chain.network["products"].number("holding_cost"), (chain.site_count, 1))
    own = storage.number("holding_cost")
    daily[sites[~np.isnan(own)], products[~np.isnan(own)]] = own[~np.isnan(own)]
    labels = {
        "good": draft.label_goods(good),
        "site": draft.label_nodes(node),
        "period": draft.label_periods(period),
    }
    cost = daily[node, product] * chain.days[period] * draft.discount[period]
    at = draft.program.add_columns(
        "stock",
        "stock of {good} at {site} at the end of {period}",
        labels,
        len(node),
        cost={"holding": cost},
        scale=draft.size[product],
    )
    draft.stock = Columns(at=at, node=node, good=good, product=product, period=period)


def balance(draft: Draft) -> None:
    """Keep what goes in and out of each site in balance; what nobody needs may be destroyed.

    For each site i, good k, period t, with arrivals of lanes shifted by their days:
    q[i,k,t-1] + lot[i,k,t] + buffer[i,k] (t = 0) + Σ x + Σ arriving f ≥ Σ g + Σ leaving f + q[i,k,t].
    """
    chain, goods = draft.chain, draft.goods
    fits = goods.present[: chain.site_count, :, None] & goods.usable[None]
    node, good, period = (np.asarray(part, dtype=np.int64) for part in np.nonzero(fits))
    keys = draft.key(node, good, period)
    opening = np.zeros(len(keys))
    for lot in goods.lots:
        row, [is_there] = found(keys, draft.key(*(np.array([value]) for value in lot[:3])))
        opening[row] += lot.quantity if is_there else 0.0
    labels = {
        "good": draft.label_goods(good),
        "site": draft.label_nodes(node),
        "period": draft.label_periods(period),
    }
    sentence = "what there is of {good} at {site} in {period}"
    at = draft.program.add_rows(
        "balance", sentence, labels, len(keys), lower=-opening, scale=draft.size[goods.product[good]]
    )

    def put(columns: Ints, nodes: Ints, which: Ints, when: Ints, value: float) -> None:
        row, is_there = found(keys, draft.key(nodes, which, when))
        draft.program.add_entries(at[row[is_there]], columns[is_there], value)

    flow, stock = draft.flow, draft.stock
    inward = chain.lane_to[flow.lane] < chain.site_count
    put(flow.at, chain.lane_from[flow.lane], flow.good, flow.period, -1.0)
    put(flow.at[inward], chain.lane_to[flow.lane][inward], flow.good[inward], flow.arrival[inward], 1.0)
    put(draft.make.at, draft.make.node, draft.make.good, draft.make.period, 1.0)
    put(draft.use.at, draft.use.node, draft.use.good, draft.use.period, -1.0)
    put(stock.at, stock.node, stock.good, stock.period, -1.0)
    carried = stock.period + 1 < draft.period_count
    put(stock.at[carried], stock.node[carried], stock.good[carried], stock.period[carried] + 1, 1.0)
    put(draft.buffer.at, draft.buffer.node, draft.buffer.good, np.zeros_like(draft.buffer.node), 1.0)
