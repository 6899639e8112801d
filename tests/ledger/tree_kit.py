"""RFC 6962 section 2.1 written down as it stands there, slow and recursive: what the fast code is compared with."""

import hashlib
from collections.abc import Sequence

from doseway.ledger import merkle
from doseway.ledger.keys import SigningKey


def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"entry-%d" % number) for number in range(size)]


def rfc_split(size: int) -> int:
    """Return k, the largest power of two smaller than n."""
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def rfc_root(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D[n])."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = rfc_split(len(leaves))
    return hashlib.sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]), section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = rfc_split(len(leaves))
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_consistency(m: int, leaves: Sequence[bytes], *, is_known: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b), section 2.1.2; PROOF is the case b = true."""
    if m == len(leaves):
        return [] if is_known else [rfc_root(leaves)]
    k = rfc_split(len(leaves))
    if m <= k:
        return [*rfc_consistency(m, leaves[:k], is_known=is_known), rfc_root(leaves[k:])]
    return [*rfc_consistency(m - k, leaves[k:], is_known=False), rfc_root(leaves[:k])]


class MemoryTree:
    """A hash reader over leaves in memory."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, n: int) -> bytes:
        if level == 0:
            return self.leaves[n]
        if (level, n) not in self._known:
            self._known[level, n] = merkle.node_hash(self(level - 1, 2 * n), self(level - 1, 2 * n + 1))
        return self._known[level, n]


def flip(data: bytes, bit: int) -> bytes:
    """Return bytes with one bit turned over."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
