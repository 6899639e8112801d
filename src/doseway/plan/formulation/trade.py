"""Borders: duty by the origin of the goods, and quotas."""

import numpy as np
import numpy.typing as npt

from doseway.plan.formulation.draft import Draft, limit_size
from doseway.plan.program import Floats, Ints, codes
from doseway.plan.tables import Table


def duty(draft: Draft, lane: Ints, good: Ints, period: Ints) -> Floats:
    """Return the duty on one unit: rate · customs value + specific amount, where a lane crosses a border.

    The rule that applies is the one with the longest customs code, then one that names the origin, then one that
    names the destination, then the latest to begin; it must be in force on the first day of the period. A good whose
    origin is not followed counts as of the country it is sent from. Paid at every border; no drawback.
    """
    chain = draft.chain
    if not len(chain.network["duties"]):
        return np.zeros(len(lane))
    places = sorted(set(chain.countries) | set(draft.goods.origins))
    code = {place: i for i, place in enumerate(places)}
    country = np.array([code[name] for name in chain.countries], dtype=np.int64)
    sender, receiver = country[chain.lane_from[lane]], country[chain.lane_to[lane]]
    followed = np.array([code[name] if name else -1 for name in draft.goods.origins], dtype=np.int64)[good]
    origin = np.where(followed >= 0, followed, sender)
    product = draft.goods.product[good]
    cases, inverse = np.unique(np.stack([product, origin, receiver, period]), axis=1, return_inverse=True)
    amounts = np.array([_duty(draft, int(p), places[o], places[d], int(t)) for p, o, d, t in cases.T])
    return np.where(sender != receiver, amounts[np.asarray(inverse).reshape(-1)], 0.0)


def _duty(draft: Draft, product: int, origin: str, destination: str, period: int) -> float:
    """Return the duty on one unit of a product."""
    table, products = draft.chain.network["duties"], draft.chain.network["products"]
    if origin == destination:  # goods that come home pay nothing
        return 0.0
    rows = _in_force(table, products.text("hs")[product], origin, destination, float(draft.chain.starts[period]))
    if not rows:
        return 0.0
    begins = np.nan_to_num(table.number("valid_from"), nan=0.0)
    best = max(
        rows,
        key=lambda row: (
            len(table.text("hs")[row]),
            table.text("origin")[row] != "",
            table.text("destination")[row] != "",
            begins[row],
        ),
    )
    value = float(products.number("value")[product])
    return float(table.number("rate")[best]) * value + float(table.number("specific")[best])


def _in_force(table: Table, hs: str, origin: str, destination: str, day: float) -> list[int]:
    """Return the rows that fit a product, its origin, its destination and a day."""
    begins = np.nan_to_num(table.number("valid_from"), nan=-np.inf)
    ends = np.nan_to_num(table.number("valid_to"), nan=np.inf)
    return [
        int(row)
        for row in np.flatnonzero((begins <= day) & (day <= ends))
        if hs.startswith(table.text("hs")[row])
        and table.text("origin")[row] in {"", origin}
        and table.text("destination")[row] in {"", destination}
    ]


def quotas(draft: Draft) -> None:
    """Keep imports under each quota within its time: Σ f ≤ quantity, or Σ f - over ≤ quantity at extra duty.

    A tariff-rate quota (WTO Agreement on Agriculture's sense) charges `over_rate` of the customs value on what goes
    beyond, never more of a product than is imported of it: over[p] ≤ Σ f[p].
    """
    table, flow = draft.chain.network["quotas"], draft.flow
    if not len(table):
        return
    is_tariff = ~np.isnan(table.number("over_rate"))
    labels = {"quota": codes(table.text("quota"), np.arange(len(table)))}
    scale = limit_size(table.number("quantity"), float(draft.size.max()))
    at = draft.program.add_rows(
        "quota", "the quota {quota}", labels, len(table), upper=table.number("quantity"), scale=scale
    )
    for row in range(len(table)):
        members = np.flatnonzero(_under(draft, table, row))
        draft.program.add_entries(np.full(len(members), at[row]), flow.at[members], 1.0)
        if is_tariff[row]:
            _over(draft, row, int(at[row]), members)


def _under(draft: Draft, table: Table, row: int) -> npt.NDArray[np.bool_]:
    """Return which flows a quota counts: imports that fit its code, origin, destination and time."""
    chain, flow = draft.chain, draft.flow
    sender = np.array(chain.countries)[chain.lane_from[flow.lane]]
    receiver = np.array(chain.countries)[chain.lane_to[flow.lane]]
    followed = np.array(draft.goods.origins)[flow.good]
    origin = np.where(followed == "", sender, followed)
    counts = sender != receiver
    for wanted, actual in ((table.text("origin")[row], origin), (table.text("destination")[row], receiver)):
        if wanted:
            counts &= actual == wanted
    hs, only = table.text("hs")[row], table.text("product")[row]
    fitting = [
        code.startswith(hs) and only in {"", name}
        for code, name in zip(chain.network["products"].text("hs"), chain.products, strict=True)
    ]
    counts &= np.array(fitting, dtype=np.bool_)[flow.product]
    begins = np.nan_to_num(table.number("valid_from")[row], nan=-np.inf)
    ends = np.nan_to_num(table.number("valid_to")[row], nan=np.inf)
    starts = chain.starts[flow.arrival]
    return np.asarray(counts & (begins <= starts) & (starts <= ends), dtype=np.bool_)


def _over(draft: Draft, row: int, quota_row: int, members: Ints) -> None:
    """Add what goes beyond a tariff-rate quota, by product."""
    flow, products = draft.flow, draft.chain.network["products"]
    which = np.unique(flow.product[members])
    rate = float(draft.chain.network["quotas"].number("over_rate")[row])
    first = int(np.min(flow.period[members], initial=draft.period_count - 1))
    labels = {
        "product": draft.label_products(which),
        "quota": draft.label_table("quotas", "quota", np.full(len(which), row)),
    }
    cost = rate * products.number("value")[which] * draft.discount[first]
    name, size = f"over {row}", draft.size[which]
    at = draft.program.add_columns(
        name, "{product} beyond the quota {quota}", labels, len(which), cost={"duty": cost}, scale=size
    )
    draft.program.add_entries(np.full(len(which), quota_row), at, -1.0)
    rows = draft.program.add_rows(name, "{product} counted beyond {quota}", labels, len(which), upper=0.0, scale=size)
    draft.program.add_entries(rows, at, 1.0)
    position = np.searchsorted(which, flow.product[members])
    draft.program.add_entries(rows[position], flow.at[members], -1.0)
