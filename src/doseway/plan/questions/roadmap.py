"""What to decide when: the roadmap of activations, filings, expansions and openings over the periods."""

import msgspec
import numpy as np

from doseway.plan.cells import day_of
from doseway.plan.questions.answering import Answer
from doseway.plan.record import Decision, Planned
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network, Table
from doseway.plan.wording import amount, money, percent


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on its way: decided, in effect, and full.

    Attributes:
        starts, works_from, full_from: days, ISO 8601; full_from is "" where no ramp says when.
        ramp: (day, share of the opened capacity from then on).
        hours_opened: hours a day that an activation or expansion adds at the end of its ramp.
    """

    decision: Decision
    what: str
    starts: str
    works_from: str
    full_from: str
    ramp: list[tuple[str, float]]
    hours_opened: float


class Roadmap(Answer, frozen=True, kw_only=True):
    """The decisions of a plan in order of time."""

    currency: str
    begins: str
    ends: str
    milestones: list[Milestone]

    def words(self) -> list[str]:
        """Return the roadmap in sentences."""
        if not self.milestones:
            return ["There is nothing to decide: the plan works with what is there."]
        said = [f"The decisions cost {money(self.total, self.currency)} together, from {self.begins} to {self.ends}."]
        for one in self.milestones:
            cost = f", {money(one.decision.cost, self.currency)}" if one.decision.cost else ""
            said.append(f"{one.starts}: {one.what}{cost}. In effect from {one.works_from}{self._ramp(one)}.")
        return said

    @property
    def total(self) -> float:
        """What all decisions cost together, discounted."""
        return sum(one.decision.cost for one in self.milestones)

    def _ramp(self, one: Milestone) -> str:
        steps = [f"{percent(share)} from {day}" for day, share in one.ramp if day > one.works_from and share > 0]
        return f"; of the opened share {', '.join(steps)}" if steps else ""

    def sheets(self) -> list[Sheet]:
        """Return the roadmap as tables."""
        return [
            sheet(
                "roadmap",
                "Roadmap",
                ["decided", "what", "in effect", "full", ("cost", self.currency), ("opened", "hour/day")],
                [
                    (m.starts, m.what, m.works_from, m.full_from, m.decision.cost, m.hours_opened)
                    for m in self.milestones
                ],
            ),
            sheet("roadmap_total", "Together", [("cost", self.currency)], [(self.total,)]),
            sheet(
                "ramps",
                "How the opened shares ramp up",
                ["what", "from", "share"],
                [(m.what, day, share) for m in self.milestones for day, share in m.ramp],
            ),
        ]


def roadmap(network: Network, plan: Planned) -> Roadmap:
    """Put the decisions of a plan in order of time, with their lead times and ramps."""
    starts = _starts(network["periods"])
    begins = min(starts.values())
    table = network["periods"]
    ends = float(np.max(table.number("start") + table.number("days"))) - 1
    found = [_milestone(network, decision, starts.get(decision.period, begins), plan) for decision in plan.decisions]
    return Roadmap(
        currency=plan.currency,
        begins=day_of(begins),
        ends=day_of(ends),
        milestones=sorted(found, key=lambda m: (m.starts, m.works_from, m.what)),
    )


def _starts(periods: Table) -> dict[str, float]:
    return dict(zip(periods.text("period"), map(float, periods.number("start")), strict=True))


def _milestone(network: Network, decision: Decision, day: float, plan: Planned) -> Milestone:
    wait, ramp, hours = _lead(network, decision)
    steps = [(day_of(day + wait + since), share) for since, share in ramp]
    full = steps[-1][0] if steps else day_of(day + wait)
    return Milestone(
        decision=decision,
        what=_what(decision, plan),
        starts=day_of(day),
        works_from=day_of(day + wait),
        full_from=full,
        ramp=steps,
        hours_opened=hours,
    )


def _what(decision: Decision, plan: Planned) -> str:
    if decision.kind == "activate":
        return f"open the idle share of {decision.line}"
    if decision.kind == "qualify":
        return f"file {decision.product} for {decision.line}"
    if decision.kind == "expand":
        return f"expand {decision.line}"
    if decision.kind == "open":
        return f"open the lane {decision.lane}"
    unit = plan.units.get(decision.product.partition(" of ")[0], "units")
    return f"place {amount(decision.quantity, unit)} of {decision.product} at {decision.site}"


def _lead(network: Network, decision: Decision) -> tuple[float, list[tuple[float, float]], float]:
    """Return days until it is in effect, its ramp as (days since, share), and the hours a day it adds in the end."""
    lines, recipes = network["lines"], network["recipes"]
    if decision.kind == "qualify":
        pairs = list(zip(recipes.text("line"), recipes.text("product"), strict=True))
        row = pairs.index((decision.line, decision.product))
        return float(recipes.number("qualification_days")[row]), [], 0.0
    if decision.kind == "expand":
        return 0.0, [], decision.quantity
    if decision.kind != "activate":
        return 0.0, [], 0.0
    row = lines.text("line").index(decision.line)
    ramp = _ramp(network["ramps"], lines.text("ramp")[row])
    share = ramp[-1][1] if ramp else 1.0
    opened = float((lines.number("capacity") * lines.number("utilisation") * lines.number("idle"))[row]) * share
    return float(lines.number("activation_days")[row]), ramp, opened


def _ramp(table: Table, name: str) -> list[tuple[float, float]]:
    rows = [i for i, ramp in enumerate(table.text("ramp")) if ramp == name and name]
    return sorted((float(table.number("days")[i]), float(table.number("share")[i])) for i in rows)
