"""From entries to the signed root: where the tree that the entries give is not the one that was signed, and why."""

from dataclasses import dataclass

from doseway.ledger import merkle
from doseway.ledger.findings import FindingKind, Findings
from doseway.ledger.fsck_scan import HASH_BYTES, Scan
from doseway.ledger.ports import LogReader
from doseway.ledger.tiles import FULL, TILE_HEIGHT, TileReader

_TILE_BYTES = FULL * HASH_BYTES


@dataclass(frozen=True)
class Rebuilt:
    """The tree as the entries give it: the joined hashes of each level from 1 on, and its root."""

    size: int
    levels: tuple[bytes, ...]
    root: bytes


def rebuild(store: LogReader, size: int, scan: Scan) -> Rebuilt:
    """Compute the upper levels from the scanned level-0 tiles."""
    levels, row = [scan.roots], scan.roots
    while len(row) >= _TILE_BYTES:
        full = len(row) // _TILE_BYTES * _TILE_BYTES
        row = b"".join(
            merkle.root([row[i : i + HASH_BYTES] for i in range(at, at + _TILE_BYTES, HASH_BYTES)])
            for at in range(0, full, _TILE_BYTES)
        )
        levels.append(row)
    unrooted = Rebuilt(size, tuple(levels), b"")
    return Rebuilt(size, unrooted.levels, merkle.root_of(size, rebuilt_reader(store, unrooted, scan.edge)))


def rebuilt_reader(store: LogReader, tree: Rebuilt, edge: bytes | None = None) -> TileReader:
    """Read hashes of the tree that the entries give; leaves are hashed again where they are asked for."""

    def fetch(level: int, n: int, width: int) -> bytes:
        if level:
            return tree.levels[level - 1][n * _TILE_BYTES :][: width * HASH_BYTES]
        if edge is not None and n == tree.size // FULL:
            return edge
        rows = store.page(n * FULL, n * FULL + width)
        return b"".join(merkle.leaf_hash(entry) for _, entry in rows)

    return TileReader(fetch, tree.size)


