"""Facility location on 49 cities and what each failure costs (Snyder and Daskin 2005), solved as networks.

Demand is the population over 100,000, the cost a mile and unit 1, the fixed cost the median home value; distances are
great circles of 3,956 miles' radius. File: sortcap.grt of Daskin (1995).
"""

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.row import Row, row
from doseway.plan.formulation.draft import Conditions
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.tables import Network, from_rows

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"
RADIUS_MILES = 3956.0
PEOPLE = 1e5


@dataclass(frozen=True)
class Cities:
    """Names, populations, home values, and the distance of each pair in miles."""

    names: list[str]
    people: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    miles: npt.NDArray[np.float64]


def read_cities(path: Path) -> Cities:
    """Read number, longitude west, latitude, population, other, home value and the name in angle brackets."""
    lines = path.read_text(encoding="ascii").splitlines()
    cells = [line.split("<")[0].split() for line in lines]
    names = [" ".join(re.split(r"[<>]", line)[1].split()) for line in lines]
    west, north = (np.radians([float(row[i]) for row in cells]) for i in (1, 2))
    cosine = np.sin(north)[:, None] * np.sin(north) + np.cos(north)[:, None] * np.cos(north) * np.cos(
        west[:, None] - west
    )
    miles = RADIUS_MILES * np.arccos(np.clip(cosine, -1, 1))
    np.fill_diagonal(miles, 0.0)
    people = np.array([float(row[3]) for row in cells])
    return Cities(names, people, np.array([float(row[5]) for row in cells]), miles)


def network(cities: Cities, facilities: list[str] | None = None) -> Network:
    """Write the problem as a network; with facilities named, only they stand, and they are open."""
    demand = cities.people / PEOPLE
    chosen = [i for i, name in enumerate(cities.names) if facilities is None or name in facilities]
    idle = 1 if facilities is None else 0
    return from_rows(
        periods=[{"period": "day", "start": "2027-01-01", "days": 1}],
        products=[{"product": "dose"}],
        sites=[{"site": cities.names[i], "country": "US"} for i in chosen],
        lines=[
            {"line": cities.names[i], "site": cities.names[i], "capacity": float(demand.sum()), "idle": idle}
            | {"activation_cost": float(cities.values[i])}
            for i in chosen
        ],
        recipes=[{"line": cities.names[i], "product": "dose", "hours": 1} for i in chosen],
        markets=[{"market": f"to {name}", "country": "US"} for name in cities.names],
        demand=[
            {"market": f"to {name}", "product": "dose", "quantity": float(d)}
            for name, d in zip(cities.names, demand, strict=True)
        ],
        lanes=[
            {"lane": f"{i} {j}", "from_node": cities.names[i], "to_node": f"to {cities.names[j]}"}
            | {"cost": float(cities.miles[i, j])}
            for i in chosen
            for j in range(len(cities.names))
        ],
    )


def cost_if_fails(cities: Cities, facilities: list[str], failed: str | None) -> float:
    """Return the cost of transport from open facilities when one fails."""
    stands = network(cities, facilities)
    works = np.array([[0.0 if name == failed else 1.0] for name in stands["lines"].text("line")])
    return plan(stands, Limits(gap=1e-9), conditions=Conditions(line_share=works)).cost


def run() -> list[Row]:
    """Solve location and failures; the peer's value is the published one."""
    path = DATA / "rflp" / "sortcap.grt"
    if not path.is_file():
        print(f"no published instances at {DATA}", file=sys.stderr)
        return []
    known = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["snyder_daskin_49"]
    cities, five = read_cities(path), known["five_facility_solution"]
    best = plan(network(cities), Limits(gap=1e-9))
    rows = [row(f"49 cities ({best.status})", best.cost, "cost", "published", known["uflp_opt"]["published"])]
    whole = cost_if_fails(cities, five["facilities"], None)
    rows.append(row("five facilities, none fails", whole, "cost", "published", five["transport_no_failure"]))
    for name, cost in five["transport_if_fails"].items():
        found = cost_if_fails(cities, five["facilities"], name)
        rows.append(row(f"five facilities, {name} fails", found, "cost", "published", cost))
    return rows
