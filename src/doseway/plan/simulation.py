"""A plan replayed event by event while things break, to set what it promises beside what patients would get.

The kernel is a heap of (day, order, arrival) and a loop over days: what arrives is unloaded, what expires is thrown
away, then lines make, lanes take and markets buy. A library for simulations of coroutines would bring its own clock and
scheduler for ten lines, so there is none.

Every day a line makes its day's share of the period's plan, and what it is behind with, as far as its hours, the
disruption and its ingredients allow; a lane takes its day's share and what it is behind with, as far as there is stock
and the lane is open; a market takes its demand as the days go by from what has arrived, and what it has not got by the
end of the period is lost. Making and moving follow the plan: nobody replans meanwhile, so this is the service of a plan
left to itself. Days on the way count here, also those shorter than a period, which the plan itself does not see.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from doseway.plan.answer import Plan
from doseway.plan.formulation.draft import Draft
from doseway.plan.formulation.invest import ramped
from doseway.plan.program import Floats, Ints
from doseway.plan.scenarios import drawn, hit
from doseway.plan.worth import Estimate, estimate

_DUST = 1e-9


class Disturbance(msgspec.Struct, frozen=True):
    """Something that fails: kind and target as in the disruptions table, first day from the plan's, days, severity."""

    target_kind: str
    target: str
    begins: float
    days: float
    severity: float = 1.0


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan promises and what the simulation gives, as shares of the required demand.

    Attributes:
        promised: of the plan; `simulated` with its confidence interval over the replications.
        by_tier: clinical tier → promised and simulated.
        worst: lowest share of any replication.
    """

    promised: float
    simulated: Estimate
    by_tier: dict[str, tuple[float, Estimate]]
    worst: float


def replay(plan: Plan, replications: int, seed: int) -> Service:
    """Replay a plan under random disruptions and random demand, each replication with its own draws.

    The same seed gives the same service.
    """
    rates = _Rates(plan)
    served = []
    for number in range(replications):
        random = np.random.default_rng([seed, number])
        served.append(_Run(rates, disturbances(plan.draft, random), random).served_by_want())
    return _service(plan, rates, np.array(served))


def replay_under(plan: Plan, events: Sequence[Disturbance], demand: Floats | None = None) -> Floats:
    """Replay a plan under given disturbances; return what each demand (market, product, period) gets.

    `demand` is the factor on each; without it the demand is the table's.
    """
    rates = _Rates(plan)
    return np.asarray(_Run(rates, events, None, demand).served_by_want()[0], dtype=np.float64)


def disturbances(draft: Draft, random: np.random.Generator) -> list[Disturbance]:
    """Draw what fails in one replication, with the table's probabilities, correlation and laws of duration."""
    table = draft.chain.network["disruptions"]
    [(events, begins, lengths)] = drawn(draft.chain, 1, random)
    return [
        Disturbance(
            table.text("target_kind")[event],
            table.text("target")[event],
            float(begins[event] - draft.chain.starts[0]),
            float(lengths[event]),
            float(table.number("severity")[event]),
        )
        for event in events
    ]