def check_tree(store: LogReader, scan: Scan, tree: Rebuilt, signed_root: bytes, findings: Findings) -> None:
    """Compare every tile with the entries, and the root with the signed one; name what is wrong."""
    differing = _differing_tiles(store, tree)
    if tree.root == signed_root and not scan.missing.count:
        # The entries are those that were signed: whatever differs from them is the tile's fault.
        altered = {(0, index // FULL) for index in scan.differing.first} | {(level, n) for level, n, _ in differing}
        for level, n in sorted(altered):
            findings.add(
                FindingKind.TILE_ALTERED,
                f"tile {level}/{n} is not what the entries give; the entries are in order",
                tile=f"{level}/{n}",
                severity="repairable",
            )
    elif scan.differing.count or scan.missing.count:
        _diagnose(store, scan, tree.size, findings)
    else:
        _report_rewritten(differing, tree.size, findings)
    _check_nothing_beyond(store, tree.size, findings)


def _differing_tiles(store: LogReader, tree: Rebuilt) -> list[tuple[int, int, int]]:
    """Return level, number and first differing hash of the tiles above level 0 that the entries contradict."""
    found: list[tuple[int, int, int]] = []
    for level, hashes in enumerate(tree.levels, start=1):
        for at in range(0, len(hashes), _TILE_BYTES):
            right = hashes[at : at + _TILE_BYTES]
            stored = (store.tile(level, at // _TILE_BYTES) or b"")[: len(right)]
            if stored != right:
                offset = next(
                    i
                    for i in range(0, len(right), HASH_BYTES)
                    if stored[i : i + HASH_BYTES] != right[i : i + HASH_BYTES]
                )
                found.append((level, at // _TILE_BYTES, (at + offset) // HASH_BYTES))
    return found


def _report_rewritten(differing: list[tuple[int, int, int]], size: int, findings: Findings) -> None:
    """Entries and their tiles agree with each other and not with the signature: both were changed together."""
    if not differing:
        findings.add(
            FindingKind.REWRITTEN,
            "entries and tiles were rewritten together: they agree, and the signed checkpoint is about others",
        )
    for level, n, hash_index in differing:
        first, span = hash_index << level * TILE_HEIGHT, 1 << level * TILE_HEIGHT
        findings.add(
            FindingKind.REWRITTEN,
            f"entries and tiles were rewritten together within entries {first} to {min(first + span, size) - 1}: "
            f"tile {level}/{n} still has the hash of what was there",
            index=first,
            tile=f"{level}/{n}",
        )


def _check_nothing_beyond(store: LogReader, size: int, findings: Findings) -> None:
    """Report tiles that no tree of this size has; a writer that is at work beside us has a larger head by now."""
    head = store.head()
    hashes, level = max(size, head.size if head else 0), 0
    while hashes:
        tiles = -(-hashes // FULL)
        for n in store.tiles(level):
            if n >= tiles:
                findings.add(
                    FindingKind.TILE_ALTERED,
                    f"tile {level}/{n} is beyond the end of the log",
                    tile=f"{level}/{n}",
                    severity="repairable",
                )
        hashes, level = hashes // FULL, level + 1


def _diagnose(store: LogReader, scan: Scan, size: int, findings: Findings) -> None:
    """Tell an edit from a deletion, an insertion, another order and a cut-off end, by the leaf hashes in the tiles."""
    last = store.last_index()
    tail = size - 1 - last  # entries missing at the end; negative where there are more than were signed
    if scan.differing.count and _report_shift(store, scan, tail, findings):
        return
    if _is_other_order(store, scan):
        places = scan.differing.first
        findings.add(
            FindingKind.REORDERED,
            f"{len(places)} entries are there in another order: {_list_of(places)}",
            index=places[0],
        )
    else:
        for index in scan.differing.first:
            _report_differing(store, index, findings)
        findings.count += scan.differing.count - len(scan.differing.first)
    for index in scan.missing.first:
        if index <= last:
            findings.add(FindingKind.DELETED, f"entry {index} was deleted", index=index)
    if tail > 0:
        findings.add(
            FindingKind.TRUNCATED,
            f"the log was cut off: the {tail} entries from {last + 1} on are missing",
            index=last + 1,
        )


def _report_differing(store: LogReader, index: int, findings: Findings) -> None:
    if stored_leaf(store, index) is None:
        findings.add(
            FindingKind.REWRITTEN, f"entry {index} is not the one that was signed, or its tile is damaged", index=index
        )
    else:
        findings.add(
            FindingKind.EDITED, f"entry {index} was edited: it does not have the hash that names it", index=index
        )


def _report_shift(store: LogReader, scan: Scan, tail: int, findings: Findings) -> bool:
    """Recognise entries that were renumbered to close or to open a gap, by the neighbours that moved."""
    first = scan.differing.first[0]
    for count in {max(tail, 1), 1}:
        if _moved(store, first, first + count):
            findings.add(
                FindingKind.DELETED,
                f"{_entries(count)} at index {first} deleted, and those after it renumbered",
                index=first,
            )
            return True
    for count in {max(-tail, 1), 1}:
        if _moved(store, first + count, first):
            findings.add(
                FindingKind.INSERTED,
                f"{_entries(count)} inserted at index {first}, and those after it renumbered",
                index=first,
            )
            return True
    return False


def _moved(store: LogReader, now: int, then: int) -> bool:
    """Tell whether what stood at `then` stands at `now`, and its neighbours likewise."""
    pairs = [(leaf_at(store, now + i), stored_leaf(store, then + i)) for i in range(3)]
    known = [pair for pair in pairs if None not in pair]
    return bool(known) and all(entry == stored for entry, stored in known)


def _is_other_order(store: LogReader, scan: Scan) -> bool:
    places = scan.differing.first
    if not places or scan.differing.count > len(places):
        return False
    now, then = [leaf_at(store, i) for i in places], [stored_leaf(store, i) for i in places]
    return None not in now and sorted(map(repr, now)) == sorted(map(repr, then))


def leaf_at(store: LogReader, index: int) -> bytes | None:
    """Return the leaf hash of an entry as it is now; None where there is none."""
    entry = store.entry(index)
    return None if entry is None else merkle.leaf_hash(entry)


def stored_leaf(store: LogReader, index: int) -> bytes | None:
    """Return the leaf hash that the level-0 tile has; None where it has none."""
    at = index % FULL * HASH_BYTES
    stored = (store.tile(0, index // FULL) or b"")[at : at + HASH_BYTES]
    return stored if len(stored) == HASH_BYTES else None


def _entries(count: int) -> str:
    return "an entry was" if count == 1 else f"{count} entries were"


def _list_of(places: list[int], limit: int = 12) -> str:
    return ", ".join(map(str, places[:limit])) + (" …" if len(places) > limit else "")
