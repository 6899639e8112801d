"""The same plan under uncertainty through other tools: PuLP with CBC, Pyomo with HiGHS, mpi-sppy's extensive form.

Every tool gets the same numbers, the extensive form's columns and rows (mpi-sppy: each scenario's), and builds them as
its own objects. Build and solve time and peak memory, each in a process of its own; all to the same gap.
`uv sync --frozen --group bench` installs the peers; one that is missing is left out.
"""

import importlib.util
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.networks import generated
from benchmarks.row import Row, row, without_figure
from doseway.model.errors import Unavailable
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import Family, family_under
from doseway.plan.highs import Limits
from doseway.plan.program import Arrays
from doseway.plan.quantities import in_plan_units
from doseway.plan.risk import Risk
from doseway.plan.scenarios import draw
from doseway.plan.twostage import decide_for, extensive_form, undisturbed

NODES, PRODUCTS, SCENARIOS = 30, 5, 30
GAP = 1e-4
SECONDS = 120.0
Figures = tuple[float, float, float]
"""Seconds to build, seconds to solve, cost; of the processor, so that a busy machine makes no difference."""


def spent() -> float:
    """Return the seconds of the processor so far, those of processes that have ended included: CBC is one."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def family() -> Family:
    """Return the scenarios."""
    chain = Chain(in_plan_units(generated(NODES, PRODUCTS)))
    return family_under(undisturbed(chain), draw(chain, SCENARIOS, 1))


def by_doseway(problem: Family) -> Figures:
    """Solve the extensive form from its arrays."""
    begin = spent()
    extensive_form(problem, Risk())
    built = spent()
    answer = decide_for(problem, limits=Limits(gap=GAP, seconds=SECONDS), method="extensive")
    return built - begin, spent() - built, answer.outcome.cost


def by_cuts(problem: Family) -> Figures:
    """Solve by cuts; there is nothing to build."""
    begin = spent()
    answer = decide_for(problem, limits=Limits(gap=GAP, seconds=SECONDS), method="decomposed")
    return 0.0, spent() - begin, answer.outcome.cost


def by_pulp(problem: Family) -> Figures:
    """Write the extensive form in PuLP and solve it with CBC."""
    import pulp  # noqa: PLC0415  # a peer

    arrays = extensive_form(problem, Risk())
    begin = spent()
    model = pulp.LpProblem("plan", pulp.LpMinimize)
    columns = [
        pulp.LpVariable(f"x{i}", finite(low), finite(high), "Integer" if whole else "Continuous")
        for i, (low, high, whole) in enumerate(zip(arrays.lower, arrays.upper, arrays.is_integer, strict=True))
    ]
    model += pulp.LpAffineExpression([(columns[i], float(arrays.cost[i])) for i in np.flatnonzero(arrays.cost)])
    for entries, low, high in rows_of(arrays):
        expression = pulp.LpAffineExpression([(columns[i], value) for i, value in entries])
        if low == high:
            model += expression == low
            continue
        if np.isfinite(low):
            model += expression >= low
        if np.isfinite(high):
            model += expression <= high
    built = spent()
    model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=GAP, timeLimit=SECONDS, threads=1))
    return built - begin, spent() - built, float(pulp.value(model.objective))


def by_pyomo(problem: Family) -> Figures:
    """Write the extensive form in Pyomo and solve it with HiGHS."""
    import pyomo.environ as pyo  # noqa: PLC0415  # a peer

    arrays = extensive_form(problem, Risk())
    begin = spent()
    model = pyomo_model(arrays)
    built = spent()
    solver = pyo.SolverFactory("appsi_highs")
    solver.config.mip_gap, solver.config.time_limit = GAP, SECONDS
    solver.solve(model)
    return built - begin, spent() - built, float(pyo.value(model.cost))


def by_mpisppy(problem: Family) -> Figures:
    """Give each scenario as a Pyomo model to mpi-sppy, and solve its extensive form with HiGHS."""
    import pyomo.environ as pyo  # noqa: PLC0415  # a peer
    from mpisppy.opt.ef import ExtensiveForm  # noqa: PLC0415
    from mpisppy.utils.sputils import attach_root_node  # noqa: PLC0415

    def scenario(name: str) -> Any:
        number = int(name.removeprefix("s"))
        model = pyomo_model(problem.arrays(number))
        attach_root_node(model, 0, [model.x[int(i)] for i in problem.decisions])
        model._mpisppy_probability = float(problem.probabilities[number])  # noqa: SLF001  # mpi-sppy's own interface
        return model

    begin = spent()
    form = ExtensiveForm({"solver": "appsi_highs"}, [f"s{s}" for s in range(len(problem))], scenario)
    built = spent()
    form.solve_extensive_form(solver_options={"mip_rel_gap": GAP, "time_limit": SECONDS, "threads": 1})
    return built - begin, spent() - built, float(pyo.value(form.ef.EF_Obj))


def pyomo_model(arrays: Arrays) -> Any:
    """Return columns and rows as a Pyomo model."""
    import pyomo.environ as pyo  # noqa: PLC0415  # a peer

    model = pyo.ConcreteModel()
    model.x = pyo.Var(
        range(len(arrays.cost)),
        bounds=lambda _, i: (finite(float(arrays.lower[i])), finite(float(arrays.upper[i]))),
        domain=lambda _, i: pyo.Integers if arrays.is_integer[i] else pyo.Reals,
    )
    paid = np.flatnonzero(arrays.cost)
    model.cost = pyo.Objective(expr=sum(float(arrays.cost[i]) * model.x[int(i)] for i in paid))
    model.rows = pyo.ConstraintList()
    for entries, low, high in rows_of(arrays):
        expression = sum(value * model.x[i] for i, value in entries)
        if low == high:
            model.rows.add(expression == low)
        elif np.isfinite(low) or np.isfinite(high):
            model.rows.add(pyo.inequality(finite(low), expression, finite(high)))
    return model


def rows_of(arrays: Arrays) -> list[tuple[list[tuple[int, float]], float, float]]:
    """Return each row that says something as its entries and limits."""
    entries: list[list[tuple[int, float]]] = [[] for _ in arrays.row_lower]
    for row_number, column, value in zip(arrays.rows, arrays.column_of_entry, arrays.values, strict=True):
        entries[row_number].append((int(column), float(value)))
    limits = zip(entries, arrays.row_lower.tolist(), arrays.row_upper.tolist(), strict=True)
    return [(listed, low, high) for listed, low, high in limits if listed]


def finite(value: float | np.float64) -> float | None:
    """Return a limit, or None for none."""
    return float(value) if np.isfinite(value) else None


OURS = "doseway, extensive form"
TOOLS: dict[str, tuple[str, Callable[[Family], Figures]]] = {
    OURS: ("highspy", by_doseway),
    "doseway, by cuts": ("highspy", by_cuts),
    "PuLP, CBC": ("pulp", by_pulp),
    "Pyomo, appsi_highs": ("pyomo", by_pyomo),
    "mpi-sppy, appsi_highs": ("mpisppy", by_mpisppy),
}


def apart(tool: str) -> dict[str, float] | None:
    """Run one tool in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.plan_peers", tool]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run() -> list[Row]:
    """Run every tool; the peer of ours is each of the others, and one that cannot be run says why."""
    size = f"{NODES} nodes, {PRODUCTS} products, {SCENARIOS} scenarios"
    found = {tool: apart(tool) if importlib.util.find_spec(module) else None for tool, (module, _) in TOOLS.items()}
    ours = found[OURS]
    if ours is None:
        raise Unavailable("our own solve found nothing in time", hint=f"Is the machine so busy? {3 * SECONDS:g} s.")
    rows = []
    for tool, figures in found.items():
        if figures is None:
            is_there = importlib.util.find_spec(TOOLS[tool][0]) is not None
            why = f"nothing within {3 * SECONDS:g} s" if is_there else "not run: uv sync --frozen --group bench"
            rows.append(without_figure(f"plan: {size}", why, tool))
            continue
        for name, unit in (("build", "CPU s"), ("solve", "CPU s"), ("peak", "MiB"), ("cost", "money")):
            peer = None if tool == OURS else figures[name]
            if peer != 0:  # cuts build nothing
                rows.append(row(f"{name}: {size}", ours[name], unit, "" if peer is None else tool, peer))
    return rows


if __name__ == "__main__":
    build, solve, cost = TOOLS[sys.argv[1]][1](family())
    # CBC runs in a process of its own: its memory counts too.
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"build": build, "solve": solve, "cost": cost, "peak": peak}))
