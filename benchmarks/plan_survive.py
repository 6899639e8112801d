"""Time to survive against time to recover: 1,700 nodes, 1,500 outages, one thread.

A generated network of four tiers (about 1,000 makers of ingredients, 400 of actives, 200 plants, 100 markets), after
the size that the published demonstrations of the method use. The peer is the budget: 30 seconds.
"""

import time

import numpy as np

from benchmarks.row import Row, row
from doseway.plan.chain import Chain
from doseway.plan.survive import Outage, sweep
from doseway.plan.tables import Network, from_rows

TIERS = (1000, 400, 200)
MARKETS = 100
PRODUCTS = 40
OUTAGES = 1500
BUDGET_S = 30.0


def generated(tiers: tuple[int, int, int] = TIERS, markets: int = MARKETS, products: int = PRODUCTS) -> Network:
    """Make a network: every plant buys from three makers, everything has a second source, stocks last weeks."""
    random = np.random.default_rng(1)
    names = [[f"{'kad'[tier]}{i}" for i in range(count)] for tier, count in enumerate(tiers)]
    kinds = ("ksm", "api", "drug")
    made = {site: f"{kinds[tier]}{i % products}" for tier, sites in enumerate(names) for i, site in enumerate(sites)}
    lanes = []
    for tier in (1, 2):
        for site in names[tier]:
            number = made[site].removeprefix(kinds[tier])
            makers = [maker for maker in names[tier - 1] if made[maker] == f"{kinds[tier - 1]}{number}"]
            chosen = random.choice(len(makers), min(3, len(makers)), replace=False)
            lanes += [(makers[i], site) for i in sorted(chosen)]
    lanes += [(plant, f"m{j}") for plant in names[2] for j in sorted(random.choice(markets, 12, replace=False))]
    sites = [site for tier in names for site in tier]
    reached = sorted({(market, made[plant]) for plant, market in lanes if market.startswith("m")})
    wanted = {pair: float(random.integers(50, 150)) for pair in reached}
    load = dict.fromkeys(sites, 0.0)
    for market, product in reached:
        plants = [plant for plant, end in lanes if end == market and made[plant] == product]
        for plant in plants:
            load[plant] += wanted[market, product] / len(plants)
    for tier in (1, 0):
        for maker in names[tier]:
            ends = [end for start, end in lanes if start == maker]
            load[maker] = sum(load[end] / sum(1 for _, other in lanes if other == end) for end in ends)
    return from_rows(
        periods=[{"period": "day", "start": "2027-01-01", "days": 1}],
        products=[{"product": f"{kind}{i}", "kind": kind} for kind in kinds for i in range(products)],
        boms=[
            {"product": f"{kinds[t]}{i}", "input": f"{kinds[t - 1]}{i}", "quantity": 1}
            for t in (1, 2)
            for i in range(products)
        ],
        sites=[{"site": s, "country": "US", "recovery_days": float(random.integers(20, 200))} for s in sites],
        lines=[{"line": s, "site": s, "capacity": 1.3 * load[s] + 1} for s in sites],
        recipes=[{"line": s, "product": made[s], "hours": 1} for s in sites],
        lanes=[{"lane": f"{a} {b}", "from_node": a, "to_node": b} for a, b in lanes],
        markets=[{"market": f"m{j}", "country": "US"} for j in range(markets)],
        demand=[{"market": m, "product": p, "quantity": q, "price": 1} for (m, p), q in wanted.items()],
        stocks=[{"site": s, "product": made[s], "quantity": load[s] * float(random.integers(10, 90))} for s in sites],
    )


def run() -> list[Row]:
    """Sweep the outages of the first 1,500 sites."""
    chain = Chain(generated())
    table = chain.network["sites"]
    names, days = table.text("site"), table.number("recovery_days")
    outages = [Outage(names[i], (("site", names[i]),), float(days[i])) for i in range(OUTAGES)]
    begin = time.perf_counter()
    found = sweep(chain, outages)
    seconds = time.perf_counter() - begin
    exposed = sum(e.is_exposed for e in found)
    return [
        row("time to survive and impact, 1,700 nodes, 1,500 outages", seconds, "s", "budget", BUDGET_S),
        row("of those, exposed", exposed, "outages"),
    ]
