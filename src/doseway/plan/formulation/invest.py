"""Decisions made before it is known what happens: activate, expand, qualify, open a lane, place a buffer."""

import numpy as np
import numpy.typing as npt

from doseway.plan.formulation.draft import Columns, Draft, unzipped
from doseway.plan.goods import Good
from doseway.plan.program import Floats, Ints


def add_activations(draft: Draft) -> None:
    """Add a[line, period] ∈ {0, 1}, the idle share of a line opened in a period, at most once: Σ_t a ≤ 1.

    Cost: the one-time cost, and the running cost from the first hour to the end of the plan.
    """
    lines = draft.chain.network["lines"]
    idle = np.flatnonzero(lines.number("idle") > 0)
    line, period = (
        np.asarray(part.ravel()) for part in np.meshgrid(idle, np.arange(draft.period_count), indexing="ij")
    )
    running = _running_cost(draft, line, period)
    labels = {
        "line": draft.label_table("lines", "line", line),
        "site": draft.label_nodes(draft.chain.line_site[line]),
        "period": draft.label_periods(period),
    }
    at = draft.program.add_columns(
        "activate",
        "activation of {line} at {site} in {period}",
        labels,
        len(line),
        cost={"activation": lines.number("activation_cost")[line] * draft.discount[period], "running": running},
        upper=1.0,
        is_integer=True,
        stage=1,
    )
    draft.activate = Columns(at=at, line=line, period=period)
    _at_most_once(draft, "activate once", "{line} activated at most once", ("lines", "line"), line, at)


def _running_cost(draft: Draft, line: Ints, period: Ints) -> Floats:
    """Return the running cost of a line activated in a period, from its first hour to the end."""
    lines, starts = draft.chain.network["lines"], draft.chain.starts
    first = starts[period] + lines.number("activation_days")[line]
    runs = first[:, None] <= starts[None, :]
    days = (runs * (draft.chain.days * draft.discount)[None, :]).sum(axis=1)
    return np.asarray(lines.number("fixed_cost")[line] * days, dtype=np.float64)


def ramped(draft: Draft, line: Ints, decided: Ints) -> Floats:
    """Return (member, period) share of the opened capacity of a line activated in a period.

    Nothing before the first hour; then the line's ramp at the first day of the period, or all of it without a ramp.
    """
    lines, starts = draft.chain.network["lines"], draft.chain.starts
    since = starts[None, :] - (starts[decided] + lines.number("activation_days")[line])[:, None]
    shares = np.where(since >= 0, 1.0, 0.0)
    table = draft.chain.network["ramps"]
    for name in sorted(set(lines.text("ramp")) - {""}):
        rows = np.array([i for i, ramp in enumerate(table.text("ramp")) if ramp == name], dtype=np.int64)
        rows = rows[np.argsort(table.number("days")[rows])]
        steps, values = table.number("days")[rows], np.r_[0.0, table.number("share")[rows]]
        mine = np.array([lines.text("ramp")[i] == name for i in line], dtype=np.bool_)
        shares[mine] = np.where(since[mine] >= 0, values[np.searchsorted(steps, since[mine], side="right")], 0.0)
    return shares


def add_expansions(draft: Draft) -> None:
    """Add e[line] ∈ [0, expansion_max], hours a day added to a line from the first day."""
    lines = draft.chain.network["lines"]
    line = np.flatnonzero(lines.number("expansion_max") > 0)
    most = lines.number("expansion_max")[line]
    at = draft.program.add_columns(
        "expand",
        "expansion of {line}",
        {"line": draft.label_table("lines", "line", line)},
        len(line),
        cost={"expansion": lines.number("expansion_cost")[line]},
        upper=most,
        scale=most,
        stage=1,
    )
    draft.expand = Columns(at=at, line=line)


def add_qualifications(draft: Draft) -> None:
    """Add z[recipe, period] ∈ {0, 1}, the filing of a recipe decided in a period, at most once: Σ_t z ≤ 1."""
    recipes = draft.chain.network["recipes"]
    pending = np.flatnonzero(~recipes.flag("qualified"))
    recipe, period = (
        np.asarray(part.ravel()) for part in np.meshgrid(pending, np.arange(draft.period_count), indexing="ij")
    )
    labels = {
        "product": draft.label_table("recipes", "product", recipe),
        "line": draft.label_table("recipes", "line", recipe),
        "period": draft.label_periods(period),
    }
    at = draft.program.add_columns(
        "qualify",
        "qualification of {product} on {line} in {period}",
        labels,
        len(recipe),
        cost={"qualification": recipes.number("qualification_cost")[recipe] * draft.discount[period]},
        upper=1.0,
        is_integer=True,
        stage=1,
    )
    draft.qualify = Columns(at=at, recipe=recipe, line=draft.chain.recipe_line[recipe], period=period)
    _at_most_once(draft, "qualify once", "{product} on {line} qualified at most once", ("recipes", "line"), recipe, at)


