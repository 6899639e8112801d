"""Identities: content ids for de-duplication, salted commitments for what may have to be erased."""

import hashlib
from typing import Final, NewType

ContentId = NewType("ContentId", bytes)
"""SHA-256 over a domain label and the content: equal content has an equal id. 32 bytes."""
Commitment = NewType("Commitment", bytes)
"""SHA-256(0x00 || salt || SHA-256(record)): names a record without revealing it. 32 bytes."""

SALT_BYTES: Final = 32


def content_id(label: str, *parts: bytes) -> ContentId:
    """Return the id of content under a domain label; parts are length-framed, so they cannot run together."""
    framed = [piece for part in parts for piece in (len(part).to_bytes(8, "big"), part)]
    return ContentId(hashlib.sha256(b"".join((b"doseway/", label.encode(), b"\n", *framed))).digest())


def commitment(salt: bytes, record_sha256: bytes) -> Commitment:
    """Commit to a record by its SHA-256 and a secret salt.

    With salt and record erased the commitment reveals nothing, and every proof over it stays valid.

    Raises:
        ValueError: salt or digest is not 32 bytes.
    """
    if len(salt) != SALT_BYTES or len(record_sha256) != SALT_BYTES:
        raise ValueError("a salt and a SHA-256 digest are 32 bytes each")
    return Commitment(hashlib.sha256(b"\x00" + salt + record_sha256).digest())
