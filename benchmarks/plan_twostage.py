"""Two-stage instances with known optima: mpi-sppy's netdes as networks, the SLP test set and POSTS in SMPS form.

Each by two ways that share no code after the reader: in extensive form, and by cuts.
"""

import csv
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.known import DATA, Instance, half_of_last_digit, of_family, rows
from benchmarks.readers.airlift import read_airlift
from benchmarks.readers.netdes import drafts_of, read_design
from benchmarks.readers.smps import Smps
from benchmarks.row import Row
from doseway.plan.decomposition.family import Family, family_of

SLP = DATA / "splib" / "slptestset"
POSTS = DATA / "splib" / "posts"
MANY = 200
"""Scenarios of storm beyond which the extensive form would take the whole budget."""
BENDERS = "public Benders tests on HiGHS"
ASSETS = "the chances printed add up to 1.000002, and are made to add up to 1"
NOT_ITS_OWN = "on these files even the printed decisions do not cost what is printed; see assets_* of other sources"


def netdes(name: str) -> Family:
    """Return an instance of network design."""
    drafts = drafts_of(read_design(DATA / "netdes" / f"{name}.dat"))
    return family_of([(chance, draft.program) for chance, draft in drafts])


def slp(folder: str, core: str, times: str, outcomes: str) -> Family:
    """Return an instance of the SLP test set, or of POSTS beside it."""
    at = SLP / folder
    return Smps(at / f"{core}.cor", at / f"{times}.tim", at / f"{outcomes}.sto").family()


def airlift(name: str) -> Family:
    """Return an instance of airlift scheduling."""
    return read_airlift(SLP / "airlift" / "airlift-data.ampl", SLP / "airlift" / f"airlift-{name}.ampl")


def two_ways(
    name: str,
    family: Callable[[], Family],
    published: float,
    tolerance: float,
    source: str,
    *,
    is_large: bool = False,
    note: str = "",
) -> Instance:
    """Return an instance that is solved by cuts, and in extensive form too unless its scenarios are too many."""
    again = None if is_large else of_family(family, "extensive")
    solve, seconds = of_family(family, "decomposed"), 60.0 if is_large else 30.0
    return Instance(name, published, tolerance, solve, source, again=again, seconds=seconds, note=note)


def instances() -> Iterator[Instance]:
    """Return every instance with a published optimum whose files are there."""
    with (DATA / "netdes" / "solutions.dat").open(encoding="ascii", newline="") as file:
        known = {line["Instance Name"]: float(line["Best UB"]) for line in csv.DictReader(file)}
    for path in sorted((DATA / "netdes").glob("network-*.dat")):
        read = partial(netdes, path.stem)
        tolerance = half_of_last_digit([known[path.stem]], 1)
        yield Instance(
            path.stem, known[path.stem], tolerance, of_family(read, "extensive"), "mpi-sppy, solutions.dat",
            again=of_family(read, "decomposed"),
        )  # fmt: skip
    yield from _of_the_test_set()
    yield from _of_benders_tests()
    yield from _storms()


def _of_the_test_set() -> Iterator[Instance]:
    """Return what the test set itself prints."""
    optima = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["smps_lp"]
    lands = optima["LandS_electric"]["opt"]
    for outcomes in ("lands", "lands-blocks"):
        read = partial(slp, "electric", "lands", "lands", outcomes)
        yield two_ways(f"{outcomes}, two stages", read, lands, 1e-6 * lands, "SLP test set")
    for outcomes, published in (("indep", 719.2066666667), ("dep", 722.5836666667)):
        read = partial(slp, "electric_3stage", "lands", "lands", f"lands-{outcomes}")
        yield two_ways(f"lands-{outcomes}, three stages", read, published, 1e-6 * published, "SLP test set, MSLiP")
    for name in ("small", "large"):
        read = partial(slp, "assets", "assets", "assets", f"assets-{name}")
        published = optima[f"assets_{name}"]["opt"]
        yield two_ways(
            f"assets_{name}", read, published, 1e-6 * abs(published), "SLP test set, solution.txt",
            is_large=name == "large", note=NOT_ITS_OWN,
        )  # fmt: skip
    for name, published in (("first", 249102.0), ("second", 269666.0)):
        read = partial(airlift, name)
        yield two_ways(f"airlift-{name}", read, published, half_of_last_digit([published], 0), "SLP test set")


def _of_benders_tests() -> Iterator[Instance]:
    """Return what the test set leaves open and others have found, printed to the thousandth."""
    for name, published in (("small", -723.839), ("large", -695.963)):
        read = partial(slp, "assets", "assets", "assets", f"assets-{name}")
        tolerance, note = (0.002, ASSETS) if name == "large" else (half_of_last_digit([published], 3), "")
        title = f"assets_{name} of other sources"
        yield two_ways(title, read, published, tolerance, BENDERS, is_large=name == "large", note=note)
    cargo = {("4node", 64): 423.013, ("4node", 256): 425.375, ("4node-base", 64): 416.6, ("4node-base", 256): 417.162}
    for (core, count), published in cargo.items():
        read = partial(slp, "cargo", core, "4node", f"4node-{count}")
        yield two_ways(f"{core}, {count} scenarios", read, published, half_of_last_digit([published], 3), BENDERS)
    for core in ("chem", "chem-base"):
        read = partial(slp, "chem", core, "chem", core)
        yield two_ways(core, read, -13009.167, half_of_last_digit([13009.167], 3), BENDERS)
    for outcomes in ("phone1", "phone"):
        read = partial(slp, "phone", "phone", "phone", outcomes)
        yield two_ways(outcomes, read, 36.9, half_of_last_digit([36.9], 3), BENDERS, is_large=outcomes == "phone")


def _storms() -> Iterator[Instance]:
    """Return POSTS' storm, whose files are larger and may be missing."""
    optima = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["smps_lp"]
    for count in (8, 27, 125, 1000):
        if _has(POSTS / "storm", "stormg2", f"stormg2-{count}"):
            read = partial(slp, "../posts/storm", "stormg2", "stormg2", f"stormg2-{count}")
            published = optima[f"stormG2_{count}"]["opt"]
            yield two_ways(f"stormG2_{count}", read, published, 1e-6 * published, "POSTS", is_large=count > MANY)


def _has(folder: Path, core: str, outcomes: str) -> bool:
    return all((folder / name).is_file() for name in (f"{core}.cor", f"{core}.tim", f"{outcomes}.sto"))


def run() -> list[Row]:
    """Solve the instances; the peer's value is the published optimum."""
    return rows(instances() if DATA.is_dir() else ())
