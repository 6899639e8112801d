"""A log in a folder, with a clock in hand: what the tests of sequencer, faults and attacks share."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from doseway.engines.anchor_file import FileAnchor
from doseway.engines.sqlite import SqliteStore
from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.drafts import Draft, StagedBlob
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner
from doseway.ledger.pool import PoolSettings
from doseway.ledger.ports import Anchor, LogStore
from doseway.ledger.sequencer import Sequencer, open_sequencer
from doseway.model.facts import PacketReceived, RuleFailed
from doseway.model.ids import ContentId, content_id
from doseway.model.units import UnixMs

ORIGIN = "log.example/test"
START_MS = 1_764_000_000_000


@dataclass
class HandClock:
    """Shows what it is set to."""

    at_ms: int = START_MS

    def now_ms(self) -> UnixMs:
        return UnixMs(self.at_ms)


def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def signer_of(name: str = "log", origin: str = ORIGIN) -> NoteSigner:
    return NoteSigner(origin, key_of(name))


@dataclass
class Place:
    """Where a log lies, and how to open it there."""

    folder: Path
    signer: NoteSigner = field(default_factory=signer_of)
    clock: HandClock = field(default_factory=HandClock)

    @property
    def log_path(self) -> Path:
        return self.folder / "log.sqlite"

    @property
    def anchor_path(self) -> Path:
        return self.folder / "anchor" / "log.anchor"

    def open(
        self,
        *,
        store: LogStore | None = None,
        anchor: Anchor | None = None,
        settings: PoolSettings = PoolSettings(linger_ms=5),  # noqa: B008 - frozen
        witnessed: Iterable[Checkpoint] = (),
        renew_anchor: bool = False,
    ) -> Sequencer:
        """Open for writing; a refused opening leaves nothing locked."""
        store = store or SqliteStore(self.log_path)
        try:
            anchor = anchor or FileAnchor(self.anchor_path)
        except BaseException:
            store.close()
            raise
        try:
            return open_sequencer(
                store,
                anchor,
                self.signer,
                self.clock,
                witnessed=witnessed,
                renew_anchor=renew_anchor,
                settings=settings,
            )
        except BaseException:
            store.close()
            anchor.close()
            raise


def failure(number: int, *, tags: tuple[str, ...] = (), identity: ContentId | None = None) -> Draft:
    """Return a small fact that says its number."""
    body = RuleFailed(packet=number, rule="test", error=f"number {number}")
    return Draft(body=body, by="test", tags=tags, content_id=identity)


def failures(numbers: Iterable[int]) -> list[Draft]:
    """Return small facts with content ids, tagged by the last digit of their number."""
    return [failure(n, tags=(f"digit:{n % 10}",), identity=content_id("test", b"%d" % n)) for n in numbers]


def packet(sequencer: Sequencer, data: bytes, *, is_streamed: bool = False) -> Draft:
    """Stage raw bytes and return the fact that commits to them; equal bytes have an equal content id."""
    blob = sequencer.stage(io.BytesIO(data) if is_streamed else data)
    return packet_of(blob)


def packet_of(blob: StagedBlob, name: str = "a.txt") -> Draft:
    body = PacketReceived(door="file", name=name, size_bytes=blob.size, commitment=blob.commitment.hex())
    return Draft(body=body, by="test", content_id=content_id("packet", blob.sha256), blob=blob)


def fill(place: Place, batches: Iterable[int]) -> None:
    """Make a log with so many facts in each batch after its first."""
    with place.open() as sequencer:
        at = sequencer.log.size
        for size in batches:
            sequencer.append(failures(range(at, at + size)))
            at += size