class _Rates:
    """The plan as rates per day and period, and where its columns start and end."""

    def __init__(self, plan: Plan) -> None:
        draft = plan.draft
        self.draft, self.chain, self.goods = draft, draft.chain, draft.goods
        periods = range(draft.period_count)
        x, days = plan.x, draft.chain.days
        self.make_rate = x[draft.make.at] / days[draft.make.period]
        self.flow_rate = x[draft.flow.at] / days[draft.flow.period]
        self.makes = [np.flatnonzero((draft.make.period == t) & (self.make_rate > _DUST)) for t in periods]
        self.flows = [np.flatnonzero((draft.flow.period == t) & (self.flow_rate > _DUST)) for t in periods]
        self.uses = self._uses(x)
        self.opening = self._opening(x)
        self.hours = draft.chain.network["recipes"].number("hours")
        self.free = self._free(x)
        self.in_order = [
            np.flatnonzero(self.goods.product == product)[
                np.argsort(self.goods.expires[self.goods.product == product], kind="stable")
            ]
            for product in range(len(draft.chain.products))
        ]
        self.wants = draft.wants
        self.required = draft.chain.network["demand"].flag("required")[self.wants.row]
        self.promised = x[draft.served.at]

    def _free(self, x: Floats) -> Floats:
        """Return (line, period) hours a day that each line has, with what the plan opens and adds."""
        draft, lines = self.draft, self.chain.network["lines"]
        share = np.repeat(1 - lines.number("idle")[:, None], draft.period_count, axis=1)
        opened = ramped(draft, draft.activate.line, draft.activate.period) * x[draft.activate.at][:, None]
        np.add.at(share, draft.activate.line, opened * lines.number("idle")[draft.activate.line][:, None])
        hours = share * lines.number("capacity")[:, None]
        np.add.at(hours, draft.expand.line, x[draft.expand.at][:, None])
        return np.asarray(hours * lines.number("utilisation")[:, None], dtype=np.float64)

    def _uses(self, x: Floats) -> list[list[tuple[int, float]]]:
        """Return, for each column of making, the goods it takes and how much for one unit."""
        draft = self.draft
        takes: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for recipe, period, good, amount in zip(
            draft.use.recipe, draft.use.period, draft.use.good, x[draft.use.at], strict=True
        ):
            if amount > _DUST:
                takes.setdefault((int(recipe), int(period)), []).append((int(good), float(amount)))
        total: dict[tuple[int, int], float] = {}
        for recipe, period, amount in zip(draft.make.recipe, draft.make.period, x[draft.make.at], strict=True):
            total[int(recipe), int(period)] = total.get((int(recipe), int(period)), 0.0) + float(amount)
        return [
            [
                (good, amount / total[int(recipe), int(period)])
                for good, amount in takes.get((int(recipe), int(period)), ())
            ]
            for recipe, period in zip(draft.make.recipe, draft.make.period, strict=True)
        ]

    def _opening(self, x: Floats) -> list[tuple[int, int, int, float]]:
        """Return (day, node, good, quantity) of stock and buffers, each on the day it is there."""
        draft = self.draft
        first = float(draft.chain.starts[0])
        lots = [
            (int(draft.chain.starts[lot.period] - first), lot.site, lot.good, lot.quantity) for lot in self.goods.lots
        ]
        buffer = draft.buffer
        return lots + [
            (0, int(node), int(good), float(amount))
            for node, good, amount in zip(buffer.node, buffer.good, x[buffer.at], strict=True)
        ]


@dataclass(frozen=True)
class _Event:
    """A shipment, or a lot, that arrives."""

    node: int
    good: int
    quantity: float


