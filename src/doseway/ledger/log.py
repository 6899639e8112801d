"""The log to read: entries, facts, tiles, proofs and blobs under one published checkpoint."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.drafts import Indexed
from doseway.ledger.note import VerifierKey
from doseway.ledger.ports import BlobInfo, LogReader, Published
from doseway.ledger.proof import TlogProof
from doseway.ledger.rotation import key_chain, origin_of
from doseway.ledger.startup import HASH_BYTES, check_note, tile_reader
from doseway.ledger.tags import last_tagged
from doseway.ledger.tiles import FULL, TILE_HEIGHT, TileReader, entry_bundle
from doseway.model.canonical import encode
from doseway.model.errors import DataError, IntegrityError, RolledBack, Unavailable, UsageError
from doseway.model.facts import decode_fact

_PAGE: Final = 1024
_SEARCH_PAGE: Final = 65_536


class AnchorReader(Protocol):
    """The reading half of an anchor."""

    def read(self) -> Published | None:
        """Return what was published last; None when the anchor was never used."""


class Log:
    """A log up to its published checkpoint. Any thread may read; it grows under the reader's eyes.

    Args:
        store: where the log lies.
        published: returns the newest published head, None before the first.
        tagged: returns the newest entry with a tag, where the caller knows; otherwise it is looked for.
    """

    def __init__(
        self,
        store: LogReader,
        published: Callable[[], Published | None],
        tagged: Callable[[str], int | None] | None = None,
    ) -> None:
        self._store = store
        self._published = published
        self._tagged = tagged
        self._opened: tuple[bytes, Checkpoint] | None = None

    @property
    def size(self) -> int:
        """The number of entries under the published checkpoint."""
        published = self._published()
        return published.size if published is not None else 0

    @property
    def origin(self) -> str:
        """The log's name: the first line of its checkpoints."""
        return origin_of(self._store)

    def head(self) -> Published:
        """Return size, root and signed checkpoint of the newest published state.

        Raises:
            Unavailable: nothing was published yet.
        """
        published = self._published()
        if published is None or published.size == 0:
            raise Unavailable("the log is empty", hint="Import something first.")
        return published

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint. Raises as `head` does."""
        return self.head().note

    def keys(self) -> list[VerifierKey]:
        """Return the keys of the log, oldest first, each handed over by the one before. Raises as `key_chain` does."""
        return [span.vkey for span in key_chain(self._store)]

    def entry(self, index: int) -> bytes:
        """Return the canonical bytes of a fact.

        Raises:
            UsageError: the log does not have that entry.
            IntegrityError: it should have it.
        """
        self._check_index(index)
        entry = self._store.entry(index)
        if entry is None:
            raise IntegrityError(f"entry {index} is missing", hint="Run `doseway log verify`.")
        return entry

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Iterate over the entries in [start, end), by default up to the published end. Raises as `entry` does."""
        for _, entry in self._rows(start, self._end(end)):
            yield entry

    def fact(self, index: int) -> Indexed:
        """Return one fact. Raises as `entry` does."""
        return _decode(index, self.entry(index))

    def facts(self, start: int = 0, end: int | None = None, *, kind: str = "", tag: str = "") -> Iterator[Indexed]:
        """Iterate over facts in order, all or those of one type or with one tag. Raises as `entry` does."""
        stop = self._end(end)
        if not kind and not tag:
            yield from (_decode(index, entry) for index, entry in self._rows(start, stop))
            return
        needle = encode(tag) if tag else b'"type":' + encode(kind)
        for first in range(start, stop, _SEARCH_PAGE):
            for index, entry in self._store.page(first, min(first + _SEARCH_PAGE, stop), containing=needle):
                found = _decode(index, entry)
                if (not kind or found.fact.type == kind) and (not tag or tag in found.fact.tags):
                    yield found

    def last_tagged(self, tag: str) -> int | None:
        """Return the index of the newest fact with a tag; what a conditional append starts from."""
        return self._tagged(tag) if self._tagged is not None else last_tagged(self._store, tag, self.size)

    def tile(self, level: int, n: int, width: int = FULL) -> bytes:
        """Return the first `width` hashes of a tile.

        Raises:
            Unavailable: the published tree does not have it.
        """
        _check_is_covered(self.size >> level * TILE_HEIGHT, n, width, f"tile {level}/{n}")
        data = self._store.tile(level, n) or b""
        if len(data) < width * HASH_BYTES:
            raise IntegrityError(f"tile {level}/{n} is missing or too short", hint="Run `doseway log verify`.")
        return data[: width * HASH_BYTES]

    def bundle(self, n: int, width: int = FULL) -> bytes:
        """Return the bundle of the first `width` entries beside level-0 tile `n`. Raises as `tile` does."""
        _check_is_covered(self.size, n, width, f"entry bundle {n}")
        return entry_bundle(list(self.entries(n * FULL, n * FULL + width)))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that an entry is in the tree of a size, by default the published one. Raises UsageError."""
        end = self._end(size)
        if not 0 <= index < end:
            raise UsageError(f"entry {index} is not among the first {end}")
        return merkle.inclusion_proof(index, end, self._reader())

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """Prove that the tree of a size extends the one of a smaller size; empty from size 0. Raises UsageError."""
        end = self._end(new_size)
        if not 0 <= old_size <= end:
            raise UsageError(f"a tree of {end} entries does not extend one of {old_size}")
        return merkle.consistency_proof(old_size, end, self._reader()) if old_size else []

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries, from the tiles."""
        return merkle.root_of(self._end(size), self._reader())

    def tlog_proof(self, index: int, checkpoint: bytes | None = None) -> TlogProof:
        """Return a proof that travels (C2SP tlog-proof).

        Args:
            index: of the entry.
            checkpoint: what to prove against; by default the newest cosigned one if it covers the entry, else the
                newest that the log signed.
        """
        self._check_index(index)
        if checkpoint is None:
            cosigned = self.cosigned()
            checkpoint = cosigned if cosigned is not None and self.open(cosigned).size > index else self.checkpoint()
        hashes = self.inclusion_proof(index, self.open(checkpoint).size)
        return TlogProof(index=index, hashes=tuple(hashes), checkpoint=checkpoint, extra=None)

    def open(self, note: bytes) -> Checkpoint:
        """Read a checkpoint that a key of this log signed. Raises SignatureInvalid, DataError."""
        opened = self._opened
        if opened is None or opened[0] != note:
            opened = self._opened = (note, open_checkpoint(note, self.origin, self.keys())[0])
        return opened[1]

    def cosigned(self) -> bytes | None:
        """Return the newest cosigned checkpoint; None before the first."""
        return next((note for _, note in self._store.notes("cosigned")), None)

    def blob_info(self, index: int) -> BlobInfo | None:
        """Return salt and size of an entry's raw bytes; None where it has none, or no longer."""
        self._check_index(index)
        return self._store.blob(index)

    def blob(self, index: int) -> Iterator[bytes]:
        """Stream the raw bytes of an entry, a chunk in memory at a time.

        Raises:
            UsageError: it has none, or they were erased.
        """
        if self.blob_info(index) is None:
            raise UsageError(f"entry {index} has no raw bytes, or they were erased")
        return self._store.blob_chunks(index)

    def small_blobs(self, start: int, end: int, largest: int) -> dict[int, bytes]:
        """Return the raw bytes of those entries from `start` to `end` that have at most so many, by index."""
        return self._store.small_blobs(start, end, largest)

    def _rows(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        for first in range(start, end, _PAGE):
            last = min(first + _PAGE, end)
            rows = self._store.page(first, last)
            if len(rows) != last - first:
                present = {index for index, _ in rows}
                missing = next(index for index in range(first, last) if index not in present)
                raise IntegrityError(f"entry {missing} is missing", hint="Run `doseway log verify`.")
            yield from rows

    def _reader(self) -> TileReader:
        return tile_reader(self._store, self.size)

    def _end(self, end: int | None) -> int:
        size = self.size
        if end is not None and not 0 <= end <= size:
            raise UsageError(f"the log has {size} entries, not {end}")
        return size if end is None else end

    def _check_index(self, index: int) -> None:
        size = self.size
        if not 0 <= index < size:
            raise UsageError(f"the log has no entry {index}: it has {size}, counted from 0")


def open_log(store: LogReader, anchor: AnchorReader | None = None) -> Log:
    """Read a log beside the process that writes it.

    With its anchor the log ends where it was published; without, at the newest commit.

    Raises, here and on use:
        RolledBack: the store is older than what was published.
        SignatureInvalid: the head is not signed by the log's key.
    """

    def newest() -> Published | None:
        published = anchor.read() if anchor is not None else None  # first: the writer may go on between the two
        head = store.head()
        size = head.size if head is not None else 0
        if anchor is None:
            return None if head is None else Published(head.size, head.root, head.note)
        if published is not None and published.size > size:
            raise RolledBack(f"the log has {size} entries, and a checkpoint over {published.size} was published")
        return published

    first = newest()
    if first is not None and first.size:
        check_note(store, first)
    return Log(store, newest)


def _check_is_covered(hashes: int, n: int, width: int, what: str) -> None:
    if n < 0 or not 1 <= width <= FULL or n * FULL + width > hashes:
        raise Unavailable(f"{what} with width {width} is not in the published tree")


def _decode(index: int, entry: bytes) -> Indexed:
    try:
        return Indexed(index, decode_fact(entry))
    except DataError as error:
        raise IntegrityError(f"entry {index} is not a fact: {error}", hint="Run `doseway log verify`.") from error
