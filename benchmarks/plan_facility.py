"""Facility location: published instances with known optima, solved as networks.

A plant is a site with one wholly idle line whose activation costs the opening; a customer is a market; the cost of
serving a customer is the freight of a lane. OR-Library cap (Beasley 1990), its single-source twins, and UflLib.
The files are not part of the repository; set DOSEWAY_DATA to the folder that holds `planning/`.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.row import Row, row
from doseway.plan.highs import Limits
from doseway.plan.solving import plan
from doseway.plan.tables import Network, from_rows

Floats = npt.NDArray[np.float64]
DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"
SECONDS = 60.0
TOLERANCE = 0.01  # OR-Library prints three decimals


@dataclass(frozen=True)
class Facilities:
    """An instance: capacity and opening cost of plants, demand of customers, cost[plant, customer] of it all."""

    capacity: Floats
    opening: Floats
    demand: Floats
    cost: Floats
    is_single_source: bool = False


def read_orlib(path: Path, capacity: float | None = None) -> Facilities:
    """Read OR-Library's format: m n, then capacity and fixed cost, then demand and m costs for each customer.

    `capacity` replaces all capacities, where one file stands for several instances or says only "capacity".
    """
    words = path.read_text(encoding="ascii").split()
    plants, customers = int(words[0]), int(words[1])
    pairs = words[2 : 2 + 2 * plants]
    limits = [capacity if capacity is not None else float(word) for word in pairs[::2]]
    rest = np.array(words[2 + 2 * plants :], dtype=np.float64).reshape(customers, plants + 1)
    return Facilities(np.array(limits), np.array(pairs[1::2], dtype=np.float64), rest[:, 0], rest[:, 1:].T)


def read_oliveira(path: Path, capacity: float | None = None) -> Facilities:
    """Read the single-source files: m n, capacity and fixed cost, all demands, then n costs for each plant."""
    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.float64)
    plants, customers = int(numbers[0]), int(numbers[1])
    pairs = numbers[2 : 2 + 2 * plants].reshape(plants, 2)
    demand = numbers[2 + 2 * plants : 2 + 2 * plants + customers]
    cost = numbers[2 + 2 * plants + customers :].reshape(plants, customers)
    limits = pairs[:, 0] if capacity is None else np.full(plants, capacity)
    return Facilities(limits, pairs[:, 1], demand, cost)


def read_simple(path: Path) -> Facilities:
    """Read UflLib's simple format: FILE: name, then m n 0, then index, fixed cost and n costs for each plant."""
    words = path.read_text(encoding="ascii").split("\n", 1)[1].split()
    plants, customers = int(words[0]), int(words[1])
    table = np.array(words[3:], dtype=np.float64).reshape(plants, customers + 2)
    return Facilities(np.full(plants, float(customers)), table[:, 1], np.ones(customers), table[:, 2:])


def uncapacitated(instance: Facilities) -> Facilities:
    """Return the instance without capacities: each customer is one unit, each plant can serve all."""
    customers = len(instance.demand)
    return replace(instance, capacity=np.full(len(instance.opening), float(customers)), demand=np.ones(customers))


def network(instance: Facilities) -> Network:
    """Write an instance as the tables of a network of one day."""
    plants, customers = range(len(instance.capacity)), range(len(instance.demand))
    return from_rows(
        periods=[{"period": "day", "start": "2027-01-01", "days": 1}],
        products=[{"product": "dose"}],
        sites=[{"site": f"p{i}", "country": "US"} for i in plants],
        lines=[
            {
                "line": f"p{i}",
                "site": f"p{i}",
                "capacity": instance.capacity[i],
                "idle": 1,
                "activation_cost": instance.opening[i],
            }
            for i in plants
        ],
        recipes=[{"line": f"p{i}", "product": "dose", "hours": 1} for i in plants],
        markets=[{"market": f"c{j}", "country": "US", "single_source": instance.is_single_source} for j in customers],
        demand=[{"market": f"c{j}", "product": "dose", "quantity": float(instance.demand[j])} for j in customers],
        lanes=[
            {
                "lane": f"p{i} c{j}",
                "from_node": f"p{i}",
                "to_node": f"c{j}",
                "cost": float(instance.cost[i, j] / instance.demand[j]),
            }
            for i in plants
            for j in customers
        ],
    )


# OR-Library gives four fixed costs for each capacity; the files of the single-source set hold costs and demands.
_CAPACITY = {
    "4": 5000.0,
    "5": 10000.0,
    "6": None,
    "7": None,
    "8": 5000.0,
    "9": None,
    "10": None,
    "11": 5000.0,
    "12": None,
    "13": None,
}
_FILES = {"4": 1, "5": 1, "6": 1, "7": 5, "8": 9, "9": 9, "10": 13, "11": 17, "12": 17, "13": 21}


def read_cap(name: str) -> Facilities:
    """Read instance capXY from the files p1..p24: X names the capacity, Y the fixed cost."""
    family, variant = name[3:-1], int(name[-1])
    number = _FILES[family] + (3 if name == "cap51" else variant - 1)
    number = _FILES[family] + 2 if name == "cap51" else number
    return read_oliveira(DATA / "orlib" / f"sscflp_p{number}.txt", _CAPACITY[family])


def instances(known: dict[str, dict[str, dict[str, float]]]) -> Iterator[tuple[str, Facilities, float]]:
    """Yield name, instance and published optimum of all that are given."""
    for name, answer in known["cflp_multi_source"].items():
        yield name, read_cap(name), answer["opt"]
    for name, answer in known["cflp_single_source"].items():
        yield f"{name} single source", replace(read_cap(name), is_single_source=True), answer["opt"]
    library = DATA / "ufllib" / "data"
    for name, folder in (("B1.1", "B"), ("B1.2", "B"), ("D1.1", "Dq/1"), ("E10.1", "Eq/10")):
        yield name, read_simple(library / "BildeKrarup" / folder / name), known["uflp"][name]["opt"]
    for name, optimum in known["uflp"]["ours_not_published_here"].items():
        yield f"{name} (optimum of ours)", read_simple(library / "BildeKrarup" / "B" / name), optimum
    for name in ("capa", "capb"):
        path = library / "ORLIB" / "ORLIB-uncap" / "a-c" / f"{name}.txt"
        yield name, uncapacitated(read_orlib(path, 0.0)), known["uflp"][name]["opt"]
    for name, folder in (("MO1", "O"), ("MP1", "P"), ("MQ5", "Q")):
        instance = uncapacitated(read_orlib(library / "M" / folder / name, 0.0))
        yield name, instance, known["uflp"][name]["opt"]
    for name, answer in known["cflp_large"].items():
        path = library / "ORLIB" / "ORLIB-uncap" / "a-c" / f"{name[:4]}.txt"
        if path.is_file():  # capc is not among the files given
            yield f"{name} (hard)", read_orlib(path, float(name[5:])), answer["opt"]


def run() -> list[Row]:
    """Solve every instance; the peer's value is the published optimum."""
    if not DATA.is_dir():
        print(f"no published instances at {DATA}", file=sys.stderr)
        return []
    known = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))
    rows = []
    for name, instance, optimum in instances(known):
        begin = time.perf_counter()
        answer = plan(network(instance), Limits(gap=1e-9, seconds=SECONDS))
        rows.append(
            row(
                f"{name} ({answer.status}, {time.perf_counter() - begin:.1f} s)",
                answer.cost,
                "cost",
                "published",
                optimum,
            )
        )
    return rows
