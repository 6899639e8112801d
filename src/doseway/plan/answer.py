"""A plan as an answer: what to do, what it costs and why, what binds, who is short."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Outcome, Status
from doseway.plan.program import Arrays, Block, Floats

SMALL: Final = 1e-9
"""Amounts below this part of their natural size are the solver's dust, and are not reported."""


@dataclass(frozen=True)
class Plan:
    """What the solver found, with the words of the network.

    Attributes:
        x: values of the program's columns.
        outcome: what was proved: status, cost, bound, gap.
        prices: for each row, what one more unit of its limit changes the cost by, decisions as they are.
    """

    draft: Draft
    arrays: Arrays
    x: Floats
    outcome: Outcome
    prices: Floats | None = None

    @property
    def status(self) -> Status:
        """`optimal` within the gap asked for, `feasible` when the search was cut short."""
        return self.outcome.status

    @property
    def cost(self) -> float:
        """Total cost less revenue, in the plan's currency, discounted."""
        return float(self.arrays.cost @ self.x) + self.arrays.offset

    @property
    def bound(self) -> float:
        """No plan can cost less than this."""
        return self.outcome.bound

    @property
    def gap(self) -> float:
        """Relative distance between cost and bound."""
        return self.outcome.gap

    def values(self, kind: str) -> Floats:
        """Return the values of all columns of a kind, such as `flow`; in the plan's units."""
        block = self.draft.program.column_block(kind)
        return self.x[block.start : block.start + block.count]

    def rows(self, kind: str) -> list[dict[str, str | float]]:
        """Return the columns of a kind that are not zero, each as its labels and its `quantity`."""
        block = self.draft.program.column_block(kind)
        return [
            {
                **{name: block.label(name, member) for name in block.labels},
                "quantity": float(self.x[block.start + member]),
            }
            for member in self._nonzero(block)
        ]

    def _nonzero(self, block: Block) -> Iterator[int]:
        values = np.abs(self.x[block.members]) / self.arrays.column_scale[block.members]
        return (int(member) for member in np.flatnonzero(values > SMALL))

    @cached_property
    def costs(self) -> dict[str, float]:
        """Cost by component: freight, duty, making, holding, activation, shortage, revenue (negative) and so on."""
        total: dict[str, float] = {}
        for block in self.draft.program.column_blocks:
            for part, cost in block.parts.items():
                total[part] = total.get(part, 0.0) + float(cost @ self.x[block.members])
        return total

    def shortages(self) -> list[dict[str, str | float]]:
        """Return who is short of what, when and how much; most needed tier first."""
        return sorted(self.rows("short"), key=lambda row: (float(row["tier"]), -float(row["quantity"])))

    def service(self) -> dict[str, float]:
        """Return tier → share of the required amount that is served, over all products and periods."""
        wants, table = self.draft.wants, self.draft.chain.network["demand"]
        tiers = table.number("tier")[wants.row]
        required = table.flag("required")[wants.row]
        served = self.x[self.draft.served.at]
        result = {}
        for tier in np.unique(tiers[required]):
            mine = required & (tiers == tier)
            # Amounts of different products are compared in their natural sizes, not in kilograms and tablets.
            size = self.draft.size[wants.product[mine]]
            asked = float((wants.quantity[mine] / size).sum())
            result[f"{tier:g}"] = float((served[mine] / size).sum()) / asked if asked else 1.0
        return result

    def bottlenecks(self, most: int = 10) -> list[tuple[str, float]]:
        """Return what binds, in words, with the saving one more unit of it would bring; the dearest in total first."""
        if self.prices is None:
            return []
        worth = np.abs(self.prices) * self.arrays.row_scale
        named = [
            block
            for block in self.draft.program.row_blocks
            if block.name in {"hours", "lane", "quota", "qualification"}
        ]
        named += [
            block for block in self.draft.program.row_blocks if block.name.startswith(("policy", "storage", "cover"))
        ]
        members = [
            int(row) for block in named for row in block.members if worth[row] > SMALL * max(1.0, abs(self.cost))
        ]
        members.sort(key=lambda row: (-worth[row], row))
        prices = self.prices
        return [(self.draft.program.row_says(row), float(abs(prices[row]))) for row in members[:most]]

    def violations(self, tolerance: float = 1e-6) -> list[str]:
        """Return every row that the plan breaks by more than the tolerance times its natural size: none, always."""
        activity = self.arrays.activity(self.x)
        over = np.maximum(self.arrays.row_lower - activity, activity - self.arrays.row_upper) / self.arrays.row_scale
        low = np.maximum(self.arrays.lower - self.x, self.x - self.arrays.upper) / self.arrays.column_scale
        program = self.draft.program
        return [program.row_says(int(row)) for row in np.flatnonzero(over > tolerance)] + [
            program.column_says(int(column)) for column in np.flatnonzero(low > tolerance)
        ]
