"""Writing the log's file."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

from doseway.engines.sqlite.layout import CHUNK_BYTES, open_for_writing, translated
from doseway.engines.sqlite.reader import SqliteReader
from doseway.ledger.fingerprints import ID_BYTES, NO_ID, segment
from doseway.ledger.ports import Commit, NewBlob, NoteKind
from doseway.ledger.process_lock import ProcessLock
from doseway.model.errors import ConflictError, Unavailable

_ROWS: Final = 100
_INSERT_ROWS: Final = "INSERT INTO entry VALUES " + ", ".join(f"(?1 + {row}, ?{row + 2})" for row in range(_ROWS))  # noqa: S608 - numbers of our own


class SqliteStore(SqliteReader):
    """The one writer's store. Makes the file, with its folder, when it is not there.

    Raises:
        Unavailable: another process, or this one, has the log open for writing.
        DataError: the file is not a log, or was written by a newer Doseway.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the log's folder {path.parent} cannot be made: {error}") from error
        self._lock = ProcessLock(path)
        self._write = threading.RLock()
        try:
            with translated(path):
                self._connection = open_for_writing(path)
            super().__init__(path)
            self._drop_unfinished_blobs()
        except BaseException:
            self._lock.close()
            raise

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: all of it is durable afterwards, or none."""
        connection = self._connection
        with self._write, translated(self.path):
            _roll_back(connection)  # what an earlier failure could not
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # the first error says why
                    _roll_back(connection)
                raise

    @contextmanager
    def _erasing(self) -> Iterator[None]:
        """Overwrite what is deleted with zeros, in the file and in the write-ahead log."""
        with self._write, translated(self.path):
            self._connection.execute("PRAGMA secure_delete = ON")
            try:
                yield
            finally:
                self._connection.execute("PRAGMA secure_delete = OFF")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def commit(self, commit: Commit) -> None:
        """Make a batch durable, as a whole, if the store holds the expected head."""
        if commit.erased:
            with self._erasing():
                self._commit(commit)
        else:
            self._commit(commit)

    def _commit(self, commit: Commit) -> None:
        first = commit.expected.size if commit.expected else 0
        tiles = [(level << 48 | n, data) for (level, n), data in commit.tiles.items()]
        with self._writing() as connection:
            _swap_head(connection, commit)
            _insert_entries(connection, first, commit.entries)
            connection.executemany(
                "INSERT INTO tile VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET data = excluded.data", tiles
            )
            if any(commit.content_ids):
                connection.execute("INSERT INTO content_id VALUES (?, ?)", (first, segment(commit.content_ids)))
            if commit.tags is not None:
                _keep_tags(connection, commit.tags, commit.head.size)
            _keep_blobs(connection, commit.blobs)
            for index in commit.erased:
                _erase(connection, index)
            if commit.rotation:
                _keep_note(connection, "rotation", commit.head.size, commit.head.note)

    def keep_tags(self, tags: Mapping[str, int], through: int) -> None:
        """Keep the newest index of tags durably."""
        with self._writing() as connection:
            _keep_tags(connection, tags, through)

    def begin_blob(self) -> int:
        """Begin to stage a blob that is too large for memory."""
        with self._writing() as connection:
            staged = connection.execute("INSERT INTO blob (idx) VALUES (NULL)").lastrowid
            assert staged is not None
            return staged

    def add_chunk(self, staged: int, number: int, data: bytes) -> None:
        """Add one chunk to a staged blob."""
        with self._writing() as connection:
            connection.execute("INSERT INTO blob_chunk VALUES (?, ?, ?)", (staged, number, data))

    def drop_blob(self, staged: int) -> None:
        """Forget a staged blob, and overwrite it."""
        with self._erasing(), self._writing() as connection:
            _delete_blob(connection, staged)

    def _drop_unfinished_blobs(self) -> None:
        for (staged,) in self._rows("SELECT id FROM blob WHERE idx IS NULL"):
            self.drop_blob(staged)

    def keep_note(self, kind: NoteKind, size: int, note: bytes) -> None:
        """Keep a checkpoint durably; one of the same kind and size is replaced."""
        with self._writing() as connection:
            _keep_note(connection, kind, size, note)

    def close(self) -> None:
        """Let go of the file and of its lock. May be called twice."""
        super().close()
        with self._write:
            self._connection.close()
        self._lock.close()


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _insert_entries(connection: sqlite3.Connection, first: int, entries: Sequence[bytes]) -> None:
    """Insert a hundred rows a statement: half the time of one by one."""
    full = len(entries) // _ROWS * _ROWS
    for at in range(0, full, _ROWS):
        connection.execute(_INSERT_ROWS, (first + at, *entries[at : at + _ROWS]))
    connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(entries[full:], start=first + full))


def _swap_head(connection: sqlite3.Connection, commit: Commit) -> None:
    head = commit.head
    new = (head.size, head.root, head.note, head.at_ms)
    if commit.expected is None:
        sql = "INSERT INTO head SELECT 1, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM head)"
        changed = connection.execute(sql, new).rowcount
    else:
        sql = "UPDATE head SET size = ?, root = ?, note = ?, at_ms = ? WHERE size = ? AND root = ?"
        changed = connection.execute(sql, (*new, commit.expected.size, commit.expected.root)).rowcount
    if changed != 1:
        raise ConflictError(
            "the log's head is not the one that this batch extends",
            hint="Something else wrote to the file: stop it, then run `doseway log verify`.",
        )


def _keep_blobs(connection: sqlite3.Connection, blobs: Sequence[NewBlob]) -> None:
    staged = [(blob.index, blob.salt, blob.size, blob.staged) for blob in blobs if blob.data is None]
    connection.executemany("UPDATE blob SET idx = ?, salt = ?, size = ? WHERE id = ?", staged)
    numbered = enumerate([blob for blob in blobs if blob.data is not None], start=_next_blob(connection))
    rows, chunks = [], []
    for number, blob in numbered:
        data = blob.data or b""
        rows.append((number, blob.index, blob.salt, blob.size))
        chunks += [(number, at // CHUNK_BYTES, data[at : at + CHUNK_BYTES]) for at in range(0, len(data), CHUNK_BYTES)]
    _insert(connection, "blob", rows)
    _insert(connection, "blob_chunk", chunks)


def _next_blob(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM blob").fetchone()[0]
    return number


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows of all columns, a hundred a statement as far as they go."""
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    sql = f"INSERT INTO {table} VALUES "  # noqa: S608 - a name of our own
    full = len(rows) // _ROWS * _ROWS
    for at in range(0, full, _ROWS):
        connection.execute(sql + ", ".join([one] * _ROWS), list(chain.from_iterable(rows[at : at + _ROWS])))
    connection.executemany(sql + one, rows[full:])


