"""The reader of SMPS: made programs are written in its formats, read back, solved, and compared with another solver."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from benchmarks.readers.core import read_core
from benchmarks.readers.smps import Smps
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from doseway.model.errors import FormatError, UsageError
from doseway.plan.highs import Limits
from doseway.plan.twostage import Method, decide_for

EXACT = Limits(gap=1e-9)
Floats = npt.NDArray[np.float64]
TIME = "TIME made\nPERIODS\n    X1 OBJ NOW\n    Y1 NEED1 LATER\nENDATA\n"


class Made(NamedTuple):
    """Buy x of two machines within a budget; later make y on them, at random cost, for random needs; or be short, z."""

    price: Floats
    cost: Floats
    need: Floats
    chances: Floats
    rate: Floats


def made(seed: int, scenarios: int = 4) -> Made:
    random = np.random.default_rng(seed)
    chances = random.integers(1, 5, scenarios).astype(float)
    return Made(
        price=random.integers(2, 9, 2).astype(float),
        cost=random.integers(1, 6, (scenarios, 2)).astype(float),
        need=random.integers(1, 20, (scenarios, 2)).astype(float),
        chances=chances / chances.sum(),
        rate=random.integers(1, 4, (scenarios, 2)).astype(float),
    )


def core(problem: Made, *, is_whole: bool = False) -> str:
    """Write the program of the first scenario; what Y1 makes can stand in for Y2, so that the needs hang together."""
    bought, later = [], []
    for i in (1, 2):
        bought.append(f"    X{i} OBJ {problem.price[i - 1]} BUDGET 1\n    X{i} HOURS{i} {-problem.rate[0, i - 1]}")
        later.append(f"    Y{i} OBJ {problem.cost[0, i - 1]} HOURS{i} 1\n    Y{i} NEED{i} 1")
        later.append(f"    Z{i} OBJ 50 NEED{i} 1")
    later[0] += "\n    Y1 NEED2 0.5"
    if is_whole:
        bought = ["    M1 'MARKER' 'INTORG'", *bought, "    M2 'MARKER' 'INTEND'"]
    rhs = [f"    RHS NEED{i + 1} {problem.need[0, i]}" for i in range(2)]
    bounds = ["BOUNDS", "    UP BND X1 9", "    UP BND X2 9"] if is_whole else []
    text = ["* a comment", "NAME made", "ROWS", " N OBJ", " L BUDGET", " G NEED1", " G NEED2", " L HOURS1", " L HOURS2"]
    return "\n".join([*text, "COLUMNS", *bought, *later, "RHS", "    RHS BUDGET 12", *rhs, *bounds, "ENDATA"]) + "\n"


def blocks(problem: Made) -> str:
    """Write all scenarios as the outcomes of one block."""
    lines = ["STOCH made", "BLOCKS DISCRETE"]
    for s, chance in enumerate(problem.chances):
        lines += [f" BL ALL LATER {float(chance)!r}", *cells(problem, s)]
    return "\n".join([*lines, "ENDATA"]) + "\n"


def scenarios(problem: Made) -> str:
    """Write them as scenarios, each branching off from the first."""
    lines = ["STOCH made", "SCENARIOS DISCRETE"]
    for s, chance in enumerate(problem.chances):
        parent = "'ROOT'" if s == 0 else "S0"
        lines += [f" SC S{s} {parent} {float(chance)!r} LATER", *cells(problem, s)]
    return "\n".join([*lines, "ENDATA"]) + "\n"


def cells(problem: Made, s: int) -> list[str]:
    lines = [f"    RHS NEED{i + 1} {problem.need[s, i]}" for i in range(2)]
    lines += [f"    Y{i + 1} OBJ {problem.cost[s, i]}" for i in range(2)]
    return lines + [f"    X{i + 1} HOURS{i + 1} {-problem.rate[s, i]}" for i in range(2)]


def by_another(problem: Made, *, is_whole: bool = False) -> float:
    """Solve the deterministic equivalent, written out as dense matrices."""
    count = len(problem.chances)
    width = 2 + 4 * count
    cost, upper, rows = np.zeros(width), [], []
    cost[:2] = problem.price
    budget = np.zeros(width)
    budget[:2] = 1
    rows.append(budget)
    upper.append(12.0)
    for s in range(count):
        y, z = 2 + 4 * s + np.arange(2), 4 + 4 * s + np.arange(2)
        cost[y], cost[z] = problem.chances[s] * problem.cost[s], problem.chances[s] * 50
        for i in range(2):
            need, hours = np.zeros(width), np.zeros(width)
            need[[y[i], z[i]]] = -1
            need[y[0]] -= 0.5 * i
            hours[y[i]], hours[i] = 1, -problem.rate[s, i]
            rows += [need, hours]
            upper += [-problem.need[s, i], 0.0]
    if not is_whole:
        return float(linprog(cost, np.array(rows), upper, method="highs-ipm").fun)
    most = np.full(width, np.inf)
    most[:2] = 9
    found = milp(
        cost, constraints=LinearConstraint(np.array(rows), -np.inf, upper), bounds=Bounds(0, most),
        integrality=np.r_[1, 1, np.zeros(width - 2)], options={"mip_rel_gap": 1e-9},
    )  # fmt: skip
    return float(found.fun)


def read(folder: Path, *texts: str) -> Smps:
    paths = [folder / f"made.{kind}" for kind in ("cor", "tim", "sto")]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="ascii")
    return Smps(*paths)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), method=st.sampled_from(["extensive", "decomposed"]))
def test_a_made_program_is_read_and_solved_like_its_deterministic_equivalent(
    tmp_path_factory: pytest.TempPathFactory, seed: int, method: Method
) -> None:
    problem, folder = made(seed), tmp_path_factory.mktemp("made")
    for text in (blocks(problem), scenarios(problem)):
        family = read(folder, core(problem), TIME, text).family()
        assert family.probabilities == pytest.approx(problem.chances)
        found = decide_for(family, limits=EXACT, method=method).expected
        assert found == pytest.approx(by_another(problem), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_whole_decisions_are_read_from_their_markers(seed: int, tmp_path: Path) -> None:
    problem = made(seed)
    family = read(tmp_path, core(problem, is_whole=True), TIME, blocks(problem)).family()
    found = decide_for(family, limits=EXACT, method="extensive").expected
    assert found == pytest.approx(by_another(problem, is_whole=True), rel=1e-6)
    assert decide_for(family, limits=EXACT, method="decomposed").expected == pytest.approx(found, rel=1e-6)


def test_independent_outcomes_are_combined(tmp_path: Path) -> None:
    problem = made(1, scenarios=1)
    outcomes = [(1, 4.0, 0.25), (1, 8.0, 0.75), (2, 3.0, 0.5), (2, 5.0, 0.5)]
    lines = [f"    RHS NEED{row} {value} LATER {chance}" for row, value, chance in outcomes]
    family = read(
        tmp_path, core(problem), TIME, "STOCH made\nINDEP DISCRETE\n" + "\n".join(lines) + "\nENDATA\n"
    ).family()
    pairs = [(a, b) for a in outcomes[:2] for b in outcomes[2:]]
    spread = Made(
        problem.price,
        np.repeat(problem.cost, 4, axis=0),
        np.array([[a[1], b[1]] for a, b in pairs]),
        np.array([a[2] * b[2] for a, b in pairs]),
        np.repeat(problem.rate, 4, axis=0),
    )
    assert decide_for(family, limits=EXACT).expected == pytest.approx(by_another(spread), rel=1e-6)


@pytest.mark.parametrize(("modifier", "value"), [("ADD", 2.0), ("MULTIPLY", 1.5), ("REPLACE", 6.0)])
def test_an_outcome_may_add_to_the_core_or_multiply_it(modifier: str, value: float, tmp_path: Path) -> None:
    problem = made(3, scenarios=1)
    text = f"STOCH made\nINDEP DISCRETE {modifier}\n    RHS NEED1 {value} LATER 1.0\nENDATA\n"
    family = read(tmp_path, core(problem), TIME, text).family()
    was = problem.need[0, 0]
    now = {"ADD": was + value, "MULTIPLY": was * value, "REPLACE": value}[modifier]
    need = np.array([[now, problem.need[0, 1]]])
    assert decide_for(family, limits=EXACT).expected == pytest.approx(by_another(problem._replace(need=need)), rel=1e-6)


STOCK = """NAME stock
ROWS
 N OBJ
 L ROOM
 E FIRST
 E SECOND
