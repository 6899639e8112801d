"""One measured figure beside its peer."""

import statistics
import time
from collections.abc import Callable
from typing import TypedDict

REPEATS = 5


class Row(TypedDict):
    """A figure: `ratio` is value / peer_value; a workload without a peer has neither.

    `note` says why there is no figure ("not run: …", "failed: …") or what has to be known to read it.
    """

    name: str
    value: float | None
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    note: str


def row(name: str, value: float, unit: str, peer: str = "", peer_value: float | None = None, *, note: str = "") -> Row:
    """Make a row and its ratio."""
    ratio = None if peer_value is None else value / peer_value
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
        "note": note,
    }


def without_figure(name: str, note: str, peer: str = "") -> Row:
    """Make the row of what was not measured; the note says why."""
    return {"name": name, "value": None, "unit": "", "peer": peer, "peer_value": None, "ratio": None, "note": note}


def seconds(*tasks: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Time tasks in turn, several rounds, and return the median of each: all see the same weather."""
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(repeats):
        for task, measured in zip(tasks, times, strict=True):
            begin = time.perf_counter()
            task()
            measured.append(time.perf_counter() - begin)
    return [statistics.median(measured) for measured in times]
