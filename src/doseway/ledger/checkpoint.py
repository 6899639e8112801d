"""Checkpoints (C2SP tlog-checkpoint v1.0.0): the signed statement of a log's size and root."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from doseway.ledger.note import (
    ED25519,
    MAX_NUMBER,
    ROOT_BYTES,
    NoteSigner,
    OpenedNote,
    SignedNote,
    VerifierKey,
    decode_base64,
    format_note,
    open_note,
    parse_decimal,
)
from doseway.model.errors import DataError, SignatureInvalid

MAX_SIZE: Final = MAX_NUMBER
_FIXED_LINES: Final = 3


@dataclass(frozen=True)
class Checkpoint:
    """A log's origin, the size of its tree and the root; extension lines are discouraged and kept."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the note's text.

        Raises:
            DataError: a line would be empty or two lines, or the root is not 32 bytes: nobody could read it back.
        """
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        if self.size < 0 or len(self.root) != ROOT_BYTES or not all(line and "\n" not in line for line in lines):
            raise DataError(f"the checkpoint of {self.origin[:60]!r} at size {self.size} cannot be written")
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text.

    Raises:
        DataError: it has not this shape, or a number or base64 in it is not canonical.
    """
    lines = text.split("\n")
    if len(lines) <= _FIXED_LINES or lines[-1] or not all(lines[:-1]):
        raise DataError("a checkpoint has origin, size and root, each on a line, and no empty line")
    size = parse_decimal(lines[1])
    root = decode_base64(lines[2])
    if len(root) != ROOT_BYTES:
        raise DataError(f"a checkpoint's root has {len(root)} bytes instead of {ROOT_BYTES}")
    return Checkpoint(lines[0], size, root, tuple(lines[3:-1]))


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[NoteSigner]) -> bytes:
    """Return the signed note of a checkpoint.

    Raises:
        DataError: the checkpoint cannot be written.
    """
    text = checkpoint.text()
    return format_note(SignedNote(text, tuple(signer.sign(text) for signer in signers)))


def open_checkpoint(data: bytes, origin: str, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, OpenedNote]:
    """Verify a checkpoint of a log: at least one Ed25519 signature of the log itself must be among the verified ones.

    Args:
        keys: the log's keys; witnesses' keys too where their cosignatures shall be verified.

    Raises:
        SignatureInvalid: a known key's signature is wrong, or the log's is missing.
        DataError: it is malformed, or of another log.
    """
    opened = open_note(data, keys)
    checkpoint = parse_checkpoint(opened.text)
    if checkpoint.origin != origin:
        raise DataError(f"the checkpoint is of {checkpoint.origin!r} and not of {origin!r}")
    if not any(verified.key.type == ED25519 for verified in opened.signatures):
        raise SignatureInvalid(f"the checkpoint does not carry the signature of the log {origin}")
    return checkpoint, opened
