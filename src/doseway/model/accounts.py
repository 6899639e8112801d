"""Who may do what: accounts, API keys, sessions. They live in plain tables outside of the log."""

import hmac
from typing import Final, Literal, get_args

import msgspec

Role = Literal["viewer", "logistics", "quality", "security", "planner", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Permission = Literal["read", "documents", "products", "attend", "decide", "prove", "import", "plan", "administer"]
"""`attend` to alerts, `decide` on a shipment, `prove` by an evidence pack; products and their limits are quality's.

`plan`: bring networks and ask questions about them."""

ALLOWS: Final[dict[Permission, frozenset[Role]]] = {
    "read": frozenset(ROLES),
    "documents": frozenset({"logistics", "quality", "admin"}),
    "products": frozenset({"quality", "admin"}),
    "attend": frozenset({"logistics", "quality", "security", "admin"}),
    "decide": frozenset({"quality"}),  # a qualified person, and nobody by virtue of running the system
    "prove": frozenset({"quality", "security", "admin"}),
    "import": frozenset({"logistics", "quality", "admin"}),
    "plan": frozenset({"planner", "admin"}),
    "administer": frozenset({"admin"}),
}
"""Which roles have a permission."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person's local account; `name` is what the log calls them, so a pseudonym does as well."""

    name: str
    password_hash: str
    roles: tuple[Role, ...]
    created_at_ms: int
    is_disabled: bool = False


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A program's key; only the hash of its secret is kept.

    Attributes:
        formats: the ingest formats that it may send, empty: none. expires_at_ms: None: never.
    """

    id: str
    title: str
    secret_sha256: bytes
    roles: tuple[Role, ...]
    formats: tuple[str, ...]
    created_at_ms: int
    expires_at_ms: int | None = None
    is_revoked: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser; only the hash of its token is kept. `csrf` is the secret that its forms carry."""

    token_sha256: bytes
    account: str
    csrf: str
    started_at_ms: int
    seen_at_ms: int


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: `name` is what facts record, `account:…`, `key:…` or `demo`; `csrf` is empty for keys."""

    name: str
    roles: tuple[Role, ...]
    formats: tuple[str, ...] = ()
    csrf: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether one of the roles allows it."""
        return not ALLOWS[permission].isdisjoint(self.roles)

    def accepts(self, token: str) -> bool:
        """Tell whether a form carries the secret of the session that it is sent in; keys have no forms."""
        return not self.csrf or hmac.compare_digest(token.encode(), self.csrf.encode())
