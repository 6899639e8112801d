"""The rows of a run, one file a workload in `build/bench/`: written as they come, so that no failure loses others."""

import json
import os
import platform
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from benchmarks.row import Row, without_figure

FOLDER = Path(__file__).parents[1] / "build" / "bench"


class Result(TypedDict):
    """What one workload came to, and under which load: `before` and `after` are those of the last minute."""

    workload: str
    at: str
    machine: str
    before: float
    after: float
    is_failed: bool
    rows: list[Row]


def measure(workload: str, run: Callable[[], Sequence[Row]]) -> Result:
    """Run a workload; its failure is a row too."""
    before = os.getloadavg()[0]
    try:
        rows, is_failed = list(run()), False
    except Exception as error:  # noqa: BLE001 - whatever it is, the other workloads are measured
        traceback.print_exc()
        first, *_ = (*str(error).splitlines(), "")
        rows, is_failed = [without_figure(workload, f"failed: {type(error).__name__}: {first[:200]}")], True
    return {
        "workload": workload,
        "at": f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M}",
        "machine": machine(),
        "before": before,
        "after": os.getloadavg()[0],
        "is_failed": is_failed,
        "rows": rows,
    }


def keep(result: Result, folder: Path = FOLDER) -> None:
    """Write the result of a workload in place of what was kept of it."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{result['workload']}.part"
    part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / f"{result['workload']}.json")


def kept(workloads: Iterable[str], folder: Path = FOLDER) -> list[Result]:
    """Return what is kept of workloads, in their order."""
    paths = [folder / f"{name}.json" for name in workloads]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def forget(folder: Path = FOLDER) -> None:
    """Begin a new run: nothing of another one gets into its table."""
    for path in folder.glob("*.json"):
        path.unlink()


def machine() -> str:
    """Say what machine this is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"
