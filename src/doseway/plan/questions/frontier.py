"""What does resilience cost? The frontier of cost against the largest share of one country, or against the worst cases.

Monotone by its meaning: a plan that keeps a tighter maximum keeps a looser one too. So where the solver's gap would
show a looser maximum dearer, the tighter plan's cost stands for it; and bounds likewise the other way.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.quantities import plan_currency
from doseway.plan.questions.answering import Answer, Effort, first_effect
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.questions.differences import largest_share
from doseway.plan.questions.resource import with_maximum
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.solving import Infeasible
from doseway.plan.tables import Network
from doseway.plan.wording import money, percent, result

SHARES: Final = (1.0, 0.8, 0.6, 0.5, 0.4)
_BIG_STEP: Final = 2.0
Told = Callable[[int, int], None]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One plan on the frontier.

    Attributes:
        maximum: the largest share that one country may give of a product; `largest` is what it gives.
        cost: less revenue; `bound` is the least that was proved.
        more: what it costs beyond the loosest point.
        service: tier → share of what is required that is served.
    """

    maximum: float
    largest: float
    cost: float
    bound: float | None
    more: float
    service: dict[str, float]
    decisions: int


class Frontier(Answer, frozen=True, kw_only=True):
    """Cost against resilience, the loosest point first; `impossible` are maxima that no plan can keep."""

    currency: str
    since: str
    points: list[Point]
    impossible: list[float]

    def words(self) -> list[str]:
        """Return the frontier in sentences."""
        first = self.points[0]
        lead = f"Without a tighter maximum than {percent(first.maximum)} the plan {result(first.cost, self.currency)}"
        said = [f"{lead}; then one country gives up to {percent(first.largest)} of a medicine."]
        said += [
            f"At most {percent(p.maximum)} from one country, from {self.since} on: {money(p.more, self.currency)} more"
            f"{_served(p)}."
            for p in self.points[1:]
        ]
        if knee := self.knee:
            said.append(
                f"It gets dear beyond {percent(knee.maximum)}: the next step costs more than twice as much a point."
            )
        said += [f"No plan keeps {percent(maximum)}." for maximum in self.impossible]
        return said

    @property
    def knee(self) -> Point | None:
        """The last point before a step of the share costs more than twice what it cost until then; None without one."""
        for before, here, after in zip(self.points, self.points[1:], self.points[2:], strict=False):
            slope = (here.cost - before.cost) / (before.maximum - here.maximum)
            following = (after.cost - here.cost) / (here.maximum - after.maximum)
            if slope > 0 and following > _BIG_STEP * slope:
                return here
        return None

    def sheets(self) -> list[Sheet]:
        """Return the frontier as a table."""
        tiers = sorted({tier for point in self.points for tier in point.service})
        columns: list[str | tuple[str, str]] = [
            "maximum share of one country", "largest share", ("cost", self.currency), ("bound", self.currency),
            ("more", self.currency), *(f"service tier {tier}" for tier in tiers), "decisions",
        ]  # fmt: skip
        rows = [
            (p.maximum, p.largest, p.cost, p.bound, p.more, *(p.service[tier] for tier in tiers), p.decisions)
            for p in self.points
        ]
        return [
            sheet("frontier", "Cost against resilience", columns, rows),
            sheet("impossible", "Maxima that no plan can keep", ["maximum share"], [(m,) for m in self.impossible]),
        ]


def _served(point: Point) -> str:
    short = [f"tier {tier} served to {percent(share)}" for tier, share in point.service.items() if share < 1 - 1e-4]
    return f", {' and '.join(short)}" if short else ""


def frontier(
    network: Network,
    maxima: Sequence[float] = SHARES,
    *,
    since: str = "",
    effort: Effort | None = None,
    told: Told | None = None,
) -> Frontier:
    """Return the frontier of cost against the largest share of one country in what reaches the markets.

    Args:
        network: checked tables.
        maxima: shares from 0 to 1; in any order.
        since: first day of the maximum; else the first day on which a decision of today can be in force.
        effort: how hard to try at each point.
        told: told how many of how many points are done.

    Raises:
        UsageError: no maxima, or one out of range.
        Infeasible: no plan keeps even the loosest.
    """
    if not maxima or any(not 0 <= share <= 1 for share in maxima):
        raise UsageError("maxima are shares between 0 and 1")
    since = since or first_effect(network)
    points: list[Point] = []
    impossible: list[float] = []
    ordered = sorted(set(maxima), reverse=True)
    for done, maximum in enumerate(ordered):
        if told:
            told(done, len(ordered))
        try:
            points.append(_point(network, maximum, since, effort))
        except Infeasible:
            if not points:
                raise
            impossible = ordered[done:]  # what is tighter is impossible too
            break
        except Unavailable:
            if not points:
                raise
            break  # stopped: the points so far are an answer
    return Frontier(currency=plan_currency(network), since=since, points=monotone(points), impossible=impossible)


def _point(network: Network, maximum: float, since: str, effort: Effort | None) -> Point:
    limited = network if maximum >= 1 else with_maximum(network, maximum, since=since)
    plan = cheapest(limited, effort).plan
    return Point(
        maximum=maximum, largest=largest_share(plan)[2], cost=plan.cost, bound=plan.bound, more=0.0,
        service=plan.service, decisions=len(plan.decisions),
    )  # fmt: skip


def monotone(points: list[Point]) -> list[Point]:
    """Return points, the loosest first, in which no tighter one is cheaper: what a tighter plan costs, a looser can."""
    listed: list[Point] = []
    for point in reversed(points):
        better = listed[-1] if listed and listed[-1].cost < point.cost else None
        listed.append(
            point if better is None else msgspec.structs.replace(better, maximum=point.maximum, bound=point.bound)
        )
    listed.reverse()
    bound: float | None = None
    for i, point in enumerate(listed):
        known = [value for value in (bound, point.bound) if value is not None]
        bound = max(known, default=None)
        listed[i] = msgspec.structs.replace(point, bound=bound, more=point.cost - listed[0].cost)
    return listed
