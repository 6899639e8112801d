"""One process at a time: a lock that the operating system lets go of when its holder dies."""

import contextlib
import os
import socket
import sqlite3
from pathlib import Path

from doseway.model.errors import Unavailable


class ProcessLock:
    """Hold `<path>.lock` exclusively until `close`.

    The lock is an exclusive transaction on an empty SQLite file: it works alike on Linux, macOS and Windows, between
    processes and within one, and needs no cleaning up after a crash. Beside it `<path>.owner` names the holder.

    Raises:
        Unavailable: somebody else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._owner = path.with_name(path.name + ".owner")
        lock_path = path.with_name(path.name + ".lock")
        try:
            connection = sqlite3.connect(lock_path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise Unavailable(f"the lock {lock_path} cannot be opened: {error}") from error
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            raise Unavailable(
                f"{path} is in use by another Doseway{self._named_owner()}",
                hint="One process at a time may write to a log: stop that one, or read with `doseway log status`.",
            ) from error
        self._connection = connection
        with contextlib.suppress(OSError):  # a courtesy: a full disk must not keep anyone from opening the log
            self._owner.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")

    def _named_owner(self) -> str:
        try:
            return f" ({self._owner.read_text(encoding='utf-8')})"
        except OSError:
            return ""

    def close(self) -> None:
        """Let go of the lock. May be called twice."""
        self._connection.close()
