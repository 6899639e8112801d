"""The order of writing, which carries every promise of the log.

Grow the tree; sign the checkpoint; make entries, tiles, blobs and checkpoint durable in one commit, if the store still
holds the head that the batch extends; make the checkpoint durable in the anchor, if that still holds the one before;
only then publish it. So no two inconsistent checkpoints ever leave the process (C2SP tlog-checkpoint), and what is
acknowledged is durable.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from doseway.ledger import merkle, tiles
from doseway.ledger.backoff import wait_s
from doseway.ledger.batch import Batch
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.note import NoteSigner
from doseway.ledger.ports import Anchor, Commit, Head, LogStore, Published
from doseway.ledger.startup import Recovered
from doseway.ledger.tags import TagIndex
from doseway.model.errors import ForkedLog, Unavailable


class _Step(NamedTuple):
    """One write, and what holds once it is durable."""

    commit: Commit
    edge: dict[int, bytes]
    tags: dict[str, int]
    signer: NoteSigner


class Writer:
    """Extends one log. Not thread-safe: the sequencer holds a lock around it.

    When a write fails nobody can know what reached the disk, so nothing more is written until that is known: the head
    that the store holds says whether the batch is in it. If it is, the write is brought to its end; if not, it never
    was. A disk that does not answer is asked again, at growing intervals, by whoever wants to write next; in between
    all are refused at once. A head or an anchor that is neither of the two stops the writer for good.

    Attributes:
        published: the newest head that may be shown to anyone; None for a log that is yet to be made.
        signer: the key in force.
    """

    def __init__(self, store: LogStore, anchor: Anchor, signer: NoteSigner, recovered: Recovered | None) -> None:
        self._store = store
        self._anchor = anchor
        self._head = recovered.head if recovered is not None else None
        self._edge = recovered.edge if recovered is not None else {}
        self._tags = TagIndex(store, self._head.size if self._head is not None else 0)
        self._stopped: BaseException | None = None
        self._unsettled: _Step | None = None
        self._failure: Unavailable | None = None
        self._failures = 0
        self._again_at_s = 0.0
        self.signer = signer
        self.published = _published(self._head) if self._head is not None else None

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._head.size if self._head is not None else 0

    @property
    def at_ms(self) -> int:
        """The newest recorded time, Unix ms; 0 before the first."""
        return self._head.at_ms if self._head is not None else 0

    def last_tagged(self, tag: str) -> int | None:
        """Return the index of the newest entry with a tag."""
        return self._tags.last(tag)

    def check_usable(self) -> None:
        """Raise Unavailable for good after a breach, and for a while after a failed write."""
        if self._stopped is not None:
            raise Unavailable(
                f"the log stopped after a failed write: {self._stopped}",
                hint="Repair the cause and start again: what was acknowledged is safe, the rest is found out then.",
            ) from self._stopped
        if self._failure is not None and time.monotonic() < self._again_at_s:
            raise Unavailable(
                f"the log cannot be written now: {self._failure.what}",
                hint="Nothing was taken. It goes on by itself once the disk does; what was acknowledged is safe.",
            ) from self._failure

    def ready(self) -> bool:
        """Find out what a failed write came to; return whether its batch turned out to be in the log.

        Raises:
            Unavailable: that cannot be told yet, or it is too early to try again.
            ForkedLog: store or anchor hold something else than what was written.
        """
        self.check_usable()
        return self._unsettled is not None and self._settled(self._unsettled)

    def write(self, batch: Batch, *, erased: Sequence[int] = (), successor: NoteSigner | None = None) -> None:
        """Make a batch durable and publish it; with a successor, from then on signed by that.

        Raises:
            Unavailable: store or anchor do not answer. Whether the batch is in the log, `ready` finds out.
            ConflictError, IntegrityError: they are not as this writer left them; it has stopped for good.
        """
        self.check_usable()
        assert self._unsettled is None, "`ready` comes before every batch"
        step = self._step(batch, erased, successor)
        self._unsettled = step
        try:
            self._store.commit(step.commit)
            self._anchor.advance(self._anchored(), _published(step.commit.head))
        except Unavailable as error:
            if not self._settled(step, error):
                raise
        except BaseException as error:
            self._stopped = error
            raise
        else:
            self._take(step)

    def close(self) -> None:
        """Keep the tags that the store does not have yet, and let go of store and anchor. May be called twice."""
        try:
            tags = self._tags.rest()
            if tags and self._stopped is None and self._failure is None:
                self._store.keep_tags(tags, self.size)
                self._tags.add({}, self.size, is_flushed=True)
        finally:
            self._store.close()
            self._anchor.close()

    def _step(self, batch: Batch, erased: Sequence[int], successor: NoteSigner | None) -> _Step:
        leaves = merkle.leaf_hashes(batch.entries)
        root, changed, edge = tiles.grow(self.size, self._edge, leaves)
        size = self.size + len(leaves)
        signers = [self.signer] if successor is None else [self.signer, successor]
        note = sign_checkpoint(Checkpoint(self.signer.name, size, root), signers)
        commit = Commit(
            expected=self._head,
            head=Head(size, root, note, batch.at_ms),
            entries=batch.entries,
            content_ids=batch.content_ids,
            tiles=changed,
            tags=self._tags.due(batch.tags, size),
            blobs=batch.blobs,
            erased=erased,
            rotation=successor is not None,
        )
        return _Step(commit, edge, batch.tags, signers[-1])

    def _settled(self, step: _Step, error: Unavailable | None = None) -> bool:
        """Bring a failed write to its end if its batch is in the store, forget it if not; return which."""
        try:
            is_in = self._is_in(step.commit)
            if is_in:
                self._anchor.advance(self._held(step.commit), _published(step.commit.head))
        except Unavailable as unknown:
            self._wait_after(error or unknown)
            raise (error or unknown) from unknown
        except BaseException as breach:
            self._stopped = breach
            raise
        if is_in:
            self._take(step)
        elif error is not None:
            self._wait_after(error)
        self._unsettled = None
        return is_in

    def _is_in(self, commit: Commit) -> bool:
        held = self._store.head()
        if held not in (commit.expected, commit.head):
            raise ForkedLog(
                "the store holds neither the head before a failed write nor the one after it",
                hint="Something else wrote to it: stop it, keep both files, then run `doseway log verify`.",
            )
        return held == commit.head

    def _held(self, commit: Commit) -> Published:
        """Return what the anchor holds: what it held before the failed write, or what it was to hold."""
        held = self._anchor.read()
        if held is None or held not in (self._anchored(), _published(commit.head)):
            raise ForkedLog(
                "the anchor holds neither the checkpoint before a failed write nor the one after it",
                hint="Two copies of one log may be using the same anchor: keep one of them.",
            )
        return held

    def _take(self, step: _Step) -> None:
        """Publish what is durable."""
        commit = step.commit
        self._tags.add(step.tags, commit.head.size, is_flushed=commit.tags is not None)
        self._head, self._edge, self.published = commit.head, step.edge, _published(commit.head)
        self.signer = step.signer
        self._unsettled = self._failure = None
        self._failures = 0

    def _wait_after(self, error: Unavailable) -> None:
        self._failure = error
        self._failures += 1
        self._again_at_s = time.monotonic() + wait_s(self._failures, first_s=0.5, most_s=10.0)

    def _anchored(self) -> Published:
        return self.published if self.published is not None else Published(0, merkle.EMPTY_ROOT, b"")


def _published(head: Head) -> Published:
    return Published(head.size, head.root, head.note)
