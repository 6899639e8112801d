"""A witness: remembers the newest checkpoint of each log, and cosigns only what extends it (C2SP tlog-witness v1.0.0).

The log's operator holds the log's key and could sign two histories. A witness in another organisation makes that
provable: it cosigns a checkpoint only after a consistency proof from the one it cosigned last. It learns origin, size
and root of a log, and nothing of what the log holds.

This module decides; it keeps nothing itself. The promise rests on one property of the store: `compare_and_store` is
one atomic step that is durable *before* it returns. Without it two requests can pass the check side by side, and the
slower one rolls the witness back.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import (
    MAX_NOTE_BYTES,
    MAX_TIME_S,
    OpenedNote,
    SignedNote,
    VerifierKey,
    decode_base64,
    format_note,
    parse_note,
)
from doseway.model.clock import Clock
from doseway.model.errors import DataError, HashMismatch, SignatureInvalid, Unavailable, UsageError
from doseway.model.units import SECOND_MS

TEXT_TYPE: Final = "text/plain; charset=utf-8"
SIZE_TYPE: Final = "text/x.tlog.size"
"""The content type of a 409: its body is the size that the witness holds."""
MAX_PROOF_LINES: Final = 63
MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 4096
"""The old size, 63 hashes of 45 bytes and a note at its own cap."""

_OLD_LINE: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_STORE_ATTEMPTS: Final = 8
_REASON_CHARS: Final = 500


class WitnessedState(msgspec.Struct, frozen=True):
    """What a witness remembers of one log: the newest checkpoint that it cosigned.

    Attributes:
        size, root: of the tree.
        time_s: time of the cosignature, Unix seconds; never 0, never less than that of the state before.
        note: the checkpoint with the log's verified signatures and the witness's own.
    """

    size: int
    root: bytes
    time_s: int
    note: bytes


class WitnessStore(Protocol):
    """The memory of a witness. Several threads and processes may call it at once."""

    def latest(self, origin: str) -> WitnessedState | None:
        """Return the state of a log; None when the witness never cosigned it."""

    def compare_and_store(self, origin: str, old: WitnessedState | None, new: WitnessedState) -> bool:
        """Replace `old` by `new` in one atomic step, durable before it returns; False when `old` is no longer held."""

    def keep_evidence(self, origin: str, held: bytes, refused: bytes) -> None:
        """Keep two checkpoints of one size and different roots that the same log signed. May keep only the first."""


class WitnessReply(msgspec.Struct, frozen=True):
    """The answer to one HTTP request: status, body, content type."""

    status: int
    body: bytes
    content_type: str = TEXT_TYPE


@dataclass(frozen=True)
class AddCheckpoint:
    """The parsed body of an `add-checkpoint` request."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def add_checkpoint_request(old_size: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write the body of an `add-checkpoint` request.

    Raises:
        UsageError: more than 63 hashes, or a hash that is not 32 bytes.
    """
    if len(proof) > MAX_PROOF_LINES or any(len(digest) != merkle.HASH_BYTES for digest in proof):
        raise UsageError("a consistency proof has at most 63 hashes of 32 bytes")
    lines = [b"old %d" % old_size, *(base64.b64encode(digest) for digest in proof)]
    return b"\n".join(lines) + b"\n\n" + checkpoint


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read the body of an `add-checkpoint` request; the checkpoint itself is not looked into.

    Raises:
        DataError: the body is not one old size line, at most 63 hash lines, an empty line and a checkpoint.
    """
    if len(body) > MAX_REQUEST_BYTES:
        raise DataError(f"the request is longer than {MAX_REQUEST_BYTES} bytes")
    head, separator, checkpoint = body.partition(b"\n\n")
    if not separator:
        raise DataError("no empty line ends the proof", hint="Send the old size, the proof, an empty line, the note.")
    old_line, *hash_lines = head.decode("ascii", "replace").split("\n")
    match = _OLD_LINE.fullmatch(old_line)
    if match is None:
        raise DataError("line 1 is not `old` and a size in decimal without leading zeros")
    if len(hash_lines) > MAX_PROOF_LINES:
        raise DataError(f"the proof has {len(hash_lines)} lines; at most {MAX_PROOF_LINES} are allowed")
    proof = tuple(map(decode_base64, hash_lines))
    if any(len(digest) != merkle.HASH_BYTES for digest in proof):
        raise DataError("a line of the proof is not the base64 of 32 bytes")
    return AddCheckpoint(int(match[1]), proof, checkpoint)


def origin_hash(origin: str) -> str:
    """Return the name of a log in monitoring paths: the lower-case hex SHA-256 of its origin line."""
    return hashlib.sha256(origin.encode()).hexdigest()


