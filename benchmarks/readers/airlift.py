"""Scheduling airlift operations (Midler and Wollmer 1969) from its AMPL data, as a family of scenarios."""

from pathlib import Path

import numpy as np

from benchmarks.readers.ampl import Data, read_data
from doseway.model.errors import DataError
from doseway.plan.decomposition.family import Family, stages
from doseway.plan.program import Program
from doseway.plan.scenario_change import Change


def read_airlift(common: Path, scenarios: Path) -> Family:
    """Read the data that all instances share and one instance's demands.

    First stage: flights x[i, j] of aircraft i on route j within its hours. Afterwards flights are switched to another
    route k, z[i, j, k], tons are contracted, y[j], or capacity stays unused, u[j]:
        Σ_k switched_hours · z ≤ hours · x,
        Σ_i capacity · x - Σ capacity · (switched_hours / hours) · z out + Σ capacity · z in + y - u = demand.

    Raises:
        DataError: a parameter is missing.
    """
    data = read_data([common, scenarios])
    missing = {"MaxHours", "Hours", "Capacity", "AssignCost", "SwitchedHours", "SwitchCost", "Demand"} - set(data)
    if missing:
        raise DataError(f"{scenarios.name} and {common.name} do not give {', '.join(sorted(missing))}")
    program, demand_rows = _program(data)
    routes = sorted({j for _, j in data["Hours"]})
    names = sorted({s for _, s in data["Demand"]}, key=int)
    base = program.arrays()
    if "P" in data:  # routes are independent, each with the same chances
        cases = [(data["P"][s,] * data["P"][t,], (s, t)) for s in names for t in names]
    else:
        cases = [(1 / len(names), (s, s)) for s in names]
    changes = []
    for _, picked in cases:
        wanted = np.array([data["Demand"][j, s] for j, s in zip(routes, picked, strict=True)])
        changes.append(Change(row_lower=(demand_rows, wanted), row_upper=(demand_rows, wanted)))
    chances = np.array([chance for chance, _ in cases])
    return Family(base, *stages(program), chances / chances.sum(), changes)


def _program(data: Data) -> tuple[Program, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Return the program without demands, and the rows of the demands."""
    pairs, switches = list(data["Hours"]), list(data["SwitchedHours"])
    routes = sorted({j for _, j in pairs})
    program = Program()
    x = program.add_columns(
        "flights", "flights", {}, len(pairs), cost={"assign": np.array([data["AssignCost"][p] for p in pairs])}, stage=1
    )
    share = {(i, j, k): data["SwitchedHours"][i, j, k] / data["Hours"][i, j] for i, j, k in switches}
    extra = np.array([data["SwitchCost"][i, j, k] - data["AssignCost"][i, j] * share[i, j, k] for i, j, k in switches])
    z = program.add_columns("switched", "flights switched", {}, len(switches), cost={"switch": extra})
    paid = [np.array([data[name].get((j,), 0.0) for j in routes]) for name in ("ContractedCost", "UnusedCost")]
    y = program.add_columns("contracted", "tons contracted", {}, len(routes), cost={"contract": paid[0]})
    u = program.add_columns("unused", "tons unused", {}, len(routes), cost={"unused": paid[1]})
    types = sorted({i for i, _ in pairs})
    most = np.array([data["MaxHours"][i,] for i in types])
    hours = program.add_rows("hours", "hours", {}, len(types), upper=most, stage=1)
    away = program.add_rows("away", "hours switched away", {}, len(pairs), upper=0.0)
    demand = program.add_rows("demand", "tons wanted", {}, len(routes), lower=0.0, upper=0.0)
    for place, (i, j) in enumerate(pairs):
        rows = np.array([hours[types.index(i)], away[place], demand[routes.index(j)]])
        values = np.array([data["Hours"][i, j], -data["Hours"][i, j], data["Capacity"][i, j]])
        program.add_entries(rows, np.full(3, x[place]), values)
    for place, (i, j, k) in enumerate(switches):
        rows = np.array([away[pairs.index((i, j))], demand[routes.index(j)], demand[routes.index(k)]])
        gained = data["Capacity"][i, j] * share[i, j, k]
        values = np.array([data["SwitchedHours"][i, j, k], -gained, data["Capacity"][i, k]])
        program.add_entries(rows, np.full(3, z[place]), values)
    program.add_entries(demand, y, 1.0)
    program.add_entries(demand, u, -1.0)
    return program, demand
