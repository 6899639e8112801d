"""The anchor as a small file: what was published last, on another disk than the log where there is one.

Two slots are written in turn, each with a checksum and synced, so that a torn write leaves the other slot. The file
keeps its size from the first write on, so that syncing it moves one block.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from doseway.ledger.durable import sync_directory, write_whole
from doseway.ledger.ports import Published
from doseway.ledger.process_lock import ProcessLock
from doseway.model.errors import ConflictError, IntegrityError, Unavailable, UsageError

SLOT_BYTES: Final = 16_384
"""Room for a checkpoint with two Ed25519 and several post-quantum signatures."""

_MAGIC: Final = b"doseway-anchor-1\n"
_CHECK_BYTES: Final = 32
_HEADER_BYTES: Final = len(_MAGIC) + 8 + 8 + 32 + 4
_sync = getattr(os, "fdatasync", os.fsync)


def _pack(turn: int, record: Published) -> bytes:
    """Write one slot: magic, turn, size, root, length of the note, note, SHA-256 over all before."""
    body = b"".join(
        (
            _MAGIC,
            turn.to_bytes(8, "big"),
            record.size.to_bytes(8, "big"),
            record.root,
            len(record.note).to_bytes(4, "big"),
            record.note,
        )
    )
    slot = body + hashlib.sha256(body).digest()
    if len(slot) > SLOT_BYTES:
        raise UsageError(f"the checkpoint has {len(record.note)} bytes, too many for the anchor")
    return slot


def _unpack(slot: bytes) -> tuple[int, Published] | None:
    """Read one slot; None when it was never written, or only in part."""
    if len(slot) != SLOT_BYTES or not slot.startswith(_MAGIC):
        return None
    at = len(_MAGIC)
    turn, size = int.from_bytes(slot[at : at + 8], "big"), int.from_bytes(slot[at + 8 : at + 16], "big")
    root, length = slot[at + 16 : at + 48], int.from_bytes(slot[at + 48 : at + 52], "big")
    end = _HEADER_BYTES + length
    if end + _CHECK_BYTES > SLOT_BYTES or hashlib.sha256(slot[:end]).digest() != slot[end : end + _CHECK_BYTES]:
        return None
    return turn, Published(size, root, slot[_HEADER_BYTES:end])


class FileAnchorReader:
    """Reads what was published last; for processes beside the one that publishes.

    Raises on `read`:
        IntegrityError: neither slot is whole, which no crash of ours leaves behind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Published | None:
        """Return what was published last; None when there is no file yet."""
        newest = self._newest()
        return None if newest is None else newest[1]

    def _newest(self) -> tuple[int, Published] | None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"the anchor {self.path} cannot be read: {error}") from error
        slots = [_unpack(data[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
        whole = [slot for slot in slots if slot is not None]
        if whole:
            return max(whole, key=lambda slot: slot[0])
        raise IntegrityError(
            f"the anchor {self.path} is damaged: no slot has a valid checksum",
            hint="It guards against a rolled-back log. Compare the log with its witnesses before you renew it.",
        )


class FileAnchor(FileAnchorReader):
    """The anchor of the one process that publishes.

    Raises:
        Unavailable: another process holds the anchor, or its folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the anchor's folder {path.parent} cannot be made: {error}") from error
        self._lock = ProcessLock(path)

    def advance(self, expected: Published | None, new: Published) -> None:
        """Replace one record by the next, durably."""
        newest = self._newest()
        turn, held = newest if newest is not None else (0, None)
        if held != expected:
            raise ConflictError(
                f"the anchor {self.path} does not hold the checkpoint that this one follows",
                hint="Two copies of one log may be using the same anchor: keep one of them.",
            )
        try:
            if held is None:
                self._create(_pack(1, new))
            else:
                self._overwrite(turn + 1, new)
        except OSError as error:
            raise Unavailable(f"the anchor {self.path} cannot be written: {error}") from error

    def _create(self, slot: bytes) -> None:
        """Make the file whole under another name, so that it never exists without a valid slot."""
        write_whole(self.path, bytes(SLOT_BYTES) + slot.ljust(SLOT_BYTES, b"\x00"), is_synced=True)
        sync_directory(self.path.parent)

    def _overwrite(self, turn: int, new: Published) -> None:
        slot = _pack(turn, new)
        with self.path.open("r+b", buffering=0) as file:
            file.seek(turn % 2 * SLOT_BYTES)
            if file.write(slot) != len(slot):
                raise OSError("the slot was written in part")
            _sync(file.fileno())

    def close(self) -> None:
        """Let go of the anchor. May be called twice."""
        self._lock.close()
