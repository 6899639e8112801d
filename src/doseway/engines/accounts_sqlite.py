"""Accounts, keys, sessions and saved views in one SQLite file beside the log. It is trusted, and no part of the log."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from doseway.model.accounts import Account, ApiKey, Session
from doseway.model.errors import ConflictError, Unavailable

_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY, account TEXT NOT NULL, seen_at_ms INTEGER NOT NULL, data BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS saved_views (
    owner TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
"""


class SqliteAccounts:
    """The `AccountStore` of `doseway.app.accounts` on SQLite; threads and processes may share one file.

    Raises:
        Unavailable: the file cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_SCHEMA}")

    def account(self, name: str) -> Account | None:
        """Return an account."""
        rows = self._rows("SELECT data FROM accounts WHERE name = ?", name)
        return msgspec.json.decode(rows[0][0], type=Account) if rows else None

    def accounts(self) -> list[Account]:
        """Return all accounts, sorted by name."""
        rows = self._rows("SELECT data FROM accounts ORDER BY name")
        return [msgspec.json.decode(data, type=Account) for (data,) in rows]

    def add_account(self, account: Account) -> None:
        """Add an account. Raises ConflictError where one has the name."""
        try:
            self._run("INSERT INTO accounts VALUES (?, ?)", account.name, msgspec.json.encode(account))
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"there is an account {account.name!r} already", hint="Choose another name.") from error

    def change_account(self, account: Account) -> None:
        """Replace an account, and end its sessions."""
        self._run("UPDATE accounts SET data = ? WHERE name = ?", msgspec.json.encode(account), account.name)
        self._run("DELETE FROM sessions WHERE account = ?", account.name)

    def key(self, key: str) -> ApiKey | None:
        """Return an API key."""
        rows = self._rows("SELECT data FROM keys WHERE id = ?", key)
        return msgspec.json.decode(rows[0][0], type=ApiKey) if rows else None

    def api_keys(self) -> list[ApiKey]:
        """Return all API keys, sorted by id."""
        rows = self._rows("SELECT data FROM keys ORDER BY id")
        return [msgspec.json.decode(data, type=ApiKey) for (data,) in rows]

    def put_key(self, key: ApiKey) -> None:
        """Add or replace an API key."""
        self._run("INSERT OR REPLACE INTO keys VALUES (?, ?)", key.id, msgspec.json.encode(key))

    def session(self, token_sha256: bytes) -> Session | None:
        """Return a session by the hash of its token."""
        rows = self._rows("SELECT data FROM sessions WHERE token = ?", token_sha256)
        return msgspec.json.decode(rows[0][0], type=Session) if rows else None

    def put_session(self, session: Session) -> None:
        """Add a session, or note that it was seen."""
        row = (session.token_sha256, session.account, session.seen_at_ms, msgspec.json.encode(session))
        self._run("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)", *row)

    def end_session(self, token_sha256: bytes) -> None:
        """Forget a session."""
        self._run("DELETE FROM sessions WHERE token = ?", token_sha256)

    def end_sessions(self, seen_before_ms: int) -> None:
        """Forget the sessions that were not seen since."""
        self._run("DELETE FROM sessions WHERE seen_at_ms < ?", seen_before_ms)

    def saved_views(self, owner: str) -> list[tuple[str, str]]:
        """Return name and query of what somebody saved, sorted by name."""
        rows = self._rows("SELECT name, query FROM saved_views WHERE owner = ? ORDER BY name", owner)
        return [(str(name), str(query)) for name, query in rows]

    def save_view(self, owner: str, name: str, query: str) -> None:
        """Save a view under a name; an empty query forgets it."""
        if query:
            self._run("INSERT OR REPLACE INTO saved_views VALUES (?, ?, ?)", owner, name, query)
        else:
            self._run("DELETE FROM saved_views WHERE owner = ? AND name = ?", owner, name)

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._connection.close()

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def _run(self, sql: str, *values: object) -> None:
        with self._lock, self._translated():
            self._connection.execute(sql, values)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            hint = "Look at the disk's space and rights."
            raise Unavailable(f"the accounts in {self._path} do not answer: {error}", hint=hint) from error
