"""Guaranteed-service safety stock on the published chains: bulldozer, battery, digital camera (Graves and Willems)."""

import csv
import json
import os
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from benchmarks.row import Row, row
from doseway.plan.blocks.safety_stock import Stage, place

DATA = Path(os.environ.get("DOSEWAY_DATA", Path(__file__).parents[2] / "shared" / "data")) / "planning"
CHAINS = (
    ("bulldozer", "bulldozer", 0.3, ()),
    ("battery", "battery", 0.25, ()),
    ("digital_camera", "digital_camera", 0.24, ()),
    ("digital_camera", "camera_Imager0", 0.24, ("Imager",)),
    ("digital_camera", "camera_Imager0_Transfer0", 0.24, ("Imager", "Transfer")),
    ("digital_camera", "camera_all0", 0.24, ("",)),
)
"""File, name among the known optima, holding rate, and how the names of stages begin that must quote 0 days."""


def read_chain(path: Path) -> tuple[list[Stage], float]:
    """Read a chain: a header, then a stage a line with its suppliers as name, units, name, units; and the factor."""
    stages, factor = [], 0.0
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    cost = "cost" if "cost" in header else "cost_rate"
    for line in lines:
        cells = dict(zip(header[:-1], line, strict=False))
        suppliers = [word for word in line[len(header) - 1 :] if word]
        factor = max(factor, float(cells.get("ext_demand_thres") or 0))
        stages.append(
            Stage(
                name=cells["stage_id"],
                days=int(cells["lead_time"]),
                cost=float(cells[cost]),
                suppliers=dict(zip(suppliers[::2], map(float, suppliers[1::2]), strict=True)),
                promise=int(cells["max_s_time"]) if cells["max_s_time"] else None,
                demand_mean=float(cells.get("ext_demand_mean") or 0),
                demand_sd=float(cells.get("ext_demand_std") or 0),
                pooling=float(cells.get("risk_pool") or 2),
            )
        )
    return stages, factor


def run() -> list[Row]:
    """Place the stock of every chain; the peer's value is the published total."""
    folder = DATA / "gsm"
    if not folder.is_dir():
        print(f"no published chains at {folder}", file=sys.stderr)
        return []
    known = json.loads((DATA / "known_optima.json").read_text(encoding="utf-8"))["gsm"]
    rows = []
    for name, key, rate, at_once in CHAINS:
        stages, factor = read_chain(folder / f"{name}.txt")
        stages = [replace(s, promise=0) if s.name.startswith(at_once or "\0") else s for s in stages]
        begin = time.perf_counter()
        answer = place(stages, rate=rate, factor=factor)
        seconds = time.perf_counter() - begin
        rows.append(
            row(
                f"safety stock of {key} ({seconds:.1f} s)",
                answer.total,
                "a year",
                "published",
                known[key]["published"],
            )
        )
    return rows
