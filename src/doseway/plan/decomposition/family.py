"""A family of scenarios: the program that they share, its split into decisions and what follows, and their changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from doseway.model.errors import UsageError
from doseway.plan.formulation.draft import Draft
from doseway.plan.formulation.vary import Variations
from doseway.plan.program import Arrays, Floats, Ints, Program
from doseway.plan.scenario_change import Change, applied, between, mean, with_cells_of
from doseway.plan.scenarios import Scenario

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Family:
    """One program, and how each scenario's differs from it.

    Attributes:
        base: the shared program, in plan units; its first-stage columns are the decisions.
        is_first, is_first_row: which columns and rows are decided before it is known what happens.
    """

    base: Arrays
    is_first: Flags
    is_first_row: Flags
    probabilities: Floats
    changes: Sequence[Change]

    def __len__(self) -> int:
        return len(self.changes)

    @cached_property
    def decisions(self) -> Ints:
        """The columns of decisions."""
        return np.flatnonzero(self.is_first)

    @cached_property
    def has_whole_recourse(self) -> bool:
        """Whether something decided after the event must be whole: cuts do not describe that."""
        return bool(self.base.is_integer[~self.is_first].any())

    @cached_property
    def shares_prices(self) -> bool:
        """Whether prices found in one scenario bound the costs of all: what follows has the same costs and matrix."""
        column = self.base.column_of_entry
        return not any(
            (~self.is_first[change.cost[0]]).any()
            or (~self.is_first[column[change.entries[0]]] & ~self.is_first_row[self.base.rows[change.entries[0]]]).any()
            for change in self.changes
        )

    @property
    def entries(self) -> int:
        """Entries of the matrix of the extensive form: what decides whether it fits."""
        return len(self.base.values) * len(self.changes)

    def arrays(self, scenario: int) -> Arrays:
        """Return the program of one scenario."""
        return applied(self.base, self.changes[scenario])

    def expected(self) -> Arrays:
        """Return the program of the expected values."""
        return mean(self.base, list(zip(self.probabilities.tolist(), self.changes, strict=True)))

    def part(self, scenarios: Ints) -> "Family":
        """Return the family of some of the scenarios, with their own probabilities."""
        return replace(
            self, probabilities=self.probabilities[scenarios], changes=[self.changes[int(s)] for s in scenarios]
        )


def stages(program: Program) -> tuple[Flags, Flags]:
    """Return which columns, and which rows, are of the first stage."""
    columns = [np.full(block.count, block.stage == 1) for block in program.column_blocks]
    rows = [np.full(block.count, block.stage == 1) for block in program.row_blocks]
    return np.concatenate([np.zeros(0, dtype=np.bool_), *columns]), np.concatenate([np.zeros(0, dtype=np.bool_), *rows])


def family_under(draft: Draft, scenarios: Iterable[Scenario]) -> Family:
    """Return the family of scenarios of one draft, built under undisturbed conditions; no program is built again."""
    base = draft.program.arrays()
    variations = Variations(draft, base)
    pairs = [(scenario.probability, variations.under(scenario.conditions)) for scenario in scenarios]
    probabilities = np.array([probability for probability, _ in pairs])
    return Family(base, *stages(draft.program), probabilities, [change for _, change in pairs])


def family_of(cases: Sequence[tuple[float, Program]]) -> Family:
    """Return the family of programs given as probability and program; they have the same rows and columns.

    Raises:
        UsageError: no scenario, or scenarios that differ in their decisions, rows or columns; it says in which.
    """
    if not cases:
        raise UsageError("there is no scenario")
    for number, (_, program) in enumerate(cases[1:], start=2):
        _check_shape(cases[0][1], program, number)
    arrays = [program.arrays() for _, program in cases]
    is_first, is_first_row = stages(cases[0][1])
    base = with_cells_of(arrays[0], arrays)
    changes = [between(base, other) for other in arrays]
    return Family(base, is_first, is_first_row, np.array([probability for probability, _ in cases]), changes)


def _check_shape(first: Program, other: Program, number: int) -> None:
    """Refuse a scenario whose rows or columns are not those of the first one."""
    for kind, blocks, others in (
        ("columns", first.column_blocks, other.column_blocks),
        ("rows", first.row_blocks, other.row_blocks),
    ):
        for here, there in zip_longest(blocks, others):
            one, two = (None if b is None else (b.name, b.count, b.stage) for b in (here, there))
            if one != two:
                is_decided = 1 in {block.stage for block in (here, there) if block is not None}
                what = "decisions" if is_decided else kind
                shown = [f"{b.count} of {b.name!r}" if b is not None else "none" for b in (here, there)]
                raise UsageError(
                    f"the scenarios differ in their {what}: the first has {shown[0]}, scenario {number} has {shown[1]}",
                    hint="Give every scenario the same tables, with a quantity of 0 for what it lacks.",
                )
