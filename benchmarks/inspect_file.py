"""`doseway inspect` of a logger file of about 10,650 readings: the whole process, start-up included."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.row import Row, row, seconds

ROOT = Path(__file__).parents[1]
REAL = Path(os.environ.get("DOSEWAY_DATA", ROOT.parent / "shared" / "data")) / "berlinger/130500109088_202206081014.txt"


def run() -> list[Row]:
    """Time the command as a user does, beside an interpreter that does nothing at all (the physical limit)."""
    file = REAL if REAL.exists() else max((ROOT / "examples" / "files").iterdir(), key=lambda path: path.stat().st_size)
    command = [str(Path(sys.executable).parent / "doseway"), "inspect", str(file)]

    def inspect() -> None:
        subprocess.run(command, capture_output=True, check=False)

    def nothing() -> None:
        subprocess.run([sys.executable, "-c", "pass"], capture_output=True, check=True)

    ours, floor = seconds(inspect, nothing)
    return [row(f"inspect {file.name}", ours, "s", "python -c pass", floor)]
