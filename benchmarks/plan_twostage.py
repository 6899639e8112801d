"""Two-stage instances with known optima: mpi-sppy's netdes as networks, LandS and assets in SMPS form.

Each in extensive form, and the linear ones by cuts too; tens of thousands of scenarios by cuts only, as `auto` does.
"""

import csv
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.row import Row, row
from doseway.plan.chain import Chain
from doseway.plan.decomposition.family import Family, stages
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions
from doseway.plan.goods import Goods
from doseway.plan.highs import Limits
from doseway.plan.program import Arrays, Ints, Program
from doseway.plan.scenario_change import Change, Sparse
from doseway.plan.tables import Network, from_rows
from doseway.plan.twostage import Method, Staged, decide, decide_for

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"

SECONDS = 300.0
MANY = 1000


Cells = dict[tuple[str, str], float]
"""(column, row) → value; the column of a right side is the name of the right side's vector."""


class Smps:
    """A two-stage linear program read from SMPS (Birge et al. 1987): core in fixed MPS, time, INDEP or BLOCKS DISCRETE.

    A block's outcome replaces entries and right sides together; an entry that it leaves out is that of its first one.
    """

    def __init__(self, core: Path, time_file: Path, stochastic: Path) -> None:
        self.rows: dict[str, str] = {}
        self.entries: dict[tuple[str, str], float] = {}
        self.rhs: dict[str, float] = {}
        self._read_core(core)
        self.columns = list(dict.fromkeys(column for column, _ in self.entries))
        second = [line.split() for line in time_file.read_text().splitlines() if line.startswith(" ")][1]
        self.first_columns = self.columns.index(second[0])
        self.first_rows = list(self.rows).index(second[1])
        self.outcomes = self._read_outcomes(stochastic)

    def _read_core(self, path: Path) -> None:
        section = ""
        for line in path.read_text().splitlines():
            words = line.split()
            if not line.startswith(" "):
                section = words[0] if words else section
            elif section == "ROWS":
                self.rows[words[1]] = words[0]
            elif section == "COLUMNS":
                for name, value in zip(words[1::2], words[2::2], strict=True):
                    self.entries[words[0], name] = float(value)
            elif section == "RHS":
                self.rhs.update(dict(zip(words[1::2], map(float, words[2::2]), strict=True)))

    @staticmethod
    def _read_outcomes(path: Path) -> dict[str, list[tuple[float, Cells]]]:
        outcomes: dict[str, list[tuple[float, Cells]]] = {}
        is_block, name = False, ""
        for line in path.read_text().splitlines():
            words = line.split()
            if not line.startswith(" "):
                is_block = words[:1] == ["BLOCKS"] if words else is_block
            elif words[0] == "BL":
                name = words[1]
                first: Cells = dict(outcomes[name][0][1]) if name in outcomes else {}
                outcomes.setdefault(name, []).append((float(words[-1]), first))
            elif is_block:
                pairs = zip(words[1::2], words[2::2], strict=True)
                outcomes[name][-1][1].update({(words[0], row): float(value) for row, value in pairs})
            else:
                cell = {(words[0], words[1]): float(words[2])}
                outcomes.setdefault(f"{words[0]} {words[1]}", []).append((float(words[-1]), cell))
        return outcomes

    def cases(self) -> list[tuple[float, Cells]]:
        """Return every combination of the independent outcomes."""
        cases: list[tuple[float, Cells]] = [(1.0, {})]
        for listed in self.outcomes.values():
            cases = [(p * q, {**values, **more}) for p, values in cases for q, more in listed]
        return cases

    def scenarios(self) -> list[tuple[float, Staged]]:
        """Return the scenarios, each with a program of its own."""
        return [(p, _Case(self.program(values))) for p, values in self.cases()]

    def family(self) -> Family:
        """Return the scenarios as changes of one program, for tens of thousands of them."""
        program, cases = self.program({}), self.cases()
        base = program.arrays()
        limits = [name for name in self.rows if self.rows[name] != "N"]
        row_at, column_at = ({n: i for i, n in enumerate(names)} for names in (limits, self.columns))
        cells = base.column_of_entry * len(limits) + base.rows
        changes = [self._change(base, values, (row_at, column_at, cells)) for _, values in cases]
        chances = np.array([p for p, _ in cases])
        return Family(base, *stages(program), chances / chances.sum(), changes)  # files round them

    def _change(self, base: Arrays, values: Cells, at: tuple[dict[str, int], dict[str, int], Ints]) -> Change:
        """Return what one outcome changes."""
        row_at, column_at, cells = at
        cost = [(column_at[c], v) for (c, r), v in values.items() if c in column_at and self.rows[r] == "N"]
        entries = [
            (int(np.searchsorted(cells, column_at[c] * len(row_at) + row_at[r])), v)
            for (c, r), v in values.items()
            if c in column_at and self.rows[r] != "N"
        ]
        sides = [(row_at[r], v) for (c, r), v in values.items() if c not in column_at]
        lower = [(row, v) for row, v in sides if np.isfinite(base.row_lower[row])]
        upper = [(row, v) for row, v in sides if np.isfinite(base.row_upper[row])]
        return Change(cost=_sparse(cost), row_lower=_sparse(lower), row_upper=_sparse(upper), entries=_sparse(entries))

    def program(self, values: Cells) -> Program:
        """Return the program with some entries and right sides replaced."""
        objective = next(name for name, kind in self.rows.items() if kind == "N")
        columns_given = set(self.columns)
        entries = {**self.entries, **{cell: v for cell, v in values.items() if cell[0] in columns_given}}
        rhs = {**self.rhs, **{row: v for (column, row), v in values.items() if column not in columns_given}}
        limits = [name for name in self.rows if name != objective]
        program = Program()
        columns = []
        for position, column in enumerate(self.columns):
            cost = entries.get((column, objective), 0.0)
            stage = 1 if position < self.first_columns else 2
            columns.append(
                program.add_columns(column, column, {}, 1, cost={"cost": cost}, stage=1 if stage == 1 else 2)[0]
            )
        for name in limits:
            side, kind = rhs.get(name, 0.0), self.rows[name]
            is_first = list(self.rows).index(name) < self.first_rows
            low, high = (-np.inf if kind == "L" else side), (np.inf if kind == "G" else side)
            [at] = program.add_rows(name, name, {}, 1, lower=low, upper=high, stage=1 if is_first else 2)
            for position, column in enumerate(self.columns):
                if (column, name) in entries:
                    value = entries[column, name]
                    program.add_entries(np.array([at]), np.array([columns[position]]), value)
        return program


