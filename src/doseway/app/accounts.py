"""Accounts, API keys and sessions: who may come in, and who is there.

Passwords are kept as Argon2id, the secrets of keys and sessions (256 random bits) as SHA-256. A wrong name costs as
much time as a wrong password, and whoever guesses too often has to wait.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from doseway.app.logbook import SystemClock
from doseway.app.settings import Settings
from doseway.app.throttle import Throttle
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.model.accounts import ROLES, Account, ApiKey, Role, Session, Who
from doseway.model.clock import Clock
from doseway.model.errors import DataError, UsageError
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS

IDLE_MS: Final = 30 * MINUTE_MS
ABSOLUTE_MS: Final = 12 * HOUR_MS
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1024
_SEEN_EVERY_MS: Final = MINUTE_MS
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEY: Final = re.compile(r"dw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class AccountStore(Protocol):
    """Where accounts, keys, sessions and saved views are kept."""

    def account(self, name: str) -> Account | None:
        """Return an account; None where there is none."""

    def accounts(self) -> list[Account]:
        """Return all accounts, sorted by name."""

    def add_account(self, account: Account) -> None:
        """Add an account. Raises ConflictError where one has the name."""

    def change_account(self, account: Account) -> None:
        """Replace an account, and end its sessions."""

    def key(self, key: str) -> ApiKey | None:
        """Return an API key; None where there is none."""

    def api_keys(self) -> list[ApiKey]:
        """Return all API keys, sorted by id."""

    def put_key(self, key: ApiKey) -> None:
        """Add or replace an API key."""

    def session(self, token_sha256: bytes) -> Session | None:
        """Return a session by the hash of its token."""

    def put_session(self, session: Session) -> None:
        """Add a session, or note that it was seen."""

    def end_session(self, token_sha256: bytes) -> None:
        """Forget a session."""

    def end_sessions(self, seen_before_ms: int) -> None:
        """Forget the sessions that were not seen since."""

    def saved_views(self, owner: str) -> list[tuple[str, str]]:
        """Return name and query of what somebody saved."""

    def save_view(self, owner: str, name: str, query: str) -> None:
        """Save a view under a name; an empty query forgets it."""

    def close(self) -> None:
        """Close what is open. May be called twice."""


class Accounts:
    """What the sign-in page, the guards of the API and `doseway account` ask.

    Args:
        store: where everything is kept.
        clock: tells the time.
        hasher: Argon2id; its parameters are those of RFC 9106's second choice unless a test wants cheaper ones.
    """

    def __init__(self, store: AccountStore, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self.store = store
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._throttle = Throttle(clock)
        self._nobody = self._hasher.hash(secrets.token_hex())

    def add(self, name: str, password: str, roles: Sequence[str]) -> Account:
        """Add an account.

        Raises:
            DataError: the name, the password or a role will not do; says why.
            ConflictError: one has the name.
        """
        if not _NAME.fullmatch(name):
            raise DataError(f"{name!r} is no name for an account", hint="Use a-z 0-9 . _ - and at most 64 of them.")
        hashed = self._hasher.hash(_good_password(password))
        account = Account(name=name, password_hash=hashed, roles=_good_roles(roles), created_at_ms=self._clock.now_ms())
        self.store.add_account(account)
        return account

    def set_password(self, name: str, password: str) -> None:
        """Change a password, and end the account's sessions. Raises as `add` does, UsageError for no such account."""
        hashed = self._hasher.hash(_good_password(password))
        self.store.change_account(msgspec.structs.replace(self._known(name), password_hash=hashed))

    def disable(self, name: str, *, is_disabled: bool = True) -> None:
        """Keep somebody out, and end their sessions; or let them in again. Raises UsageError for no such account."""
        self.store.change_account(msgspec.structs.replace(self._known(name), is_disabled=is_disabled))

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """Begin a session; return its token, or None for a wrong name or password or a disabled account.

        Raises:
            Pushback: too many wrong guesses for this name, or from this address; says how long to wait.
        """
        self._throttle.must_be_free(f"name:{name}", f"address:{address}")
        account = self.store.account(name)
        is_right = self._verified(account.password_hash if account else self._nobody, password)
        if account is None or account.is_disabled or not is_right:
            self._throttle.count(f"name:{name}", f"address:{address}")
            return None
        if self._hasher.check_needs_rehash(account.password_hash):
            hashed = self._hasher.hash(password)
            self.store.change_account(msgspec.structs.replace(account, password_hash=hashed))
        self._throttle.forget(f"name:{name}")
        now_ms, token = self._clock.now_ms(), secrets.token_urlsafe(32)
        self.store.end_sessions(now_ms - IDLE_MS)
        self.store.put_session(
            Session(
                token_sha256=_sha256(token),
                account=name,
                csrf=secrets.token_urlsafe(32),
                started_at_ms=now_ms,
                seen_at_ms=now_ms,
            )
        )
        return token

    def who_has_session(self, token: str) -> Who | None:
        """Return whose session a token is; None once it was idle for 30 minutes, or 12 hours after it began."""
        digest, now_ms = _sha256(token), self._clock.now_ms()
        session = self.store.session(digest)
        if session is None:
            return None
        account = self.store.account(session.account)
        is_over = now_ms - session.seen_at_ms > IDLE_MS or now_ms - session.started_at_ms > ABSOLUTE_MS
        if is_over or account is None or account.is_disabled:
            self.store.end_session(digest)
            return None
        if now_ms - session.seen_at_ms > _SEEN_EVERY_MS:
            self.store.put_session(msgspec.structs.replace(session, seen_at_ms=now_ms))
        return Who(name=f"account:{account.name}", roles=account.roles, csrf=session.csrf)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self.store.end_session(_sha256(token))

    def create_key(
        self, title: str, *, roles: Sequence[str] = (), formats: Sequence[str] = (), days: int | None = None
    ) -> tuple[ApiKey, str]:
        """Make an API key; return it with its text, which is shown once and kept nowhere.

        Raises:
            DataError: it would allow nothing, or a role or the number of days will not do.
        """
        if not roles and not formats:
            raise DataError("a key that allows nothing is of no use", hint="Give it a role, or formats that it sends.")
        if days is not None and days < 1:
            raise DataError("a key lives for at least a day")
        key_id, secret, now_ms = secrets.token_hex(6), secrets.token_urlsafe(32), self._clock.now_ms()
        key = ApiKey(
            id=key_id,
            title=title,
            secret_sha256=_sha256(secret),
            roles=_good_roles(roles),
            formats=tuple(formats),
            created_at_ms=now_ms,
            expires_at_ms=None if days is None else now_ms + days * DAY_MS,
        )
        self.store.put_key(key)
        return key, f"dw_{key_id}_{secret}"

    def revoke_key(self, key: str) -> None:
        """Make a key useless. Raises UsageError for no such key."""
        found = self.store.key(key)
        if found is None:
            raise UsageError(f"there is no key {key!r}", hint="`doseway key list` shows them.")
        self.store.put_key(msgspec.structs.replace(found, is_revoked=True))

    def who_has_key(self, text: str) -> Who | None:
        """Return who a key's text stands for; None for one that is unknown, revoked or expired."""
        match = _KEY.fullmatch(text)
        key = self.store.key(match[1]) if match else None
        if match is None or key is None or not hmac.compare_digest(key.secret_sha256, _sha256(match[2])):
            return None
        is_over = key.expires_at_ms is not None and key.expires_at_ms <= self._clock.now_ms()
        return None if key.is_revoked or is_over else Who(name=f"key:{key.id}", roles=key.roles, formats=key.formats)

    def _known(self, name: str) -> Account:
        account = self.store.account(name)
        if account is None:
            raise UsageError(f"there is no account {name!r}", hint="`doseway account list` shows them.")
        return account

    def _verified(self, hashed: str, password: str) -> bool:
        try:
            return len(password) <= LONGEST_PASSWORD and self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def accounts_path(settings: Settings) -> Path:
    """Where the accounts lie."""
    return settings.store / "accounts.sqlite"


def open_accounts(settings: Settings, *, make: Callable[[Path], AccountStore] = SqliteAccounts) -> Accounts:
    """Open the accounts beside the log; the first call makes an empty file. Raises Unavailable."""
    return Accounts(make(accounts_path(settings)), SystemClock())


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _good_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise DataError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


def _good_roles(roles: Sequence[str]) -> tuple[Role, ...]:
    for role in roles:
        if role not in ROLES:
            raise DataError(f"there is no role {role!r}", hint=f"There are {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in roles)
