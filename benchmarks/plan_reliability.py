"""Facility location on 49 cities and what failures cost (Snyder and Daskin 2005), solved as networks.

Demand is the population over 100,000, the cost a mile and unit 1, the fixed cost the median home value; distances are
great circles of 3,956 miles' radius. File: sortcap.grt of Daskin (1995).
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.known import DATA, Found, Instance, half_of_last_digit, of_draft, rows
from benchmarks.readers.cities import Cities, read_cities
from benchmarks.readers.words import Floats
from benchmarks.row import Row
from doseway.plan.formulation.build import build
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.tables import Network, from_rows

PEOPLE = 1e5
SNYDER = "Snyder and Daskin 2005"
EMERGENCY = 1e4
"""Cost of a unit that no plant serves, whatever failed."""
BY_HAND = "HiGHS on a model written by hand"
BY_HAND_WITHIN = 0.05
"""That model put a city a hair's breadth from itself, not at no distance: 0.013 of the whole."""


def cities() -> Cities:
    """Return the 49 cities."""
    return read_cities(DATA / "rflp" / "sortcap.grt")


def network(known: Cities, facilities: list[str] | None = None, *, people: float = PEOPLE) -> Network:
    """Write the problem as a network; with facilities named, only they stand, and they are open."""
    demand = known.people / people
    chosen = [i for i, name in enumerate(known.names) if facilities is None or name in facilities]
    return from_rows(
        **_plants(known, chosen, float(demand.sum()), is_idle=facilities is None),
        markets=[{"market": f"to {name}", "country": "US"} for name in known.names],
        demand=[
            {"market": f"to {name}", "product": "dose", "quantity": float(d)}
            for name, d in zip(known.names, demand, strict=True)
        ],
        lanes=[
            {"lane": f"{i} {j}", "from_node": known.names[i], "to_node": f"to {known.names[j]}"}
            | {"cost": float(known.miles[i, j])}
            for i in chosen
            for j in range(len(known.names))
        ],
    )


def _plants(known: Cities, chosen: list[int], capacity: float, *, is_idle: bool) -> dict[str, Any]:
    """Return the tables of plants, each with one line for everything."""
    names = [known.names[i] for i in chosen]
    return {
        "periods": [{"period": "day", "start": "2027-01-01", "days": 1}],
        "products": [{"product": "dose"}],
        "sites": [{"site": name, "country": "US"} for name in names],
        "lines": [
            {"line": known.names[i], "site": known.names[i], "capacity": capacity, "idle": int(is_idle)}
            | {"activation_cost": float(known.values[i])}
            for i in chosen
        ],
        "recipes": [{"line": name, "product": "dose", "hours": 1} for name in names],
    }


def with_levels(known: Cities, failure: float, levels: int, *, people: float = PEOPLE) -> Draft:
    """Build reliable location: each city has a first plant, a second for when that fails, and so on to so many.

    A market stands for a city's r-th plant, with demand h · q^r · (1 - q); what is short of it is served in an
    emergency. One plant is at most one of a city's: Σ_r f[i, j, r] / (h_i · q^r · (1 - q)) ≤ a[j]
    (Snyder and Daskin 2005; levels as in Cui, Ouyang and Shen 2010). The emergency after all levels, h · q^R for each
    city, is a constant.
    """
    demand, every = known.people / people, range(len(known.names))
    share = [failure**r * (1 - failure) for r in range(levels)]
    draft = build(
        from_rows(
            **_plants(known, list(every), float(demand.sum()), is_idle=True),
            markets=[{"market": f"{name} {r}", "country": "US"} for name in known.names for r in range(levels)],
            demand=[
                {"market": f"{known.names[i]} {r}", "product": "dose", "quantity": float(demand[i] * share[r])}
                | {"shortage_cost": EMERGENCY}
                for i in every
                for r in range(levels)
            ],
            lanes=[
                {"lane": f"{j} {i} {r}", "from_node": known.names[j], "to_node": f"{known.names[i]} {r}"}
                | {"cost": float(known.miles[i, j])}
                for j in every
                for i in every
                for r in range(levels)
            ],
        )
    )
    _one_level_each(draft, known.names, demand[:, None] * np.array(share))
    draft.program.offset += EMERGENCY * float(demand.sum()) * failure**levels
    return draft


