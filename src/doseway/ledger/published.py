"""A log as others see it: a checkpoint and tiles under a prefix (C2SP tlog-tiles), and the full check of one.

Whoever has the prefix and the log's key needs nothing else. What lies under the prefix is not trusted: `audit` rehashes
every entry, compares every tile at every level, and ends at the root that the log signed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.note import MAX_NOTE_BYTES, OpenedNote, VerifierKey
from doseway.ledger.tiles import FULL, HASH_BYTES, TILE_HEIGHT, TileReader, parse_bundle, split_hashes, tile_path
from doseway.model.errors import DataError, HashMismatch, Unavailable

MAX_TILE_BYTES: Final = FULL * HASH_BYTES
MAX_BUNDLE_BYTES: Final = FULL * (2 + 65_535)
_MAX_LEVEL: Final = 63

Fetch = Callable[[str, int], bytes | None]
"""Reads the resource at a path, of at most so many bytes; None where there is none."""


class PublishedLog(Protocol):
    """The read port of a published log. Several threads may call it at once."""

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint.

        Raises:
            Unavailable: there is none yet, or its place does not answer.
        """

    def tile(self, level: int, n: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile.

        Raises:
            Unavailable: it is not there, or its place does not answer.
        """

    def bundle(self, n: int, width: int) -> bytes:
        """Return the entry bundle with the first `width` entries beside level-0 tile `n`. Raises as `tile` does."""


class PrefixLog:
    """A `PublishedLog` read path by path; a partial tile that is gone is cut from its full one, as the rules allow."""

    def __init__(self, fetch: Fetch, close: Callable[[], None] = lambda: None) -> None:
        self._fetch = fetch
        self._close = close

    def close(self) -> None:
        """Let go of what `fetch` holds open, such as a connection. May be called twice."""
        self._close()

    def checkpoint(self) -> bytes:
        """Return the checkpoint; raises Unavailable where there is none."""
        return _there(self._fetch("checkpoint", MAX_NOTE_BYTES), "checkpoint")

    def tile(self, level: int, n: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile; raises Unavailable where neither it nor the full one is."""
        path = tile_path(level, n, width)
        data = self._fetch(path, MAX_TILE_BYTES)
        if data is None and width < FULL:
            full = self._fetch(tile_path(level, n), MAX_TILE_BYTES)
            data = None if full is None else full[: width * HASH_BYTES]
        return _there(data, path)

    def bundle(self, n: int, width: int) -> bytes:
        """Return the bundle of `width` entries; raises Unavailable where neither it nor the full one is."""
        path = tile_path("entries", n, width)
        data = self._fetch(path, MAX_BUNDLE_BYTES)
        if data is None and width < FULL:
            full = self._fetch(tile_path("entries", n), MAX_BUNDLE_BYTES)
            data = None if full is None else _first_entries(full, width)
        return _there(data, path)


def _there(data: bytes | None, path: str) -> bytes:
    if data is None:
        raise Unavailable(f"{path} is not there", hint="The log is not published there, or not completely.")
    return data


def _first_entries(bundle: bytes, width: int) -> bytes:
    """Cut a bundle after `width` entries; a malformed one is returned as it is, for its reader to refuse."""
    position = 0
    for _ in range(width):
        position += 2 + int.from_bytes(bundle[position : position + 2], "big")
    return bundle[:position]


def has_tile(size: int, level: int, n: int, width: int) -> bool:
    """Tell whether a tree of a size has the first `width` hashes of a tile, all of them of complete subtrees."""
    if not (0 <= level <= _MAX_LEVEL and n >= 0 and 1 <= width <= FULL):
        return False
    return (size >> (TILE_HEIGHT * level)) - n * FULL >= width


@dataclass(frozen=True)
class Audited:
    """A published log that was checked whole: its checkpoint, and how much was read."""

    checkpoint: Checkpoint
    opened: OpenedNote
    tiles: int


def audit(
    log: PublishedLog,
    origin: str,
    keys: Sequence[VerifierKey],
    *,
    progress: Callable[[int, int], None] = lambda _done, _size: None,
    on_entry: Callable[[int, bytes], None] | None = None,
) -> Audited:
    """Check everything that a published log claims, from its entries up to the root that it signed.

    Args:
        log: where it is published.
        origin: the origin line that its checkpoint must carry.
        keys: the log's key, or keys; witnesses' keys too where their cosignatures shall be verified.
        progress: called with entries done and in all.
        on_entry: called with index and bytes of each entry, after it was found to be what the log committed to
            at its leaf; the root is confirmed only at the end.

    Raises:
        SignatureInvalid: the checkpoint is not signed by one of the keys, or a known key's signature is bad.
        HashMismatch: an entry or a tile is not what the log signed; says which.
        DataError: the checkpoint is not one of this log.
        Unavailable: something is not there.
    """
    checkpoint, opened = open_checkpoint(log.checkpoint(), origin, keys)
    check = _TileCheck(log)
    for n in range(-(-checkpoint.size // FULL)):
        width = min(FULL, checkpoint.size - n * FULL)
        entries = _entries(log, n, width)
        check.add(0, n, [merkle.leaf_hash(entry) for entry in entries])
        for offset, entry in enumerate(entries if on_entry else ()):
            assert on_entry is not None
            on_entry(n * FULL + offset, entry)
        progress(n * FULL + width, checkpoint.size)
    check.finish()
    if merkle.root_of(checkpoint.size, TileReader(log.tile, checkpoint.size)) != checkpoint.root:
        raise HashMismatch(
            f"the entries of {origin} do not give the root that its checkpoint of size {checkpoint.size} signs",
            hint="The log was changed after it was signed: an entry was edited, inserted, removed or moved.",
        )
    return Audited(checkpoint, opened, check.tiles)


def _entries(log: PublishedLog, n: int, width: int) -> list[bytes]:
    try:
        return parse_bundle(log.bundle(n, width), width)
    except DataError as error:
        raise HashMismatch(f"{tile_path('entries', n, width)} is not {width} entries: {error.what}") from error


class _TileCheck:
    """Compares computed hashes with the published tiles, level by level, holding one open tile for each level."""

    def __init__(self, log: PublishedLog) -> None:
        self._log = log
        self._open: list[list[bytes]] = []
        self._full: list[int] = []
        self.tiles = 0

    def add(self, level: int, n: int, hashes: list[bytes]) -> None:
        """Take the hashes of one tile, or the next hash of an open one; a full tile's root goes one level up."""
        if level == len(self._open):
            self._open.append([])
            self._full.append(0)
        self._open[level].extend(hashes)
        if len(self._open[level]) == FULL:
            self._compare(level, n, self._open[level])
            root = merkle.root(self._open[level])
            self._open[level] = []
            self._full[level] = n + 1
            self.add(level + 1, n // FULL, [root])

    def finish(self) -> None:
        """Compare the partial tiles at the right edge."""
        for level, hashes in enumerate(self._open):
            if hashes:
                self._compare(level, self._full[level], hashes)

    def _compare(self, level: int, n: int, hashes: list[bytes]) -> None:
        self.tiles += 1
        published = self._log.tile(level, n, len(hashes))
        if published == b"".join(hashes):
            return
        path = tile_path(level, n, len(hashes))
        if len(published) != len(hashes) * HASH_BYTES:
            raise HashMismatch(f"{path} has {len(published)} bytes instead of {len(hashes) * HASH_BYTES}")
        pairs = zip(hashes, split_hashes(published), strict=True)
        bad = next(number for number, (mine, theirs) in enumerate(pairs) if mine != theirs)
        span = 1 << (TILE_HEIGHT * level)
        first = (n * FULL + bad) * span
        what = f"entry {first}" if level == 0 else f"entries {first} to {first + span - 1}"
        raise HashMismatch(f"{path} does not have the hash of {what}", hint="An entry or the tile was changed.")
