"""From payload to alert, statefully and with recovery: the tower against Bytewax; the same payloads, one core each.

A payload is the six readings of an hour of one of 500 devices, about 780 bytes of JSON. Bytewax decodes it by msgspec,
keys it by device and keeps what one excursion rule needs (since when above 8 °C, the longest, the sum for the mean
kinetic temperature, the extremes), and gives an alert after 30 minutes; it snapshots its states into its recovery store
every second, so that a crash loses up to a second of work, which it reads again from its source.

`stream_vs_bytewax` is the whole tower: the bytes are durable under a Merkle tree before they are acknowledged, every
shipment is judged by all rules over its whole history, alerts are facts, and the views are written. `stream_fold` is
what of this does the work of Bytewax's flow, decode, states, judge, alert, in chunks of 4,000 payloads, in
memory: it has no log and no recovery. The ratio is of readings a CPU second.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.row import Row, row, without_figure
from benchmarks.tower_ingest import START_MS, BenchFormat, message, plan, send
from doseway.app.settings import Settings
from doseway.app.tower.evaluate import Evaluator
from doseway.app.tower.history import history_of
from doseway.app.tower.keeper import cut
from doseway.app.tower.opening import open_tower
from doseway.app.tower.state import Assigned, Carried, Context, Described, Event, Observed, State, shipment_holder
from doseway.coldchain import profile as profiles
from doseway.intake.port import DecodeOptions
from doseway.ledger.seam import PARTITIONS
from doseway.model import watch
from doseway.model.canonical import encode
from doseway.model.documents import Shipment
from doseway.model.readings import Recording

SHIPMENTS = 500
A_PAYLOAD = 6
HOURS = 24
ROUNDS = 3
CHUNK = 4_000
PEER = "Bytewax 0.21 with recovery, decode, one excursion rule, alert"

BYTEWAX = """
import json, math, sys, time
from datetime import timedelta
from pathlib import Path
import bytewax.operators as op, msgspec
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, run_main

class Message(msgspec.Struct, gc=False):
    device: str
    at: int
    temperature: float
    humidity: float
    battery: int
    firmware: str

class Known(msgspec.Struct):
    since: int | None = None
    longest: int = 0
    arrhenius: float = 0.0
    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    is_told: bool = False

payloads = Path(sys.argv[1]).read_bytes().splitlines()
folder = Path(sys.argv[2])
init_db_dir(folder, 1)
decoder, alerts = msgspec.json.Decoder(list[Message]), []

def decode(payload):
    messages = decoder.decode(payload)
    return messages[0].device, messages

def judge(known, messages):
    known = known or Known()
    found = []
    for one in messages:
        value = one.temperature
        known.count += 1
        known.arrhenius += math.exp(-10_000 / (value + 273.15))
        known.low, known.high = min(known.low, value), max(known.high, value)
        if value > 8:
            known.since = one.at if known.since is None else known.since
            known.longest = max(known.longest, one.at - known.since)
            if one.at - known.since >= 1_800_000 and not known.is_told:
                known.is_told = True
                found.append((known.since, one.at))
        else:
            known.since, known.is_told = None, False
    return known, found

flow = Dataflow("peer")
stream = op.map("decode", op.input("in", flow, TestingSource(payloads, batch_size=100)), decode)
judged = op.stateful_flat_map("judge", stream, judge)
op.output("out", judged, TestingSink(alerts))
start, cpu = time.perf_counter(), time.process_time()
run_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(folder))
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu, len(alerts)]))
"""


def payloads() -> list[bytes]:
    """Return a day of all devices, hour by hour."""
    return [
        msgspec.json.encode([message(shipment, number) for number in range(hour * A_PAYLOAD, (hour + 1) * A_PAYLOAD)])
        for hour in range(HOURS)
        for shipment in range(SHIPMENTS)
    ]


def bytewax(bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds that Bytewax took."""
    with tempfile.TemporaryDirectory() as name:
        file, store = Path(name) / "payloads", Path(name) / "recovery"
        file.write_bytes(b"\n".join(bodies))
        store.mkdir()
        command = [sys.executable, "-c", BYTEWAX, str(file), str(store)]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    _, cpu, alerts = json.loads(output)
    assert alerts
    return float(cpu)


def tower(bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds that the tower took, from admission to the views."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(store=Path(folder) / "store")
        with open_tower(settings, messages={"bench": BenchFormat()}) as opened:
            plan(opened, SHIPMENTS)
            before = time.process_time()
            for first in range(0, len(bodies), CHUNK):
                send(opened, bodies[first : first + CHUNK])
            return time.process_time() - before


def fold(bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds that decoding, states and judging took, in memory."""
    form, options, evaluator = BenchFormat(), DecodeOptions(name="bench"), Evaluator()
    states = {partition: State() for partition in range(PARTITIONS)}
    states, _ = evaluator(states, cut([event for number in range(SHIPMENTS) for event in _documents(number)], 0))
    before, told = time.process_time(), 0
    for first in range(0, len(bodies), CHUNK):
        by_device: dict[str, list[Recording]] = {}
        for body in bodies[first : first + CHUNK]:
            for recording in form.decode(body, options):
                by_device.setdefault(recording.device.serial, []).append(recording)
        events = [
            Observed(_holder(device), device, first, _carried(recordings)) for device, recordings in by_device.items()
        ]
        after, effects = evaluator(states, cut(events, first + 1))
        states |= after
        told += len(effects)
    assert told
    return time.process_time() - before


def _holder(device: str) -> str:
    return shipment_holder(f"s{device.removeprefix('tracker-')}")


def _carried(recordings: Sequence[Recording]) -> Carried:
    history = history_of(recordings)
    return Carried(history, heard_ms=history.newest_ms)


def _documents(number: int) -> list[Event]:
    device = f"tracker-{number:05}"
    context = Context(
        shipment=Shipment(id=f"s{number:05}"),
        limits=encode(profiles.to_plain(profiles.builtin("usp-cct"))),
        watch=encode(watch.to_plain(watch.builtin())),
    )
    holder = _holder(device)
    return [Described(holder, 0, context), Assigned(holder, device, 0, Carried(windows=((START_MS, None),)))]


def run() -> list[Row]:
    """Return readings a CPU second of each, medians of interleaved rounds."""
    name = "stream_vs_bytewax"
    flink = without_figure("stream_vs_pyflink", "not run: it needs Java and 714 MB", "PyFlink")
    if importlib.util.find_spec("bytewax") is None:
        return [without_figure(name, "not run: bytewax is not installed (uv sync --group bench)", PEER), flink]
    bodies = payloads()
    times = [(tower(bodies), fold(bodies), bytewax(bodies)) for _ in range(ROUNDS)]
    ours, folded, theirs = (
        round(len(bodies) * A_PAYLOAD / statistics.median(found)) for found in zip(*times, strict=True)
    )
    return [
        row(name, ours, "readings/CPU-s durable, judged", PEER, theirs),
        row("stream_fold_vs_bytewax", folded, "readings/CPU-s judged, in memory", PEER, theirs),
        flink,
    ]
