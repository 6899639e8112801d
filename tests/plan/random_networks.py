"""Small networks at random, for the laws that hold in every plan."""

from hypothesis import strategies as st

from doseway.plan.tables import Network, from_rows


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Two layers of makers, a warehouse, two markets, three periods; capacities, costs and rules at random."""
    number = st.integers(0, 40).map(float)
    count = st.integers(1, 3)
    makers, fillers = draw(count), draw(count)
    country = st.sampled_from(["US", "IN", "CN"])
    sites = [{"site": f"a{i}", "country": draw(country)} for i in range(makers)]
    sites += [{"site": f"f{i}", "country": draw(country)} for i in range(fillers)] + [{"site": "w", "country": "US"}]
    lines = [
        {
            "line": s["site"],
            "site": s["site"],
            "capacity": draw(number),
            "idle": draw(st.sampled_from([0, 0.5, 1])),
            "activation_cost": draw(number),
        }
        for s in sites[:-1]
    ]
    recipes = [
        {
            "line": s["site"],
            "product": "api" if s["site"][0] == "a" else "dose",
            "hours": draw(st.sampled_from([0.5, 1, 3])),
            "cost": draw(number),
            "qualified": draw(st.booleans()),
            "qualification_cost": draw(number),
        }
        for s in sites[:-1]
    ]
    lanes = [
        {
            "lane": f"a{i}f{j}",
            "from_node": f"a{i}",
            "to_node": f"f{j}",
            "cost": draw(number),
            "days": draw(st.sampled_from([1, 12])),
        }
        for i in range(makers)
        for j in range(fillers)
    ]
    lanes += [
        {"lane": f"f{j}w", "from_node": f"f{j}", "to_node": "w", "cost": 1, "capacity": draw(number)}
        for j in range(fillers)
    ]
    lanes += [{"lane": f"w{m}", "from_node": "w", "to_node": m, "cost": draw(number)} for m in ("m", "n")]
    return from_rows(
        periods=[{"period": f"t{i}", "start": f"2027-01-{1 + 10 * i:02d}", "days": 10} for i in range(3)],
        products=[
            {"product": "api", "kind": "api", "value": 10, "hs": "29"},
            {
                "product": "dose",
                "value": 20,
                "hs": "30",
                "shelf_life": draw(st.sampled_from([10, 20, 500])),
                "holding_cost": 0.1,
            },
        ],
        boms=[
            {
                "product": "dose",
                "input": "api",
                "quantity": draw(st.sampled_from([0.5, 1, 2])),
                "yield": draw(st.sampled_from([0.5, 1])),
            }
        ],
        sites=sites,
        lines=lines,
        recipes=recipes,
        lanes=lanes,
        markets=[{"market": "m", "country": "US"}, {"market": "n", "country": "IN", "domestic": "no"}],
        demand=[
            {"market": "m", "product": "dose", "quantity": draw(number), "shortage_cost": 200},
            {"market": "n", "product": "dose", "quantity": draw(number), "price": draw(number), "required": "no"},
        ],
        duties=[{"origin": draw(country), "destination": "US", "rate": draw(st.sampled_from([0, 0.5]))}],
        quotas=[{"quota": "q", "destination": "US", "product": "api", "quantity": draw(number)}],
        policies=[{"policy": "p", "rule": "max_country_share", "value": draw(st.sampled_from([0.5, 1.0]))}],
        disruptions=[
            {"event": "a", "target_kind": "site", "target": "a0", "probability": 0.4, "duration_days": 20},
            {"event": "f", "target_kind": "site", "target": "f0", "probability": 0.3, "duration": "exponential"}
            | {"duration_days": 12, "severity": 0.7},
        ],
        storage=[{"site": "w", "product": "dose", "max_quantity": draw(number), "buffer_cost": 9, "buffer_max": 30}],
    )
