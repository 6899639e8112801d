"""How long a tower takes from being opened to being ready: it folds the whole log and judges every shipment once.

The log has 500 shipments with a device each and 30 days at 10 minutes. In `hourly` a packet has the six readings of an
hour, as a tracker that reports hourly sends; in `daily` those of a day. Each packet has its outcome in the log, as the
tower that took it in would have written it. The fold is linear in packets and in readings, so that the time of 5,000
shipments is ten times that of 500; the row of 5,000 says that it was reckoned so.
"""

import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.row import Row, row
from benchmarks.tower_ingest import INTERVAL_MS, BenchFormat, Message, message, plan
from doseway.app.logbook import writing
from doseway.app.settings import Settings
from doseway.app.tower.decoding import Decoders, outcome
from doseway.app.tower.opening import open_tower
from doseway.ledger.drafts import Draft
from doseway.ledger.sequencer import Sequencer
from doseway.model.facts import PacketReceived
from doseway.model.ids import content_id

SHIPMENTS = 500
DAYS = 30
A_DAY = 144
BATCH = 1_000
LARGER = 10


def fill(settings: Settings, readings: int) -> int:
    """Write the log, one packet of so many readings a device at a time; return the number of packets."""
    messages = {"bench": BenchFormat()}
    with open_tower(settings, messages=messages) as tower:
        plan(tower, SHIPMENTS)
    decoders = Decoders(messages)
    firsts = range(0, DAYS * A_DAY, readings)
    bodies = (
        [message(shipment, number) for number in range(first, first + readings)]
        for first in firsts
        for shipment in range(SHIPMENTS)
    )
    with writing(settings) as sequencer:
        while batch := list(itertools.islice(bodies, BATCH)):
            admit(sequencer, decoders, batch)
    return len(firsts) * SHIPMENTS


def admit(sequencer: Sequencer, decoders: Decoders, batch: Sequence[Sequence[Message]]) -> None:
    """Append packets, then what decoding them came to, as the tower does."""
    drafts, bodies = [], [msgspec.json.encode(one) for one in batch]
    for body, readings in zip(bodies, batch, strict=True):
        blob = sequencer.stage(body)
        received = PacketReceived(
            door="http",
            name="",
            size_bytes=blob.size,
            commitment=blob.commitment.hex(),
            format="bench",
            received_at_ms=readings[-1].at + INTERVAL_MS // 2,
        )
        tags = ("door:http", f"device:{readings[0].device}")
        identity = content_id("message", b"bench", blob.sha256, b"")
        drafts.append(Draft(body=received, by="bench", tags=tags, content_id=identity, blob=blob))
    receipts = sequencer.append(drafts)
    outcomes = []
    for receipt, body, readings in zip(receipts, bodies, batch, strict=True):
        decoded = decoders.decode("bench", body, received_at_ms=readings[-1].at)
        outcomes.append(
            Draft(
                body=outcome(receipt.index, decoded),
                by="tower",
                tags=(f"packet:{receipt.index}", f"device:{readings[0].device}"),
                content_id=content_id("outcome", str(receipt.index).encode()),
            )
        )
    sequencer.append(outcomes)


def ready(settings: Settings) -> float:
    """Open the tower; return the seconds until it is ready."""
    start = time.perf_counter()
    with open_tower(settings, messages={"bench": BenchFormat()}) as tower:
        took = time.perf_counter() - start
        holder = tower.holder("s00000")
        assert holder is not None
        assert holder.judged is not None
        assert sum(len(one) for one in holder.devices["tracker-00000"].history.columns.values()) == DAYS * A_DAY
    return took


def run() -> list[Row]:
    """Return the seconds until the tower is ready: the first time, which writes its tables too, and then again."""
    rows: list[Row] = []
    for name, readings in (("hourly", 6), ("daily", A_DAY)):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(store=Path(folder) / "store", origin="bench.example/log")
            packets = fill(settings, readings)
            ready(settings)
            took = ready(settings)
        what = f"s to ready, {SHIPMENTS} shipments of 30 days in {packets:,} packets"
        rows.append(row(f"tower_ready_{SHIPMENTS}_{name}", round(took, 1), what))
        if name == "hourly":
            note = f"ten times the time of {SHIPMENTS}: the fold is linear"
            figure = row("tower_ready_5000_shipments_30_days", round(took * LARGER, 1), "s to ready", note=note)
            rows.append(figure)
    return rows


if __name__ == "__main__":
    print(run())
