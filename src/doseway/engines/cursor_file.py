"""How far doors have read, as one small JSON file that is replaced whole."""

import threading
from pathlib import Path

import msgspec

from doseway.ledger.durable import write_whole
from doseway.model.canonical import encode
from doseway.model.errors import IntegrityError, Unavailable


class FileCursors:
    """The `Cursors` of `doseway.intake.poll` in a file; for one process."""

    def __init__(self, path: Path) -> None:
        """Read the file; there may be none yet.

        Raises:
            Unavailable: it cannot be read.
            IntegrityError: it is damaged.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            self._held = msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.exists() else {}
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            hint = "Delete it: the doors then read again from as far back as they are set to."
            raise IntegrityError(f"{path} is damaged: {error}", hint=hint) from error

    def get(self, name: str) -> int | None:
        """Return the instant up to which `name` was read, Unix ms; None: never."""
        return self._held.get(name)

    def put(self, name: str, at_ms: int) -> None:
        """Remember an instant; durable on return.

        Raises:
            Unavailable: the disk does not take it.
        """
        with self._lock:
            self._held[name] = at_ms
            write_whole(self._path, encode(self._held), is_synced=True)
