"""Raw bytes beside the log: streamed in, committed to with a salt, and erasable without breaking a proof."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from doseway.ledger.drafts import StagedBlob
from doseway.ledger.ports import LogReader, LogStore
from doseway.model.errors import HashMismatch, UsageError
from doseway.model.ids import SALT_BYTES, commitment

CHUNK_BYTES: Final = 1 << 20


class ByteStream(Protocol):
    """Anything to read bytes from, such as an open file."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


def stage(
    source: bytes | ByteStream, store: LogStore, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> StagedBlob:
    """Take in raw bytes and commit to them; at most two chunks of 1 MiB are in memory at a time.

    What fits into one chunk stays in memory; the rest goes to the store chunk by chunk, and is dropped when the store
    is opened again without the draft having been appended.
    """
    salt = random_bytes(SALT_BYTES)
    if isinstance(source, bytes):
        return _in_memory(source, salt)
    first, second = _read(source), b""
    if len(first) == CHUNK_BYTES:
        second = _read(source)
    if not second:
        return _in_memory(first, salt)
    return _stage_chunks(first, second, source, store, salt)


def stage_all(bodies: Sequence[bytes], random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> list[StagedBlob]:
    """Commit to many bodies, all in memory, with the randomness of all salts asked for at once."""
    salts = random_bytes(SALT_BYTES * len(bodies))
    return [_in_memory(body, salts[at * SALT_BYTES : (at + 1) * SALT_BYTES]) for at, body in enumerate(bodies)]


def _in_memory(data: bytes, salt: bytes) -> StagedBlob:
    digest = hashlib.sha256(data).digest()
    return StagedBlob(commitment(salt, digest), digest, len(data), salt, data)


def _read(source: ByteStream) -> bytes:
    """Read a whole chunk; sockets and pipes give less than was asked for."""
    parts: list[bytes] = []
    missing = CHUNK_BYTES
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _stage_chunks(first: bytes, second: bytes, source: ByteStream, store: LogStore, salt: bytes) -> StagedBlob:
    staged = store.begin_blob()
    try:
        digest = hashlib.sha256(first)
        store.add_chunk(staged, 0, first)
        size, number, chunk = len(first), 1, second
        while chunk:
            digest.update(chunk)
            store.add_chunk(staged, number, chunk)
            size, number, chunk = size + len(chunk), number + 1, _read(source)
    except BaseException:
        store.drop_blob(staged)
        raise
    return StagedBlob(commitment(salt, digest.digest()), digest.digest(), size, salt, staged=staged)


def check_blob(store: LogReader, index: int, committed: str) -> None:
    """Check the bytes that the store holds for an entry against the commitment in its fact.

    Raises:
        UsageError: there are none.
        HashMismatch: they are not the ones that were committed to.
    """
    info = store.blob(index)
    if info is None:
        raise UsageError(f"entry {index} has no raw bytes, or they were erased")
    digest, size = hashlib.sha256(), 0
    for chunk in store.blob_chunks(index):
        digest.update(chunk)
        size += len(chunk)
    is_whole = len(info.salt) == SALT_BYTES and size == info.size
    if not is_whole or commitment(info.salt, digest.digest()).hex() != committed:
        raise HashMismatch(f"the raw bytes of entry {index} are not those that it commits to")
