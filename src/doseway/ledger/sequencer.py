"""The only writer of a log: takes drafts from any thread, and gives receipts for facts that are durable."""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Final, Self

from doseway.ledger import blobs, merkle
from doseway.ledger.batch import Batch, Request
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.drafts import Draft, Receipt, StagedBlob, Unless
from doseway.ledger.fingerprints import FingerprintIndex
from doseway.ledger.log import Log
from doseway.ledger.note import NoteSigner, SignedNote, format_note, parse_note
from doseway.ledger.pool import Pool, PoolSettings
from doseway.ledger.ports import Anchor, LogStore, Published
from doseway.ledger.rotation import KEY_TAG, key_at, key_chain, origin_of
from doseway.ledger.startup import Recovered, catch_up_anchor, check_extends, recover, tile_reader
from doseway.ledger.writer import Writer
from doseway.model.clock import Clock
from doseway.model.errors import ConflictError, DosewayError, IntegrityError, Unavailable, UsageError
from doseway.model.facts import BlobErased, ClockSteppedBack, LogCreated, LogKeyRotated
from doseway.model.ids import commitment

SYSTEM: Final = "system"
CLOCK_STEP_MS: Final = 1_000
"""A clock that goes back by less is the jitter of its adjustment; from here on it is a fact."""


