"""Full verification of a log: every entry hashed and decoded, every tile, tag and the signed root compared.

The log has 600,000 facts of 200 bytes. The peer is the bare work that nothing can do without: read the entries from
SQLite and hash each leaf, in one process.
"""

import hashlib
import os
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.log_append import open_log
from benchmarks.row import Row, row, seconds
from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger.drafts import Draft, stamp_of, unstamped
from doseway.ledger.fsck import Against, check
from doseway.model.facts import RuleFailed

ENTRIES = 600_000
ENTRY_BYTES = 200
BATCH = 10_000
NOW_MS = 1_764_000_000_000


def fill(folder: Path) -> None:
    """Make a log of facts of 200 bytes, one in ten with a tag of its own."""
    with open_log(folder) as sequencer:
        for first in range(0, ENTRIES, BATCH):
            sequencer.append([_draft(number) for number in range(first, first + BATCH)])
        assert len(sequencer.log.entry(ENTRIES // 2)) == ENTRY_BYTES


def _draft(number: int) -> Draft:
    tags = (f"shipment:{number // 10:07}",)
    draft = Draft(body=RuleFailed(packet=number, rule="bench", error=""), by="door", tags=tags)
    missing = ENTRY_BYTES - len(stamp_of(NOW_MS) + unstamped(draft))
    return Draft(body=RuleFailed(packet=number, rule="bench", error="x" * missing), by="door", tags=tags)


def _verify(path: Path, anchor: Path) -> None:
    store = SqliteReader(path)
    against = Against(anchor=FileAnchorReader(anchor))
    report = check(store, against, workers=os.cpu_count() or 1, reopen=partial(SqliteReader, path))
    store.close()
    assert report.is_sound
    assert report.size == ENTRIES + 1


def _read_and_hash(path: Path) -> None:
    store = SqliteReader(path)
    for first in range(0, ENTRIES, 1_024):
        for _, entry in store.page(first, first + 1_024):
            hashlib.sha256(b"\x00" + entry).digest()
    store.close()


def run() -> list[Row]:
    """Return entries per second, medians of five interleaved rounds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        path, anchor = folder / "log.sqlite", folder / "log.anchor"
        ours, bare = seconds(partial(_verify, path, anchor), partial(_read_and_hash, path))
    return [
        row(
            "log_verify",
            round(ENTRIES / ours),
            "entries/s, all cores",
            "read and hash the leaves only, one process",
            round(ENTRIES / bare),
        )
    ]
