"""A plan as it is kept: plain rows with names, the network's hash, the model's version, cost, bound and gap."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import rfc8785

from doseway.model.errors import DataError, Place
from doseway.plan.answer import Plan
from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Status
from doseway.plan.program import Block, Ints
from doseway.plan.quantities import plan_currency
from doseway.plan.tables import Network
from doseway.plan.wording import tidy

MODEL_VERSION: Final = 1
"""Raised when the same tables may give another plan."""
MAX_BYTES: Final = 256 * 1024 * 1024
_DUST: Final = 1e-7
DECISIONS: Final = ("activate", "expand", "qualify", "open", "buffer")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Something to decide now: `kind` is one of DECISIONS; what it does not have is ""."""

    kind: str
    line: str = ""
    lane: str = ""
    site: str = ""
    product: str = ""
    period: str = ""
    quantity: float = 1.0
    cost: float = 0.0


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What moves on a lane in a period, by the origin that customs would see."""

    lane: str
    from_node: str
    to_node: str
    product: str
    origin: str
    period: str
    quantity: float


class Make(msgspec.Struct, frozen=True, kw_only=True):
    """What a line makes in a period."""

    line: str
    site: str
    product: str
    origin: str
    period: str
    quantity: float


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a market wants of a product in a period, and gets; `short` counts where it is required."""

    market: str
    product: str
    tier: float
    period: str
    wanted: float
    served: float
    short: float


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of a line in a period: what is used, and what there is with the plan's decisions."""

    line: str
    site: str
    period: str
    used: float
    available: float


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that binds: in how many periods, and what one more unit of it saves, least and most over them."""

    limit: str
    unit: str
    periods: int
    least: float
    most: float
    worth: float


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it is kept.

    Attributes:
        model: MODEL_VERSION; `network` is the SHA-256 of the tables.
        cost: less revenue, in `currency`, discounted; no plan can cost less than `bound` (None: nothing was proved).
        service: tier → share of what is required that is served.
        units: product → unit of its amounts.
    """

    model: int
    network: str
    name: str
    currency: str
    status: Status
    cost: float
    bound: float | None
    gap: float | None
    costs: dict[str, float]
    service: dict[str, float]
    units: dict[str, str]
    periods: list[str]
    decisions: list[Decision]
    flows: list[Flow]
    makes: list[Make]
    needs: list[Need]
    loads: list[Load]
    binding: list[Binding]

    @property
    def shortages(self) -> list[Need]:
        """Needs that are not met, the most needed tier first, then the largest part of what is wanted."""
        short = [need for need in self.needs if need.short > _DUST * need.wanted]
        return sorted(short, key=lambda need: (need.tier, -need.short / need.wanted, need.market, need.product))

    def markets(self) -> set[str]:
        """Return the names of the markets."""
        return {need.market for need in self.needs}


def record(plan: Plan, network: Network) -> Planned:
    """Return a plan as it is kept; `network` is the one that it was made for."""
    chain = plan.draft.chain
    return Planned(
        model=MODEL_VERSION,
        network=network_hash(network),
        name=network["scope"].text("name")[0] if len(network["scope"]) else "",
        currency=plan_currency(network),
        status=plan.status,
        cost=tidy(plan.cost),
        bound=_finite(plan.bound),
        gap=_finite(plan.gap),
        costs={part: tidy(cost) for part, cost in sorted(plan.costs.items())},
        service={tier: tidy(share) for tier, share in plan.service().items()},
        units=dict(zip(chain.products, chain.network["products"].text("unit"), strict=True)),
        periods=list(chain.periods),
        decisions=_decisions(plan),
        flows=_flows(plan),
        makes=_makes(plan),
        needs=_needs(plan),
        loads=_loads(plan),
        binding=bindings(plan),
    )


def network_hash(network: Network) -> str:
    """Return the SHA-256 of all tables' cells, hex; the order of rows and where they were read from change nothing."""
    tables = {
        name: {**table.texts, **{key: [_finite(v) for v in map(float, col)] for key, col in table.numbers.items()}}
        for name, table in network.tables.items()
    }
    return hashlib.sha256(rfc8785.dumps(tables)).hexdigest()  # type: ignore[arg-type]  # lists of text or numbers


