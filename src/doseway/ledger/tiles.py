"""Tiles of a Merkle tree (C2SP tlog-tiles v0.1.0): their paths, their growth, and reading hashes back from them.

A tile of level l holds up to 256 hashes; hash i of tile n is the root of the perfect subtree of 256**l leaves number
n * 256 + i. A full tile never changes. Entry bundles stand beside the tiles of level 0.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from doseway.ledger import merkle
from doseway.model.errors import DataError, HashMismatch

TILE_HEIGHT: Final = 8
FULL: Final = 1 << TILE_HEIGHT
HASH_BYTES: Final = 32
MAX_ENTRY_BYTES: Final = 65_535
_LENGTH_BYTES: Final = 2
_LARGEST_LEVEL: Final = 63
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<n>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)

Fetch = Callable[[int, int, int], bytes]
"""(level, n, width) -> the first `width` hashes of a tile, joined."""


class Tile(NamedTuple):
    """One tile or, with level `entries`, the bundle of entries beside a tile of level 0."""

    level: int | Literal["entries"]
    n: int
    width: int


class Growth(NamedTuple):
    """What appending leaves changes.

    Attributes:
        root: of the grown tree.
        changed: (level, n) -> all hashes of each tile that is new or longer.
        edge: level -> the hashes of the partial tile at the right edge, for the next growth.
    """

    root: bytes
    changed: dict[tuple[int, int], bytes]
    edge: dict[int, bytes]


def tile_path(level: int | Literal["entries"], n: int, width: int = FULL) -> str:
    """Return a tile's path below the log's prefix: 1234067 is `x001/x234/067`, a partial tile ends in `.p/W`."""
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03d}")
    partial = "" if width == FULL else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def parse_tile_path(path: str) -> Tile:
    """Read a tile's path.

    Raises:
        DataError: it is not the one canonical path of a tile.
    """
    found = _PATH.fullmatch(path)
    if not found:
        raise DataError(f"{path[:80]!r} is no path of a tile")
    level: int | Literal["entries"] = "entries" if found["level"] == "entries" else int(found["level"])
    n = int(found["n"].replace("x", "").replace("/", ""))
    width = int(found["width"] or FULL)
    is_canonical = (found["width"] is None or width < FULL) and (level == "entries" or level <= _LARGEST_LEVEL)
    if not is_canonical or tile_path(level, n, width) != path:
        raise DataError(f"{path[:80]!r} is no canonical path of a tile")
    return Tile(level, n, width)


def tiles_for(size: int) -> Iterator[tuple[int, int, int]]:
    """List every tile of a tree as (level, n, width), from the lowest level up."""
    level, hashes = 0, size
    while hashes:
        full, width = divmod(hashes, FULL)
        yield from ((level, n, FULL) for n in range(full))
        if width:
            yield level, full, width
        level, hashes = level + 1, full


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries as the log serves them: uint16 length and bytes, one after the other.

    Raises:
        DataError: an entry is longer than 65,535 bytes.
    """
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise DataError(f"an entry is longer than {MAX_ENTRY_BYTES:,} bytes")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Split a bundle into exactly `width` entries.

    Raises:
        DataError: it ends early, or something follows the last entry.
    """
    entries, position = [], 0
    for number in range(width):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise DataError(f"a bundle of {len(data)} bytes ends within its entry {number} of {width}")
        entries.append(data[start:position])
    if position != len(data):
        raise DataError(f"a bundle has {len(data) - position} bytes after its {width} entries")
    return entries


def grow(size: int, edge: Mapping[int, bytes], leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes to a tree.

    Args:
        size: of the tree so far.
        edge: its partial tiles, by level.
        leaves: the new leaf hashes.

    Raises:
        HashMismatch: the partial tiles are not as wide as those of a tree of that size, or a leaf is no hash.
    """
    _check_edge(size, edge)
    if not set(map(len, leaves)) <= {HASH_BYTES}:
        raise HashMismatch(f"a leaf hash is not {HASH_BYTES} bytes long")
    changed: dict[tuple[int, int], bytes] = {}
    new_edge: dict[int, bytes] = dict(edge)
    level, first, joined = 0, size, b"".join(leaves)
    while joined:
        n = first // FULL
        joined = new_edge.pop(level, b"") + joined
        upper: list[bytes] = []
        for start in range(0, len(joined), FULL * HASH_BYTES):
            tile = joined[start : start + FULL * HASH_BYTES]
            changed[level, n] = tile
            if len(tile) == FULL * HASH_BYTES:
                upper.append(merkle.perfect_root(tile))
            else:
                new_edge[level] = tile
            n += 1
        level, first, joined = level + 1, first // FULL, b"".join(upper)
    return Growth(_edge_root(new_edge), changed, new_edge)


def _check_edge(size: int, edge: Mapping[int, bytes]) -> None:
    """A wrong edge would give a wrong root that only the next full check finds."""
    rest, level, widths = size, 0, dict[int, int]()
    while rest:
        if width := rest % FULL:
            widths[level] = width * HASH_BYTES
        rest, level = rest // FULL, level + 1
    if widths != {level: len(tile) for level, tile in edge.items()}:
        raise HashMismatch(f"the partial tiles at hand are not those of a tree of size {size}")


def _edge_root(edge: Mapping[int, bytes]) -> bytes:
    """Fold the partial tiles at the right edge into the root, the lowest and rightmost subtrees first."""
    result: bytes | None = None
    for level in sorted(edge):
        for subtree in reversed(list(_perfect_parts(edge[level]))):
            result = subtree if result is None else merkle.node_hash(subtree, result)
    return merkle.EMPTY_ROOT if result is None else result


def _perfect_parts(tile: bytes) -> Iterator[bytes]:
    start = 0
    for bit in reversed(range(TILE_HEIGHT)):
        width = HASH_BYTES << bit
        if len(tile) & width:
            yield merkle.perfect_root(tile[start : start + width])
            start += width


def split_hashes(tile: bytes) -> list[bytes]:
    """Split a tile into its hashes."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


class TileReader:
    """Reads the hashes of a tree's perfect subtrees from its tiles; it is a `merkle.HashReader`. Tiles are kept.

    Args:
        fetch: returns the first `width` hashes of a tile.
        size: of the tree; only tiles that it has are asked for, as wide as they are in it.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, n: int) -> bytes:
        """Return the hash of the n-th perfect subtree of 2**level leaves.

        Raises:
            ValueError: the tree has no such subtree.
            HashMismatch: a tile has the wrong length.
        """
        if (n + 1) << level > self._size or n < 0:
            raise ValueError(f"a tree of {self._size} leaves has no subtree {n} of level {level}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, first = divmod(n << height, FULL)
        start, end = first * HASH_BYTES, (first + (1 << height)) * HASH_BYTES
        return merkle.perfect_root(self._tile(tile_level, number)[start:end])

    def _tile(self, level: int, n: int) -> bytes:
        found = self._tiles.get((level, n))
        if found is None:
            width = min(FULL, (self._size >> level * TILE_HEIGHT) - n * FULL)
            found = self._fetch(level, n, width)
            if len(found) != width * HASH_BYTES:
                raise HashMismatch(
                    f"{tile_path(level, n, width)} has {len(found)} bytes instead of {width * HASH_BYTES}"
                )
            self._tiles[level, n] = found
        return found
