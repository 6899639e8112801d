"""The surface on which a user adds constraints: the plan's columns as variables of linopy, by their names.

    surface = Surface(build(network))
    flow = surface["flow"]
    surface.model.add_constraints(flow.where(flow.coords["lane"] == "a-f").sum() <= 1500, name="harbour")
    plan_of(surface.draft_with_constraints())

What the user adds becomes rows of the plan's own program: it goes to the solver as arrays, is named in an explanation
and has a shadow price like any other limit.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.formulation.draft import Draft
from doseway.plan.program import Block, Floats, Ints, codes
from doseway.plan.twostage import first_stage

if TYPE_CHECKING:
    import linopy


class Surface:
    """The columns of a built plan as linopy variables, in plan units; each label of a column is a coordinate."""

    def __init__(self, draft: Draft) -> None:
        """Make the variables.

        Raises:
            Unavailable: linopy is not installed.
        """
        try:
            import linopy  # noqa: PLC0415  # an optional extra
        except ImportError as error:
            hint = "Install it with `pip install doseway[plan]`."
            raise Unavailable("constraints of your own need linopy", hint=hint) from error
        self.draft = draft
        self.model = linopy.Model()
        self._columns: dict[int, int] = {}
        self._rows = 0
        arrays = draft.program.arrays()
        for block in draft.program.column_blocks:
            if block.count:
                self._add(block, arrays.lower[block.members], arrays.upper[block.members])

    def __getitem__(self, name: str) -> "linopy.Variable":
        """Return the variables of a kind, such as flow, make, stock, served, short, activate, qualify, buffer.

        Raises:
            UsageError: this plan has none of that name.
        """
        if name not in self.model.variables:
            raise UsageError(f"the plan has no {name!r}", hint=f"There are: {', '.join(self.model.variables)}.")
        return self.model.variables[name]

    def _add(self, block: Block, lower: Floats, upper: Floats) -> None:
        """Add a block of columns; a name that comes twice is numbered."""
        import xarray  # noqa: PLC0415  # comes with linopy

        taken = block.name in self.model.variables
        name = f"{block.name} {block.start}" if taken else block.name
        coordinates: dict[str, Any] = {name: np.arange(block.count)}
        coordinates |= {
            label: (name, np.array(names, dtype=object)[positions])
            for label, (names, positions) in block.labels.items()
            if label != name
        }
        frame = xarray.DataArray(np.zeros(block.count), dims=[name], coords=coordinates)
        variable = self.model.add_variables(lower=frame + lower, upper=frame + upper, name=name)
        for label, column in zip(variable.labels.values.tolist(), block.members.tolist(), strict=True):
            self._columns[int(label)] = int(column)

    def draft_with_constraints(self) -> Draft:
        """Add what the user added to the plan's program, and return its draft; each constraint is added once.

        Raises:
            UsageError: a constraint that is not linear, or has no variable of the plan.
        """
        names = list(self.model.constraints)[self._rows :]
        self._rows += len(names)
        for name in names:
            self._add_rows(name)
        return self.draft

    def _add_rows(self, name: str) -> None:
        """Add the rows of one constraint of the model."""
        flat = self.model.constraints[name].to_polars()
        program, is_first = self.draft.program, first_stage(self.draft.program)
        row_of, columns = _numbered(flat["labels"].to_numpy()), flat["vars"].to_numpy()
        if any(int(label) not in self._columns for label in columns):
            raise UsageError(f"the constraint {name!r} has variables that are not the plan's")
        column = np.array([self._columns[int(label)] for label in columns], dtype=np.int64)
        count = int(row_of.max(initial=-1)) + 1
        first = np.unique(row_of, return_index=True)[1]
        sign, side = flat["sign"].to_numpy()[first].astype(str), flat["rhs"].to_numpy()[first]
        values = flat["coeffs"].to_numpy()
        arrays = program.arrays()
        size = np.zeros(count)
        np.maximum.at(size, row_of, np.abs(values) * arrays.column_scale[column])
        rows = program.add_rows(
            f"own {name}",
            "your constraint {name} (number {number})",
            {"name": codes([name], np.zeros(count)), "number": codes([str(i + 1) for i in range(count)], range(count))},
            count,
            lower=np.where(sign == "<=", -np.inf, side),
            upper=np.where(sign == ">=", np.inf, side),
            scale=np.where(size > 0, size, 1.0),
            stage=1 if is_first[column].all() else 2,
        )
        program.add_entries(rows[row_of], column, values)


def _numbered(labels: Ints) -> Ints:
    """Return the position of each label among the distinct ones."""
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64).reshape(-1)
