"""`python -m benchmarks [--docs] [--resume] [NAME …]`: run every workload, or those named, and print a table.

Each workload is one file beside this one with `run() -> list[Row]`: our value, the peer's value measured in the same
run on the same payload, and their ratio. The table says how busy the machine was, because these figures are only
comparable within a workload. Rows are kept in `build/bench/` as they come: a run of all begins anew, `--resume` goes on
where one was broken off, and named workloads are measured again beside what is kept of the others. A workload that
fails is a row of its own, and the exit code is 1. With `--docs` the table of all that is kept goes into the
documentation too.
"""

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.aims import AIMS, not_shown, told
from benchmarks.kept import Result, forget, keep, kept, measure
from benchmarks.row import Row

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
HELPERS = {"__main__", "aims", "kept", "known", "known_optima", "log_admit", "networks", "row"}
HEAD = ("workload", "value", "unit", "peer", "peer value", "ratio", "aim", "load")
FLAGS = {"--docs", "--resume"}
LARGE = "_large"
"""Workloads whose name ends so take many minutes, and run only when asked for by name."""


def workloads() -> list[str]:
    """Return the names of all workloads."""
    modules = pkgutil.iter_modules([str(HERE)])
    return sorted(one.name for one in modules if not one.ispkg and one.name not in HELPERS)


def rows_of(name: str) -> list[Row]:
    """Measure one workload."""
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").run()
    return rows


def cells(row: Row, load: str) -> tuple[str, ...]:
    """Return a row as texts, in the order of the head."""
    value = "" if row["value"] is None else f"{row['value']:,.4g}"
    peer_value = "" if row["peer_value"] is None else f"{row['peer_value']:,.4g}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    unit = ". ".join(text for text in (row["unit"], row["note"]) if text)
    return (row["name"], value, unit, row["peer"], peer_value, ratio, told(row), load)


def lines(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the rows of all results as texts."""
    return [cells(row, f"{result['before']:.1f}-{result['after']:.1f}") for result in results for row in result["rows"]]


def table(results: Sequence[Result]) -> Table:
    """Lay the rows out for a terminal."""
    found = Table(title=f"doseway benchmarks · {results[-1]['machine']}")
    for column in HEAD:
        found.add_column(column, justify="right" if "value" in column or column == "ratio" else "left")
    for line in lines(results):
        found.add_row(*line)
    return found


def markdown(results: Sequence[Result]) -> str:
    """Lay the rows out for the documentation."""
    days = sorted(result["at"] for result in results)
    page = [
        "# Benchmarks",
        "",
        f"Made by `python -m benchmarks --docs`, {days[0]} to {days[-1]} UTC, on {results[-1]['machine']}.",
        "",
        "Ours and the peer in turn in the same run on the same payload, medians. The machine is shared: compare",
        "ratios, not workloads; `load` is that of the minute before a workload and of its last minute. Aims were set",
        "before anything was measured.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "| --- | ---: | --- | --- | ---: | ---: | --- | --- |",
    ]
    page += ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines(results)]
    missing = not_shown([row for result in results for row in result["rows"]])
    if missing:
        page += ["", "Aims that no row shows yet: " + ", ".join(f"{name} ({AIMS[name]})" for name in missing) + "."]
    return "\n".join(page) + "\n"


def run(wanted: Sequence[str], *, is_resumed: bool) -> bool:
    """Measure workloads and keep each; return whether none failed."""
    done = {result["workload"] for result in kept(wanted) if not result["is_failed"]} if is_resumed else set()
    is_sound = True
    for name in wanted:
        if name in done:
            continue
        print(f"{name} …", file=sys.stderr)
        result = measure(name, partial(rows_of, name))
        keep(result)
        is_sound = is_sound and not result["is_failed"]
    return is_sound


def main() -> int:
    """Run what was asked for; return the exit code."""
    known = workloads()
    flags = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    names = [argument for argument in sys.argv[1:] if argument not in flags]
    if unknown := [*(flags - FLAGS), *(name for name in names if name not in known)]:
        sys.exit(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(known)}")
    if not names and "--resume" not in flags:
        forget()
    wanted = names or [name for name in known if not name.endswith(LARGE)]
    is_sound = run(wanted, is_resumed="--resume" in flags)
    Console(width=160).print(table(kept(wanted)))
    if "--docs" in flags:
        PAGE.write_text(markdown(kept(known)), encoding="utf-8")
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
