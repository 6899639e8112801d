"""Published instances with a known optimum: what each is, and what solving it came to."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.row import Row, row, without_figure
from doseway.model.errors import Unavailable
from doseway.plan.decomposition.family import Family
from doseway.plan.formulation.draft import Draft
from doseway.plan.highs import Limits, relative_gap
from doseway.plan.solving import plan_of
from doseway.plan.twostage import Method, decide_for

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"
"""Where the files are; they are not part of the repository."""
GAP = 1e-9


class Found(NamedTuple):
    """Cost of the plan, and the least that any plan could cost."""

    cost: float
    bound: float


Solve = Callable[[Limits], Found]


@dataclass(frozen=True)
class Instance:
    """A published instance.

    Attributes:
        published: the optimum; `source` says whose figure it is.
        tolerance: how far from it an answer may be: half of the figure's last digit, or what its source allows.
        solve: through the planner's own tables, model and solver.
        again: the same by another way, where there is one.
        seconds: budget of each solve.
        note: what has to be known to read the figures.
    """

    name: str
    published: float
    tolerance: float
    solve: Solve
    source: str
    again: Solve | None = None
    seconds: float = 30.0
    gap: float = GAP
    note: str = ""


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance came to; `cost` is None where no plan was found in time, `seconds` are of the processor."""

    name: str
    published: float
    tolerance: float
    source: str
    cost: float | None
    bound: float | None
    again: float | None
    seconds: float
    note: str

    @property
    def is_reproduced(self) -> bool:
        """Whether the answer is the published figure within the tolerance."""
        return self.cost is not None and abs(self.cost - self.published) <= self.tolerance

    @property
    def gap(self) -> float | None:
        """What was proved: relative distance of cost and bound."""
        return None if self.cost is None or self.bound is None else relative_gap(self.cost, self.bound)


def solved(instance: Instance) -> Solved:
    """Solve an instance within its budget."""
    limits = Limits(gap=instance.gap, seconds=instance.seconds)
    begin = time.process_time()
    found = _in_time(instance.solve, limits)
    seconds = time.process_time() - begin
    other = _in_time(instance.again, limits) if instance.again else None
    return Solved(
        name=instance.name,
        published=instance.published,
        tolerance=instance.tolerance,
        source=instance.source,
        cost=found.cost if found else None,
        bound=found.bound if found else None,
        again=other.cost if other else None,
        seconds=seconds,
        note=instance.note,
    )


def _in_time(solve: Solve, limits: Limits) -> Found | None:
    try:
        return solve(limits)
    except Unavailable:
        return None


def rows(instances: Iterable[Instance]) -> list[Row]:
    """Solve instances; the peer's value is the published one."""
    if not DATA.is_dir():
        print(f"no published instances at {DATA}; set DOSEWAY_DATA", file=sys.stderr)
        return [without_figure("published instances", f"not run: no files at {DATA}; set DOSEWAY_DATA")]
    return [_row(solved(instance)) for instance in instances]


def _row(result: Solved) -> Row:
    if result.cost is None:
        return without_figure(result.name, f"no plan within {result.seconds:.0f} s", "published")
    gap = f"gap {result.gap:.1e}, " if result.gap is not None else ""
    told = "" if result.is_reproduced else "NOT the published figure, "
    note = f"{told}{gap}{result.seconds:.1f} s"
    return row(result.name, result.cost, "cost", "published", result.published, note=note)


def of_draft(draft: Callable[[], Draft]) -> Solve:
    """Solve a program that is built when it is wanted."""

    def solve(limits: Limits) -> Found:
        answer = plan_of(draft(), limits)
        return Found(answer.cost, answer.outcome.bound)

    return solve


def of_family(family: Callable[[], Family], method: Method) -> Solve:
    """Solve scenarios by one method, by the extensive form or by cuts."""

    def solve(limits: Limits) -> Found:
        answer = decide_for(family(), limits=limits, method=method)
        return Found(answer.expected, answer.outcome.bound)

    return solve


def half_of_last_digit(figures: Sequence[float], digits: int) -> float:
    """Return the tolerance for a figure printed with so many decimals, and for what binary arithmetic adds."""
    return 0.5 * 10.0**-digits + 1e-9 * max(map(abs, figures))
