"""Amounts of different products on one scale: each product counts alike, by its share of all there is of it."""

import msgspec

from doseway.plan.record import Planned
from doseway.plan.tables import Network
from doseway.plan.wording import tidy

KINDS = ("ksm", "api", "drug", "other")
KIND_WORDS = {"ksm": "starting materials", "api": "active ingredients", "drug": "medicines", "other": "other materials"}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What moves between two places: `weight` is the mean over the products of a kind of their shares."""

    source: str
    target: str
    kind: str
    weight: float


def kinds(network: Network) -> dict[str, str]:
    """Return product → its kind, as one of KINDS."""
    table = network["products"]
    named = dict(zip(table.text("product"), table.text("kind"), strict=True))
    return {product: kind if kind in KINDS else "other" for product, kind in named.items()}


def links(network: Network, plan: Planned) -> list[Link]:
    """Return what moves between places, over all products and periods, from the largest down."""
    kind_of = kinds(network)
    totals = _totals(plan)
    count: dict[str, int] = {}
    for product in totals:
        count[kind_of[product]] = count.get(kind_of[product], 0) + 1
    weights: dict[tuple[str, str, str], float] = {}
    for flow in plan.flows:
        kind = kind_of[flow.product]
        key = (flow.from_node, flow.to_node, kind)
        weights[key] = weights.get(key, 0.0) + flow.quantity / totals[flow.product] / count[kind]
    found = [Link(source=a, target=b, kind=k, weight=tidy(w)) for (a, b, k), w in weights.items()]
    return sorted(found, key=lambda link: (-link.weight, link.source, link.target, link.kind))


def lanes_of(network: Network) -> list[Link]:
    """Return the lanes of a network, each pair of places once and all alike: nothing moves yet."""
    table = network["lanes"]
    pairs = sorted(set(zip(table.text("from_node"), table.text("to_node"), strict=True)))
    return [Link(source=a, target=b, kind="other", weight=1.0) for a, b in pairs]


def _totals(plan: Planned) -> dict[str, float]:
    """Return product → what is brought into the network of it: made, or sent from stock."""
    sent: dict[str, dict[str, float]] = {}
    for flow in plan.flows:
        place = sent.setdefault(flow.product, {})
        place[flow.from_node] = place.get(flow.from_node, 0.0) + flow.quantity
        place[flow.to_node] = place.get(flow.to_node, 0.0) - flow.quantity
    return {product: sum(max(net, 0.0) for net in places.values()) for product, places in sent.items()}


def utilisation(plan: Planned) -> dict[str, float]:
    """Return site → hours used in parts of the hours available, over its lines and the plan."""
    used: dict[str, float] = {}
    available: dict[str, float] = {}
    for load in plan.loads:
        used[load.site] = used.get(load.site, 0.0) + load.used
        available[load.site] = available.get(load.site, 0.0) + load.available
    return {site: tidy(used[site] / hours) for site, hours in sorted(available.items()) if hours > 0}


def columns_of(nodes: list[str], linked: list[Link]) -> dict[str, int]:
    """Return node → its column: one more than the furthest of those that send to it; circles are cut."""
    senders: dict[str, set[str]] = {node: set() for node in nodes}
    for link in linked:
        if link.source != link.target:
            senders.setdefault(link.target, set()).add(link.source)
            senders.setdefault(link.source, set())
    column: dict[str, int] = {}

    def depth(node: str, seen: frozenset[str]) -> int:
        if node not in column:
            before = [depth(sender, seen | {node}) for sender in sorted(senders[node]) if sender not in seen]
            column[node] = 1 + max(before, default=-1)
        return column[node]

    for node in sorted(senders):
        depth(node, frozenset({node}))
    return column