class _Run:
    """One replication."""

    def __init__(
        self,
        rates: _Rates,
        events: Sequence[Disturbance],
        random: np.random.Generator | None,
        demand: Floats | None = None,
    ) -> None:
        self.rates, self.chain = rates, rates.chain
        self.stock: Floats = np.zeros((len(rates.chain.nodes), len(rates.goods.listed)))
        self.behind_make, self.behind_flow = np.zeros(len(rates.make_rate)), np.zeros(len(rates.flow_rate))
        self.served, self.asked = np.zeros(len(rates.wants.row)), self._asked(random, demand)
        self.heap: list[tuple[int, int, _Event]] = []
        self.count = 0
        for day, node, good, quantity in rates.opening:
            self._later(day, _Event(node, good, quantity))
        self.hits = [(event, *hit(rates.chain, event.target_kind, event.target)) for event in events]

    def _asked(self, random: np.random.Generator | None, demand: Floats | None) -> Floats:
        """Return what each demand asks for in the period."""
        wants, table = self.rates.wants, self.chain.network["demand"]
        if random is None:
            return wants.quantity * (1.0 if demand is None else demand)
        spread = table.number("sd")[wants.row] * random.standard_normal(len(wants.row))
        return np.maximum(0.0, wants.quantity + spread)

    def served_by_want(self) -> Floats:
        """Run to the end; return (served, asked) of each demand."""
        first, ends = float(self.chain.starts[0]), self.chain.starts + self.chain.days
        for day in range(int(self.chain.end - first)):
            period = int(np.searchsorted(ends, first + day, side="right"))
            while self.heap and self.heap[0][0] <= day:
                _, _, event = heapq.heappop(self.heap)
                self.stock[event.node, event.good] += event.quantity
            self._expire(first + day)
            lines, lanes = self._works(day)
            self._make(period, lines)
            self._move(day, period, lanes)
            self._serve(period, (first + day + 1 - self.chain.starts[period]) / self.chain.days[period])
        return np.stack([self.served, self.asked])

    def _later(self, day: int, event: _Event) -> None:
        self.count += 1
        heapq.heappush(self.heap, (day, self.count, event))

    def _expire(self, day: float) -> None:
        """Throw away what expires."""
        self.stock[:, self.rates.goods.expires <= day] = 0.0

    def _works(self, day: int) -> tuple[Floats, Floats]:
        """Return the share of each line and each lane that works on a day."""
        lines = np.ones(len(self.chain.network["lines"]))
        lanes = np.ones(len(self.chain.network["lanes"]))
        for event, hit_lines, hit_lanes in self.hits:
            if event.begins <= day < event.begins + event.days:
                lines[hit_lines] *= 1 - event.severity
                lanes[hit_lanes] *= 1 - event.severity
        return lines, lanes

    def _make(self, period: int, works: Floats) -> None:
        """Make the day's share and what is behind, within the line's hours and what there is to make it from."""
        make, rates = self.rates.draft.make, self.rates
        hours = rates.free[:, period] * works
        for column in self._due(rates.makes, self.behind_make, period):
            line, node = int(make.line[column]), int(make.node[column])
            wanted = self.behind_make[column] + (rates.make_rate[column] if make.period[column] == period else 0.0)
            need = float(rates.hours[make.recipe[column]])
            can = min(wanted, hours[line] / need) if need else wanted * float(works[line] > 0)
            for good, amount in rates.uses[column]:
                can = min(can, self.stock[node, good] / amount)
            for good, amount in rates.uses[column]:
                self.stock[node, good] -= can * amount
            self.stock[node, int(make.good[column])] += can
            hours[line] -= can * need
            self.behind_make[column] = wanted - can

    def _move(self, day: int, period: int, works: Floats) -> None:
        """Send the day's share and what is behind, as far as there is stock and the lane can take it."""
        flow, rates, lanes = self.rates.draft.flow, self.rates, self.chain.network["lanes"]
        room = np.where(works > 0, lanes.number("capacity"), 0.0) * np.where(works > 0, works, 1.0)
        for column in self._due(rates.flows, self.behind_flow, period):
            lane, good = int(flow.lane[column]), int(flow.good[column])
            node = int(self.chain.lane_from[lane])
            wanted = self.behind_flow[column] + (rates.flow_rate[column] if flow.period[column] == period else 0.0)
            sent = max(0.0, min(wanted, self.stock[node, good], room[lane]))
            self.stock[node, good] -= sent
            room[lane] -= sent
            self.behind_flow[column] = wanted - sent
            if sent > _DUST:
                self._later(
                    day + max(1, round(lanes.number("days")[lane])), _Event(int(self.chain.lane_to[lane]), good, sent)
                )

    @staticmethod
    def _due(planned: list[Ints], behind: Floats, period: int) -> Ints:
        """Return the columns that have something to do: what is left of earlier periods first."""
        earlier = [columns[behind[columns] > _DUST] for columns in planned[:period]]
        return np.concatenate([*earlier, planned[period]])

    def _serve(self, period: int, elapsed: float) -> None:
        """Give each market its demand up to this day from what has arrived, what expires first going first."""
        wants = self.rates.wants
        for want in np.flatnonzero(wants.period == period):
            left = float(self.asked[want]) * elapsed - float(self.served[want])
            node = int(wants.node[want])
            for good in self.rates.in_order[int(wants.product[want])]:
                given = min(max(left, 0.0), float(self.stock[node, good]))
                self.stock[node, good] -= given
                self.served[want] += given
                left -= given


def _service(plan: Plan, rates: _Rates, runs: Floats) -> Service:
    """Compare; runs are (replication, served or asked, demand)."""
    tiers = plan.draft.chain.network["demand"].number("tier")[rates.wants.row]
    size = plan.draft.size[rates.wants.product]

    def promised(members: Ints) -> float:
        asked = float((rates.wants.quantity[members] / size[members]).sum())
        return float((rates.promised[members] / size[members]).sum()) / asked if asked else 1.0

    def simulated(members: Ints) -> Floats:
        served, asked = ((runs[:, i, members] / size[members]).sum(axis=1) for i in (0, 1))
        return np.asarray(np.divide(served, asked, out=np.ones(len(runs)), where=asked > 0), dtype=np.float64)

    every = np.flatnonzero(rates.required)
    shares = simulated(every)
    by_tier = {}
    for tier in np.unique(tiers[every]):
        mine = every[tiers[every] == tier]
        by_tier[f"{tier:g}"] = (promised(mine), estimate(simulated(mine)))
    return Service(promised=promised(every), simulated=estimate(shares), by_tier=by_tier, worst=float(shares.min()))