@dataclass(frozen=True)
class Witness:
    """The decisions of a witness (C2SP tlog-witness v1.0.0).

    Attributes:
        store: its memory.
        cosigner: its name and key.
        logs: the logs that it watches: for each origin the keys that may sign it, old and new ones during a rotation.
        clock: tells the cosignature time. If it goes back, the time stays at that of the last cosignature.
    """

    store: WitnessStore
    cosigner: Cosigner
    logs: Mapping[str, Sequence[VerifierKey]]
    clock: Clock
    _origins: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        own = self.cosigner.vkey.public_key
        for origin, keys in self.logs.items():
            if not keys:
                raise UsageError(f"no key is given for the log {origin}")
            if any(key.public_key == own for key in keys):
                raise UsageError(
                    f"the witness would cosign the log {origin} with that log's own key",
                    hint="Give each witness a key of its own, held by another organisation.",
                )
        object.__setattr__(self, "_origins", {origin_hash(origin): origin for origin in self.logs})

    def add_checkpoint(self, body: bytes) -> WitnessReply:
        """Answer `POST <prefix>/add-checkpoint`; a 200 leaves only after the new state is durable.

        Raises:
            Unavailable: the store does not answer, or stays contended.
        """
        try:
            request = parse_add_checkpoint(body)
            parsed = parse_note(request.checkpoint)
            checkpoint = parse_checkpoint(parsed.text)
        except DataError as error:
            return _refuse(400, str(error))
        keys = self.logs.get(checkpoint.origin)
        if keys is None:
            return _refuse(404, "this witness does not know the log")
        try:
            _, opened = open_checkpoint(request.checkpoint, checkpoint.origin, keys)
        except SignatureInvalid as error:
            return _refuse(403, str(error))
        if request.old_size > checkpoint.size:
            return _refuse(400, f"the old size {request.old_size} is above the checkpoint's size {checkpoint.size}")
        return self._check_and_store(request, checkpoint, _by_log_only(parsed, opened))

    def checkpoint(self, origin_hash_hex: str) -> WitnessReply:
        """Answer `GET <prefix>/<SHA-256 of the origin>/checkpoint`: the newest checkpoint that was cosigned.

        Raises:
            Unavailable: the store does not answer.
        """
        origin = self._origins.get(origin_hash_hex)
        state = None if origin is None else self.store.latest(origin)
        if state is None:
            return _refuse(404, "this witness never cosigned that log")
        return WitnessReply(200, state.note)

    def _check_and_store(self, request: AddCheckpoint, checkpoint: Checkpoint, note: SignedNote) -> WitnessReply:
        for _ in range(_STORE_ATTEMPTS):
            held = self.store.latest(checkpoint.origin)
            refusal = self._judge(request, checkpoint, note, held)
            if refusal is not None:
                return refusal
            time_s = self._time_s(held)
            cosignature = self.cosigner.cosign(note.text, time_s)
            # The signature exists from here on, in memory only: it leaves after the store has kept its checkpoint.
            kept = format_note(SignedNote(note.text, (*note.signatures, cosignature)))
            if len(kept) > MAX_NOTE_BYTES:
                return _refuse(400, "with a cosignature the checkpoint would be larger than a note may be")
            new = WitnessedState(checkpoint.size, checkpoint.root, time_s, kept)
            if self.store.compare_and_store(checkpoint.origin, held, new):
                return WitnessReply(200, f"{cosignature}\n".encode())
        raise Unavailable("other requests for the same log kept changing what the witness holds")

    def _judge(
        self, request: AddCheckpoint, checkpoint: Checkpoint, note: SignedNote, held: WitnessedState | None
    ) -> WitnessReply | None:
        """Check a signed checkpoint against the memory, in the order in which the specification states the checks."""
        size = 0 if held is None else held.size
        if request.old_size != size:
            return WitnessReply(409, b"%d\n" % size, SIZE_TYPE)
        if checkpoint.size == 0 and checkpoint.root != merkle.EMPTY_ROOT:
            return _refuse(422, "a tree of size 0 has the root SHA-256 of nothing")
        if request.old_size == 0:
            return _refuse(422, "a proof from size 0 must be empty") if request.proof else None
        root = checkpoint.root if held is None else held.root
        if checkpoint.size == size and checkpoint.root != root:
            if held is not None:
                self.store.keep_evidence(checkpoint.origin, held.note, format_note(note))
            return _refuse(422, f"the log signed two roots for size {size}")
        try:
            merkle.verify_consistency(size, root, checkpoint.size, checkpoint.root, list(request.proof))
        except HashMismatch as error:
            return _refuse(422, f"size {checkpoint.size} is not shown to extend size {size}: {error}")
        return None

    def _time_s(self, held: WitnessedState | None) -> int:
        """Choose the cosignature time: C2SP tlog-witness wants it non-zero; going back would contradict ourselves."""
        floor = 1 if held is None else held.time_s
        return min(max(floor, self.clock.now_ms() // SECOND_MS, 1), MAX_TIME_S)


def _refuse(status: int, reason: str) -> WitnessReply:
    return WitnessReply(status, reason[:_REASON_CHARS].encode("utf-8", "replace") + b"\n")


def _by_log_only(note: SignedNote, opened: OpenedNote) -> SignedNote:
    """Keep one line of each of the log's keys that verified; what else was sent is not ours to vouch for."""
    lines = {(line.name, line.key_id): line for line in reversed(note.signatures)}
    verified = [(signature.key.name, signature.key.key_id) for signature in opened.signatures]
    return SignedNote(note.text, tuple(lines[name] for name in verified))
