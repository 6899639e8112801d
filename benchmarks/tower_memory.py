"""What the tower holds: 5,000 shipments with 30 days of history at 10 minutes, in a process of its own.

Each has temperature, humidity, a position an hour and the index of each packet. The figures are the resident memory at
its highest, the interpreter included, and the time to judge every shipment over its whole history.
"""

import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.row import Row, row
from doseway.app.tower.evaluate import Evaluator
from doseway.app.tower.history import FIX, Column, History
from doseway.app.tower.keeper import cut
from doseway.app.tower.state import Assigned, Carried, Context, Described, Event, State, shipment_holder
from doseway.coldchain import profile as profiles
from doseway.ledger.seam import PARTITIONS
from doseway.model import watch
from doseway.model.canonical import encode
from doseway.model.documents import Shipment

SHIPMENTS = 5_000
READINGS = 30 * 144
START_MS = 1_764_000_000_000
INTERVAL_MS = 600_000


def history(number: int) -> History:
    """Return 30 days of one device."""
    at = START_MS + np.arange(READINGS, dtype=np.int64) * INTERVAL_MS
    wave = (5_000 + 1_500 * np.sin(np.arange(READINGS) / 20 + number)).astype(np.int32)
    fixes = np.zeros(READINGS // 6, FIX)
    fixes["at"], fixes["latitude"] = at[::6], 45_000_000 + np.arange(len(fixes)) * 100
    column = Column(at.tobytes(), wave.tobytes())
    damp = Column(at.tobytes(), (wave * 8).tobytes())
    return History({"temperature/probe": column, "humidity/probe": damp}, fixes.tobytes())


def events(number: int) -> list[Event]:
    """Return what puts one shipment into a state: its documents, and its device with all that it observed."""
    name = f"s{number:05}"
    context = Context(
        shipment=Shipment(id=name),
        limits=encode(profiles.to_plain(profiles.builtin("usp-cct"))),
        watch=encode(watch.to_plain(watch.builtin())),
    )
    packets = np.arange(READINGS, dtype="<i8").tobytes()
    found = history(number)
    carried = Carried(found, ((START_MS, None),), found.newest_ms, packets)
    holder = shipment_holder(name)
    return [Described(holder, 0, context), Assigned(holder, f"d{number:05}", 0, carried)]


def hold() -> None:
    """Make the states, judge everything, and print seconds and MB."""
    evaluator = Evaluator()
    states = {partition: State() for partition in range(PARTITIONS)}
    start = time.perf_counter()
    for first in range(0, SHIPMENTS, 500):
        chunks = cut([event for number in range(first, first + 500) for event in events(number)], first)
        after, _ = evaluator(states, chunks)
        states |= after
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run() -> list[Row]:
    """Return the memory, and the time for each shipment."""
    command = [sys.executable, "-c", "from benchmarks.tower_memory import hold; hold()"]
    took, megabytes = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    return [
        row("tower_memory_5000_shipments_30_days", round(megabytes), "MB resident"),
        row("tower_judge_30_days", took / SHIPMENTS * 1000, "ms a shipment, temperature and watch"),
    ]
