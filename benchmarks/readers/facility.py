"""Facility location: OR-Library cap (Beasley 1990), its single-source twins, UflLib; and such an instance as a network.

A plant is a site with one wholly idle line whose activation costs the opening; a customer is a market; the cost of
serving a customer is the freight of a lane.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.readers.words import Floats, Words, wrong
from doseway.model.errors import UsageError
from doseway.plan.tables import Network, from_rows


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

    Raises:
        FormatError: a number is missing, wrong or left over.
    """
    words = Words(path)
    plants, customers = words.count("the number of plants"), words.count("the number of customers")
    limits, opening = np.zeros(plants), np.zeros(plants)
    for i in range(plants):
        limits[i] = _capacity(words, capacity)
        opening[i] = words.number("a fixed cost")
    demand, cost = np.zeros(customers), np.zeros((plants, customers))
    for j in range(customers):
        demand[j] = words.number("a demand")
        cost[:, j] = words.numbers(plants, "a cost")
    words.end()
    return Facilities(limits, opening, demand, cost)


def _capacity(words: Words, instead: float | None) -> float:
    """Take a capacity; where the file has only the word for it, it must be given."""
    if instead is None:
        line, word = words.line, words.word("a capacity")
        if word == "capacity":
            raise wrong(words.path, line, "this file leaves the capacities open", "Give one, such as 8000.")
        words.back()
        return words.number("a capacity")
    words.word("a capacity")
    return instead


def read_oliveira(path: Path, capacity: float | None = None) -> Facilities:
    """Read the single-source files: m n, capacity and fixed cost, all demands, then n costs for each plant.

    Raises:
        FormatError: a number is missing, wrong or left over.
    """
    words = Words(path)
    plants, customers = words.count("the number of plants"), words.count("the number of customers")
    pairs = words.numbers(2 * plants, "a capacity or fixed cost").reshape(plants, 2)
    demand = words.numbers(customers, "a demand")
    cost = words.numbers(plants * customers, "a cost").reshape(plants, customers)
    words.end()
    return Facilities(pairs[:, 0] if capacity is None else np.full(plants, capacity), pairs[:, 1], demand, cost)


def read_simple(path: Path) -> Facilities:
    """Read UflLib's simple format: FILE: name, then m n 0, then index, fixed cost and n costs for each plant.

    Raises:
        FormatError: a number is missing, wrong or left over.
    """
    words = Words(path)
    if words.word("FILE:") != "FILE:":
        raise wrong(path, 1, "the file does not begin with FILE: and its name")
    words = Words(path, skip=1)
    plants, customers = words.count("the number of plants"), words.count("the number of customers")
    words.number("a zero")
    opening, cost = np.zeros(plants), np.zeros((plants, customers))
    for i in range(plants):
        line, index = words.line, words.number("a plant's number")
        if index != i + 1:
            raise wrong(path, line, f"plant {i + 1} is called {index:g}")
        opening[i] = words.number("a fixed cost")
        cost[i] = words.numbers(customers, "a cost")
    words.end()
    return uncapacitated(Facilities(np.zeros(plants), opening, np.ones(customers), cost))


def uncapacitated(instance: Facilities) -> Facilities:
    """Return the instance without capacities: each customer is one unit, each plant can serve all."""
    customers = len(instance.demand)
    return replace(instance, capacity=np.full(len(instance.opening), float(customers)), demand=np.ones(customers))


def network(instance: Facilities) -> Network:
    """Write an instance as the tables of a network of one day.

    Raises:
        UsageError: a customer without demand has a cost.
    """
    plants, customers = range(len(instance.capacity)), np.flatnonzero(instance.demand > 0).tolist()
    if (instance.cost[:, instance.demand == 0] != 0).any():
        raise UsageError("a customer without demand has a cost", hint="Is it the uncapacitated problem?")
    return from_rows(
        periods=[{"period": "day", "start": "2027-01-01", "days": 1}],
        products=[{"product": "dose"}],
        sites=[{"site": f"p{i}", "country": "US"} for i in plants],
        lines=[
            {"line": f"p{i}", "site": f"p{i}", "capacity": instance.capacity[i], "idle": 1}
            | {"activation_cost": instance.opening[i]}
            for i in plants
        ],
        recipes=[{"line": f"p{i}", "product": "dose", "hours": 1} for i in plants],
        markets=[{"market": f"c{j}", "country": "US", "single_source": instance.is_single_source} for j in customers],
        demand=[{"market": f"c{j}", "product": "dose", "quantity": float(instance.demand[j])} for j in customers],
        lanes=[
            {"lane": f"p{i} c{j}", "from_node": f"p{i}", "to_node": f"c{j}"}
            | {"cost": float(instance.cost[i, j] / instance.demand[j])}
            for i in plants
            for j in customers
        ],
    )