def to_bytes(planned: Planned) -> bytes:
    """Write a plan as canonical JSON (RFC 8785)."""
    return rfc8785.dumps(msgspec.to_builtins(planned)) + b"\n"


def from_bytes(data: bytes, source: str = "") -> Planned:
    """Read a plan that `to_bytes` wrote.

    Raises:
        DataError: not a plan, or one of a model that this version does not know.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"a plan has at most {MAX_BYTES:,} bytes", where=Place(source))
    try:
        planned = msgspec.json.decode(data, type=Planned)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "A plan is written by `doseway plan solve --out FILE`."
        raise DataError(f"not a plan: {error}", hint=hint, where=Place(source)) from error
    if planned.model > MODEL_VERSION:
        what = f"the plan is of model version {planned.model}, this is {MODEL_VERSION}"
        raise DataError(what, hint="Install a newer Doseway.", where=Place(source))
    return planned


def _finite(value: float) -> float | None:
    return tidy(value) if np.isfinite(value) else None


def _summed(
    plan: Plan, at: Ints, scale: Ints, key: Callable[[int], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], float]]:
    """Add up columns that agree in their key, leave out the solver's dust, and sort."""
    size = plan.draft.size[scale]
    total: dict[tuple[str, ...], float] = {}
    for member in np.flatnonzero(np.abs(plan.x[at]) > _DUST * size):
        name = key(int(member))
        total[name] = total.get(name, 0.0) + float(plan.x[at[member]])
    return sorted((name, tidy(value)) for name, value in total.items())


def _flows(plan: Plan) -> list[Flow]:
    draft, chain, flow = plan.draft, plan.draft.chain, plan.draft.flow
    lanes = chain.network["lanes"].text("lane")
    names = ("lane", "from_node", "to_node", "product", "origin", "period")

    def key(i: int) -> tuple[str, ...]:
        lane = int(flow.lane[i])
        ends = chain.nodes[chain.lane_from[lane]], chain.nodes[chain.lane_to[lane]]
        product, origin = chain.products[flow.product[i]], draft.goods.origins[flow.good[i]]
        return lanes[lane], *ends, product, origin, chain.periods[flow.period[i]]

    return [_row(Flow, names, name, value) for name, value in _summed(plan, flow.at, flow.product, key)]


def _makes(plan: Plan) -> list[Make]:
    draft, chain, make = plan.draft, plan.draft.chain, plan.draft.make
    lines = chain.network["lines"].text("line")
    names = ("line", "site", "product", "origin", "period")

    def key(i: int) -> tuple[str, ...]:
        line, site = lines[make.line[i]], chain.nodes[make.node[i]]
        product, origin = chain.products[make.product[i]], draft.goods.origins[make.good[i]]
        return line, site, product, origin, chain.periods[make.period[i]]

    return [_row(Make, names, name, value) for name, value in _summed(plan, make.at, make.product, key)]


def _row(kind: type[Any], names: tuple[str, ...], key: tuple[str, ...], quantity: float) -> Any:
    return kind(**dict(zip(names, key, strict=True)), quantity=quantity)


def _needs(plan: Plan) -> list[Need]:
    draft, chain, wants = plan.draft, plan.draft.chain, plan.draft.wants
    tiers = chain.network["demand"].number("tier")
    short = np.zeros(len(wants.row))
    short[draft.short.row] = plan.x[draft.short.at]
    return [
        Need(
            market=chain.nodes[wants.node[i]],
            product=chain.products[wants.product[i]],
            tier=float(tiers[wants.row[i]]),
            period=chain.periods[wants.period[i]],
            wanted=tidy(float(wants.quantity[i])),
            served=tidy(float(plan.x[draft.served.at[i]])),
            short=tidy(float(short[i])) if short[i] > _DUST * wants.quantity[i] else 0.0,
        )
        for i in range(len(wants.row))
    ]