def _delete_blob(connection: sqlite3.Connection, blob: int) -> None:
    connection.execute("DELETE FROM blob_chunk WHERE blob = ?", (blob,))
    connection.execute("DELETE FROM blob WHERE id = ?", (blob,))


def _erase(connection: sqlite3.Connection, index: int) -> None:
    """Destroy what could name the bytes of an entry: the bytes, the salt and the content id."""
    for (blob,) in connection.execute("SELECT id FROM blob WHERE idx = ?", (index,)).fetchall():
        _delete_blob(connection, blob)
    sql = "SELECT first_idx, data FROM content_id WHERE first_idx <= ? ORDER BY first_idx DESC LIMIT 1"
    for first, data in connection.execute(sql, (index,)).fetchall():
        at = (index - first) * ID_BYTES
        if at < len(data):
            cleared = data[:at] + NO_ID + data[at + ID_BYTES :]
            connection.execute("UPDATE content_id SET data = ? WHERE first_idx = ?", (cleared, first))


def _keep_tags(connection: sqlite3.Connection, tags: Mapping[str, int], through: int) -> None:
    connection.executemany("INSERT OR REPLACE INTO tag VALUES (?, ?)", sorted(tags.items()))
    connection.execute("UPDATE tags_through SET size = ?", (through,))


def _keep_note(connection: sqlite3.Connection, kind: NoteKind, size: int, note: bytes) -> None:
    connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (kind, size, note))
