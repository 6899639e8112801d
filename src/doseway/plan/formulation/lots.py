"""Links that make the relaxation tight where something can be made for later: what a decision lets out in one period.

Lot sizing: what is made in a period reaches the markets in that period, or is kept or on its way when it ends, as it
is or inside something else. So for a recipe j of product p that needs a filing, or a line that is wholly idle,
    x[j,t] ≤ D[p,t] · Σ decisions in effect + kept[p,t],    kept[p,t] ≤ Σ_q content[p,q] · (stock + what is under way)
the inequality (l, S) of Barany, Van Roy and Wolsey (1984) with l = t and S = {t}, in echelon stock (Pochet and Wolsey
2006, chapter 13). It takes away no plan but those that make something to destroy it, which nothing ever pays for; where
a rule could, the product is left alone. So it changes no cost, only how near the relaxation comes to it.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Draft, grouped
from doseway.plan.formulation.invest import ramped, usable_from
from doseway.plan.highs import without
from doseway.plan.program import Arrays, Floats, Ints, Program

Flags = npt.NDArray[np.bool_]
LOT: Final = "lot "
"""What the names of these rows begin with; nobody set them, and nothing is explained or priced by them."""
_MADE_RULES: Final = {"max_country_share", "min_country_share"}


def loosened(program: Program, arrays: Arrays) -> Arrays:
    """Return the program without these links, as it is priced and explained."""
    links = [block.members for block in program.row_blocks if block.name.startswith(LOT)]
    return without(arrays, np.concatenate(links)) if links else arrays


def add_lots(draft: Draft) -> Draft:
    """Add the links to a program that is whole otherwise, and return its draft."""
    content, wasted = contents(draft.chain), _may_be_wasted(draft.chain)
    is_linked: Flags = np.all(content[:, wasted] == 0, axis=1)
    needs = [(name, found[is_linked[draft.chain.recipe_product[found]]]) for name, found in _decided(draft)]
    products = np.unique(draft.chain.recipe_product[np.concatenate([found for _, found in needs])])
    if len(products):
        kept = _add_kept(draft, content, products)
        for name, recipes in needs:
            _link(draft, name, recipes, content, (products, kept))
    return draft


def contents(chain: Chain) -> Floats:
    """Return (product, product): how much of one is inside a unit of another, losses included; 1 of itself."""
    direct = np.zeros((len(chain.products), len(chain.products)))
    for product, bom in enumerate(chain.inputs):
        for entry in bom:
            direct[entry.product, product] += entry.amount
    total = step = np.eye(len(chain.products))
    for _ in chain.products:  # as deep as the longest chain at most
        step = step @ direct
        if not step.any():
            break
        total = total + step
    return total


def _decided(draft: Draft) -> Iterator[tuple[str, Ints]]:
    """Return the recipes that need a filing, and those on lines that run only once they are activated."""
    recipes, lines = draft.chain.network["recipes"], draft.chain.network["lines"]
    yield "qualify", np.flatnonzero(~recipes.flag("qualified"))
    idle = (lines.number("idle") == 1.0) & ~(lines.number("expansion_max") > 0)
    yield "activate", np.flatnonzero(idle[draft.chain.recipe_line] & (recipes.number("hours") > 0))


def _may_be_wasted(chain: Chain) -> Flags:
    """Return which products may be made to be destroyed: by shortest campaigns, and by shares of what is made."""
    wasted = np.zeros(len(chain.products), dtype=np.bool_)
    wasted[chain.recipe_product[chain.network["lines"].number("campaign_min")[chain.recipe_line] > 0]] = True
    rules = chain.network["policies"]
    for rule, measure, only in zip(rules.text("rule"), rules.text("measure"), rules.text("product"), strict=True):
        if rule == "max_site_share" or (rule in _MADE_RULES and measure == "made"):
            wasted[chain.products.index(only) if only else slice(None)] = True
    return wasted


def _add_kept(draft: Draft, content: Floats, products: Ints) -> Ints:
    """Add kept[p, t], what there is of a product after a period, and return (product, period) its column."""
    count, periods, stock, flow = len(products), draft.period_count, draft.stock, draft.flow
    place = np.arange(count * periods, dtype=np.int64)
    product, period = products[place // periods], place % periods
    labels = {"product": draft.label_products(product), "period": draft.label_periods(period)}
    sentence, size = "what is kept of {product} after {period}", draft.size[product]
    columns = draft.program.add_columns("kept", sentence, labels, len(place), scale=size)
    rows = draft.program.add_rows(f"{LOT}kept", sentence, labels, len(place), upper=0.0, scale=size)
    draft.program.add_entries(rows, columns, 1.0)
    for number, one in enumerate(map(int, products)):
        mine = rows[number * periods : (number + 1) * periods]
        held = np.flatnonzero(content[one, stock.product] > 0)
        draft.program.add_entries(mine[stock.period[held]], stock.at[held], -content[one, stock.product[held]])
        for when in range(periods):
            under = (flow.period <= when) & (flow.arrival > when) & (content[one, flow.product] > 0)
            at = np.flatnonzero(under)
            draft.program.add_entries(np.full(len(at), mine[when]), flow.at[at], -content[one, flow.product[at]])
    return columns.reshape(count, periods)


def _link(draft: Draft, name: str, recipes: Ints, content: Floats, kept: tuple[Ints, Ints]) -> None:
    """Add x[j,t] - kept[p,t] - D[p,t] · Σ decisions ≤ 0 for recipes and all periods in which they can be made."""
    make, wants = draft.make, draft.wants
    members = np.flatnonzero(np.isin(make.recipe, recipes))
    if not len(members):
        return
    group, [recipe, period] = grouped(make.recipe[members], make.period[members])
    product = draft.chain.recipe_product[recipe]
    labels = {
        "product": draft.label_products(product),
        "line": draft.label_table("recipes", "line", recipe),
        "period": draft.label_periods(period),
    }
    sentence = "what {line} makes of {product} in {period} is taken or kept"
    rows = draft.program.add_rows(f"{LOT}{name}", sentence, labels, len(recipe), upper=0.0, scale=draft.size[product])
    draft.program.add_entries(rows[group], make.at[members], 1.0)
    draft.program.add_entries(rows, kept[1][np.searchsorted(kept[0], product), period], -1.0)
    at, is_for, is_in_effect = _decisions(draft, name)
    for row, one, what, when in zip(rows, recipe, product, period, strict=True):
        decisions = at[is_in_effect[:, when] & is_for(int(one))]
        wanted = np.flatnonzero((wants.period == when) & (content[what, wants.product] > 0))
        key = np.tile(draft.cell_key(wants.row[wanted], wants.period[wanted]), len(decisions))
        amounts = np.tile(content[what, wants.product[wanted]] * wants.quantity[wanted], len(decisions))
        draft.vary_entries("demand", key, np.full(len(key), row), np.repeat(decisions, len(wanted)), -amounts)


def _decisions(draft: Draft, name: str) -> tuple[Ints, Callable[[int], Flags], Flags]:
    """Return the decisions of a kind, which of them a recipe needs, and (decision, period) whether it is in effect."""
    qualify, activate = draft.qualify, draft.activate
    if name == "qualify":
        days = draft.chain.network["recipes"].number("qualification_days")[qualify.recipe]
        return qualify.at, lambda recipe: qualify.recipe == recipe, usable_from(draft, qualify, days)
    shares = ramped(draft, activate.line, activate.period)
    return activate.at, lambda recipe: activate.line == draft.chain.recipe_line[recipe], shares > 0
