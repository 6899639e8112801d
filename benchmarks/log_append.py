"""Durable append at 1,000 facts a batch, against a bare SQLite insert of the same bytes with the same settings.

Every batch of ours encodes 1,000 facts, checks their content ids for duplicates, grows the Merkle tree, signs a
checkpoint, commits with full sync and then syncs the anchor. There are two peers, in turn with ours, each one table
with the index as its key and one transaction a batch, with the same settings and full sync: one stores what ours keeps
of each fact, the entry as we encoded it and its 32-byte content id; the other stores the entry alone. Neither encodes,
hashes, checks or signs anything, and neither has tiles, tags, a head or an anchor.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.row import Row, row
from doseway.engines.anchor_file import FileAnchor
from doseway.engines.sqlite import SqliteStore
from doseway.ledger.drafts import Draft, stamp_of, unstamped
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner
from doseway.ledger.sequencer import Sequencer, open_sequencer
from doseway.model.facts import RuleFailed
from doseway.model.ids import content_id
from doseway.model.units import UnixMs

BATCH = 1_000
ROUNDS = 41
ENTRY_BYTES = 606
SHIPMENTS = 2_000
NOW_MS = 1_764_000_000_000


class WallClock:
    """The machine's clock."""

    def now_ms(self) -> UnixMs:
        """Return the instant in Unix milliseconds."""
        return UnixMs(time.time_ns() // 1_000_000)


def drafts(round_number: int) -> list[Draft]:
    """Return a batch of facts of 606 bytes, each with a tag and a content id."""
    return [_draft(number) for number in range(round_number * BATCH, (round_number + 1) * BATCH)]


def _draft(number: int, text: str = "") -> Draft:
    tags = (f"shipment:{number % SHIPMENTS:04}",)
    identity = content_id("bench", number.to_bytes(8, "big"))
    draft = Draft(body=RuleFailed(packet=number, rule="bench", error=text), by="door", tags=tags, content_id=identity)
    missing = ENTRY_BYTES - len(stamp_of(NOW_MS) + unstamped(draft))
    return _draft(number, "x" * missing) if missing else draft


def open_log(folder: Path) -> Sequencer:
    """Make a log as the application does."""
    signer = NoteSigner("bench.example/log", SigningKey.generate())
    store, anchor = SqliteStore(folder / "log.sqlite"), FileAnchor(folder / "log.anchor")
    return open_sequencer(store, anchor, signer, WallClock())


def open_peer(path: Path) -> sqlite3.Connection:
    """Make bare tables with all the settings of the log's store."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
    connection.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT")
    connection.execute("CREATE TABLE fact (idx INTEGER PRIMARY KEY, id BLOB NOT NULL, data BLOB NOT NULL) STRICT")
    return connection


class Spent(NamedTuple):
    """What a batch took: seconds of the process, and of the wall."""

    cpu_s: float
    wall_s: float


@contextmanager
def timed(into: list[Spent]) -> Iterator[None]:
    """Add what the block takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into.append(Spent(time.process_time() - cpu, time.perf_counter() - wall))


def insert(connection: sqlite3.Connection, sql: str, rows: Iterable[Sequence[int | bytes]]) -> float:
    """Insert a batch in one transaction, and return the seconds it took."""
    start = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(sql, rows)
    connection.execute("COMMIT")
    return time.perf_counter() - start


def run() -> list[Row]:
    """Return facts per CPU second and per second of the wall against both peers, medians of 41 interleaved rounds."""
    ours: list[Spent] = []
    with_ids: list[Spent] = []
    bare: list[Spent] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = open_peer(folder / "bare.sqlite")
        with open_log(folder) as sequencer:
            for round_number in range(ROUNDS):
                batch = drafts(round_number)
                first = sequencer.log.size
                with timed(ours):
                    sequencer.append(batch)
                entries = list(sequencer.log.entries(first))
                assert [len(entry) for entry in entries] == [ENTRY_BYTES] * BATCH
                indexes, ids = range(first, first + BATCH), [draft.content_id or b"" for draft in batch]
                with timed(with_ids):
                    insert(peer, "INSERT INTO fact VALUES (?, ?, ?)", zip(indexes, ids, entries, strict=True))
                with timed(bare):
                    insert(peer, "INSERT INTO entry VALUES (?, ?)", zip(indexes, entries, strict=True))
        peer.close()
    return [
        *_against("log_append_batch_1000", "bare SQLite insert of the same facts and content ids", ours, with_ids),
        *_against("log_append_batch_1000_entries", "bare SQLite insert of the same facts alone", ours, bare),
    ]


def _against(name: str, peer: str, ours: list[Spent], theirs: list[Spent]) -> list[Row]:
    cpu, peer_cpu = (round(BATCH / statistics.median(one.cpu_s for one in found)) for found in (ours, theirs))
    wall, peer_wall = (round(BATCH / statistics.median(one.wall_s for one in found)) for found in (ours, theirs))
    return [
        row(name, cpu, "facts/CPU-s durable", peer, peer_cpu),
        row(f"{name}_wall", wall, "facts/s durable", peer, peer_wall),
    ]
