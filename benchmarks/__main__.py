"""`python -m benchmarks [NAME]`: run every workload, or one, print a table and write `build/bench.json`.

Each workload is one file beside this one with `run() -> list[Row]`: our value, the peer's value measured in the same
run on the same payload, and their ratio. Medians of at least five. The table says how busy the machine was, because
these figures are only comparable within a run.
"""

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "build" / "bench.json"
HELPERS = {"__main__", "row"}


def workloads() -> list[str]:
    """Return the names of all workloads."""
    return sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if module.name not in HELPERS)


def table(rows: list[Row]) -> Table:
    """Lay the rows out for a terminal."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    result = Table(title=f"doseway benchmarks · {os.cpu_count()} cores · load {load}")
    for column in ("workload", "value", "unit", "peer", "peer value", "ratio"):
        result.add_column(column, justify="right" if "value" in column or column == "ratio" else "left")
    for row in rows:
        peer_value = "" if row["peer_value"] is None else f"{row['peer_value']:,.6g}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        result.add_row(row["name"], f"{row['value']:,.6g}", row["unit"], row["peer"], peer_value, ratio)
    return result


def main() -> None:
    """Run what was asked for."""
    known = workloads()
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(known)}")
    rows: list[Row] = []
    for name in wanted:
        print(f"{name} …", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(rows, indent=1) + "\n")
    Console(width=120).print(table(rows))


if __name__ == "__main__":
    main()
