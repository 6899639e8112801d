"""Merkle trees as RFC 6962 section 2.1 defines them: hashes, roots, inclusion and consistency proofs.

Pure functions of the standard library. Trees are read through a `HashReader`, which returns the hash of a perfect
subtree by its level and number, so that the same proofs come from memory, tiles or a store.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from doseway.model.errors import HashMismatch

HashReader = Callable[[int, int], bytes]
"""(level, n) -> the hash of the n-th perfect subtree of 2**level leaves."""

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256
_pairs = struct.Struct(f"{2 * HASH_BYTES}s").iter_unpack
# Whoever hashes thousands copies these instead of making new ones: a sixth less time for an entry or a node.
_leaf = _sha256(b"\x00")
_node = _sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hash of each entry; faster than one call each, for whoever hashes thousands."""
    hashes: list[bytes] = []
    for entry in entries:
        leaf = _leaf.copy()
        leaf.update(entry)
        hashes.append(leaf.digest())
    return hashes


def parents(row: bytes) -> bytes:
    """Return the joined hashes of the level above, from the joined hashes of an even number of nodes."""
    hashes: list[bytes] = []
    for (pair,) in _pairs(row):
        node = _node.copy()
        node.update(pair)
        hashes.append(node.digest())
    return b"".join(hashes)


def perfect_root(hashes: bytes) -> bytes:
    """Return the root over joined hashes whose number is a power of two.

    Written for speed: most of the hashing of an append and of a full check happens here.

    Raises:
        ValueError: the number of hashes is no power of two.
    """
    count, rest = divmod(len(hashes), HASH_BYTES)
    if rest or count.bit_count() != 1:
        raise ValueError(f"{len(hashes)} bytes are not the hashes of a perfect tree")
    row = hashes
    while len(row) > HASH_BYTES:
        row = parents(row)
    return row


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree from its leaf hashes, level by level; an odd node is never duplicated."""
    if not leaves:
        return EMPTY_ROOT
    row = list(leaves)
    while len(row) > 1:
        odd = [row.pop()] if len(row) % 2 else []
        row = [_sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)] + odd
    return row[0]


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split the leaves [start, end) into the largest perfect subtrees, left to right, as (level, n)."""
    while start < end:
        level = min(_trailing_zeros(start, end), (end - start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def root_of(size: int, read: HashReader) -> bytes:
    """Return the root of the first `size` leaves of a tree."""
    return range_hash(0, size, read) if size else EMPTY_ROOT


def range_hash(start: int, end: int, read: HashReader) -> bytes:
    """Return the hash of the subtree over the leaves [start, end), where start is a multiple of its size's power."""
    hashes = [read(level, n) for level, n in subtrees(start, end)]
    result = hashes.pop()
    while hashes:
        result = node_hash(hashes.pop(), result)
    return result


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """Return the path from the leaf's sibling up to the root's child (RFC 6962 section 2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, read))
            end = middle
        else:
            path.append(range_hash(start, middle, read))
            start = middle
    return path[::-1]


def consistency_proof(old_size: int, new_size: int, read: HashReader) -> list[bytes]:
    """Return the proof that one tree is a prefix of another (RFC 6962 section 2.1.2).

    Raises:
        ValueError: `old_size` is not within 1 and `new_size`.
    """
    if not 1 <= old_size <= new_size:
        raise ValueError(f"there is no proof from size {old_size} to {new_size}")
    path: list[bytes] = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(range_hash(middle, end, read))
            end = middle
        else:
            path.append(range_hash(start, middle, read))
            start = middle
    if start:
        path.append(range_hash(start, end, read))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is in the tree with this size and root.

    Raises:
        HashMismatch: it is not, or the proof has the wrong length.
    """
    if not 0 <= index < size:
        raise HashMismatch(f"a tree of {size} leaves has no leaf {index}")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise HashMismatch(f"the inclusion proof has {len(proof)} hashes instead of {inner + border}")
    _check_lengths(leaf, root, *proof)
    result = leaf
    for level, sibling in enumerate(proof):
        is_right = level >= inner or index >> level & 1
        result = node_hash(sibling, result) if is_right else node_hash(result, sibling)
    if result != root:
        raise HashMismatch(f"leaf {index} is not in the tree of size {size} with that root")


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the old tree is a prefix of the new one. Old size 0 is the caller's case: it proves nothing.

    Raises:
        HashMismatch: it is not, or the proof has the wrong length.
    """
    if not 1 <= old_size <= new_size:
        raise HashMismatch(f"nothing proves size {old_size} a prefix of size {new_size}")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise HashMismatch(f"two trees of size {old_size} differ")
        return
    _check_lengths(old_root, new_root, *proof)
    shift = _trailing_zeros(old_size, new_size)
    inner = ((old_size - 1) ^ (new_size - 1)).bit_length() - shift
    border = ((old_size - 1) >> (inner + shift)).bit_count()
    is_perfect = old_size == 1 << shift
    seed, rest = (old_root, proof) if is_perfect else (proof[0] if proof else b"", proof[1:])
    if len(rest) != inner + border or (not is_perfect and not proof):
        raise HashMismatch(f"the consistency proof has {len(proof)} hashes, which is the wrong number")
    mask = (old_size - 1) >> shift
    old = new = seed
    for level, sibling in enumerate(rest):
        if level >= inner or mask >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    if old != old_root or new != new_root:
        raise HashMismatch(f"the tree of size {old_size} is not a prefix of the one of size {new_size}")


def _check_lengths(*hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise HashMismatch(f"a hash in a proof is not {HASH_BYTES} bytes long")


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _trailing_zeros(value: int, limit: int) -> int:
    return (value & -value).bit_length() - 1 if value else limit.bit_length()