def _decisions(plan: Plan) -> list[Decision]:
    listed = []
    for kind in DECISIONS:
        block = plan.draft.program.column_block(kind)
        for member in range(block.count):
            value = float(plan.x[block.start + member])
            if value > _DUST * plan.arrays.column_scale[block.start + member]:
                cost = sum(float(part[member]) for part in block.parts.values()) * value
                labels = {("product" if name == "good" else name): block.label(name, member) for name in block.labels}
                listed.append(Decision(kind=kind, **labels, quantity=tidy(value), cost=tidy(cost)))
    return listed


def _loads(plan: Plan) -> list[Load]:
    draft, block = plan.draft, plan.draft.program.row_block("hours")
    used = _hours_used(draft, plan)
    slack = (plan.arrays.row_upper - plan.arrays.activity(plan.x))[block.members]
    loads = []
    for member in range(block.count):
        line, period = int(block.labels["line"][1][member]), int(block.labels["period"][1][member])
        hours = float(used[line, period])
        # A row without a limit is implied by others; then what is used is all that is known.
        spare = float(slack[member]) if np.isfinite(slack[member]) else 0.0
        loads.append(
            Load(
                line=block.label("line", member),
                site=block.label("site", member),
                period=block.label("period", member),
                used=tidy(hours),
                available=tidy(max(hours, hours + spare)),
            )
        )
    return loads


def _hours_used(draft: Draft, plan: Plan) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return (line, period) hours that making and changing over take."""
    recipes, make, campaign = draft.chain.network["recipes"], draft.make, draft.campaign
    used = np.zeros((len(draft.chain.network["lines"]), draft.period_count))
    np.add.at(used, (make.line, make.period), recipes.number("hours")[make.recipe] * np.maximum(plan.x[make.at], 0))
    lost = recipes.number("changeover_hours")[campaign.recipe] * plan.x[campaign.at]
    np.add.at(used, (campaign.line, campaign.period), lost)
    return used


def bindings(plan: Plan, scale: float | None = None) -> list[Binding]:
    """Return the limits that bind, the dearest in total first; periods of one limit count together.

    Savings below a tiny part of `scale` are dust; None is the plan's cost.
    """
    if plan.prices is None:
        return []
    saving, dust = np.abs(plan.prices), _DUST * (max(1.0, abs(plan.cost)) if scale is None else scale)
    worth = saving * plan.arrays.row_scale
    found: dict[tuple[str, str], list[int]] = {}
    for block in plan.draft.program.row_blocks:
        unit = _unit_of(block.name)
        for row in block.members[worth[block.members] > dust] if unit else ():
            found.setdefault((_without_period(block, int(row) - block.start), unit), []).append(int(row))
    listed = [
        Binding(
            limit=limit,
            unit=_amount_unit(plan.draft.chain, unit, limit),
            periods=len(rows),
            least=tidy(float(saving[rows].min())),
            most=tidy(float(saving[rows].max())),
            worth=tidy(float(worth[rows].sum())),
        )
        for (limit, unit), rows in found.items()
    ]
    return sorted(listed, key=lambda b: (-b.worth, b.limit))


def _unit_of(name: str) -> str:
    """Return what a limit of a block is counted in; "" for rows that are no limits somebody could loosen."""
    if name == "hours":
        return "hour"
    return "unit" if name.startswith(("lane", "quota", "policy", "storage", "cover")) else ""


def _without_period(block: Block, member: int) -> str:
    sentence = block.sentence.replace(" at the end of {period}", "").replace(" in {period}", "")
    return sentence.format_map({name: block.label(name, member) for name in block.labels})


def _amount_unit(chain: Chain, unit: str, limit: str) -> str:
    """Return the unit of the product that a limit is about, where it names one."""
    if unit == "hour":
        return unit
    named = [product for product in chain.products if f" {product}" in limit]
    return chain.network["products"].text("unit")[chain.products.index(max(named, key=len))] if named else unit
