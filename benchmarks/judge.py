"""The judge on many shipments at once, every rule of a profile on, beside pandas and a plain Python loop.

The peers compute much less than the judge does: time above 8 °C, the longest unbroken time, and the MKT of the whole
recording; no windows, no bounds, no gaps, no reasons. All see the same readings in the same run, on one core.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.row import Row, row, seconds
from doseway.coldchain.judge import judge_many
from doseway.coldchain.profile import builtin
from doseway.coldchain.track import Tracks

SHIPMENTS = 400
READINGS = 5_000
INTERVAL_MS = 300_000
START_MS = 1_767_225_600_000
HOT_MILLI = 8_000
SLOPE_K = 10_000.0
MONTH_READINGS = 4_320


def payload(shipments: int = SHIPMENTS, readings: int = READINGS, seed: int = 1) -> Tracks:
    """Make refrigerated shipments at 0.1 °C: noise around 5 °C, each with one to four warm stretches, some with a gap.

    A stretch warms up and cools down over hours, as a box on a tarmac does; 1 to 5 % of the readings are out of range.
    """
    random = np.random.default_rng(seed)
    value = np.clip(random.normal(5_000, 300, (shipments, readings)), 3_500, 6_500)
    at = np.tile(START_MS + INTERVAL_MS * np.arange(readings), (shipments, 1))
    for number in range(shipments):
        for _ in range(random.integers(1, 5)):
            first, length = int(random.integers(0, readings - 120)), int(random.integers(40, 120))
            bump = np.sin(np.linspace(0, np.pi, length)) * random.integers(4_000, 14_000)
            value[number, first : first + length] += bump
        if number % 10 == 0:
            at[number, readings // 2 :] += 3 * 3_600_000
    tenths = (np.round(value / 100) * 100).astype(np.int32)
    return Tracks(at.ravel(), tenths.ravel(), np.arange(shipments + 1) * readings, interval_ms=INTERVAL_MS)


def with_pandas(frame: pd.DataFrame) -> Any:
    """Compute time above, longest run and MKT for each shipment by groupby."""
    step = frame.groupby("shipment")["at"].diff(-1).abs().fillna(INTERVAL_MS).clip(upper=INTERVAL_MS)
    hot = frame["value"] > HOT_MILLI
    run = (hot != hot.groupby(frame["shipment"]).shift()).cumsum()
    load = np.exp(-SLOPE_K / (frame["value"] / 1000 + 273.15)) * step
    sums = pd.DataFrame({"shipment": frame["shipment"], "out": step.where(hot, 0), "load": load, "step": step})
    total = sums.groupby("shipment")[["out", "load", "step"]].sum()
    longest = sums["out"].groupby([frame["shipment"], run]).sum().groupby("shipment").max()
    return total.assign(mkt=SLOPE_K / -np.log(total["load"] / total["step"]) - 273.15, longest=longest)


def with_a_loop(at: list[int], value: list[int], readings: int) -> list[tuple[int, int, float]]:
    """Compute the same, one reading after the other."""
    found = []
    for start in range(0, len(at), readings):
        out = longest = run = weight = 0
        load = 0.0
        for place in range(start, start + readings):
            step = min(at[place + 1] - at[place], INTERVAL_MS) if place + 1 < start + readings else INTERVAL_MS
            if value[place] > HOT_MILLI:
                out += step
                run += step
                longest = max(longest, run)
            else:
                run = 0
            load += math.exp(-SLOPE_K / (value[place] / 1000 + 273.15)) * step
            weight += step
        found.append((out, longest, SLOPE_K / -math.log(load / weight) - 273.15))
    return found


def run() -> list[Row]:
    """Time all three on the same readings, and one shipment of a month alone."""
    tracks, profile = payload(), builtin("usp-cct")
    shipment = np.repeat(np.arange(SHIPMENTS), READINGS)
    frame = pd.DataFrame({"shipment": shipment, "at": tracks.at, "value": tracks.value})
    at, value = tracks.at.tolist(), tracks.value.tolist()
    alone = payload(1, MONTH_READINGS)
    judge_many(tracks.part(0, 2), profile)  # the rules are loaded once a process
    ours, pandas, loop, single = seconds(
        lambda: judge_many(tracks, profile),
        lambda: with_pandas(frame),
        lambda: with_a_loop(at, value, READINGS),
        lambda: judge_many(alone, profile),
    )
    count = len(tracks.at)
    return [
        row("judge, all 8 rules of usp-cct", count / ours, "readings/s", "pandas groupby (3 figures)", count / pandas),
        row("judge, all 8 rules of usp-cct", count / ours, "readings/s", "plain Python loop (3 figures)", count / loop),
        row(f"judge again one shipment of {MONTH_READINGS:,}", single * 1000, "ms"),
    ]