def _one_level_each(draft: Draft, names: list[str], most: Floats) -> None:
    """Add the rows of `with_levels`; lanes are called plant, city, level, and most[city, level] is what is wanted."""
    count, tables = len(names), draft.chain.network
    lanes = np.array([name.split() for name in tables["lanes"].text("lane")], dtype=np.int64)
    plant, city, level = lanes[draft.flow.lane].T
    rows = draft.program.add_rows("one level", "a plant is a city's at one level", {}, count**2, upper=0.0)
    draft.program.add_entries(rows[plant * count + city], draft.flow.at, 1 / most[city, level])
    lines = tables["lines"].text("line")
    opened = np.array([names.index(lines[line]) for line in draft.activate.line], dtype=np.int64)
    for each in range(count):
        draft.program.add_entries(rows[opened * count + each], draft.activate.at, -1.0)


def cost_if_fails(known: Cities, facilities: list[str], failed: str | None, limits: Limits | None = None) -> Found:
    """Return the cost of transport from open facilities when one fails."""
    stands = network(known, facilities)
    works = np.array([[0.0 if name == failed else 1.0] for name in stands["lines"].text("line")])
    answer = plan(stands, limits or Limits(gap=1e-9), conditions=Conditions(line_share=works))
    return Found(answer.cost, answer.outcome.bound)


def instances() -> Iterator[Instance]:
    """Return location, what each failure costs, and location that reckons with failures."""
    known = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["snyder_daskin_49"]
    published, five = known["uflp_opt"]["published"], known["five_facility_solution"]
    best = of_draft(lambda: build(network(cities())))
    yield Instance("49 cities", published, half_of_last_digit([published], 0), best, SNYDER)
    table = [(None, five["transport_no_failure"]), *five["transport_if_fails"].items()]
    for name, cost in table:
        fails = partial(_cost_if_fails, five["facilities"], name)
        title = f"five facilities, {name or 'none'} fails"
        yield Instance(title, cost, 1.0, fails, SNYDER)  # the table is cut off, not rounded
    for failure, cost in known["rflp_ours_theta1e4_R4"].items():
        solve = of_draft(partial(_with_levels, float(failure)))
        yield Instance(f"49 cities, 4 levels, q = {failure}", cost, BY_HAND_WITHIN, solve, BY_HAND)
    yield from _daskin()


def _daskin() -> Iterator[Instance]:
    """Return Daskin's 88 cities, where the file is there."""
    path = DATA / "rflp" / "city1990.grt"
    if not path.is_file():
        return
    figures = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["daskin_88_ours"]
    solve = of_draft(lambda: build(network(read_cities(path), people=1e4)))
    yield Instance("88 cities", figures["uflp"], BY_HAND_WITHIN, solve, BY_HAND)
    for failure, cost in figures["rflp_theta1e4_R3"].items():
        draft = partial(_daskin_levels, float(failure))
        yield Instance(f"88 cities, 3 levels, q = {failure}", cost, BY_HAND_WITHIN, of_draft(draft), BY_HAND)


def _daskin_levels(failure: float) -> Draft:
    return with_levels(read_cities(DATA / "rflp" / "city1990.grt"), failure, 3, people=1e4)


def _cost_if_fails(facilities: list[str], failed: str | None, limits: Limits) -> Found:
    return cost_if_fails(cities(), facilities, failed, limits)


def _with_levels(failure: float) -> Draft:
    return with_levels(cities(), failure, 4)


def run() -> list[Row]:
    """Solve location and failures; the peer's value is the published one."""
    return rows(instances() if (DATA / "rflp" / "sortcap.grt").is_file() else ())
