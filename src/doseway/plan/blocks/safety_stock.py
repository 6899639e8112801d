"""Where to keep safety stock: the guaranteed-service model on any acyclic network, exact for whole days.

Graves and Willems, M&SOM 2(1), 2000 and the chapter of 2003. A stage quotes a service time S to its customers and is
quoted SI by its suppliers; it covers the demand of the net replenishment time SI + T - S from stock.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from statistics import NormalDist

import msgspec
import numpy as np

from doseway.model.errors import DataError, DosewayError
from doseway.plan.highs import Limits, solve
from doseway.plan.program import Ints, Program


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the chain.

    Attributes:
        days: own processing time, whole days.
        cost: value added by the stage, money a unit.
        suppliers: name → units of it in one unit of this.
        promise: most days it may quote; None where nobody outside asks. A stage with demand must have one or takes 0.
        demand_mean, demand_sd: of a day, at a stage that customers buy from.
        pooling: exponent p by which demands of several customers add up: (Σ (φ·sd)^p)^(1/p); 2 is independent, 1 adds.
        days_sd: standard deviation of the processing time; adds (mean · sd)² to the variance, at most.
    """

    name: str
    days: int
    cost: float
    suppliers: Mapping[str, float] = {}
    promise: int | None = None
    demand_mean: float = 0.0
    demand_sd: float = 0.0
    pooling: float = 2.0
    days_sd: float = 0.0


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: quoted days, days covered from stock, units of safety stock and its yearly cost, by stage."""

    quoted: dict[str, int]
    covered: dict[str, int]
    stock: dict[str, float]
    cost: dict[str, float]
    total: float
    bound: float


def factor_of(service: float) -> float:
    """Return the safety factor of a cycle service level: 0.95 → 1.645."""
    return NormalDist().inv_cdf(service)


def place(stages: Sequence[Stage], *, rate: float, factor: float, limits: Limits | None = None) -> Placement:
    """Place safety stock at least yearly cost: min Σ rate · value · stock(τ),  τ = SI + T - S ≥ 0,  SI ≥ suppliers' S.

    Time-indexed: one binary for each stage and pair (SI, S) that can occur, so that any cost of τ is exact.

    Raises:
        DataError: an unknown supplier or a cycle.
    """
    names = _ordered(stages)
    by_name = {stage.name: stage for stage in stages}
    value, mean, spread = _values(names, by_name), *_demands(names, by_name)
    longest = _longest(names, by_name)
    program = Program()
    latest = {name: _most_quoted(by_name[name], longest[name]) for name in names}
    quoted = {
        n: program.add_columns(f"S {n}", f"days {n} quotes", {}, 1, upper=float(latest[n]), is_integer=True)
        for n in names
    }
    inbound = {
        n: program.add_columns(f"SI {n}", f"days {n} is quoted", {}, 1, upper=float(longest[n]), is_integer=True)
        for n in names
    }
    curves = {n: _curve(by_name[n], mean[n], spread[n], factor) for n in names}
    covers = {n: _add_covered(program, by_name[n], longest[n], rate * value[n], curves[n]) for n in names}
    for name in names:
        _tie(program, by_name[name], covers[name], inbound[name], quoted)
    outcome = solve(program.arrays(), limits or Limits(gap=1e-9))
    if outcome.x is None:
        raise DosewayError(f"no placement was found: {outcome.status}")
    x, bound = outcome.x, outcome.bound
    days = {name: int(np.argmax(x[covers[name]])) for name in names}
    stock = {name: float(curves[name](days[name])) for name in names}
    cost = {name: rate * value[name] * stock[name] for name in names}
    promised = {name: int(x[quoted[name][0]]) for name in names}
    return Placement(quoted=promised, covered=days, stock=stock, cost=cost, total=sum(cost.values()), bound=bound)


def _tie(program: Program, stage: Stage, covers: Ints, inbound: Ints, quoted: Mapping[str, Ints]) -> None:
    """Add Σ days · covered = SI + T - S, and SI ≥ S of each supplier."""
    days = float(stage.days)
    row = program.add_rows(f"cover {stage.name}", f"days {stage.name} covers", {}, 1, lower=days, upper=days)
    program.add_entries(np.full(len(covers), row[0]), covers, np.arange(len(covers), dtype=np.float64))
    program.add_entries(np.r_[row, row], np.r_[inbound, quoted[stage.name]], np.array([-1.0, 1.0]))
    for supplier in stage.suppliers:
        after = program.add_rows("after", f"{stage.name} waits for {supplier}", {}, 1, lower=0.0)
        program.add_entries(np.r_[after, after], np.r_[inbound, quoted[supplier]], np.array([1.0, -1.0]))


class _Curve:
    """Stock as a function of the days covered: factor · √(sd² τ + mean² · days_sd²)."""

    def __init__(self, factor: float, mean: float, spread: float, days_sd: float) -> None:
        self.factor, self.mean, self.spread, self.days_sd = factor, mean, spread, days_sd

    def __call__(self, days: float) -> float:
        if days <= 0:
            return 0.0
        return float(self.factor * np.sqrt(self.spread**2 * days + (self.mean * self.days_sd) ** 2))


def _curve(stage: Stage, mean: float, spread: float, factor: float) -> _Curve:
    return _Curve(factor, mean, spread, stage.days_sd)


def _add_covered(program: Program, stage: Stage, longest: int, price: float, curve: _Curve) -> Ints:
    """Add one binary for each number of days that the stage may cover, exactly one of them 1."""
    count = longest + stage.days + 1
    cost = np.array([price * curve(float(days)) for days in range(count)])
    at = program.add_columns(
        f"covered {stage.name}", "days covered", {}, count, cost={"holding": cost}, upper=1.0, is_integer=True
    )
    one = program.add_rows(f"one {stage.name}", f"{stage.name} covers one number of days", {}, 1, lower=1.0, upper=1.0)
    program.add_entries(np.full(count, one[0]), at, 1.0)
    return at


def _ordered(stages: Sequence[Stage]) -> list[str]:
    """Return names from suppliers to customers."""
    names = [stage.name for stage in stages]
    for stage in stages:
        for supplier in stage.suppliers:
            if supplier not in names:
                raise DataError(f"{stage.name} names the supplier {supplier!r}, which is no stage")
    try:
        return list(TopologicalSorter({stage.name: sorted(stage.suppliers) for stage in stages}).static_order())
    except CycleError as error:
        raise DataError(f"stages supply each other in a circle: {error.args[1]}") from error


def _values(names: Sequence[str], by_name: Mapping[str, Stage]) -> dict[str, float]:
    """Return the value of a unit at each stage: its own cost and that of what is in it."""
    value: dict[str, float] = {}
    for name in names:
        stage = by_name[name]
        value[name] = stage.cost + sum(units * value[supplier] for supplier, units in stage.suppliers.items())
    return value


def _demands(names: Sequence[str], by_name: Mapping[str, Stage]) -> tuple[dict[str, float], dict[str, float]]:
    """Return mean and standard deviation of a day's demand at each stage, pooled from its customers."""
    mean, spread = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for name in reversed(names):
        stage, customers = by_name[name], [by_name[other] for other in names if name in by_name[other].suppliers]
        mean[name] = stage.demand_mean + sum(c.suppliers[name] * mean[c.name] for c in customers)
        parts = [stage.demand_sd, *(c.suppliers[name] * spread[c.name] for c in customers)]
        spread[name] = float(sum(part**stage.pooling for part in parts) ** (1 / stage.pooling))
    return mean, spread


def _longest(names: Sequence[str], by_name: Mapping[str, Stage]) -> dict[str, int]:
    """Return the longest that each stage can be made to wait: the slowest way through its suppliers."""
    longest: dict[str, int] = {}
    for name in names:
        suppliers = by_name[name].suppliers
        longest[name] = max((_most_quoted(by_name[s], longest[s]) for s in suppliers), default=0)
    return longest


def _most_quoted(stage: Stage, longest: int) -> int:
    """Return the most days that a stage may quote; one that customers buy from quotes nothing unless it may."""
    most = longest + stage.days
    promise = stage.promise if stage.promise is not None else (0 if stage.demand_sd > 0 else most)
    return min(most, promise)
