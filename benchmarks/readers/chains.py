"""Supply chains of guaranteed-service safety stock, as the public files of Graves and Willems' instances write them."""

import csv
from pathlib import Path

from benchmarks.readers.words import lines_of, number_at, wrong
from doseway.plan.blocks.safety_stock import Stage

_COLUMNS = (
    "stage_id", "lead_time", "max_s_time", "cost", "risk_pool",
    "ext_demand_mean", "ext_demand_std", "ext_demand_thres", "up_stages",
)  # fmt: skip


def read_chain(path: Path) -> tuple[list[Stage], float]:
    """Read a chain: a header, then a stage a line with its suppliers as name, units, name, units; and the factor.

    The cost is that which the stage adds, whether its column is called cost or cost_rate.

    Raises:
        FormatError: another header, what is no number, a stage named twice, or a supplier that is no stage.
    """
    rows = [(line, cells) for line, cells in zip(_numbers(path), csv.reader(_texts(path)), strict=True)]
    if not rows or [name.replace("cost_rate", "cost") for name in rows[0][1]] != list(_COLUMNS):
        raise wrong(path, 1, "the header is not that of a chain", ",".join(_COLUMNS))
    stages: dict[str, Stage] = {}
    factor = 0.0
    for line, cells in rows[1:]:
        stage, own_factor = _stage(path, line, cells)
        if stage.name in stages:
            raise wrong(path, line, f"the stage {stage.name!r} comes twice")
        stages[stage.name], factor = stage, max(factor, own_factor)
    for line, cells in rows[1:]:
        for name in stages[cells[0]].suppliers:
            if name not in stages:
                raise wrong(path, line, f"the supplier {name!r} is no stage")
    return list(stages.values()), factor


def _numbers(path: Path) -> list[int]:
    return [line for line, text in lines_of(path) if text.strip()]


def _texts(path: Path) -> list[str]:
    return [text for _, text in lines_of(path) if text.strip()]


def _stage(path: Path, line: int, cells: list[str]) -> tuple[Stage, float]:
    """Return a stage and its safety factor, 0 where nobody outside asks."""
    fixed = dict(zip(_COLUMNS[:-1], cells, strict=False))
    suppliers = [word for word in cells[len(_COLUMNS) - 1 :] if word]
    if len(cells) < len(_COLUMNS) - 2 or len(suppliers) % 2:
        raise wrong(path, line, "a stage is eight cells, then names of suppliers and units in pairs")

    def number(column: str, otherwise: float) -> float:
        word = fixed.get(column, "")
        value = number_at(path, line, word, column) if word else otherwise
        if value < 0:
            raise wrong(path, line, f"{column} is {word}, less than 0")
        return value

    days, promise = number("lead_time", 0.0), number("max_s_time", float("inf"))
    if days != int(days) or not (promise == float("inf") or promise == int(promise)):
        raise wrong(path, line, "days must be whole")
    stage = Stage(
        name=fixed["stage_id"],
        days=int(days),
        cost=number("cost", 0.0),
        suppliers={
            name: number_at(path, line, units, f"the units of {name}")
            for name, units in zip(suppliers[::2], suppliers[1::2], strict=True)
        },
        promise=None if promise == float("inf") else int(promise),
        demand_mean=number("ext_demand_mean", 0.0),
        demand_sd=number("ext_demand_std", 0.0),
        pooling=number("risk_pool", 2.0),
    )
    return stage, number("ext_demand_thres", 0.0)
