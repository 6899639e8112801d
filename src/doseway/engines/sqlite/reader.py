"""Reading the log's file."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from doseway.engines.sqlite.layout import check_is_log, damaged, open_for_reading, translated
from doseway.ledger.fingerprints import ID_BYTES, NO_ID
from doseway.ledger.ports import BlobInfo, Head, NoteKind
from doseway.model.errors import UsageError

_SHOWN_DAMAGES: Final = 3


class SqliteReader:
    """The log as it lies in the file, for any number of threads and processes beside the one that writes.

    Every query is short, so that no reader holds up the checkpointing of the write-ahead log.

    Raises:
        UsageError: there is no file at the path.
        DataError: the file is not a log, or was written by a newer Doseway.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UsageError(f"there is no log at {path}", hint="`doseway import` makes one.")
        self.path = path
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        with self._reading() as connection:
            check_is_log(connection, path)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread at a time."""
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        with translated(self.path):
            if connection is None:
                connection = open_for_reading(self.path)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
        with self._guard:
            self._idle.append(connection)

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: Any) -> Any:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _walk(self, sql: str, after: Any) -> Iterator[Any]:
        """Iterate over rows by their first column, a thousand at a time; the SQL starts after its one parameter."""
        while rows := self._rows(f"{sql} LIMIT 1000", after):
            yield from rows
            after = rows[-1][0]

    def check_file(self) -> None:
        """Have SQLite check the whole file, also the parts that hold no fact: pages, indexes, types of values.

        Raises:
            IntegrityError: a disk or a program damaged it.
        """
        found = [text for (text,) in self._rows(f"PRAGMA quick_check({_SHOWN_DAMAGES})")]
        if found != ["ok"]:
            raise damaged(self.path, "; ".join(" ".join(text.split()) for text in found))

    def head(self) -> Head | None:
        """Return the newest committed head."""
        row = self._row("SELECT size, root, note, at_ms FROM head")
        return None if row is None else Head(*row)

    def entry(self, index: int) -> bytes | None:
        """Return one entry."""
        row = self._row("SELECT data FROM entry WHERE idx = ?", index)
        return None if row is None else row[0]

    def last_index(self) -> int:
        """Return the highest index that has an entry, -1 without any."""
        last: int = self._row("SELECT coalesce(max(idx), -1) FROM entry")[0]
        return last

    def page(self, start: int, end: int, *, containing: bytes = b"") -> list[tuple[int, bytes]]:
        """Return index and bytes of entries in order."""
        if not containing:
            return self._rows("SELECT idx, data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", start, end)
        sql = "SELECT idx, data FROM entry WHERE idx >= ? AND idx < ? AND instr(data, ?) > 0 ORDER BY idx"
        return self._rows(sql, start, end, containing)

    def tile(self, level: int, n: int) -> bytes | None:
        """Return the hashes of a tile, as many as it has so far."""
        row = self._row("SELECT data FROM tile WHERE key = ?", level << 48 | n)
        return None if row is None else row[0]

    def tiles(self, level: int) -> Iterator[int]:
        """List the tiles of a level by number."""
        first = level << 48
        for (key,) in self._walk("SELECT key FROM tile WHERE key > ? ORDER BY key", first - 1):
            if key >> 48 != level:
                return
            yield key - first

    def content_ids(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Return index and content id of the entries that have one."""
        sql = (
            "SELECT first_idx, data FROM content_id WHERE first_idx < ? AND first_idx >= "
            "(SELECT coalesce(max(first_idx), 0) FROM content_id WHERE first_idx <= ?) ORDER BY first_idx"
        )
        return [
            (index, content_id)
            for first, data in self._rows(sql, end, start)
            for index in range(max(start, first), min(end, first + len(data) // ID_BYTES))
            if (content_id := data[(index - first) * ID_BYTES : (index - first + 1) * ID_BYTES]) != NO_ID
        ]

    def segments(self) -> Iterator[tuple[int, bytes]]:
        """List first index and joined content ids of each batch."""
        yield from self._walk("SELECT first_idx, data FROM content_id WHERE first_idx > ? ORDER BY first_idx", -1)

    def tags_through(self) -> int:
        """Return the size up to which the tags of entries are known."""
        size: int = self._row("SELECT size FROM tags_through")[0]
        return size

    def last_tagged(self, tag: str) -> int | None:
        """Return the index of the newest entry with a tag."""
        row = self._row("SELECT idx FROM tag WHERE tag = ?", tag)
        return None if row is None else row[0]

    def tags(self) -> Iterator[tuple[str, int]]:
        """List each tag with the index of its newest entry."""
        yield from self._walk("SELECT tag, idx FROM tag WHERE tag > ? ORDER BY tag", "")

    def blob(self, index: int) -> BlobInfo | None:
        """Describe the blob of an entry."""
        row = self._row("SELECT salt, size FROM blob WHERE idx = ?", index)
        return None if row is None else BlobInfo(*row)

    def blob_chunks(self, index: int) -> Iterator[bytes]:
        """Stream the blob of an entry, a chunk in memory at a time."""
        sql = "SELECT n, data FROM blob_chunk WHERE blob = (SELECT id FROM blob WHERE idx = ?) AND n > ?"
        number = -1
        while row := self._row(f"{sql} ORDER BY n LIMIT 1", index, number):
            number = row[0]
            yield row[1]

    def small_blobs(self, start: int, end: int, largest: int) -> dict[int, bytes]:
        """Return the small blobs of a range of entries; one query instead of three for each."""
        sql = (
            "SELECT idx, data FROM blob JOIN blob_chunk ON blob_chunk.blob = blob.id "
            "WHERE idx >= ? AND idx < ? AND size <= ? ORDER BY idx, n"
        )
        found: dict[int, bytes] = {}
        for index, data in self._rows(sql, start, end, largest):
            found[index] = found.get(index, b"") + data
        return found

    def blob_indexes(self) -> Iterator[int]:
        """List the entries that have a blob."""
        for (index,) in self._walk("SELECT idx FROM blob WHERE idx > ? ORDER BY idx", -1):
            yield index

    def notes(self, kind: NoteKind) -> Iterator[tuple[int, bytes]]:
        """List the kept checkpoints with their sizes, the newest first."""
        sql = "SELECT size, data FROM note WHERE kind = ? AND size < ? ORDER BY size DESC LIMIT 1"
        size = 1 << 62
        while row := self._row(sql, kind, size):
            size = row[0]
            yield size, row[1]

    def close(self) -> None:
        """Close the idle connections. May be called twice."""
        with self._guard:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
