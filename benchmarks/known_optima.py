"""`python -m benchmarks.known_optima [--docs] [--resume] [WORKLOAD …]`: every published instance beside our answer.

Solves what is named, or all but the large ones, and keeps the answers in `build/known_optima/` as they come;
`--resume` leaves out what is reproduced already, and `--docs` writes the page of the documentation from all that is
kept. The figures and files are not part of the repository; set DOSEWAY_DATA.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.kept import machine
from benchmarks.known import DATA, Solved, solved

HERE = Path(__file__).parent
FOLDER = HERE.parent / "build" / "known_optima"
PAGE = HERE.parent / "docs" / "reference" / "known_optima.md"
TITLES = {
    "plan_facility": "Facility location",
    "plan_facility_large": "Facility location, the large ones",
    "plan_twostage": "Decisions under uncertainty",
    "plan_safety_stock": "Safety stock",
    "plan_reliability": "Location that reckons with failures",
}
_FIGURE = 9
"""Digits of a figure on the page."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one workload, and when and where they were found."""

    at: str
    machine: str
    answers: list[Solved]


def measured(workload: str, folder: Path = FOLDER, *, is_resumed: bool = False) -> Kept:
    """Solve the instances of a workload, and keep the answers after each of them."""
    folder.mkdir(parents=True, exist_ok=True)
    before = kept_of(workload, folder) if is_resumed else None
    done = {answer.name: answer for answer in before.answers if answer.is_reproduced} if before else {}
    kept = Kept(at=f"{datetime.now(tz=UTC):%Y-%m-%d}", machine=machine(), answers=[])
    for instance in importlib.import_module(f"benchmarks.{workload}").instances():
        kept.answers.append(done.get(instance.name) or solved(instance))
        print(said(kept.answers[-1]), file=sys.stderr)
        (folder / f"{workload}.json").write_bytes(msgspec.json.encode(kept))
    return kept


def kept_of(workload: str, folder: Path = FOLDER) -> Kept | None:
    """Return what is kept of a workload."""
    path = folder / f"{workload}.json"
    return msgspec.json.decode(path.read_bytes(), type=Kept) if path.is_file() else None


def said(answer: Solved) -> str:
    """Say in a line what an instance came to."""
    ours = "no plan in time" if answer.cost is None else f"{answer.cost:,.{_FIGURE}g}"
    return f"{'  ' if answer.is_reproduced else '! '}{answer.name}: {ours}, published {answer.published:,.{_FIGURE}g}"


def page(kept: dict[str, Kept], missing: Sequence[str] = ()) -> str:
    """Lay the answers out for the documentation; `missing` are figures without a file."""
    every = [answer for result in kept.values() for answer in result.answers]
    good = sum(answer.is_reproduced for answer in every)
    lines = [
        "# Published instances",
        "",
        f"Made by `python -m benchmarks.known_optima --docs`. {good} of {len(every)} published figures are reproduced",
        "within their tolerance: half of the last digit printed, or what the source allows. Every instance is read",
        "from its public file and solved as a plan: through the tables, the program and the solver that a user's plan",
        "goes through. The gap is what was proved of our figure; *another way* solves the same by the extensive form",
        "where the first was by cuts, or the other way round. Seconds are of the processor, one thread.",
    ]
    for workload, result in kept.items():
        lines += ["", f"## {TITLES[workload]}", "", f"{result.at}, {result.machine}.", ""]
        lines += ["| instance | published | ours | reproduced | gap | another way | seconds | source |"]
        lines += ["| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |", *map(_line, result.answers)]
        notes = {answer.note: answer.name for answer in result.answers if answer.note}
        lines += [f"\n{name}: {note}." for note, name in notes.items()]
    if missing:
        lines += ["", "## Without a file", ""]
        lines += [f"Published, but not among the files that these were made with: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _line(answer: Solved) -> str:
    cells = [
        answer.name,
        f"{answer.published:,.{_FIGURE}g}",
        _figure(answer.cost),
        "yes" if answer.is_reproduced else "**no**",
        "" if answer.gap is None else "0" if answer.gap < 1e-9 else f"{answer.gap:.1e}",
        _figure(answer.again),
        f"{answer.seconds:.1f}",
        answer.source,
    ]
    return f"| {' | '.join(cells)} |"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.{_FIGURE}g}"


def without_file(figures: Any) -> Iterator[str]:
    """Return the published figures whose files are not there."""
    for name in figures["cflp_large"]:
        if not (DATA / "ufllib" / "data" / "ORLIB" / "ORLIB-uncap" / "a-c" / f"{name[:4]}.txt").is_file():
            yield name
    storms = DATA / "splib" / "posts" / "storm"
    yield from (name for name in figures["smps_lp"] if name.startswith("storm") and not storms.is_dir())
    yield from figures["smps_mip"]
    yield from (f"{name} (sampled)" for name in figures["smps_saa"] if name != "source")
    yield from (name for name in figures["netdes"] if "-10-10-" not in name and name.startswith("network"))
    if not (DATA / "rflp" / "city1990.grt").is_file():
        yield "Daskin's 88 cities"


def main() -> None:
    """Solve what was asked for."""
    wanted = [word for word in sys.argv[1:] if word not in {"--docs", "--resume"}]
    unknown = [name for name in wanted if name not in TITLES]
    if unknown:
        sys.exit(f"there are no published instances {unknown[0]!r}; there are: {', '.join(TITLES)}")
    if not DATA.is_dir():
        sys.exit(f"no published instances at {DATA}; set DOSEWAY_DATA to the folder that holds planning/")
    for workload in wanted or [name for name in TITLES if not name.endswith("_large")]:
        measured(workload, is_resumed="--resume" in sys.argv)
    kept = {name: found for name in TITLES if (found := kept_of(name)) is not None}
    if "--docs" in sys.argv:
        figures = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))
        PAGE.write_text(page(kept, list(without_file(figures))), encoding="utf-8")


if __name__ == "__main__":
    main()
