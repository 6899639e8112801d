"""The outbox in one SQLite file: threads and processes may share it, and each step is on the disk when it returns.

It holds addresses and messages until their fate is in the log, and then forgets them. What stays is the notice's id,
so that it is not put again, and the salts of the addresses' commitments.
"""

import contextlib
import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from doseway.ledger.outbox import Claimed, Item, Outcome, Settled
from doseway.model.errors import IntegrityError, Unavailable
from doseway.model.ids import SALT_BYTES, commitment

_APPLICATION_ID: Final = 0x44576F62
"""`DWob` in the file's header."""
_VERSION: Final = 1
_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    due_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'recorded')),
    held_until_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    payload BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_waiting ON notice (due_ms) WHERE state = 'waiting';
CREATE INDEX notice_settled ON notice (id) WHERE state IN ('delivered', 'failed');
CREATE TABLE address (address_sha256 BLOB PRIMARY KEY, salt BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""


class SqliteOutbox:
    """The `Outbox` of `doseway.ledger.outbox`."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            Unavailable: it cannot be opened or written.
            IntegrityError: it is damaged, or something else.
        """
        self._path = path
        self._lock = threading.Lock()
        with self._translated():
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            with self._translated():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def put(self, items: Sequence[Item]) -> int:
        """Add what is not there yet; return how many that were."""
        rows = [(one.id, one.due_at_ms, one.payload) for one in items]
        with self._transaction() as cursor:
            before = self._connection.total_changes
            cursor.executemany(
                "INSERT INTO notice (id, due_ms, state, payload) VALUES (?, ?, 'waiting', ?) ON CONFLICT DO NOTHING",
                rows,
            )
            return self._connection.total_changes - before

    def claim(self, now_ms: int, *, until_ms: int, most: int) -> list[Claimed]:
        """Take items that are due and that nobody holds; they are held until `until_ms`."""
        with self._transaction() as cursor:
            rows = cursor.execute(
                "SELECT id, payload, attempts FROM notice"
                " WHERE state = 'waiting' AND due_ms <= ? AND held_until_ms <= ? ORDER BY due_ms, id LIMIT ?",
                (now_ms, now_ms, most),
            ).fetchall()
            cursor.executemany(
                "UPDATE notice SET held_until_ms = ? WHERE id = ?", [(until_ms, identity) for identity, _, _ in rows]
            )
        return [Claimed(id=identity, payload=payload, attempts=attempts) for identity, payload, attempts in rows]

    def retry(self, item: str, *, attempts: int, at_ms: int, error: str) -> None:
        """Let go of an item that could not be sent; it is due again at `at_ms`."""
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE notice SET attempts = ?, due_ms = ?, error = ?, held_until_ms = 0"
                " WHERE id = ? AND state = 'waiting'",
                (attempts, at_ms, error, item),
            )

    def settle(self, item: str, outcome: Outcome, *, attempts: int, error: str = "") -> None:
        """Say what became of an item."""
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE notice SET state = ?, attempts = ?, error = ? WHERE id = ? AND state = 'waiting'",
                (outcome, attempts, error, item),
            )

    def unrecorded(self, most: int) -> list[Settled]:
        """Return settled items that are not in the log yet."""
        with self._lock, self._translated():
            rows = self._connection.execute(
                "SELECT id, payload, state, attempts, error FROM notice"
                " WHERE state IN ('delivered', 'failed') ORDER BY id LIMIT ?",
                (most,),
            ).fetchall()
        return [
            Settled(id=identity, payload=payload, outcome=state, attempts=attempts, error=error)
            for identity, payload, state, attempts, error in rows
        ]

    def recorded(self, item: str) -> None:
        """Say that the log has it; the payload is forgotten."""
        with self._transaction() as cursor:
            cursor.execute("UPDATE notice SET state = 'recorded', payload = NULL, error = '' WHERE id = ?", (item,))

    def commitment_of(self, address: str) -> str:
        """Return the salted commitment that names an address in facts, hex; the same address has the same."""
        digest = hashlib.sha256(address.encode()).digest()
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO address VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, secrets.token_bytes(SALT_BYTES))
            )
            (salt,) = cursor.execute("SELECT salt FROM address WHERE address_sha256 = ?", (digest,)).fetchone()
        return commitment(salt, digest).hex()

    def waiting(self) -> int:
        """Return how many items are still to be sent or recorded."""
        with self._lock, self._translated():
            (count,) = self._connection.execute("SELECT count(*) FROM notice WHERE state <> 'recorded'").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self._begun() as cursor:
            (application_id,) = cursor.execute("PRAGMA application_id").fetchone()
            (version,) = cursor.execute("PRAGMA user_version").fetchone()
            (tables,) = cursor.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables == 0:
                for statement in filter(str.strip, _SCHEMA.split(";\n")):
                    cursor.execute(statement)
                cursor.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                cursor.execute(f"PRAGMA user_version = {_VERSION}")
            elif (application_id, version) != (_APPLICATION_ID, _VERSION):
                raise IntegrityError(f"{self._path} is not an outbox that this version knows")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, self._translated(), self._begun() as cursor:
            yield cursor

    @contextlib.contextmanager
    def _begun(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be used: {error.strerror}") from error
        except sqlite3.OperationalError as error:
            hint = "Look at the disk's space and rights."
            raise Unavailable(f"{self._path} cannot be used: {error}", hint=hint) from error
        except sqlite3.ProgrammingError as error:
            raise Unavailable(f"{self._path} was closed") from error
        except sqlite3.DatabaseError as error:
            hint = "Move it away: notices that wait in it are lost, those that were sent are in the log."
            raise IntegrityError(f"{self._path} is damaged: {error}", hint=hint) from error