class Sequencer:
    """Appends facts to one log. Thread-safe; one per log, in one process. Made by `open_sequencer`.

    Attributes:
        log: the log to read, up to what is published.
    """

    def __init__(self, store: LogStore, writer: Writer, clock: Clock, settings: PoolSettings) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._clock_seen_ms = writer.at_ms
        self._lock = threading.RLock()
        self._fingerprints: FingerprintIndex | None = None
        self._staged: set[int] = set()
        self._unused: list[int] = []
        self._pool = Pool(self._append, settings)
        self.log = Log(store, lambda: writer.published, writer.last_tagged)

    def append(self, drafts: Iterable[Draft], *, unless: Unless | None = None) -> list[Receipt]:
        """Append facts in one batch of their own; durable and published on return.

        Returns:
            One receipt for each draft, in order; content that the log holds already is not appended again.

        Raises:
            ConflictError: the condition does not hold. Nothing was appended.
            DataError: a fact is too large. Nothing was appended.
            Unavailable: the log does not answer. Nothing was appended, or it is not known yet whether it was: then
                content that is appended again is found to be a duplicate, if it was.
        """
        request = self._request(drafts, unless)
        request.receipts.set_running_or_notify_cancel()
        self._append([request])
        return request.receipts.result()

    def submit(self, drafts: Iterable[Draft], *, unless: Unless | None = None) -> Future[list[Receipt]]:
        """Append facts together with those of other callers, within 200 ms; the future fails as `append` does.

        Raises:
            Pushback: too many facts are waiting. Nothing was taken.
        """
        request = self._request(drafts, unless)
        try:
            return self._pool.put(request)
        except DosewayError:
            self._give_back(request)
            raise

    def check_usable(self) -> None:
        """Raise Unavailable while the log cannot be written; see `doseway.ledger.writer`."""
        self._writer.check_usable()

    def stage(
        self, source: bytes | blobs.ByteStream, random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> StagedBlob:
        """Take in raw bytes of any size for one draft, whose body must carry their commitment."""
        self._writer.check_usable()
        blob = blobs.stage(source, self._store, random_bytes)
        if blob.staged is not None:
            self._staged.add(blob.staged)
        return blob

    def stage_all(self, bodies: Sequence[bytes]) -> list[StagedBlob]:
        """Take in several raw bodies, each for one draft, as `stage` does; cheaper than one by one."""
        self._writer.check_usable()
        return blobs.stage_all(bodies)

    def discard(self, blob: StagedBlob) -> None:
        """Forget a staged blob that no draft will use; otherwise it is forgotten when the log is next opened."""
        if blob.staged is not None and blob.staged in self._staged:
            self._staged.discard(blob.staged)
            self._store.drop_blob(blob.staged)

    def erase(self, index: int, *, reason: str, by: str) -> Receipt:
        """Destroy the raw bytes of an entry, their salt and their content id. The entry and every proof stay.

        Raises:
            UsageError: the entry has no raw bytes, or they were erased before.
        """
        with self._lock:
            self._ready()
            if self.log.blob_info(index) is None:
                raise UsageError(f"entry {index} has no raw bytes, or they were erased before")
            ids = self._store.content_ids(index, index + 1)
            body = BlobErased(packet=index, commitment=self._committed(index), reason=reason)
            receipt = self._write_alone(Draft(body=body, by=by, tags=(f"packet:{index}",)), erased=(index,))
            if self._fingerprints is not None and ids:
                self._fingerprints.forget(ids[0][1])
            return receipt

    def rotate(self, new_signer: NoteSigner, *, reason: str, by: str) -> Receipt:
        """Sign with a new key from here on. The checkpoint that first covers the change carries both signatures.

        Raises:
            UsageError: the new key has another name than the log, or is the one in force.
        """
        with self._lock:
            self._ready()
            old, new = self._writer.signer.vkey, new_signer.vkey
            if new.name != old.name or new.public_key == old.public_key:
                raise UsageError(f"the new key must be another one and have the log's name, {old.name}")
            body = LogKeyRotated(old_vkey=str(old), new_vkey=str(new), reason=reason)
            return self._write_alone(Draft(body=body, by=by, tags=(KEY_TAG,)), successor=new_signer)

    def keep_cosigned(self, note: bytes) -> Checkpoint:
        """Keep a checkpoint of this log that witnesses have cosigned; cosignatures of the same checkpoint add up.

        Raises:
            SignatureInvalid, DataError: it is not a checkpoint that this log signed.
            RolledBack, ForkedLog: it does not belong to this history.
        """
        with self._lock:
            keys = [span.vkey for span in key_chain(self._store)]
            checkpoint, _ = open_checkpoint(note, self.log.origin, keys)
            size = self.log.size
            check_extends(tile_reader(self._store, size), size, checkpoint.size, checkpoint.root, "was cosigned")
            self._store.keep_note("cosigned", checkpoint.size, self._merged(checkpoint.size, note))
            return checkpoint

    def drain(self) -> None:
        """Write what is waiting and take no more by `submit`; `append` and reading go on. May be called twice."""
        self._pool.close()

    def close(self) -> None:
        """Write what is waiting and let go of the store. May be called twice."""
        self.drain()
        with self._lock:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _request(self, drafts: Iterable[Draft], unless: Unless | None) -> Request:
        """Encode drafts, and take over their staged blobs."""
        request = Request.of(drafts, unless)
        staged = _staged_of(request)
        with self._lock:
            if len(set(staged)) != len(staged) or not self._staged.issuperset(staged):
                raise UsageError("a staged blob belongs to one fact, and to the log that staged it")
            self._staged.difference_update(staged)
        return request

    def _give_back(self, request: Request) -> None:
        with self._lock:
            self._staged.update(_staged_of(request))

    def _append(self, requests: Sequence[Request]) -> None:
        """Write one batch and settle the requests; raises, with requests unsettled, when the log failed."""
        settled: list[tuple[Request, list[Receipt] | ConflictError]] = []
        with self._lock:
            self._ready()
            batch = self._new_batch(requests)
            for request in requests:
                try:
                    settled.append((request, batch.add(request)))
                except ConflictError as error:
                    self._give_back(request)
                    settled.append((request, error))
            if batch.entries:
                self._write(batch)
        for request, outcome in settled:
            if isinstance(outcome, ConflictError):
                request.receipts.set_exception(outcome)
            else:
                request.receipts.set_result(outcome)
        self._drop_unused(batch.unused)

    def _write_alone(self, draft: Draft, *, erased: Sequence[int] = (), successor: NoteSigner | None = None) -> Receipt:
        """Write one fact of our own in a commit of its own, with what belongs to it."""
        batch = self._new_batch([])
        receipt = batch.add(Request.of([draft]))[0]
        self._write(batch, erased=erased, successor=successor)
        return receipt

    def _write(self, batch: Batch, *, erased: Sequence[int] = (), successor: NoteSigner | None = None) -> None:
        first = self._writer.size
        self._writer.write(batch, erased=erased, successor=successor)
        if self._fingerprints is not None:
            self._fingerprints.add(first, batch.content_ids)

    def _ready(self) -> None:
        """Make sure that the end of the log is known. Raises as `Writer.ready` does."""
        if self._writer.ready():
            self._fingerprints = None  # they are read again, with those of the batch that turned out to be there

    def _drop_unused(self, staged: Iterable[int]) -> None:
        """Forget staged blobs of duplicates; those that the store does not let go of now, after a later batch."""
        self._unused += staged
        while self._unused:
            try:
                self._store.drop_blob(self._unused[-1])
            except Unavailable:
                return  # the batch itself is durable
            self._unused.pop()

    def _new_batch(self, requests: Sequence[Request]) -> Batch:
        """Begin a batch now. Recorded time never decreases; a clock that went back is the batch's first fact."""
        now_ms, at_ms = self._clock.now_ms(), self._writer.at_ms
        batch = Batch(self._writer.size, max(now_ms, at_ms), self._known(requests), self._writer.last_tagged)
        step_ms, self._clock_seen_ms = self._clock_seen_ms - now_ms, now_ms
        if step_ms >= CLOCK_STEP_MS:
            batch.add(Request.of([Draft(body=ClockSteppedBack(by_ms=step_ms), by=SYSTEM)]))
        return batch

    def _known(self, requests: Sequence[Request]) -> dict[bytes, int]:
        """Find which content the log holds already."""
        drafts = [draft for request in requests for draft in request.drafts]
        ids = [draft.content_id for draft in drafts if draft.content_id is not None]
        if not ids:
            return {}
        if self._fingerprints is None:
            self._fingerprints = FingerprintIndex(self._store.segments())
        known = {
            content_id: index
            for content_id, indexes in self._fingerprints.candidates(ids).items()
            for index in indexes
            if self._store.content_ids(index, index + 1) == [(index, content_id)]
        }
        for draft in drafts if known else ():
            if draft.blob is not None and draft.content_id in known:
                self._check_same_bytes(known[draft.content_id], draft.blob)
        return known

    def _check_same_bytes(self, index: int, blob: StagedBlob) -> None:
        """Make sure that a duplicate is one: content ids are not under the tree; a planted one could hide a fact."""
        info = self.log.blob_info(index)
        if info is None or commitment(info.salt, blob.sha256).hex() != self._committed(index):
            raise IntegrityError(
                f"entry {index} claims to hold the same bytes and commits to others", hint="Run `doseway log verify`."
            )

    def _committed(self, index: int) -> str:
        return str(getattr(self.log.fact(index).fact.content(), "commitment", ""))

    def _merged(self, size: int, note: bytes) -> bytes:
        """Add the signatures of a note to those that are kept for the same checkpoint."""
        for held_size, held in self._store.notes("cosigned"):
            if held_size == size:
                new, old = parse_note(note), parse_note(held)
                extra = tuple(line for line in old.signatures if line not in new.signatures)
                return format_note(SignedNote(new.text, (*new.signatures, *extra)))
            if held_size < size:
                break
        return note


def open_sequencer(
    store: LogStore,
    anchor: Anchor,
    signer: NoteSigner,
    clock: Clock,
    *,
    witnessed: Iterable[Checkpoint] = (),
    renew_anchor: bool = False,
    settings: PoolSettings | None = None,
) -> Sequencer:
    """Open a log for writing, or make it; store and anchor are closed with the sequencer.

    Args:
        store: where the log lies.
        anchor: where its published head is remembered; apart from the store, on another disk if there is one.
        signer: the key in force; its name is the origin of the log.
        clock: tells the recorded times.
        settings: of the pool.
        witnessed: checkpoints of this log that witnesses hold: it must extend them.
        renew_anchor: accept that the anchor is missing. Only after a comparison with the witnesses.

    Raises:
        RolledBack, ForkedLog: the store is not the continuation of what was published or witnessed.
        IntegrityError, HashMismatch, SignatureInvalid: the store's head is not in order.
        UsageError: the signer's key is not, or no longer, the one in force.
    """
    recovered = recover(store, anchor, witnessed, renew_anchor=renew_anchor)
    writer = Writer(store, anchor, signer, recovered)
    if recovered is not None:
        _check_signer(store, recovered, signer)
        catch_up_anchor(anchor, recovered.head)
    sequencer = Sequencer(store, writer, clock, settings or PoolSettings())
    if recovered is None:
        if anchor.read() is None:
            anchor.advance(None, Published(0, merkle.EMPTY_ROOT, b""))
        created = LogCreated(origin=signer.name, vkey=str(signer.vkey))
        sequencer.append([Draft(body=created, by=SYSTEM, tags=(KEY_TAG,))])
    return sequencer


def _check_signer(store: LogStore, recovered: Recovered, signer: NoteSigner) -> None:
    origin, key = origin_of(store), key_at(key_chain(store), recovered.head.size)
    if signer.name != origin:
        raise UsageError(f"the key is of {signer.name}, and the log is {origin}")
    if signer.vkey != key:
        raise UsageError(
            f"the key {signer.vkey} is not the one in force, {key}",
            hint="It was replaced by `log.key_rotated`, or belongs to another log.",
        )


def _staged_of(request: Request) -> list[int]:
    staged = [draft.blob.staged for draft in request.drafts if draft.blob is not None]
    return [handle for handle in staged if handle is not None]
