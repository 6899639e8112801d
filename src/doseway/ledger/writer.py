"""The order of writing, which carries every promise of the log.

Grow the tree; sign the checkpoint; make entries, tiles, blobs and checkpoint durable in one commit, if the store still
holds the head that the batch extends; make the checkpoint durable in the anchor, if that still holds the one before;
only then publish it. So no two inconsistent checkpoints ever leave the process (C2SP tlog-checkpoint), and what is
acknowledged is durable.
"""

from collections.abc import Sequence

from doseway.ledger import merkle, tiles
from doseway.ledger.batch import Batch
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.note import NoteSigner
from doseway.ledger.ports import Anchor, Commit, Head, LogStore, Published
from doseway.ledger.startup import Recovered
from doseway.ledger.tags import TagIndex
from doseway.model.errors import Unavailable


class Writer:
    """Extends one log. Not thread-safe: the sequencer holds a lock around it.

    When a write fails nobody can know what reached the disk. The writer then stops for good and publishes nothing
    more; the log must be opened again, which finds out.

    Attributes:
        published: the newest head that may be shown to anyone; None for a log that is yet to be made.
        at_ms: the newest recorded time, Unix ms.
    """

    def __init__(self, store: LogStore, anchor: Anchor, origin: str, recovered: Recovered | None) -> None:
        self._store = store
        self._anchor = anchor
        self._origin = origin
        self._head = recovered.head if recovered is not None else None
        self._edge = recovered.edge if recovered is not None else {}
        self._tags = TagIndex(store, self._head.size if self._head is not None else 0)
        self._failure: BaseException | None = None
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
        """Raise Unavailable after a failed write."""
        if self._failure is not None:
            raise Unavailable(
                f"the log stopped after a failed write: {self._failure}",
                hint="Repair the cause and start again: what was acknowledged is safe, the rest is found out then.",
            ) from self._failure

    def write(
        self, batch: Batch, signers: Sequence[NoteSigner], *, erased: Sequence[int] = (), rotation: bool = False
    ) -> None:
        """Make a batch durable and publish it. Raises what store and anchor raise, and is unusable afterwards."""
        self.check_usable()
        try:
            self._write(batch, signers, erased, rotation)
        except BaseException as error:
            self._failure = error
            raise

    def _write(self, batch: Batch, signers: Sequence[NoteSigner], erased: Sequence[int], rotation: bool) -> None:
        leaves = merkle.leaf_hashes(batch.entries)
        root, changed, edge = tiles.grow(self.size, self._edge, leaves)
        size = self.size + len(leaves)
        due = self._tags.due(batch.tags, size)
        note = sign_checkpoint(Checkpoint(self._origin, size, root), signers)
        head = Head(size, root, note, batch.at_ms)
        self._store.commit(
            Commit(
                expected=self._head,
                head=head,
                entries=batch.entries,
                content_ids=batch.content_ids,
                tiles=changed,
                tags=due,
                blobs=batch.blobs,
                erased=erased,
                rotation=rotation,
            )
        )
        self._anchor.advance(self._anchored(), _published(head))
        self._tags.add(batch.tags, size, is_flushed=due is not None)
        self._head, self._edge, self.published = head, edge, _published(head)

    def close(self) -> None:
        """Keep the tags that the store does not have yet, and let go of store and anchor. May be called twice."""
        try:
            tags = self._tags.rest()
            if tags and self._failure is None:
                self._store.keep_tags(tags, self.size)
                self._tags.add({}, self.size, is_flushed=True)
        finally:
            self._store.close()
            self._anchor.close()

    def _anchored(self) -> Published:
        return self.published if self.published is not None else Published(0, merkle.EMPTY_ROOT, b"")


def _published(head: Head) -> Published:
    return Published(head.size, head.root, head.note)
