"""Files that must not exist yet: they appear under their name when they are whole and on the disk, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from doseway.ledger.durable import sync_directory
from doseway.model.errors import Place, Unavailable, UsageError


@contextmanager
def new_file(path: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a new file for writing; what fails or is killed before the end leaves nothing under the name.

    Args:
        path: where it will be.
        mode: who may read it, less the umask.

    Raises:
        UsageError: there is a file of that name.
        Unavailable: it cannot be written.
    """
    _must_be_free(path)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _publish(fresh, path)
        sync_directory(path.parent)
    except OSError as error:
        raise Unavailable(f"the file cannot be written: {error.strerror}", where=Place(str(path))) from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def _publish(fresh: Path, path: Path) -> None:
    """Give the finished file its name. A hard link fails where the name is taken meanwhile; a rename would not."""
    try:
        os.link(fresh, path)
    except OSError:  # taken, or a disk without hard links (FAT, some network shares)
        _must_be_free(path)
        fresh.rename(path)


def _must_be_free(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError("this exists already, and is not overwritten", hint="Name another.", where=Place(str(path)))
