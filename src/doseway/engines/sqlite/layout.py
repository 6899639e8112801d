"""The layout of the log's file: its tables, how it is opened, and how SQLite's errors become ours."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from doseway.model.errors import DataError, DosewayError, IntegrityError, Unavailable

CHUNK_BYTES: Final = 1 << 20
_APPLICATION_ID: Final = 0x446F7365  # "Dose"
_SCHEMA_VERSION: Final = 1
_BUSY_S: Final = 10.0
_PAGE_BYTES: Final = 8_192
_WAL_LIMIT_BYTES: Final = 64 << 20

# A tile's key is `level << 48 | n`. A partial tile is kept only as long as it is now: what it was before is its prefix.
# There is one row of content ids a batch, 32 bytes for each entry, zeros where there is none: an index over random keys
# would cost more than the rest of the append.
_SCHEMA: Final = """
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (idx INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE content_id (first_idx INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE tile (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE tag (tag TEXT PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tags_through (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL) STRICT;
INSERT INTO tags_through VALUES (1, 0);
CREATE TABLE blob (id INTEGER PRIMARY KEY, idx INTEGER UNIQUE, salt BLOB, size INTEGER) STRICT;
CREATE TABLE blob_chunk (
    blob INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (blob, n)
) STRICT;
CREATE TABLE note (
    kind TEXT NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (kind, size)
) STRICT, WITHOUT ROWID;
"""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translate(error, path) from error


def _translate(error: sqlite3.Error, path: Path) -> DosewayError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, str(error))
    if name.startswith("SQLITE_CONSTRAINT"):
        return IntegrityError(f"{path} holds rows that nobody committed: {error}", hint="Run `doseway log verify`.")
    hint = "Free some space." if name == "SQLITE_FULL" else "Check the disk."
    return Unavailable(f"{path} does not answer: {error}", hint=hint)


def damaged(path: Path, what: str) -> IntegrityError:
    """Return the error of a file that a disk or a program damaged."""
    hint = "Keep a copy of the file as it is, then restore the newest backup and compare the two."
    return IntegrityError(f"{path} is damaged: {what}", hint=hint)


def check_is_log(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DataError where the file is something else than a log that this version reads."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != _APPLICATION_ID:
        raise DataError(f"{path} is not a Doseway log")
    if version != _SCHEMA_VERSION:
        raise DataError(f"{path} has the layout {version}, and this Doseway reads {_SCHEMA_VERSION}", hint="Update it.")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing file so that nothing can be written.

    A copy on read-only media has no place for SQLite's own side files. Nobody can write to it either, so it is read
    as it stands; but not if its write-ahead log was left behind, which then holds the newest entries.
    """
    wal = path.with_name(path.name + "-wal")
    is_frozen = not os.access(path.parent, os.W_OK) and not (wal.exists() and wal.stat().st_size)
    uri = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if is_frozen else "")
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a file, or make it with its tables. Raises as `check_is_log` does."""
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID};"
                f"PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
            )
        check_is_log(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk before it returns. NORMAL would lose the newest ones with the power.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: through the drive's own cache; no effect elsewhere
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection
