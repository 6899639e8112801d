"""Readers of network design and airlift: made files are read back, solved, and compared with another solver."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from benchmarks.readers.airlift import read_airlift
from benchmarks.readers.ampl import read_data
from benchmarks.readers.netdes import drafts_of, read_design
from scipy.optimize import linprog

from doseway.model.errors import DataError, FormatError
from doseway.plan.highs import Limits
from doseway.plan.twostage import Method, decide, decide_for

EXACT = Limits(gap=1e-9)
ARCS = [(0, 1), (0, 2), (1, 2), (2, 1)]


def matrix(values: dict[tuple[int, int], float]) -> str:
    return ";".join(",".join(f"{values.get((i, j), 0.0):g}" for j in range(3)) for i in range(3)) + ";"


def design(seed: int) -> tuple[str, list[tuple[dict[tuple[int, int], float], dict[tuple[int, int], float], list[int]]]]:
    """Write an instance of three nodes, and return it with its scenarios."""
    random = np.random.default_rng(seed)
    fixed = {arc: float(random.integers(10, 90)) for arc in ARCS}
    lines = ["3", "0.5", "9", matrix(dict.fromkeys(ARCS, 1.0)), matrix(fixed), "2", "0.25,0.75"]
    cases = []
    for _ in range(2):
        cost = {arc: float(random.integers(1, 9)) for arc in ARCS}
        capacity = {arc: float(random.integers(6, 20)) for arc in ARCS}
        want = [int(value) for value in random.integers(0, 6, 2)]
        cases.append((cost, capacity, [sum(want), -want[0], -want[1]]))
        lines += [matrix(cost), matrix(capacity), ",".join(map(str, cases[-1][2])), "---- End of Scenario ----"]
    return "/ ----\na comment\n/ ----\n+\n+\n" + "\n".join(lines) + "\n", [(fixed, {}, []), *cases]


def cheapest(seed: int) -> float:
    """Try every set of arcs; what flows on them is a linear program of its own."""
    _, ((fixed, _, _), *cases) = design(seed)
    best = np.inf
    for built in product([0.0, 1.0], repeat=4):
        total = sum(fixed[arc] * is_built for arc, is_built in zip(ARCS, built, strict=True))
        for chance, (cost, capacity, net) in zip((0.25, 0.75), cases, strict=True):
            leaves = np.array([[float(arc[0] == node) - float(arc[1] == node) for arc in ARCS] for node in range(3)])
            bounds = [(0, capacity[arc] * is_built) for arc, is_built in zip(ARCS, built, strict=True)]
            found = linprog([cost[arc] for arc in ARCS], A_eq=leaves, b_eq=net, bounds=bounds)
            total += chance * (found.fun if found.status == 0 else np.inf)
        best = min(best, total)
    return float(best)


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
@pytest.mark.parametrize("seed", range(4))
def test_a_design_is_read_and_solved_to_the_best_of_all_sets_of_arcs(seed: int, method: Method, tmp_path: Path) -> None:
    path = tmp_path / "network.dat"
    path.write_text(design(seed)[0], encoding="ascii")
    found = decide(drafts_of(read_design(path)), limits=EXACT, method=method).expected
    assert found == pytest.approx(cheapest(seed), rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("+\n+\n", "", "line 1: there is no line that begins with"),
        ("0.25,0.75", "0.25,0.25", "line 12: the chances add up to 0.5"),
        ("0.25,0.75", "0.25", r"line 12: this is no matrix of 1 × 2"),
        ("0.5\n9", "0.5\n9\n9", "line 11: this is no matrix of 1 × 1"),
        ("0,1,1;0,0,1", "0,1,1;0,0,l", "line 9: a cell is no number: 'l'"),
        ("0,1,1;0,0,1", "0,1,1;0,1", r"line 9: this is no matrix of 3 × 3"),
        ("\n2\n", "\n3\n", "3 scenarios are 16 lines of numbers, not 13"),
    ],
)
def test_a_wrong_design_says_where(old: str, new: str, error: str, tmp_path: Path) -> None:
    text, path = design(1)[0], tmp_path / "network.dat"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="ascii")
    with pytest.raises(FormatError, match=error):
        read_design(path)


COMMON = """# what instances share
set Routes := 1 2;

param: AircraftTypes: MaxHours :=
   1   100;

param: Hours Capacity AssignCost :=
  1 1   10   5   20
  1 2    5   4   15;

param: ContractedCost UnusedCost :=
  1   30  1
  2   20  0;

param: SwitchedHours SwitchCost :=
  1 1 2   8   25
  1 2 1  12   30;
"""
DEMANDS = """model airlift.ampl;
data;
param NumScen := 2;
param Demand (tr):
      1    2 :=
  1  40   20
  2  30   60;
"""


def airlift(folder: Path, common: str = COMMON, demands: str = DEMANDS) -> tuple[Path, Path]:
    paths = folder / "airlift-data.ampl", folder / "airlift-made.ampl"
    for path, text in zip(paths, (common, demands), strict=True):
        path.write_text(text, encoding="ascii")
    return paths


def by_another(demands: list[tuple[float, float]], chances: list[float]) -> float:
    """Solve the deterministic equivalent: flights x1, x2; then switched 1 → 2 and 2 → 1, contracted and unused tons."""
    width = 2 + 6 * len(demands)
    cost, less, most, equal, sides = np.zeros(width), [], [], [], []
    cost[:2] = 20, 15
    less.append(np.r_[10.0, 5.0, np.zeros(width - 2)])
    most.append(100.0)
    for s, (chance, demand) in enumerate(zip(chances, demands, strict=True)):
        z, w, y1, y2, u1, u2 = range(2 + 6 * s, 8 + 6 * s)
        cost[[z, w, y1, y2, u1, u2]] = chance * np.array([25 - 20 * 0.8, 30 - 15 * 2.4, 30, 20, 1, 0])
        for flights, switched, hours, needed in ((0, z, 10, 8), (1, w, 5, 12)):
            row = np.zeros(width)
            row[flights], row[switched] = -hours, needed
            less.append(row)
            most.append(0.0)
        first, second = np.zeros(width), np.zeros(width)
        first[[0, z, w, y1, u1]] = 5, -5 * 0.8, 5, 1, -1
        second[[1, w, z, y2, u2]] = 4, -4 * 2.4, 4, 1, -1
        equal += [first, second]
        sides += list(demand)
    return float(linprog(cost, np.array(less), most, np.array(equal), sides, method="highs-ipm").fun)


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_airlift_is_read_and_solved_like_its_deterministic_equivalent(method: Method, tmp_path: Path) -> None:
    family = read_airlift(*airlift(tmp_path))
    found = decide_for(family, limits=EXACT, method=method).expected
    assert found == pytest.approx(by_another([(40, 20), (30, 60)], [0.5, 0.5]), rel=1e-6)


def test_routes_with_chances_of_their_own_are_combined(tmp_path: Path) -> None:
    demands = DEMANDS.replace("data;", "data;\nparam P :=\n  1  0.25\n  2  0.75;")
    family = read_airlift(*airlift(tmp_path, demands=demands))
    pairs = [(40.0, 20.0), (40.0, 60.0), (30.0, 20.0), (30.0, 60.0)]
    best = by_another(pairs, [0.0625, 0.1875, 0.1875, 0.5625])
    assert decide_for(family, limits=EXACT).expected == pytest.approx(best, rel=1e-6)


def test_parameters_are_read_by_their_subscripts(tmp_path: Path) -> None:
    data = read_data(airlift(tmp_path))
    assert data["NumScen"] == {(): 2.0}
    assert data["MaxHours"] == {("1",): 100.0}
    assert data["Capacity"] == {("1", "1"): 5.0, ("1", "2"): 4.0}
    assert data["Demand"]["2", "1"] == 20.0


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("1 2    5   4   15", "1 2    5   4", "airlift-data.ampl, line 9: 4 words are no record of Hours"),
        ("1 2    5   4   15", "1 2    5   4   xy", "line 9: AssignCost is no number: 'xy'"),
        ("  1 1   10   5   20\n  1 2    5   4   15", "", "line 7: .* is given nothing"),
    ],
)
def test_wrong_data_says_where(old: str, new: str, error: str, tmp_path: Path) -> None:
    assert old in COMMON
    with pytest.raises(FormatError, match=error):
        read_airlift(*airlift(tmp_path, COMMON.replace(old, new, 1)))


def test_a_table_needs_its_columns(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"airlift-made.ampl, line 7: 1 numbers do not fill the columns 1    2"):
        read_airlift(*airlift(tmp_path, demands=DEMANDS.replace("2  30   60", "2  30")))


def test_a_parameter_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="do not give Demand"):
        read_airlift(*airlift(tmp_path, demands="data;\n"))
