"""The memory of a witness in one SQLite file.

It is trusted: whoever can take it back to an older copy can make this witness cosign a second history from there on.
Do not restore it from a backup; retire the witness's key instead. An empty memory is the oldest copy there is, which
is why a missing file is never made anew in silence.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from doseway.ledger.durable import sync_directory
from doseway.ledger.witness import WitnessedState
from doseway.model.errors import IntegrityError, Unavailable, UsageError

_APPLICATION_ID: Final = 0x44577769
"""`DWwi` in the file's header: what `file` and SQLite's own tools show."""
_VERSION: Final = 1
_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE witnessed (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    time_s INTEGER NOT NULL CHECK (time_s > 0),
    note BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
    origin TEXT PRIMARY KEY,
    held BLOB NOT NULL,
    refused BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""


class SqliteWitnessStore:
    """The `WitnessStore` of `doseway.ledger.witness` on SQLite: threads and processes may share one file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the empty memory of a *new* witness.

        Raises:
            UsageError: the file exists already; an emptied memory would let logs fork.
            Unavailable: the place cannot be written to.
        """
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            with _translated(fresh), contextlib.closing(sqlite3.connect(fresh)) as connection:
                connection.executescript(
                    "PRAGMA synchronous = FULL;"
                    f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_VERSION}; {_SCHEMA}"
                )
            # A link appears whole or not at all, and never replaces what is there.
            path.hardlink_to(fresh)
        except FileExistsError as error:
            raise UsageError(
                f"{path} exists already", hint="A witness that forgets can be made to cosign a fork: open it instead."
            ) from error
        except OSError as error:
            raise Unavailable(f"{path} cannot be made: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        sync_directory(path.parent)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the memory of a witness.

        Raises:
            Unavailable: there is no such file, or it cannot be read.
            IntegrityError: the file is damaged, or is not a witness's memory.
        """
        if not path.is_file():
            raise Unavailable(
                f"{path} is missing",
                hint="If the memory of this witness is lost, retire its key: an empty one could cosign a fork.",
            )
        connection = _connect(path)
        with _translated(path):
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (application_id, version) != (_APPLICATION_ID, _VERSION):
            connection.close()
            raise IntegrityError(f"{path} is not the memory of a witness that this version knows")
        return cls(connection, path)

    def latest(self, origin: str) -> WitnessedState | None:
        """Return the state of a log; None when the witness never cosigned it.

        Raises:
            Unavailable: the file cannot be read now.
            IntegrityError: the file is damaged.
        """
        with self._lock, _translated(self._path):
            row = self._connection.execute(
                "SELECT size, root, time_s, note FROM witnessed WHERE origin = ?", (origin,)
            ).fetchone()
        return None if row is None else WitnessedState(*row)

    def compare_and_store(self, origin: str, old: WitnessedState | None, new: WitnessedState) -> bool:
        """Replace `old` by `new` in one transaction that is on the disk before this returns.

        Raises:
            Unavailable: the disk is full or fails, or others kept the file locked for 10 s. A failed commit may still
                have reached the disk, which is safe: the cosignature was not handed out, and the log asks again.
            IntegrityError: the file is damaged.
        """
        values = (new.size, new.root, new.time_s, new.note)
        with self._lock, _translated(self._path), self._transaction() as cursor:
            if old is None:
                cursor.execute("INSERT INTO witnessed VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (origin, *values))
            else:
                cursor.execute(
                    "UPDATE witnessed SET size = ?, root = ?, time_s = ?, note = ?"
                    " WHERE origin = ? AND size = ? AND root = ? AND time_s = ? AND note = ?",
                    (*values, origin, old.size, old.root, old.time_s, old.note),
                )
            return cursor.rowcount == 1

    def keep_evidence(self, origin: str, held: bytes, refused: bytes) -> None:
        """Keep the first pair of checkpoints of one size and two roots that a log signed; later pairs add nothing."""
        with self._lock, _translated(self._path), self._transaction() as cursor:
            cursor.execute("INSERT INTO evidence VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (origin, held, refused))

    def evidence(self) -> list[tuple[str, bytes, bytes]]:
        """Return origin, held and refused checkpoint of every log that was caught signing two histories."""
        with self._lock, _translated(self._path):
            return self._connection.execute("SELECT origin, held, refused FROM evidence ORDER BY origin").fetchall()

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        # IMMEDIATE takes the write lock before the comparison, so that no other process can come between.
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            # After some errors SQLite has rolled back by itself.
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    with _translated(path):
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
    return connection


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{path} cannot be used: {error}", hint="Look at the disk's space and rights.") from error
    except sqlite3.ProgrammingError as error:
        raise Unavailable(f"{path} was closed") from error
    except sqlite3.DatabaseError as error:
        raise IntegrityError(
            f"{path} is damaged: {error}", hint="Retire this witness's key: its memory cannot be trusted any more."
        ) from error
