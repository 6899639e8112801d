"""Full verification of a log: every entry hashed and decoded, every tile, tag and the signed root compared.

The log has 600,000 facts of 200 bytes. `log_verify` is what `doseway log verify` does with it, in two processes;
beside it stands the same check in one. The peer is the bare work that nothing can do without: read the entries from
SQLite and hash each leaf, in one process.
"""

import hashlib
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.log_append import open_log
from benchmarks.row import Row, row, seconds
from doseway.app.settings import Settings
from doseway.app.verification import verify_store
from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger.drafts import Draft, stamp_of, unstamped
from doseway.ledger.findings import FsckReport
from doseway.ledger.fsck import Against, check
from doseway.model.facts import RuleFailed

ENTRIES = 600_000
ENTRY_BYTES = 200
BATCH = 10_000
NOW_MS = 1_764_000_000_000
PEER = "read and hash the leaves only, one process"


def fill(folder: Path) -> None:
    """Make a log of facts of 200 bytes, each with a tag that it shares with nine others."""
    with open_log(folder) as sequencer:
        for first in range(0, ENTRIES, BATCH):
            sequencer.append([_draft(number) for number in range(first, first + BATCH)])
        assert len(sequencer.log.entry(ENTRIES // 2)) == ENTRY_BYTES


def _draft(number: int) -> Draft:
    tags = (f"shipment:{number // 10:07}",)
    draft = Draft(body=RuleFailed(packet=number, rule="bench", error=""), by="door", tags=tags)
    missing = ENTRY_BYTES - len(stamp_of(NOW_MS) + unstamped(draft))
    return Draft(body=RuleFailed(packet=number, rule="bench", error="x" * missing), by="door", tags=tags)


def _verify(settings: Settings) -> None:
    _must_be_sound(verify_store(settings))


def _verify_in_one_process(path: Path, anchor: Path) -> None:
    with closing(SqliteReader(path)) as store:
        _must_be_sound(check(store, Against(anchor=FileAnchorReader(anchor))))


def _must_be_sound(report: FsckReport) -> None:
    assert report.is_sound
    assert report.size == ENTRIES + 1


def _read_and_hash(path: Path) -> None:
    with closing(SqliteReader(path)) as store:
        for first in range(0, ENTRIES, 1_024):
            for _, entry in store.page(first, first + 1_024):
                hashlib.sha256(b"\x00" + entry).digest()


def run() -> list[Row]:
    """Return entries per second, medians of five interleaved rounds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        path, anchor = folder / "log.sqlite", folder / "log.anchor"
        command, alone, bare = seconds(
            partial(_verify, Settings(store=folder, anchor=anchor)),
            partial(_verify_in_one_process, path, anchor),
            partial(_read_and_hash, path),
        )
    peer_rate = round(ENTRIES / bare)
    return [
        row("log_verify", round(ENTRIES / command), "entries/s, two processes", PEER, peer_rate),
        row("log_verify_one_process", round(ENTRIES / alone), "entries/s, one process", PEER, peer_rate),
    ]
