"""What the log needs from outside: a store that commits atomically and durably, and a guard of what was published.

`engines/sqlite.py` and `engines/anchor_file.py` are the built-in ones. The store is *not* trusted: whoever controls it
can lose the log, but cannot change it unnoticed (`doseway.ledger.fsck`). The anchor is trusted to remember: whoever
controls the store *and* the anchor can take the log back to an older state, and only a witness notices.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

NoteKind = Literal["cosigned", "rotation"]
"""Checkpoints kept beside the newest: those with cosignatures, and those that first cover a change of the log's key."""


class Head(msgspec.Struct, frozen=True):
    """The state of the log after a commit.

    Attributes:
        size, root: of the tree.
        note: the signed checkpoint.
        at_ms: the newest recorded time, Unix ms.
    """

    size: int
    root: bytes
    note: bytes
    at_ms: int


class BlobInfo(msgspec.Struct, frozen=True):
    """Raw bytes that the store holds for an entry: the salt of their commitment, and their length in bytes."""

    salt: bytes
    size: int


class NewBlob(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Raw bytes that become durable with the entry at `index`.

    Attributes:
        data: the bytes themselves; None when they were staged before in chunks under `staged`.
    """

    index: int
    salt: bytes
    size: int
    data: bytes | None = None
    staged: int | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """All that one batch changes; it becomes durable as a whole or not at all.

    Attributes:
        expected: the head that the store must hold, None for an empty store (compare-and-swap).
        entries: from index `expected.size` on.
        content_ids: one for each entry, or None where an entry has no identity beyond its place.
        tiles: `(level, n)` -> all hashes of the tile so far; a partial tile replaces its shorter self.
        tags: the newest index of tags, of all up to the head's size that the store does not have; None for not yet.
        erased: indexes whose blob, salt and content id are destroyed.
        rotation: the head's note is the one that first covers a change of key, and is kept.
    """

    expected: Head | None
    head: Head
    entries: Sequence[bytes]
    content_ids: Sequence[bytes | None]
    tiles: Mapping[tuple[int, int], bytes]
    tags: Mapping[str, int] | None = None
    blobs: Sequence[NewBlob] = ()
    erased: Sequence[int] = ()
    rotation: bool = False


class LogReader(Protocol):
    """The reading half of a store. Any thread may call it; what it returns is what lies there, not what should.

    Every method raises Unavailable when the store does not answer.
    """

    def head(self) -> Head | None:
        """Return the newest committed head; None when nothing was ever committed."""

    def entry(self, index: int) -> bytes | None:
        """Return one entry."""

    def last_index(self) -> int:
        """Return the highest index that has an entry, -1 without any; `head` may say otherwise in a broken store."""

    def page(self, start: int, end: int, *, containing: bytes = b"") -> list[tuple[int, bytes]]:
        """Return index and bytes of the entries in [start, end) in order, all or those that contain some bytes."""

    def tile(self, level: int, n: int) -> bytes | None:
        """Return the hashes of a tile, as many as it has so far; a narrower tile is its prefix."""

    def tiles(self, level: int) -> Iterator[int]:
        """List the tiles of a level by number, in order."""

    def content_ids(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return index and content id of the entries in [start, end) that have one."""

    def segments(self) -> Iterator[tuple[int, bytes]]:
        """List first index and joined content ids, as `doseway.ledger.fingerprints.segment` does, of each batch."""

    def tags_through(self) -> int:
        """Return the size up to which the tags of entries are known to `last_tagged` and `tags`."""

    def last_tagged(self, tag: str) -> int | None:
        """Return the index of the newest known entry with a tag."""

    def tags(self) -> Iterator[tuple[str, int]]:
        """List each known tag with the index of its newest entry."""

    def blob(self, index: int) -> BlobInfo | None:
        """Describe the blob of an entry; None where it has none, or no longer."""

    def blob_chunks(self, index: int) -> Iterator[bytes]:
        """Stream the blob of an entry."""

    def small_blobs(self, start: int, end: int, largest: int) -> dict[int, bytes]:
        """Return the blobs of at most so many bytes of the entries from `start` to `end`, by index."""

    def blob_indexes(self) -> Iterator[int]:
        """List the entries that have a blob, in order."""

    def notes(self, kind: NoteKind) -> Iterator[tuple[int, bytes]]:
        """List the kept checkpoints with their sizes, the newest first."""

    def close(self) -> None:
        """Let go of the store, and of its lock where it was opened for writing. May be called twice."""


class LogStore(LogReader, Protocol):
    """A store that one process at a time may write to."""

    def commit(self, commit: Commit) -> None:
        """Make a batch durable, as a whole.

        Raises:
            ConflictError: the store does not hold the expected head; nothing was changed.
            Unavailable: the store failed; whether the batch is in it, and durable then, `head` says from here on.
        """

    def keep_tags(self, tags: Mapping[str, int], through: int) -> None:
        """Keep the newest index of tags durably; all tags up to the size `through` are known from here on."""

    def begin_blob(self) -> int:
        """Begin to stage a blob that is too large for memory; unless committed, it is gone when the store is opened."""

    def add_chunk(self, staged: int, number: int, data: bytes) -> None:
        """Add one chunk to a staged blob."""

    def drop_blob(self, staged: int) -> None:
        """Forget a staged blob."""

    def keep_note(self, kind: NoteKind, size: int, note: bytes) -> None:
        """Keep a checkpoint durably; one of the same kind and size is replaced."""


class Published(msgspec.Struct, frozen=True):
    """The head that was published last: size, root and the signed checkpoint; a new log has size 0 and no note."""

    size: int
    root: bytes
    note: bytes


class Anchor(Protocol):
    """Remembers the published head apart from the store, so that a restored backup of the store is noticed."""

    def read(self) -> Published | None:
        """Return what was published last; None when this anchor was never used.

        Raises:
            IntegrityError: there is a record and it cannot be read.
            Unavailable: the place does not answer.
        """

    def advance(self, expected: Published | None, new: Published) -> None:
        """Replace one record by the next in one step that is durable before it returns.

        Raises:
            ConflictError: the anchor does not hold `expected`.
            Unavailable: the place does not answer; which of the two it holds shows only when it is read again.
        """

    def close(self) -> None:
        """Let go of the anchor. May be called twice."""
