"""The tower from an admitted packet to judged views, embedded, against a bare SQLite insert of the same packets.

Every packet is one JSON array of 100 messages of about 130 bytes. Ours decodes it, puts the bytes and their fact under
the Merkle tree with full sync, sorts the readings to their shipments, judges every shipment that was touched over its
whole history, publishes alerts and writes the views; the clock stops when the views have taken the last of it. In
`batches` a packet holds 100 readings of one device (store and forward); in `gateways` one reading each of 100 devices.

The peer has one table and the same settings, and inserts ten packets a transaction with full sync: it decodes nothing,
judges nothing and has no index to any of it. `late` is one upload of 2,000 readings, older than what is known, into a
shipment with 30 days of history: from admission to the views.
"""

import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.log_append import insert, open_peer
from benchmarks.row import Row, row
from doseway.app.settings import Settings
from doseway.app.tower.opening import Tower, open_tower
from doseway.intake.door import Incoming
from doseway.intake.port import DecodeOptions
from doseway.ledger.drafts import Draft
from doseway.model.documents import DeviceCard, Document, Product, Shipment
from doseway.model.facts import AssociationRecorded, DocumentPut
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus

SHIPMENTS = 500
PACKETS = 1_000
MESSAGES = 100
ROUNDS = 5
START_MS = 1_764_000_000_000
INTERVAL_MS = 600_000
HISTORY = 30 * 144
_PEER_PACKETS = 10


class Message(msgspec.Struct, gc=False):
    """One reading as a tracker sends it."""

    device: str
    at: int
    temperature: float
    humidity: float
    battery: int
    firmware: str


class BenchFormat:
    """A JSON array of messages."""

    id = "bench"
    version = 1
    title = "Benchmark messages"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(list[Message])

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body into one recording a device."""
        del options
        by_device: dict[str, Series] = {}
        for one in self._decoder.decode(body):
            series = by_device.get(one.device)
            if series is None:
                series = by_device[one.device] = Series("probe", Quantity.TEMPERATURE)
            series.add(one.at, round(one.temperature * 1000))
        return tuple(_recording(device, series) for device, series in by_device.items())


_UNSIGNED = SignatureCheck(status=SignatureStatus.UNSIGNED)


def _recording(device: str, series: Series) -> Recording:
    card = Device(model="T1", serial=device)
    return Recording(format="bench", format_version=1, device=card, series=(series,), signature=_UNSIGNED)


def message(shipment: int, number: int) -> Message:
    """Return the reading of a shipment's device: a slow wave, and a warm hour every few days."""
    is_warm = (number + shipment * 37) % 700 < 6
    value = 9.5 if is_warm else 5.0 + ((number * 7 + shipment) % 50) / 50
    return Message(f"tracker-{shipment:05}", START_MS + number * INTERVAL_MS, value, 41.5, 87, "2026.1.0")


def batches(round_number: int) -> list[bytes]:
    """Return packets of one device each."""
    rounds = PACKETS // SHIPMENTS
    return [
        _body([message(shipment, number) for number in range(first, first + MESSAGES)])
        for part in range(rounds)
        for first in [(round_number * rounds + part) * MESSAGES]
        for shipment in range(SHIPMENTS)
    ]


def gateways(round_number: int) -> list[bytes]:
    """Return packets of one reading each of a hundred devices."""
    rounds = PACKETS * MESSAGES // SHIPMENTS
    return [
        _body([message(shipment, number) for shipment in range(first, first + MESSAGES)])
        for number in range(round_number * rounds, (round_number + 1) * rounds)
        for first in range(0, SHIPMENTS, MESSAGES)
    ]


def _body(messages: Sequence[Message]) -> bytes:
    return msgspec.json.encode(messages)


def plan(tower: Tower, shipments: int) -> None:
    """Put the shipments with their devices, in one batch."""
    documents: list[Document] = [Product(id="vaccine", profile="usp-cct")]
    for number in range(shipments):
        documents += [Shipment(id=f"s{number:05}", product="vaccine"), DeviceCard(id=f"tracker-{number:05}")]
    put(tower, documents, {f"s{number:05}": f"tracker-{number:05}" for number in range(shipments)})


def put(tower: Tower, documents: Iterable[Document], devices: Mapping[str, str]) -> None:
    """Put documents, and a device to each shipment, in one batch."""
    drafts = [Draft(body=_put(one), by="bench", tags=(f"document:{one.KIND}:{one.id}",)) for one in documents]
    drafts += [
        Draft(body=AssociationRecorded(action="ADD", parent=shipment, child=device, event_time_ms=START_MS), by="bench")
        for shipment, device in devices.items()
    ]
    tower.sequencer.append(drafts)
    tower.settle()


def _put(one: Document) -> DocumentPut:
    return DocumentPut(kind=one.KIND, id=one.id, version=1, replaces=0, document=msgspec.to_builtins(one))


def send(tower: Tower, bodies: Sequence[bytes]) -> float:
    """Admit bodies and wait for the views; return the seconds it took."""
    start = time.perf_counter()
    futures = [
        tower.admit(Incoming(door="http", format="bench", body=body, by="bench", received_at_ms=START_MS))
        for body in bodies
    ]
    last = max(future.result().packet for future in futures)
    assert tower.board.wait_for(last, 600)
    return time.perf_counter() - start


def measure(name: str) -> list[Row]:
    """Measure one way of sending, in turn with the peer: by the clock, and by the processor for a busy machine."""
    ours: list[float] = []
    busy: list[float] = []
    theirs: list[float] = []
    make = batches if name == "batches" else gateways
    with tempfile.TemporaryDirectory() as folder:
        bare = open_peer(Path(folder) / "bare.sqlite")
        settings = Settings(store=Path(folder) / "store")
        with open_tower(settings, messages={"bench": BenchFormat()}) as tower:
            plan(tower, SHIPMENTS)
            for round_number in range(ROUNDS):
                bodies = make(round_number)
                before = time.process_time()
                ours.append(send(tower, bodies))
                busy.append(time.process_time() - before)
                rows = [(round_number * PACKETS + number, body) for number, body in enumerate(bodies)]
                parts = [rows[at : at + _PEER_PACKETS] for at in range(0, PACKETS, _PEER_PACKETS)]
                theirs.append(sum(insert(bare, "INSERT INTO entry VALUES (?, ?)", part) for part in parts))
        bare.close()
    rate, per_cpu, peer = (round(PACKETS * MESSAGES / statistics.median(times)) for times in (ours, busy, theirs))
    return [
        row(f"tower_ingest_{name}", rate, "readings/s judged", "bare SQLite insert", peer),
        row(f"tower_ingest_{name}_cpu", per_cpu, "readings/CPU-s judged"),
    ]


def late() -> Row:
    """Measure a late upload."""
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(store=Path(folder) / "store")
        with open_tower(settings, messages={"bench": BenchFormat()}) as tower:
            plan(tower, ROUNDS)
            for shipment in range(ROUNDS):
                known = [message(shipment, number) for number in range(HISTORY) if not 1_000 <= number < 3_000]
                send(tower, [_body(known)])
                times.append(send(tower, [_body([message(shipment, number) for number in range(1_000, 3_000)])]))
    return row("tower_late_2000", statistics.median(times) * 1000, "ms to the views")


def run() -> list[Row]:
    """Return readings per second and the time of a late upload."""
    return [*measure("batches"), *measure("gateways"), late()]
