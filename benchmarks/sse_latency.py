"""From the 202 to the event at a subscriber: `doseway serve` as it is, a real sender, a real reader of `/v1/stream`.

500 shipments, each with its device. The sender posts Tive messages of now, NDJSON of 20 devices a body over 32 kept
connections, at a steady pace whether or not answers come. The reader is a connection of its own that takes every event
of the log. The clock of a packet runs from the last byte of its 202 to the event with its index; an event that is there
before its answer counts as 0. Sender and reader share a process and its clock; the server is another, judging on.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.http_ingest import cpu_seconds
from benchmarks.row import Row, row
from benchmarks.tower_ingest import plan
from doseway.app.accounts import open_accounts
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower

RATES = (1_000, 5_000)
SHIPMENTS = 500
A_BODY = 20
CONNECTIONS = 32
WARM_S = 3.0
SECONDS = 15.0
PATIENCE_S = 20.0
_LOOK_S = 0.05


class Seen(NamedTuple):
    """One round.

    Attributes:
        latencies_ms: of every packet, sorted. rate: readings a second that were answered 202.
        cpu: seconds of CPU that the server used a second. missing: packets whose event did not come.
    """

    latencies_ms: list[float]
    rate: float
    cpu: float
    missing: int


@contextmanager
def tower(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Run `doseway serve` over planned shipments; give its address, a key and its process id."""
    settings = Settings(store=folder)
    with open_tower(settings) as planned:
        plan(planned, SHIPMENTS)
    accounts = open_accounts(settings)
    _, key = accounts.create_key("benchmark", roles=("viewer",), formats=("tive",))
    accounts.store.close()
    command = [sys.executable, "-m", "doseway", "serve", "--port", "0", "--store", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http://" in line)
        yield line[line.index("http://") :].split()[0].rstrip("."), key, process.pid
    finally:
        process.terminate()
        process.wait()


def body(number: int, now_ms: int) -> bytes:
    """Return one reading of each of the next devices."""
    lines = []
    for place in range(A_BODY):
        device = (number * A_BODY + place) % SHIPMENTS
        celsius = 5.0 + (number * 7 + place) % 50 / 50
        lines.append(
            b'{"DeviceId":"tracker-%05d","EntryTimeEpoch":%d,"Temperature":{"Celsius":%.2f}}'
            % (device, now_ms, celsius)
        )
    return b"\n".join(lines)


class Sender:
    """Posts at a steady pace, and notes when each packet was answered."""

    def __init__(self, url: str, key: str) -> None:
        self._parts = urlsplit(url)
        self._head = b"POST /ingest/tive HTTP/1.1\r\nhost: bench\r\nx-api-key: %b\r\n" % key.encode()
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue()
        self.answered: dict[int, float] = {}

    async def run(self, rate: int, seconds: float) -> float:
        """Send for so long; return the seconds until the last answer."""
        workers = [asyncio.create_task(self._post()) for _ in range(CONNECTIONS)]
        begin = time.perf_counter()
        for number in range(round(rate * seconds / A_BODY)):
            await asyncio.sleep(max(0.0, begin + number * A_BODY / rate - time.perf_counter()))
            self._bodies.put_nowait(body(number, time.time_ns() // 1_000_000))
        await self._bodies.join()
        took = time.perf_counter() - begin
        for worker in workers:
            worker.cancel()
        return took

    async def _post(self) -> None:
        reader, writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        while True:
            sent = await self._bodies.get()
            writer.write(
                b"%bcontent-type: application/x-ndjson\r\ncontent-length: %d\r\n\r\n%b" % (self._head, len(sent), sent)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            assert head.startswith(b"HTTP/1.1 202"), (head, answer)
            self.answered[json.loads(answer)["packet"]] = time.perf_counter()
            self._bodies.task_done()


async def follow(url: str, key: str, told: dict[int, float]) -> None:
    """Read the stream, and note when each event came."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(b"GET /v1/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer %b\r\n\r\n" % key.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    async for line in reader:
        if line.startswith(b"id: "):
            told[int(line[4:])] = time.perf_counter()


async def watch(url: str, key: str, pid: int, rate: int) -> Seen:
    """Send and follow at once."""
    told: dict[int, float] = {}
    following = asyncio.create_task(follow(url, key, told))
    await Sender(url, key).run(rate, WARM_S)
    before, sender = cpu_seconds(pid), Sender(url, key)
    took = await sender.run(rate, SECONDS)
    cpu = (cpu_seconds(pid) - before) / took
    for _ in range(round(PATIENCE_S / _LOOK_S)):
        if sender.answered.keys() <= told.keys():
            break
        await asyncio.sleep(_LOOK_S)
    following.cancel()
    known = sender.answered.items()
    latencies = sorted(max(0.0, (told[index] - at) * 1000) for index, at in known if index in told)
    missing = len(sender.answered) - len(latencies)
    return Seen(latencies, len(sender.answered) * A_BODY / took, cpu, missing)


def rows(rate: int, seen: Seen) -> Iterator[Row]:
    """Give the median and the 99th of 100; packets without an event are an error, not a latency."""
    assert not seen.missing, f"{seen.missing} of {len(seen.latencies_ms) + seen.missing} packets have no event"
    points = statistics.quantiles(seen.latencies_ms, n=100)
    for name, place in (("p50", 49), ("p99", 98)):
        note = f"{seen.rate:,.0f} readings/s sent and answered; the server used {seen.cpu:.2f} cores"
        yield row(f"sse_{rate}_{name}", round(points[place], 1), "ms from 202 to event", note=note)


def run() -> list[Row]:
    """Return the latencies at each rate, each in a tower of its own."""
    found: list[Row] = []
    for rate in RATES:
        with tempfile.TemporaryDirectory() as folder, tower(Path(folder)) as (url, key, pid):
            found += rows(rate, asyncio.run(watch(url, key, pid, rate)))
    return found
