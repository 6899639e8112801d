"""What may happen: scenarios drawn from the disruptions table and the spread of demand, with correlation.

Events of one group share a cause. Whether they happen follows a one-factor normal copula (Vasicek 1987): event e
happens when √ρ Z_group + √(1-ρ) Z_e < Φ⁻¹(probability), so each keeps its own probability whatever the correlation.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from doseway.plan.chain import Chain
from doseway.plan.formulation.draft import Conditions
from doseway.plan.program import Floats, Ints


@dataclass(frozen=True)
class Scenario:
    """One way in which the plan's time may go: its probability, the names of what happens, and the conditions."""

    probability: float
    events: tuple[str, ...]
    conditions: Conditions


def draw(chain: Chain, count: int, seed: int) -> list[Scenario]:
    """Draw scenarios of equal probability; the same seed and network give the same scenarios, in any order of rows."""
    random = np.random.default_rng(seed)
    happening = drawn(chain, count, random)
    spread = random.standard_normal((count, len(chain.network["demand"]), len(chain.starts)))
    names = chain.network["disruptions"].text("event")
    return [
        Scenario(
            1.0 / count,
            tuple(names[event] for event in events),
            conditions(chain, events, begins, lengths, spread[s]),
        )
        for s, (events, begins, lengths) in enumerate(happening)
    ]


def drawn(chain: Chain, count: int, random: np.random.Generator) -> list[tuple[Ints, Floats, Floats]]:
    """Draw what happens: per scenario the events that do, and of every event its first day and its length in days."""
    happens = _happenings(chain, count, random)
    begins = random.uniform(chain.starts[0], chain.end, size=happens.shape)
    lengths = _lengths(chain, count, random)
    return [(np.flatnonzero(happens[s]), begins[s], lengths[s]) for s in range(count)]


def _happenings(
    chain: Chain, count: int, random: np.random.Generator
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Return (scenario, event): whether it happens."""
    table = chain.network["disruptions"]
    groups = sorted(set(table.text("group")))
    group = np.array([groups.index(name) for name in table.text("group")], dtype=np.int64)
    shared = random.standard_normal((count, len(groups)))
    own = random.standard_normal((count, len(table)))
    lean = np.where(np.array(table.text("group"), dtype=object) == "", 0.0, table.number("correlation"))
    value = np.sqrt(lean) * shared[:, group] + np.sqrt(1 - lean) * own
    normal = NormalDist()
    limit = [
        -np.inf if p == 0 else np.inf if p == 1 else normal.inv_cdf(p) for p in map(float, table.number("probability"))
    ]
    return np.asarray(value < np.array(limit), dtype=np.bool_)


def _lengths(chain: Chain, count: int, random: np.random.Generator) -> Floats:
    """Return (scenario, event): days that it lasts, by the law of the event."""
    table = chain.network["disruptions"]
    lengths = np.empty((count, len(table)))
    for event, law in enumerate(table.text("duration")):
        mean, sd = float(table.number("duration_days")[event]), float(table.number("duration_sd")[event])
        if law == "fixed":
            lengths[:, event] = mean
        elif law == "uniform":
            lengths[:, event] = random.uniform(0, 2 * mean, count)
        elif law == "exponential":
            lengths[:, event] = random.exponential(mean, count)
        else:
            variance = np.log1p((sd / mean) ** 2)
            lengths[:, event] = random.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), count)
    return lengths


def conditions(chain: Chain, events: Ints, begins: Floats, lengths: Floats, spread: Floats | None = None) -> Conditions:
    """Return the conditions while some events last: a share of each period, of each line and lane that they hit.

    A lane without a capacity stays open unless it is closed for a whole period.
    """
    table, periods = chain.network["disruptions"], len(chain.starts)
    line_share = np.ones((len(chain.network["lines"]), periods))
    lane_share = np.ones((len(chain.network["lanes"]), periods))
    for event in map(int, events):
        ends = begins[event] + lengths[event]
        overlap = np.minimum(ends, chain.starts + chain.days) - np.maximum(begins[event], chain.starts)
        works = 1 - float(table.number("severity")[event]) * np.clip(overlap / chain.days, 0, 1)
        lines, lanes = hit(chain, table.text("target_kind")[event], table.text("target")[event])
        line_share[lines] *= works
        lane_share[lanes] *= works
    return Conditions(line_share, lane_share, demand=None if spread is None else _demand(chain, spread))


def hit(chain: Chain, kind: str, target: str) -> tuple[Ints, Ints]:
    """Return the lines and lanes that stop when something fails; a site that fails sends and receives nothing."""
    sites, lanes = chain.network["sites"], chain.network["lanes"]
    if kind == "line":
        return _where(chain.network["lines"].text("line"), target), np.zeros(0, dtype=np.int64)
    if kind in {"lane", "mode"}:
        return np.zeros(0, dtype=np.int64), _where(lanes.text(kind), target)
    nodes = _where(sites.text(kind), target)
    lines = np.flatnonzero(np.isin(chain.line_site, nodes))
    return lines, np.flatnonzero(np.isin(chain.lane_from, nodes) | np.isin(chain.lane_to, nodes))


def _where(names: list[str], wanted: str) -> Ints:
    return np.array([i for i, name in enumerate(names) if name == wanted], dtype=np.int64)


def _demand(chain: Chain, spread: Floats) -> Floats:
    """Return (demand row, period) factors: normal with the row's standard deviation, never below 0."""
    table = chain.network["demand"]
    quantity = table.number("quantity")
    relative = np.divide(table.number("sd"), quantity, out=np.zeros_like(quantity), where=quantity > 0)
    return np.asarray(np.maximum(0.0, 1 + relative[:, None] * spread), dtype=np.float64)
