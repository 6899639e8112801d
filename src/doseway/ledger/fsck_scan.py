"""The long part of a full check: read every entry once, hash it, and note what it says.

A log is scanned in spans that depend on nothing but their own entries and tiles, so that several processes can share
the work. A scan judges nothing: it reports what `doseway.ledger.fsck` then puts together.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from doseway.ledger import merkle
from doseway.ledger.ports import LogReader
from doseway.ledger.tiles import FULL, TILE_HEIGHT
from doseway.model.errors import DataError
from doseway.model.facts import BODIES, BlobErased, LogCreated, LogKeyRotated, decode_fact

HASH_BYTES: Final = 32
SPAN_ENTRIES: Final = 1 << 16
"""A level-1 tile's worth of entries."""

_PAGE: Final = 4 * FULL
_MAX_PLACES: Final = 4_096


class _Brief(msgspec.Struct, gc=False):
    """What the scan needs of a fact; the rest is skipped while decoding."""

    type: str
    at_ms: int
    tags: tuple[str, ...] = ()


_DECODER = msgspec.json.Decoder(_Brief)


@dataclass(slots=True)
class Places:
    """Indexes where something was seen: the first few thousand, and how many there are in all."""

    first: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, index: int) -> None:
        """Note one place."""
        self.count += 1
        if len(self.first) < _MAX_PLACES:
            self.first.append(index)

    def extend(self, other: "Places") -> None:
        """Add the places of a later span."""
        self.first.extend(other.first[: _MAX_PLACES - len(self.first)])
        self.count += other.count


@dataclass(slots=True)
class Scan:
    """What the entries of a span say.

    Attributes:
        roots: the hash of each full level-0 tile, computed from the entries, joined.
        edge: the leaf hashes beyond the last full tile, joined.
        differing: entries whose leaf hash is not the one in the level-0 tile.
        missing: indexes below the size without an entry.
        not_facts: entries that do not decode.
        decreasing: entries recorded before their predecessor.
        tags: the last index of each tag.
        packets: entries that commit to raw bytes.
        erased: entries whose raw bytes a fact says were erased.
        keys: facts about the log's keys.
        first_at_ms, last_at_ms: recorded times at the span's ends.
    """

    roots: bytes = b""
    edge: bytes = b""
    differing: Places = field(default_factory=Places)
    missing: Places = field(default_factory=Places)
    not_facts: Places = field(default_factory=Places)
    decreasing: Places = field(default_factory=Places)
    tags: dict[str, int] = field(default_factory=dict)
    packets: "array[int]" = field(default_factory=lambda: array("q"))
    erased: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("q"))
    first_at_ms: int | None = None
    last_at_ms: int | None = None

    def extend(self, later: "Scan", start: int) -> None:
        """Add the scan of the span that follows, which begins at index `start`."""
        self.roots += later.roots
        self.edge = later.edge
        for mine, theirs in (
            (self.differing, later.differing),
            (self.missing, later.missing),
            (self.not_facts, later.not_facts),
        ):
            mine.extend(theirs)
        if None not in (self.last_at_ms, later.first_at_ms) and later.first_at_ms < self.last_at_ms:  # type: ignore[operator]  # checked
            self.decreasing.add(start)
        self.decreasing.extend(later.decreasing)
        self.tags.update(later.tags)
        self.packets.extend(later.packets)
        self.erased.extend(later.erased)
        self.keys.extend(later.keys)
        self.first_at_ms = later.first_at_ms if self.first_at_ms is None else self.first_at_ms
        self.last_at_ms = self.last_at_ms if later.last_at_ms is None else later.last_at_ms


def scan(store: LogReader, start: int, end: int) -> Scan:
    """Scan the entries in [start, end); `start` is a multiple of 256. A missing entry counts as what the tile says."""
    found = Scan()
    roots: list[bytes] = []
    for first in range(start, end, _PAGE):
        last = min(first + _PAGE, end)
        rows = store.page(first, last)
        entries = [entry for _, entry in rows]
        _read_facts(found, rows, entries)
        stored = _stored_leaves(store, first, last)
        leaves = merkle.leaf_hashes(entries)
        if len(rows) < last - first:  # indexes are unique and in order, so otherwise the page is complete
            leaves = _filled(found, dict(zip((index for index, _ in rows), leaves, strict=True)), stored, first, last)
        joined = b"".join(leaves)
        if joined != stored:
            _compare(found, leaves, stored, first)
        full = len(leaves) // FULL * FULL * HASH_BYTES
        roots.append(_roots(joined[:full]))
        found.edge = joined[full:]
    found.roots = b"".join(roots)
    return found


