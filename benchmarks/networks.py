"""Generated networks of any size: makers of ingredients abroad, plants partly idle, depots, markets, disruptions."""

from typing import Any

import numpy as np

from doseway.plan.tables import Network, from_rows

COUNTRIES = ("IN", "CN", "US", "IE")
IDLE_LINES = 24
Rows = list[dict[str, Any]]


def generated(nodes: int, products: int, *, outage: float = 0.06, seed: int = 1) -> Network:
    """Make a network of about so many nodes: 15 % makers of actives, 20 % plants, 10 % depots, the rest markets.

    Every medicine has three makers of its active in different countries, three plants and two depots a market;
    capacity is a little above demand, up to 24 plants have half of theirs idle, depots may hold buffers, and every
    maker and plant fails with a given probability, those of a country leaning the same way.
    """
    random = np.random.default_rng(seed)
    makers, plants, depots = (max(3, round(nodes * share)) for share in (0.15, 0.2, 0.1))
    markets = max(2, nodes - makers - plants - depots)
    sites = [{"site": f"a{i}", "country": COUNTRIES[i % 4], "root": f"r{i % 7}"} for i in range(makers)]
    sites += [{"site": f"f{i}", "country": COUNTRIES[(i + 2) % 4]} for i in range(plants)]
    sites += [{"site": f"d{i}", "country": "US"} for i in range(depots)]
    makes = {p: [(3 * p + i) % makers for i in range(3)] for p in range(products)}
    fills = {p: [(3 * p + i) % plants for i in range(3)] for p in range(products)}
    quantity = random.integers(50, 150, (markets, products)).astype(float)
    load = {f"a{i}": 0.0 for i in range(makers)} | {f"f{i}": 0.0 for i in range(plants)}
    for p in range(products):
        for site in [f"a{i}" for i in set(makes[p])] + [f"f{i}" for i in set(fills[p])]:
            load[site] += float(quantity[:, p].sum()) / 3
    lines = [_line(site, hours, random) for site, hours in load.items()]
    recipes: Rows = [
        {"line": f"{tier}{i}", "product": f"{kind}{p}", "hours": 1, "cost": float(random.integers(1, 10))}
        for tier, kind, who in (("a", "api", makes), ("f", "drug", fills))
        for p in range(products)
        for i in sorted(set(who[p]))
    ]
    return from_rows(
        periods=[{"period": "year", "start": "2027-01-01", "days": 360}],
        products=[
            {"product": f"{kind}{p}", "kind": kind, "hs": "30", "value": 10}
            for kind in ("api", "drug")
            for p in range(products)
        ],
        boms=[{"product": f"drug{p}", "input": f"api{p}", "quantity": 1} for p in range(products)],
        sites=sites,
        lines=[line for line in lines if line["capacity"] > 0],
        recipes=recipes,
        lanes=_lanes(makes, fills, depots, markets, random),
        markets=[{"market": f"m{j}", "country": "US"} for j in range(markets)],
        demand=[
            {"market": f"m{j}", "product": f"drug{p}", "quantity": quantity[j, p], "shortage_cost": 200, "sd": 10}
            for j in range(markets)
            for p in range(products)
        ],
        duties=[{"origin": c, "destination": "US", "rate": r} for c, r in (("IN", 0.1), ("CN", 0.25))],
        storage=[
            {"site": f"d{i}", "product": f"drug{p}", "buffer_cost": 8, "buffer_max": 2000}
            for i in range(depots)
            for p in range(products)
            if (i + p) % max(1, depots * products // 250) == 0
        ],
        disruptions=[
            {"event": s["site"], "target_kind": "site", "target": s["site"], "probability": outage}
            | {"duration": "exponential", "duration_days": 120, "group": s["country"], "correlation": 0.4}
            for s in sites[: makers + plants]
        ],
    )


def _line(site: str, hours: float, random: np.random.Generator) -> dict[str, Any]:
    """Return a line whose capacity is a little above its load, half of it idle at a few of the plants."""
    is_idle = site.startswith("f") and int(site[1:]) < IDLE_LINES
    capacity = 1.25 * hours / 360 * (1.5 if is_idle else 1.0)
    cost = float(random.integers(2000, 9000)) if is_idle else 0.0
    return {"line": site, "site": site, "capacity": capacity, "idle": 0.5 if is_idle else 0, "activation_cost": cost}


def _lanes(
    makes: dict[int, list[int]], fills: dict[int, list[int]], depots: int, markets: int, random: np.random.Generator
) -> Rows:
    """Return lanes from makers to plants, from plants to three depots each, from two depots to each market."""
    pairs = [(f"a{i}", f"f{j}") for p in makes for i in set(makes[p]) for j in set(fills[p])]
    plants = sorted({j for who in fills.values() for j in who})
    pairs += [(f"f{j}", f"d{(j + k) % depots}") for j in plants for k in range(3)]
    pairs += [(f"d{(j + k) % depots}", f"m{j}") for j in range(markets) for k in range(2)]
    return [
        {"lane": f"{a} {b}", "from_node": a, "to_node": b, "cost": float(random.integers(1, 9)) / 4, "days": 10}
        for a, b in sorted(set(pairs))
    ]