COLUMNS
    A OBJ 1 ROOM 1
    A FIRST 1
    B OBJ 3 FIRST 1
    KEEP OBJ 0.1 FIRST -1
    KEEP SECOND 1
    C OBJ 9 SECOND 1
    LEFT SECOND -1
RHS
    RHS ROOM 14 FIRST 5
    RHS SECOND 5
ENDATA
"""
STOCK_TIME = "TIME stock\nPERIODS\n    A ROOM ONE\n    B FIRST TWO\n    C SECOND THREE\nENDATA\n"


@settings(max_examples=15, deadline=None)
@given(
    first=st.lists(st.integers(0, 12), min_size=2, max_size=2),
    second=st.lists(st.integers(0, 12), min_size=4, max_size=4),
    chance=st.floats(0.1, 0.9),
)
def test_three_stages_are_solved_like_scenarios_tied_together(
    tmp_path_factory: pytest.TempPathFactory, first: Sequence[int], second: Sequence[int], chance: float
) -> None:
    """Buy early, buy more when the first need is known, and dear when the second is; keep what is over."""
    lines, weights = ["STOCH stock", "SCENARIOS DISCRETE"], []
    for s, want in enumerate(second):
        weights.append((chance, 1 - chance)[s // 2] / 2)
        parent, period = ("ROOT", "ONE") if s == 0 else ("S0", "TWO") if s == 2 else (f"S{s - 1}", "THREE")
        lines.append(f" SC S{s} {parent} {weights[-1]!r} {period}")
        lines += [f"    RHS FIRST {first[s // 2]}"] if period != "THREE" else []
        lines.append(f"    RHS SECOND {want}")
    folder = tmp_path_factory.mktemp("stock")
    family = read(folder, STOCK, STOCK_TIME, "\n".join([*lines, "ENDATA"]) + "\n").family()
    assert len(family) == 2
    # Every scenario has its own A, B, KEEP, C, LEFT; rows say where two of them must still be the same.
    cost = np.concatenate([weight * np.array([1, 3, 0.1, 9, 0.0]) for weight in weights])
    rows, sides = [], []
    for s in range(4):
        for entries, side in (({0: 1, 1: 1, 2: -1}, first[s // 2]), ({2: 1, 3: 1, 4: -1}, second[s])):
            rows.append(np.zeros(20))
            rows[-1][[5 * s + column for column in entries]] = list(entries.values())
            sides.append(float(side))
    same = [(0, 5), (5, 10), (10, 15), (1, 6), (2, 7), (11, 16), (12, 17)]
    for one, other in same:
        rows.append(np.zeros(20))
        rows[-1][[one, other]] = 1, -1
        sides.append(0.0)
    room = np.zeros(20)
    room[0] = 1
    best = linprog(cost, room[None], [14.0], np.array(rows), sides, method="highs-ipm").fun
    methods: tuple[Method, ...] = ("extensive", "decomposed")
    for method in methods:
        assert decide_for(family, limits=EXACT, method=method).expected == pytest.approx(best, rel=1e-6, abs=1e-6)


def test_a_tree_of_uneven_branches_is_refused(tmp_path: Path) -> None:
    text = (
        "STOCH stock\nSCENARIOS\n SC A ROOT 0.5 ONE\n    RHS SECOND 1\n"
        " SC B A 0.25 THREE\n    RHS SECOND 2\n SC C A 0.25 TWO\n    RHS FIRST 2\nENDATA\n"
    )
    with pytest.raises(UsageError, match="differ in shape"):
        read(tmp_path, STOCK, STOCK_TIME, text).family()


def test_bounds_and_ranges_are_those_of_mps(tmp_path: Path) -> None:
    path = tmp_path / "x.cor"
    path.write_text(
        "NAME x\nROWS\n N OBJ\n L UP\n G LOW\n E BOTH\n E DOWN\nCOLUMNS\n"
        + "".join(f"    {c} OBJ 1 UP 1\n" for c in "ABCDE")
        + "RHS\n    RHS UP 5 LOW 5\n    RHS BOTH 5 DOWN 5\n    RHS OBJ -7\n"
        + "RANGES\n    RNG UP 2 LOW 2\n    RNG BOTH 2 DOWN -2\n"
        + "BOUNDS\n UP BND A 4\n LO BND B 1\n FX BND C 3\n FR BND D\n BV BND E\nENDATA\n",
        encoding="ascii",
    )
    core = read_core(path)
    assert [core.sides(row, 5.0) for row in ("UP", "LOW", "BOTH", "DOWN")] == [(3, 5), (5, 7), (5, 7), (3, 5)]
    assert core.lower == {"B": 1, "C": 3, "D": -np.inf, "E": 0}
    assert core.upper == {"A": 4, "C": 3, "D": np.inf, "E": 1}
    assert [name for name, is_whole in core.columns.items() if is_whole] == ["E"]
    assert core.rhs["OBJ"] == -7  # a constant of 7


@pytest.mark.parametrize(
    ("part", "old", "new", "error"),
    [
        (0, "RHS BUDGET 12", "RHS BUGDET 12", r"made.cor, line 23: there is no row 'BUGDET'"),
        (0, "RHS BUDGET 12", "RHS BUDGET twelve", r"line 23: the value of BUDGET is no number: 'twelve'"),
        (0, " L BUDGET", " Q BUDGET", r"line 5: a row is a sign"),
        (0, "COLUMNS", "COLS", r"line 10: the section 'COLS' is not one of MPS"),
        (0, "ENDATA", "BOUNDS\n UP BND Q 4\nENDATA", r"there is no column 'Q'"),
        (0, "ENDATA", "BOUNDS\n XX BND X1 4\nENDATA", r"there is no bound 'XX'"),
        (1, "Y1 NEED1", "Y9 NEED1", r"made.tim, line 4: the core has no column 'Y9'"),
        (1, "    Y1 NEED1 LATER\n", "", r"fewer than two periods"),
        (1, "X1 OBJ NOW", "Z2 HOURS2 NOW", r"line 4: LATER does not come after NOW"),
        (1, "PERIODS", "PERIODS EXPLICIT", r"line 2: periods given name by name"),
        (2, "LATER", "SOON", r"made.sto, line 3: there is no period 'SOON'"),
        (2, "RHS NEED1", "RHS NEED7", r"line 4: the core has no place for RHS in NEED7"),
        (2, "RHS NEED1", "RHS BUDGET", r"line 4: RHS in BUDGET is needed before it is known"),
        (2, "BLOCKS DISCRETE", "BLOCKS NORMAL", r"line 2: outcomes by NORMAL are not listed"),
        (2, "BLOCKS DISCRETE", "LINTRAN", r"line 2: there is no section 'LINTRAN'"),
        (2, " BL ALL LATER", " SC ALL LATER", r"line 3: SC does not belong in BLOCKS"),
        (2, "BL ALL LATER 1.0", "BL ALL LATER 0.7", r"line 3: the chances of ALL add up to 0.7"),
        (2, "BL ALL LATER 1.0", "BL ALL LATER 1.7", r"line 3: a chance is 1.7"),
    ],
)
def test_a_wrong_file_says_where(part: int, old: str, new: str, error: str, tmp_path: Path) -> None:
    problem = made(1, scenarios=1)
    texts = [core(problem), TIME, blocks(problem)]
    assert old in texts[part]
    texts[part] = texts[part].replace(old, new, 1)
    with pytest.raises(FormatError, match=error):
        read(tmp_path, *texts)
