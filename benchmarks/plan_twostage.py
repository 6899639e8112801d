"""Two-stage instances with known optima: mpi-sppy's netdes as networks, and LandS in SMPS form, in extensive form."""

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
from doseway.plan.formulation.build import build_chain
from doseway.plan.formulation.draft import Conditions
from doseway.plan.goods import Goods
from doseway.plan.highs import Limits
from doseway.plan.program import Program
from doseway.plan.tables import Network, from_rows
from doseway.plan.twostage import Staged, decide

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"

SECONDS = 60.0


class Smps:
    """A two-stage linear program read from SMPS (Birge et al. 1987): core in fixed MPS, time, and INDEP DISCRETE."""

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
    def _read_outcomes(path: Path) -> dict[str, list[tuple[float, float]]]:
        outcomes: dict[str, list[tuple[float, float]]] = {}
        for line in path.read_text().splitlines():
            if line.startswith(" "):
                words = line.split()
                outcomes.setdefault(words[1], []).append((float(words[2]), float(words[-1])))
        return outcomes

    def scenarios(self) -> list[tuple[float, Staged]]:
        """Return every combination of the independent outcomes."""
        cases: list[tuple[float, dict[str, float]]] = [(1.0, {})]
        for name, listed in self.outcomes.items():
            cases = [(p * q, {**values, name: value}) for p, values in cases for value, q in listed]
        return [(p, _Case(self.program(values))) for p, values in cases]

    def program(self, values: dict[str, float]) -> Program:
        """Return the program with some right sides replaced."""
        objective = next(name for name, kind in self.rows.items() if kind == "N")
        limits, rhs = [name for name in self.rows if name != objective], {**self.rhs, **values}
        program = Program()
        columns = []
        for position, column in enumerate(self.columns):
            cost = self.entries.get((column, objective), 0.0)
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
                if (column, name) in self.entries:
                    value = self.entries[column, name]
                    program.add_entries(np.array([at]), np.array([columns[position]]), value)
        return program


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


def netdes_network(fixed: Matrix, case: tuple[Matrix, Matrix, Matrix]) -> Network:
    """Write one scenario as a network: arcs are lanes to be opened, a node with a need is also a market."""
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
    needs = [(int(i), -float(net[i])) for i in np.flatnonzero(net < 0)]
    return from_rows(
        periods=[{"period": "p", "start": "2027-01-01", "days": 1}],
        products=[{"product": "unit"}],
        sites=[{"site": f"n{i}", "country": "US"} for i in range(len(net))],
        lanes=lanes + [{"lane": f"out {i}", "from_node": f"n{i}", "to_node": f"m{i}"} for i, _ in needs],
        markets=[{"market": f"m{i}", "country": "US"} for i, _ in needs],
        demand=[{"market": f"m{i}", "product": "unit", "quantity": need} for i, need in needs],
        stocks=[{"site": f"n{i}", "product": "unit", "quantity": float(net[i])} for i in np.flatnonzero(net > 0)],
    )


def solve_netdes(path: Path, limits: Limits) -> float:
    """Return the cost of an instance in extensive form."""
    fixed, probabilities, cases = read_netdes(path)
    drafts = []
    for probability, case in zip(probabilities, cases, strict=True):
        chain = Chain(netdes_network(fixed, case))
        drafts.append((probability, build_chain(chain, Goods(chain), Conditions())))
    return decide(drafts, limits=limits).expected


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
    folder = DATA / "splib" / "slptestset" / "electric"
    lands = Smps(folder / "lands.cor", folder / "lands.tim", folder / "lands.sto")
    optimum = json.loads((DATA / "known_optima.json").read_text())["smps_lp"]["LandS_electric"]["opt"]
    rows.append(row("LandS", decide(lands.scenarios(), limits=limits).expected, "cost", "published", optimum))
    return rows
