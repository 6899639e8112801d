"""Projections' tables in one SQLite file beside the log. It may be deleted at any time: it is computed from the log."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from doseway.ledger.projection import Cursor, Transaction
from doseway.model.errors import Unavailable

_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS projection_cursor (
    projection TEXT PRIMARY KEY, version INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL
) STRICT, WITHOUT ROWID
"""


class SqliteViews:
    """The tables of projections; one writer at a time, any number of readers.

    A power cut may take back the newest rows together with their cursor: they are computed again.

    Raises:
        Unavailable: the file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the views' folder {path.parent} cannot be made: {error}") from error
        self._path = path
        self._guard = threading.RLock()
        with self._translated():
            connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._connection = connection
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(
                f"the views in {self._path} do not answer: {error}",
                hint="They can be deleted: they are computed from the log.",
            ) from error

    def cursor(self, name: str) -> Cursor | None:
        """Return how far a projection has come; None when it never began."""
        sql = "SELECT version, size, root FROM projection_cursor WHERE projection = ?"
        with self._guard, self._translated():
            row = self._connection.execute(sql, (name,)).fetchone()
        return None if row is None else Cursor(*row)

    @contextmanager
    def transaction(self, name: str, cursor: Cursor) -> Iterator[Transaction]:
        """Commit what the caller writes together with the projection's cursor, or nothing of it."""
        connection = self._connection
        with self._guard:
            with self._translated():
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                with self._translated():
                    row = (name, cursor.version, cursor.size, cursor.root)
                    connection.execute("INSERT OR REPLACE INTO projection_cursor VALUES (?, ?, ?, ?)", row)
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def query(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Read rows; the caller is a page or a command that knows the projection's tables."""
        with self._guard, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._guard:
            self._connection.close()