def _sparse(pairs: list[tuple[int, float]]) -> Sparse:
    return np.array([place for place, _ in pairs], dtype=np.int64), np.array([value for _, value in pairs], dtype=float)


@dataclass(frozen=True)
class _Case:
    program: Program


Matrix = npt.NDArray[np.float64]


def read_netdes(path: Path) -> tuple[Matrix, list[float], list[tuple[Matrix, Matrix, Matrix]]]:
    """Read an instance: fixed cost of each arc, probabilities, and (cost, capacity, outflow - inflow) of scenarios."""
    lines = [line for line in path.read_text().split("+", 1)[1].splitlines() if line and not line.startswith("--")]
    matrix = [np.array([cell.split(",") for cell in line.split(";")], dtype=np.float64) for line in lines]
    fixed, count = matrix[4], int(matrix[5][0, 0])
    cases = [(matrix[7 + 3 * s], matrix[8 + 3 * s], matrix[9 + 3 * s].ravel()) for s in range(count)]
    return fixed, list(map(float, matrix[6].ravel())), cases


def netdes_networks(fixed: Matrix, cases: list[tuple[Matrix, Matrix, Matrix]]) -> list[Network]:
    """Write the scenarios as networks of one shape: a node with a need in any of them is a market in all of them."""
    nets = np.array([net for _, _, net in cases])
    sinks, sources = np.flatnonzero((nets < 0).any(axis=0)), np.flatnonzero((nets > 0).any(axis=0))
    return [_netdes_network(fixed, case, sinks, sources) for case in cases]


