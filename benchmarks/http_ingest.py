"""Durable HTTP ingest against a bare Granian handler that only inserts into SQLite with the same settings.

Ours is the whole door: an API key is checked, the bytes are staged with a salt, de-duplicated by content, appended to
the Merkle log through the sequencer, and a signed checkpoint is published before the 202. The peer decodes the JSON and
inserts the body as one row; it gathers what waits into one transaction with full sync, as ours does, and answers 202
after the commit. Both run in a process of their own; the load comes from another one, over 64 kept connections, every
body different. The ratio is of requests a CPU second of the server, so that a busy machine does not decide it.
"""

import asyncio
import json
import os
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

from benchmarks.row import Row, row

CONNECTIONS = 64
ROUNDS = 5
SECONDS = 2.0
BATCH = 100
HERE = Path(__file__).parents[1]
PAYLOAD_BYTES = 606
TICKS = os.sysconf("SC_CLK_TCK")

OURS = """
import sys
from pathlib import Path
from benchmarks.log_admit import LogAdmit, open_log
from doseway.api.ingest import ingest_app
from doseway.api.serve import serve
from doseway.app.logbook import SystemClock
from doseway.intake.keyring import FixedKeyRing, KeyRecord
from doseway.ledger.pool import PoolSettings
import hashlib
record = KeyRecord(id="bench", secret_sha256=hashlib.sha256(b"secret").hexdigest())
with open_log(Path(sys.argv[1]), PoolSettings(linger_ms=5)) as sequencer:
    app = ingest_app(LogAdmit(sequencer), {"tive"}, SystemClock(), keys=FixedKeyRing([record]))
    serve(app, on_ready=lambda url: print(url, flush=True))
"""

PEER = """
import asyncio, sys, threading
from pathlib import Path
import msgspec
from benchmarks.log_append import open_peer
from doseway.api.serve import serve
waiting, changed = [], threading.Condition()

def commit():
    connection = open_peer(Path(sys.argv[1]) / "bare.sqlite")
    number = 0
    while True:
        with changed:
            while not waiting:
                changed.wait()
            batch = waiting[:]
            waiting.clear()
        connection.execute("BEGIN IMMEDIATE")
        rows = ((number + place, body) for place, (body, _, _) in enumerate(batch))
        connection.executemany("INSERT INTO entry VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        number += len(batch)
        for _, loop, future in batch:
            loop.call_soon_threadsafe(future.set_result, None)

async def app(scope, receive, send):
    parts = []
    while True:
        event = await receive()
        parts.append(event["body"])
        if not event.get("more_body"):
            break
    body = b"".join(parts)
    for line in body.splitlines():
        msgspec.json.decode(line)
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    with changed:
        waiting.append((body, loop, future))
        changed.notify()
    await future
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

threading.Thread(target=commit, daemon=True).start()
serve(app, on_ready=lambda url: print(url, flush=True))
"""


class Measured(NamedTuple):
    """One round: requests, wall seconds, and CPU seconds of the server."""

    requests: int
    wall_s: float
    cpu_s: float


def payload(number: int) -> bytes:
    """Return a message of 606 bytes, as engines.md measured with."""
    head = b'{"EntityName":"VD0001","EntryTimeEpoch":%d,"Temperature":{"Celsius":4.%03d},"Filler":"' % (
        1_764_000_000_000 + number,
        number % 1000,
    )
    return head + b"x" * (PAYLOAD_BYTES - len(head) - 2) + b'"}'


async def load(url: str, seconds: float, batch: int, seed: int) -> int:
    """Post as fast as answers come; return how many requests were answered 202."""
    parts = urlsplit(url)
    deadline = time.perf_counter() + seconds
    answered = 0

    async def one(number: int) -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while time.perf_counter() < deadline:
            body = b"\n".join(payload(number + place) for place in range(batch))
            number += batch
            writer.write(
                b"POST /ingest/tive HTTP/1.1\r\nhost: bench\r\nx-api-key: bench.secret\r\n"
                b"content-type: application/x-ndjson\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            rest = await reader.readexactly(length)
            assert head.startswith(b"HTTP/1.1 202"), (head, rest)
            answered += 1
        writer.close()

    await asyncio.gather(*(one(seed + place * 10_000_000) for place in range(CONNECTIONS)))
    return answered


@contextmanager
def server(script: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server; give its URL and its process id."""
    process = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, cwd=HERE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Return what a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(url: str, pid: int, batch: int, seed: int) -> Measured:
    """Load a server for a while, from another process."""
    before, begin = cpu_seconds(pid), time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.http_ingest", url, str(SECONDS), str(batch), str(seed)]
    output = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True).stdout
    answered, wall_s = json.loads(output)
    assert time.perf_counter() > begin
    return Measured(answered, wall_s, cpu_seconds(pid) - before)


def run() -> list[Row]:
    """Return messages a CPU second, and a wall second, of both; medians of interleaved rounds."""
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        server(OURS, Path(one)) as (url, pid),
        server(PEER, Path(other)) as (peer_url, peer_pid),
    ):
        for batch in (1, BATCH):
            ours: list[Measured] = []
            theirs: list[Measured] = []
            for number in range(ROUNDS + 1):
                seed = number * 1_000_000_000 + batch
                ours.append(measure(url, pid, batch, seed))
                theirs.append(measure(peer_url, peer_pid, batch, seed))
            rows += _rows(batch, ours[1:], theirs[1:])
    return rows


def _rows(batch: int, ours: list[Measured], theirs: list[Measured]) -> list[Row]:
    peer = "bare Granian handler, SQLite insert, same group commit and sync"
    name = "http_ingest_single_c64" if batch == 1 else f"http_ingest_batch_{batch}_c64"

    def rate(found: list[Measured], *, per_cpu: bool) -> float:
        return round(statistics.median(one.requests * batch / (one.cpu_s if per_cpu else one.wall_s) for one in found))

    return [
        row(name, rate(ours, per_cpu=True), "messages/CPU-s durable", peer, rate(theirs, per_cpu=True)),
        row(f"{name}_wall", rate(ours, per_cpu=False), "messages/s durable", peer, rate(theirs, per_cpu=False)),
    ]


if __name__ == "__main__":
    start = time.perf_counter()
    count = asyncio.run(load(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    print(json.dumps([count, time.perf_counter() - start]))
