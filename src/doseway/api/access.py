"""Who makes a request, and whether they may: sign-in cookie, API key, and the guard of every route.

A route says what it needs by `needs="…"`, a permission or `PUBLIC`. A route that says nothing is closed to everybody,
so that none is open because somebody forgot.
"""

import secrets
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from doseway.app.accounts import Accounts
from doseway.model.accounts import ALLOWS, ROLES, Who

PUBLIC: Final = "public"
COOKIE: Final = "doseway_session"
CSRF_HEADER: Final = "x-csrf-token"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Connection = ASGIConnection[Any, Any, Any, Any]


def demo_visitor() -> Who:
    """Make the visitor of a demonstration on loopback, who needs no sign-in and may do everything."""
    return Who(name="demo", roles=ROLES, csrf=secrets.token_urlsafe(32))


def identify(accounts: Accounts, visitor: Who | None) -> Callable[[ASGIApp], ASGIApp]:
    """Make the middleware that finds out who asks, and leaves it as `request.user`; None where nobody is known."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP:
                connection: Connection = ASGIConnection(scope)
                scope["user"] = _who(connection, accounts) or (visitor if _is_loopback(connection) else None)
                scope["auth"] = None
            await app(scope, receive, send)

        return run

    return wrap


def guard(connection: Connection, route: BaseRouteHandler) -> None:
    """Let a request pass to a route, or not.

    Raises:
        NotAuthorizedException: nobody is signed in.
        PermissionDeniedException: they may not, or another site sent the request in their name.
    """
    needs: Any = route.opt.get("needs")
    if needs != PUBLIC:
        who: Who | None = connection.scope.get("user")
        if who is None:
            raise NotAuthorizedException("you are not signed in")
        if needs not in ALLOWS or not who.may(needs):
            raise PermissionDeniedException(f"{who.name} may not do that: it needs the permission {needs!r}")
    if connection.scope.get("method") not in _SAFE:
        _must_be_own(connection)


def _must_be_own(connection: Connection) -> None:
    """Refuse what a page of another site sends with our visitor's cookie.

    JSON needs the header; forms carry the same secret in a field, which `ui` checks after it has read the body.
    """
    if connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise PermissionDeniedException("this request comes from another site")
    origin = connection.headers.get("origin")
    if origin not in {None, "null"} and urlsplit(str(origin)).netloc != connection.headers.get("host"):
        raise PermissionDeniedException("this request comes from another site")
    if not connection.url.path.startswith("/v1/"):
        return
    who: Who | None = connection.scope.get("user")
    if who is not None and not who.accepts(connection.headers.get(CSRF_HEADER, "")):
        raise PermissionDeniedException(f"a request with a session carries its {CSRF_HEADER}")


def _is_loopback(connection: Connection) -> bool:
    """Tell whether this machine was called by its own name: a page of another site can make a name lead here."""
    return urlsplit(f"//{connection.headers.get('host', '')}").hostname in _LOOPBACK


def _who(connection: Connection, accounts: Accounts) -> Who | None:
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return accounts.who_has_key(key.strip())
    token = connection.cookies.get(COOKIE)
    return accounts.who_has_session(token) if token else None