def _netdes_network(fixed: Matrix, case: tuple[Matrix, Matrix, Matrix], sinks: Ints, sources: Ints) -> Network:
    """Write one scenario: arcs are lanes to be opened, what leaves the network goes to a market, for nothing."""
    cost, capacity, net = case
    arcs = [(int(i), int(j)) for i, j in zip(*np.nonzero(fixed), strict=True)]
    lanes = [
        {
            "lane": f"{i} {j}",
            "from_node": f"n{i}",
            "to_node": f"n{j}",
            "cost": float(cost[i, j]),
            "capacity": float(capacity[i, j]),
            "opening_cost": float(fixed[i, j]),
        }
        for i, j in arcs
    ]
    needs = [(int(i), max(0.0, -float(net[i]))) for i in sinks]
    return from_rows(
        periods=[{"period": "p", "start": "2027-01-01", "days": 1}],
        products=[{"product": "unit"}],
        sites=[{"site": f"n{i}", "country": "US"} for i in range(len(net))],
        lanes=lanes + [{"lane": f"out {i}", "from_node": f"n{i}", "to_node": f"m{i}"} for i, _ in needs],
        markets=[{"market": f"m{i}", "country": "US"} for i, _ in needs],
        demand=[{"market": f"m{i}", "product": "unit", "quantity": need} for i, need in needs],
        stocks=[{"site": f"n{i}", "product": "unit", "quantity": max(0.0, float(net[i]))} for i in sources],
    )


def solve_netdes(path: Path, limits: Limits, method: Method = "extensive") -> float:
    """Return the cost of an instance."""
    fixed, probabilities, cases = read_netdes(path)
    drafts = []
    for probability, network in zip(probabilities, netdes_networks(fixed, cases), strict=True):
        chain = Chain(network)
        drafts.append((probability, build_chain(chain, Goods(chain), Conditions())))
    return decide(drafts, limits=limits, method=method).expected


def run() -> list[Row]:
    """Solve the instances; the peer's value is the published optimum."""
    if not DATA.is_dir():
        print(f"no published instances at {DATA}", file=sys.stderr)
        return []
    rows, limits = [], Limits(gap=1e-7, seconds=SECONDS)
    with (DATA / "netdes" / "solutions.dat").open(newline="") as file:
        known = {line["Instance Name"]: float(line["Best UB"]) for line in csv.DictReader(file)}
    for name in sorted(path.stem for path in (DATA / "netdes").glob("network-*.dat")):
        begin = time.perf_counter()
        cost = solve_netdes(DATA / "netdes" / f"{name}.dat", limits)
        rows.append(row(f"{name} ({time.perf_counter() - begin:.1f} s)", cost, "cost", "published", known[name]))
    optima = json.loads((DATA / "known_optima.json").read_text())["smps_lp"]
    for name, family in smps():
        methods: list[Method] = ["extensive", "decomposed"] if len(family) < MANY else ["decomposed"]
        for method in methods:
            begin = time.perf_counter()
            answer = decide_for(family, limits=limits, method=method)
            title = f"{name}, {method}, {len(family):,} scenarios ({time.perf_counter() - begin:.1f} s)"
            rows.append(row(title, answer.expected, "cost", "published", optima[name]["opt"]))
    return rows


def smps() -> list[tuple[str, Family]]:
    """Return the SMPS instances with a published optimum."""
    electric, assets = (DATA / "splib" / "slptestset" / name for name in ("electric", "assets"))
    core, times = assets / "assets.cor", assets / "assets.tim"
    return [
        ("LandS_electric", Smps(electric / "lands.cor", electric / "lands.tim", electric / "lands.sto").family()),
        ("assets_small", Smps(core, times, assets / "assets-small.sto").family()),
        ("assets_large", Smps(core, times, assets / "assets-large.sto").family()),
    ]
