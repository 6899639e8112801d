"""Stochastic network design (mpi-sppy's netdes): arcs are built first, flow is routed under each scenario."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.readers.words import Floats, lines_of, number_at, wrong
from doseway.plan.chain import Chain
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions, Draft
from doseway.plan.goods import Goods
from doseway.plan.tables import Network, from_rows

_HEAD = 7
"""Nodes, density, ratio, arcs, fixed costs, number of scenarios, chances; then three lines for each scenario."""


@dataclass(frozen=True)
class Routing:
    """What a scenario knows: cost and capacity of each arc, and outflow less inflow of each node."""

    cost: Floats
    capacity: Floats
    net: Floats


@dataclass(frozen=True)
class Design:
    """An instance: which arcs there may be, what each costs to build, and scenarios with their chances."""

    arcs: Floats
    fixed: Floats
    chances: Floats
    cases: list[Routing]


def read_design(path: Path) -> Design:
    """Read an instance: comment up to a +, then a line for each matrix, rows divided by ; and cells by commas.

    Raises:
        FormatError: a matrix of another size, what is no number, chances that do not add up, or a line too few.
    """
    lines = [(number, text.strip()) for number, text in lines_of(path)]
    starts = [place for place, (_, text) in enumerate(lines) if text.startswith("+")]
    if not starts:
        raise wrong(path, 1, "there is no line that begins with +, after which the numbers come")
    body = [(number, text) for number, text in lines[starts[0] :] if text and not text.startswith(("+", "--", "/"))]
    if len(body) < _HEAD:
        raise wrong(path, lines[-1][0], f"there are {len(body)} lines of numbers, fewer than {_HEAD}")
    nodes = int(_matrix(path, *body[0], (1, 1))[0, 0])
    count = int(_matrix(path, *body[5], (1, 1))[0, 0])
    square, each = (nodes, nodes), (1, nodes)
    if len(body) != _HEAD + 3 * count:
        raise wrong(path, body[-1][0], f"{count} scenarios are {_HEAD + 3 * count} lines of numbers, not {len(body)}")
    chances = _matrix(path, *body[6], (1, count)).ravel()
    if (chances < 0).any() or abs(chances.sum() - 1) > 1e-6:
        raise wrong(path, body[6][0], f"the chances add up to {chances.sum():g}, not to 1")
    cases = []
    for s in range(count):
        cost, capacity, net = body[_HEAD + 3 * s : _HEAD + 3 * s + 3]
        routing = Routing(
            _matrix(path, *cost, square), _matrix(path, *capacity, square), _matrix(path, *net, each).ravel()
        )
        cases.append(routing)
    return Design(_matrix(path, *body[3], square), _matrix(path, *body[4], square), chances, cases)


def _matrix(path: Path, line: int, text: str, shape: tuple[int, int]) -> Floats:
    """Return the matrix of a line."""
    rows = [
        [number_at(path, line, cell, "a cell") for cell in row.split(",")] for row in text.split(";") if row.strip()
    ]
    if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        raise wrong(path, line, f"this is no matrix of {shape[0]} × {shape[1]}")
    return np.array(rows)


def drafts_of(design: Design) -> list[tuple[float, Draft]]:
    """Return chance and program of each scenario: a node with a need in any of them is a market in all of them."""
    nets = np.array([routing.net for routing in design.cases])
    ends = [int(i) for i in np.flatnonzero((nets < 0).any(axis=0))]
    begins = [int(i) for i in np.flatnonzero((nets > 0).any(axis=0))]
    drafts = []
    for chance, routing in zip(design.chances.tolist(), design.cases, strict=True):
        chain = Chain(_network(design, routing, ends, begins))
        drafts.append((chance, build_chain(chain, Goods(chain), Conditions())))
    return drafts


def _network(design: Design, routing: Routing, ends: list[int], begins: list[int]) -> Network:
    """Write one scenario: arcs are lanes to be opened, what leaves the network goes to a market, for nothing."""
    lanes = [
        {"lane": f"{i} {j}", "from_node": f"n{i}", "to_node": f"n{j}", "cost": float(routing.cost[i, j])}
        | {"capacity": float(routing.capacity[i, j]), "opening_cost": float(design.fixed[i, j])}
        for i, j in np.argwhere(design.arcs > 0).tolist()
    ]
    need, supply = np.maximum(-routing.net, 0.0), np.maximum(routing.net, 0.0)
    return from_rows(
        periods=[{"period": "p", "start": "2027-01-01", "days": 1}],
        products=[{"product": "unit"}],
        sites=[{"site": f"n{i}", "country": "US"} for i in range(len(need))],
        lanes=lanes + [{"lane": f"out {i}", "from_node": f"n{i}", "to_node": f"m{i}"} for i in ends],
        markets=[{"market": f"m{i}", "country": "US"} for i in ends],
        demand=[{"market": f"m{i}", "product": "unit", "quantity": float(need[i])} for i in ends],
        stocks=[{"site": f"n{i}", "product": "unit", "quantity": float(supply[i])} for i in begins],
    )
