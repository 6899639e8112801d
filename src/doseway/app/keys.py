"""Signing keys on disk: one small text file each, readable by its owner only.

The file holds one line as Go's `golang.org/x/mod/sumdb/note` writes it: `PRIVATE+KEY+<name>+<id>+<base64>`.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from doseway.app.newfile import new_file
from doseway.ledger.durable import sync_directory, write_whole
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner
from doseway.model.errors import DataError, Place, Unavailable

_PREFIX: Final = "PRIVATE+KEY+"
_ED25519: Final = b"\x01"
_SEED_BYTES: Final = 32
_OWNER_ONLY: Final = 0o600
_OWNER_FOLDER: Final = 0o700


class StoredKey:
    """A named signing key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._seed = seed

    def signer(self) -> NoteSigner:
        """Return the key as a signer of checkpoints."""
        return NoteSigner(self.name, self.key())

    def key(self) -> SigningKey:
        """Return the bare key, for other kinds of signatures."""
        return SigningKey.from_seed(self._seed)

    def text(self) -> str:
        """Return the line that is stored."""
        key_id = self.signer().vkey.key_id.hex()
        return f"{_PREFIX}{self.name}+{key_id}+{base64.b64encode(_ED25519 + self._seed).decode()}\n"


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter: keys and raw bytes of others lie in it. One that exists is left.

    Raises:
        Unavailable: it cannot be made, or is no folder.
    """
    try:
        path.mkdir(mode=_OWNER_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the folder cannot be made: {error.strerror}", where=Place(str(path))) from error


def create_key(path: Path, name: str) -> StoredKey:
    """Make a new key and store it, whole or not at all; an existing file is never overwritten.

    Raises:
        UsageError: there is a file already.
        Unavailable: the folder cannot be written to.
    """
    key = StoredKey(name, os.urandom(_SEED_BYTES))
    make_folder(path.parent)
    with new_file(path, mode=_OWNER_ONLY) as file:
        file.write(key.text().encode("ascii"))
    return key


def read_key(path: Path) -> StoredKey:
    """Read a stored key.

    Raises:
        Unavailable: the file is missing or not readable.
        DataError: it is no key, or its id does not fit the key.
    """
    where = Place(str(path))
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        hint = "Restore it from your backup: without it nothing can be appended."
        raise Unavailable("the signing key cannot be read", hint=hint, where=where) from error
    try:
        name, _, encoded = text.strip().removeprefix(_PREFIX).split("+", 2)
        blob = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise DataError("this is no signing key", where=where) from error
    key = StoredKey(name, blob[1:])
    if blob[:1] != _ED25519 or len(blob) != 1 + _SEED_BYTES or key.text().strip() != text.strip():
        raise DataError("this is no Ed25519 signing key, or it was altered", where=where)
    return key


def find_or_create_key(path: Path, name: str) -> StoredKey:
    """Read a key, or make it at the first start."""
    return read_key(path) if path.exists() else create_key(path, name)


def next_key_path(path: Path) -> Path:
    """Return where a key waits that is about to replace the one at `path`."""
    return path.with_name(path.name + ".next")


def put_next_key_in_force(path: Path) -> Path:
    """Replace a key by the next one; the old one is kept beside it, and its path returned.

    Raises:
        Unavailable: the files cannot be changed.
    """
    kept = path.with_name(f"{path.name}.{read_key(path).signer().vkey.key_id.hex()}.old")
    try:
        write_whole(kept, path.read_bytes(), mode=_OWNER_ONLY, is_synced=True)
        next_key_path(path).replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise Unavailable(f"the key files cannot be changed: {error.strerror}", where=Place(str(path))) from error
    return kept