def scan_in_process(reopen: Callable[[], LogReader], start: int, end: int) -> Scan:
    """Scan in a process of its own, which begins by importing this module: hence it imports little."""
    store = reopen()
    try:
        return scan(store, start, end)
    finally:
        store.close()


def _filled(found: Scan, hashes: Mapping[int, bytes], stored: bytes, first: int, last: int) -> list[bytes]:
    """Note which entries of a page are missing, and return its leaf hashes with those that the tile has for them."""
    leaves: list[bytes] = []
    for index in range(first, last):
        leaf = hashes.get(index)
        if leaf is None:
            found.missing.add(index)
            at = (index - first) * HASH_BYTES
            leaf = stored[at : at + HASH_BYTES]
        leaves.append(leaf)
    return leaves


def _stored_leaves(store: LogReader, first: int, last: int) -> bytes:
    """Return what the level-0 tiles say; zeros where a tile is missing or too short."""
    parts: list[bytes] = []
    for at in range(first, last, FULL):
        width = min(FULL, last - at) * HASH_BYTES
        parts.append((store.tile(0, at // FULL) or b"")[:width].ljust(width, b"\x00"))
    return b"".join(parts)


def _compare(found: Scan, leaves: Sequence[bytes], stored: bytes, first: int) -> None:
    for offset, leaf in enumerate(leaves):
        if stored[offset * HASH_BYTES : (offset + 1) * HASH_BYTES] != leaf:
            found.differing.add(first + offset)


def _roots(row: bytes) -> bytes:
    """Return the joined roots of full tiles, from their joined leaf hashes."""
    for _ in range(TILE_HEIGHT):
        row = merkle.parents(row)
    return row


def _read_facts(found: Scan, rows: Sequence[tuple[int, bytes]], entries: Sequence[bytes]) -> None:
    """Note what a page of entries says: in whole columns, and entry by entry only where something needs a look."""
    try:
        facts = list(map(_DECODER.decode, entries))
    except msgspec.DecodeError:
        rows, facts = _decodable(found, rows)
    if not facts:
        return
    _compare_times(found, rows, [fact.at_ms for fact in facts])
    tags = found.tags
    for (index, _), fact in zip(rows, facts, strict=True):
        for tag in fact.tags:
            tags[tag] = index
    if not _NOTED.isdisjoint([fact.type for fact in facts]):
        for (index, entry), fact in zip(rows, facts, strict=True):
            _note(found, index, fact.type, entry)


def _compare_times(found: Scan, rows: Sequence[tuple[int, bytes]], times: list[int]) -> None:
    before = times[0] if found.last_at_ms is None else found.last_at_ms
    if found.first_at_ms is None:
        found.first_at_ms = times[0]
    found.last_at_ms = times[-1]
    if times[0] >= before and times == sorted(times):
        return
    for (index, _), earlier, later in zip(rows, [before, *times[:-1]], times, strict=True):
        if later < earlier:
            found.decreasing.add(index)


def _decodable(found: Scan, rows: Sequence[tuple[int, bytes]]) -> tuple[list[tuple[int, bytes]], list[_Brief]]:
    """Set aside the entries that are no facts."""
    kept: list[tuple[int, bytes]] = []
    facts: list[_Brief] = []
    for index, entry in rows:
        try:
            facts.append(_DECODER.decode(entry))
        except msgspec.DecodeError:
            found.not_facts.add(index)
        else:
            kept.append((index, entry))
    return kept, facts


_COMMITTING: Final = frozenset(
    kind for kind, body in BODIES.items() if "commitment" in body.__struct_fields__ and body is not BlobErased
)
_KEYS: Final = frozenset({LogCreated.TYPE, LogKeyRotated.TYPE})
_NOTED: Final = _COMMITTING | _KEYS | {BlobErased.TYPE}


def _note(found: Scan, index: int, kind: str, entry: bytes) -> None:
    if kind in _COMMITTING:
        found.packets.append(index)
    elif kind in _KEYS:
        found.keys.append(index)
    elif kind == BlobErased.TYPE:
        found.erased.append(_erased_packet(entry))


def _erased_packet(entry: bytes) -> int:
    """Return the entry that an erasure is about; -1 where its body does not say, and nothing was erased."""
    try:
        body = decode_fact(entry).content()
    except DataError:
        return -1
    return body.packet if isinstance(body, BlobErased) else -1