def _at_most_once(draft: Draft, name: str, sentence: str, cell: tuple[str, str], owner: Ints, at: Ints) -> None:
    """Add Σ_t decision ≤ 1 for each owner."""
    owners, group = np.unique(owner, return_inverse=True)
    labels = {"line": draft.label_table(*cell, owners)}
    if cell[0] == "recipes":
        labels["product"] = draft.label_table("recipes", "product", owners)
    rows = draft.program.add_rows(name, sentence, labels, len(owners), upper=1.0, stage=1)
    draft.program.add_entries(rows[np.asarray(group).reshape(-1)], at, 1.0)


def usable_from(draft: Draft, columns: Columns, days: Floats) -> npt.NDArray[np.bool_]:
    """Return (member, period): whether what the member decides takes effect by the first day of the period."""
    starts = draft.chain.starts
    return np.asarray((starts[columns.period] + days)[:, None] <= starts[None, :], dtype=np.bool_)


def qualification(draft: Draft) -> None:
    """Make nothing that is not filed: Σ_goods x[j,·,t] ≤ M[j,t] · Σ_{τ + days ≤ t} z[j,τ].

    M is the least that is true: what the line's undisturbed hours allow, or all that the markets can want over the
    plan (the smaller of the two keeps the relaxation tight).
    """
    recipes, make, qualify = draft.chain.network["recipes"], draft.make, draft.qualify
    pending = np.flatnonzero(~recipes.flag("qualified")[make.recipe]) if len(make.at) else np.zeros(0, dtype=np.int64)
    pairs = sorted({(int(make.recipe[i]), int(make.period[i])) for i in pending})
    recipe, period = unzipped(pairs, 2)
    position = {pair: row for row, pair in enumerate(pairs)}
    product = draft.chain.recipe_product[recipe]
    most = np.minimum(_most_made(draft, recipe, period), draft.need[product]) * draft.growth
    labels = {
        "product": draft.label_products(product),
        "line": draft.label_table("recipes", "line", recipe),
        "period": draft.label_periods(period),
    }
    sentence = "no {product} on {line} in {period} before it is qualified"
    at = draft.program.add_rows("qualification", sentence, labels, len(pairs), upper=0.0, scale=draft.size[product])
    rows = np.array([position[int(make.recipe[i]), int(make.period[i])] for i in pending], dtype=np.int64)
    draft.program.add_entries(at[rows], make.at[pending], 1.0)
    counts = usable_from(draft, qualify, recipes.number("qualification_days")[qualify.recipe])
    for member, when in zip(*np.nonzero(counts), strict=True):
        row = position.get((int(qualify.recipe[member]), int(when)))
        if row is not None:
            draft.vary_entries("growth", np.zeros(1, dtype=np.int64), at[[row]], qualify.at[[member]], -most[[row]])


def _most_made(draft: Draft, recipe: Ints, period: Ints) -> Floats:
    """Return the most of a recipe's product that its line's hours allow in a period."""
    lines, line = draft.chain.network["lines"], draft.chain.recipe_line[recipe]
    extra = lines.number("expansion_max")[line] * draft.chain.days[period]
    hours = draft.chain.network["recipes"].number("hours")[recipe]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(hours > 0, (draft.whole_hours[line, period] + extra) / hours, np.inf)


def add_openings(draft: Draft) -> None:
    """Add v[lane] ∈ {0, 1} for every lane with a cost of opening."""
    lanes = draft.chain.network["lanes"]
    lane = np.flatnonzero(lanes.number("opening_cost") > 0)
    at = draft.program.add_columns(
        "open",
        "opening of {lane}",
        {"lane": draft.label_table("lanes", "lane", lane)},
        len(lane),
        cost={"opening": lanes.number("opening_cost")[lane]},
        upper=1.0,
        is_integer=True,
        stage=1,
    )
    draft.opened = Columns(at=at, lane=lane)


def add_buffers(draft: Draft) -> None:
    """Add b[site, good] ∈ [0, buffer_max], stock placed before the plan begins, in addition to what is there."""
    storage, chain = draft.chain.network["storage"], draft.chain
    placed = []
    for place, material, label in draft.goods.buffers:
        site = chain.nodes.index(storage.text("site")[place])
        if label in chain.labels.get((site, material), ()):
            until = draft.goods.expires_when_made(material, float(chain.starts[0]))
            placed.append((place, site, draft.goods.index[Good(material, label, until)]))
    row, node, good = unzipped(placed, 3)
    product = draft.goods.product[good]
    at = draft.program.add_columns(
        "buffer",
        "buffer of {good} at {site}",
        {"good": draft.label_goods(good), "site": draft.label_nodes(node)},
        len(row),
        cost={"buffer": storage.number("buffer_cost")[row]},
        upper=storage.number("buffer_max")[row],
        scale=draft.size[product],
        stage=1,
    )
    draft.buffer = Columns(at=at, node=node, good=good, product=product)
