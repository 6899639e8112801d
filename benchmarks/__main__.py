"""`python -m benchmarks [--docs] [NAME]`: run every workload, or one, print a table and write `build/bench.json`.

Each workload is one file beside this one with `run() -> list[Row]`: our value, the peer's value measured in the same
run on the same payload, and their ratio. Medians of at least five. The table says how busy the machine was, because
these figures are only comparable within a run. With `--docs` the table goes into the documentation too.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "build" / "bench.json"
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
HELPERS = {"__main__", "networks", "row"}


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


def machine() -> str:
    """Say what machine this is, and how busy it is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, load {load}"


def markdown(rows: list[Row], before: str, after: str) -> str:
    """Lay the rows out for the documentation."""
    lines = [
        "# Benchmarks",
        "",
        f"Made by `python -m benchmarks --docs` on {datetime.now(tz=UTC):%Y-%m-%d}. Before: {before}. After: {after}.",
        "",
        "Medians of at least five, ours and the peer in turn in the same run on the same payload. The",
        "machine is shared: compare ratios, not runs.",
        "",
        "| workload | value | unit | peer | peer value | ratio |",
        "| --- | ---: | --- | --- | ---: | ---: |",
    ]
    for row in rows:
        peer_value = "" if row["peer_value"] is None else f"{row['peer_value']:,.4g}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        cells = (row["name"], f"{row['value']:,.4g}", row["unit"], row["peer"], peer_value, ratio)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what was asked for."""
    known = workloads()
    arguments = [argument for argument in sys.argv[1:] if argument != "--docs"]
    wanted = arguments or known
    before = machine()
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
    if "--docs" in sys.argv:
        PAGE.write_text(markdown(rows, before, machine()), encoding="utf-8")


if __name__ == "__main__":
    main()
