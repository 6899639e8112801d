"""A small signed log and a forgetful witness store in memory, for the tests of witnesses and of serving."""

import hashlib
import threading
from typing import Self

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner, VerifierKey
from doseway.ledger.tiles import entry_bundle
from doseway.ledger.witness import Witness, WitnessedState, WitnessReply, add_checkpoint_request
from doseway.model.units import UnixMs

ORIGIN = "log.example/test"
NOW_S = 1_764_000_000


def seed(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


class StillClock:
    """Stands still until it is set."""

    def __init__(self, now_s: int = NOW_S) -> None:
        self.now_s = now_s

    def now_ms(self) -> UnixMs:
        return UnixMs(self.now_s * 1000)


class GrowingLog:
    """A signed log in memory: a `PublishedLog`, and a `HashReader` for proofs."""

    def __init__(self, size: int = 0, *, origin: str = ORIGIN, key: str = "log") -> None:
        self.origin = origin
        self.signer = NoteSigner(origin, SigningKey.from_seed(seed(key)))
        self.entries: list[bytes] = []
        self.leaves: list[bytes] = []
        self.grow(size)

    @property
    def vkey(self) -> VerifierKey:
        return self.signer.vkey

    @property
    def size(self) -> int:
        return len(self.leaves)

    def grow(self, count: int, label: str = "entry") -> Self:
        for _ in range(count):
            self.entries.append(f"{label}-{self.size}".encode())
            self.leaves.append(merkle.leaf_hash(self.entries[-1]))
        return self

    def fork(self, at: int) -> "GrowingLog":
        """The same log, signed by the same key, with another history from entry `at` on."""
        other = GrowingLog(origin=self.origin)
        other.signer = self.signer
        other.entries, other.leaves = self.entries[:at], self.leaves[:at]
        return other

    def read(self, level: int, index: int) -> bytes:
        return merkle.root(self.leaves[index << level : (index + 1) << level])

    def root(self, size: int | None = None) -> bytes:
        return merkle.root(self.leaves[:size])

    def note(self, size: int | None = None, *signers: NoteSigner) -> bytes:
        size = self.size if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.root(size)), list(signers or [self.signer]))

    def request(self, old_size: int, size: int | None = None) -> bytes:
        size = self.size if size is None else size
        proof = merkle.consistency_proof(old_size, size, self.read) if 0 < old_size <= size else []
        return add_checkpoint_request(old_size, proof, self.note(size))

    def checkpoint(self) -> bytes:
        return self.note()

    def tile(self, level: int, n: int, width: int) -> bytes:
        return b"".join(self.read(8 * level, n * 256 + offset) for offset in range(width))

    def bundle(self, n: int, width: int) -> bytes:
        return entry_bundle(self.entries[n * 256 : n * 256 + width])


class MemoryStore:
    """A `WitnessStore` that a restart forgets."""

    def __init__(self) -> None:
        self.states: dict[str, WitnessedState] = {}
        self.evidence: list[tuple[str, bytes, bytes]] = []
        self._lock = threading.Lock()

    def latest(self, origin: str) -> WitnessedState | None:
        return self.states.get(origin)

    def compare_and_store(self, origin: str, old: WitnessedState | None, new: WitnessedState) -> bool:
        with self._lock:
            if self.states.get(origin) != old:
                return False
            self.states[origin] = new
            return True

    def keep_evidence(self, origin: str, held: bytes, refused: bytes) -> None:
        self.evidence.append((origin, held, refused))


def make_witness(
    *logs: GrowingLog,
    name: str = "witness.example/w1",
    store: MemoryStore | None = None,
    clock: StillClock | None = None,
) -> Witness:
    cosigner = Cosigner(name, SigningKey.from_seed(seed(name)))
    keys = {log.origin: (log.vkey,) for log in logs}
    return Witness(store or MemoryStore(), cosigner, keys, clock or StillClock())


class DirectPort:
    """A `WitnessPort` without a network in between; counts what it is asked."""

    def __init__(self, witness: Witness, name: str = "") -> None:
        self.witness = witness
        self.name = name or witness.cosigner.vkey.name
        self.key = witness.cosigner.vkey
        self.requests: list[bytes] = []

    def add_checkpoint(self, request: bytes) -> WitnessReply:
        self.requests.append(request)
        return self.witness.add_checkpoint(request)

    def latest(self, origin: str) -> bytes | None:
        reply = self.witness.checkpoint(hashlib.sha256(origin.encode()).hexdigest())
        return reply.body if reply.status == 200 else None


class ScriptedPort:
    """A witness that says what it is told to say."""

    def __init__(self, name: str, *replies: WitnessReply | Exception, latest: bytes | None = None) -> None:
        self.cosigner = Cosigner(name, SigningKey.from_seed(seed(name)))
        self.name, self.key = name, self.cosigner.vkey
        self.replies = list(replies)
        self.held = latest
        self.requests: list[bytes] = []

    def add_checkpoint(self, request: bytes) -> WitnessReply:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def latest(self, origin: str) -> bytes | None:
        assert origin == ORIGIN
        return self.held
