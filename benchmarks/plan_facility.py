"""Facility location: published instances with known optima, solved as networks; OR-Library cap and UflLib.

Small to large, each within its budget; the large ones are `plan_facility_large`. The files are not part of the
repository; set DOSEWAY_DATA to the folder that holds `planning/`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.known import DATA, Instance, half_of_last_digit, of_draft, rows
from benchmarks.readers.facility import Facilities, network, read_oliveira, read_orlib, read_simple, uncapacitated
from benchmarks.row import Row
from doseway.plan.formulation.build import build

TOLERANCE = 0.01  # OR-Library prints three decimals
ORLIB = "Beasley, OR-Library"
SECONDS = 60.0
LONGER = 300.0
"""Budget of those that take 7 to 9 s of an idle processor; a budget is time on the clock, whoever else is at work."""
# OR-Library gives four fixed costs for each capacity; the files of the single-source set hold costs and demands.
_CAPACITY = {
    "4": 5000.0, "5": 10000.0, "6": None, "7": None, "8": 5000.0,
    "9": None, "10": None, "11": 5000.0, "12": None, "13": None,
}  # fmt: skip
_FILES = {"4": 1, "5": 1, "6": 1, "7": 5, "8": 9, "9": 9, "10": 13, "11": 17, "12": 17, "13": 21}


def read_cap(name: str) -> Facilities:
    """Read instance capXY from the files p1..p24: X names the capacity, Y the fixed cost."""
    family, variant = name[3:-1], int(name[-1])
    number = _FILES[family] + (2 if name == "cap51" else variant - 1)
    return read_oliveira(DATA / "orlib" / f"sscflp_p{number}.txt", _CAPACITY[family])


def known() -> Any:
    """Return the published figures."""
    return json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))


def facility(
    name: str,
    read: Callable[[], Facilities],
    published: float,
    source: str,
    *,
    tolerance: float = TOLERANCE,
    seconds: float = SECONDS,
) -> Instance:
    """Return an instance that is read and built when it is solved."""
    solve = of_draft(lambda: build(network(read())))
    return Instance(name, published, tolerance, solve, source, seconds=seconds)


def instances() -> Iterator[Instance]:
    """Return all but the large ones."""
    figures = known()
    for name, answer in figures["cflp_multi_source"].items():
        yield facility(name, partial(read_cap, name), answer["opt"], ORLIB)
    for name, answer in figures["cflp_single_source"].items():
        read = partial(_single_source, name)
        yield facility(f"{name} single source", read, answer["opt"], "Oliveira, OR-Datasets")
    library = DATA / "ufllib" / "data"
    for name, folder in (("B1.1", "B"), ("B1.2", "B"), ("D1.1", "Dq/1"), ("E10.1", "Eq/10")):
        path = library / "BildeKrarup" / folder / name
        yield facility(name, partial(read_simple, path), figures["uflp"][name]["opt"], "UflLib")
    for name, optimum in figures["uflp"]["ours_not_published_here"].items():
        path = library / "BildeKrarup" / "B" / name
        yield facility(name, partial(read_simple, path), optimum, "HiGHS on a model written by hand")
    for name in ("capa", "capb"):
        open_to_all, published = _uncapacitated(_orlib(name)), figures["uflp"][name]["opt"]
        yield facility(f"{name} uncapacitated", open_to_all, published, ORLIB, seconds=LONGER)
    yield kratica("MO1", "O", figures, LONGER)


def _single_source(name: str) -> Facilities:
    return replace(read_cap(name), is_single_source=True)


def kratica(name: str, folder: str, figures: Any, seconds: float) -> Instance:
    """Return one of Kratica's instances, whose costs have decimals."""
    published = figures["uflp"][name]["opt"]
    read = _uncapacitated(DATA / "ufllib" / "data" / "M" / folder / name)
    tolerance = half_of_last_digit([published], 4)
    return facility(name, read, published, "UflLib", tolerance=tolerance, seconds=seconds)


def _orlib(name: str) -> Path:
    return DATA / "ufllib" / "data" / "ORLIB" / "ORLIB-uncap" / "a-c" / f"{name}.txt"


def _uncapacitated(path: Path) -> Callable[[], Facilities]:
    return lambda: uncapacitated(read_orlib(path, 0.0))


def large() -> Iterator[Instance]:
    """Return the large ones: 100 plants with capacities for 1,000 customers, and Kratica's with 200 and more."""
    figures, seconds = known(), 200.0
    yield kratica("MP1", "P", figures, seconds)
    yield kratica("MQ5", "Q", figures, seconds)
    for name, answer in figures["cflp_large"].items():
        path = _orlib(name[:4])
        if path.is_file():  # capc is not among the files given
            read = partial(read_orlib, path, float(name[5:]))
            yield facility(name, read, answer["opt"], ORLIB, seconds=seconds)


def run() -> list[Row]:
    """Solve every instance; the peer's value is the published optimum."""
    return rows(instances() if DATA.is_dir() else ())
