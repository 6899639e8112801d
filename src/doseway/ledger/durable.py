"""Files that are whole or absent, and on the disk before the call returns."""

import contextlib
import os
from pathlib import Path

from doseway.model.errors import Unavailable


def write_whole(path: Path, data: bytes, *, mode: int = 0o644, is_synced: bool = False) -> None:
    """Replace a file by new content: readers see the old file or the new one, never a part.

    With `is_synced` that holds after a loss of power too; call `sync_directory` on the parent to make the name stay.
    The parent folder must exist.

    Raises:
        Unavailable: the file cannot be written; the old one is unharmed.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from error


def sync_file(path: Path) -> None:
    """Put what was written to a file on the disk.

    Raises:
        Unavailable: the file cannot be synchronised.
    """
    _sync(path, os.O_RDWR)


def sync_directory(path: Path) -> None:
    """Make new and renamed names in a folder durable; on Windows the file system does so by itself.

    Raises:
        Unavailable: the folder cannot be synchronised.
    """
    if os.name == "nt":
        return
    _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    try:
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unavailable(f"{path} cannot be synchronised: {error.strerror}") from error
