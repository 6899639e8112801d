"""The headers that keep a page what it is: nothing inline, nothing from elsewhere, in nobody's frame."""

from collections.abc import Callable
from typing import Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_ALWAYS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=(), payment=(), usb=()"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE: Final = (b"cache-control", b"no-store")


def protect(*, is_https: bool) -> Callable[[ASGIApp], ASGIApp]:
    """Make the middleware that sets them; `is_https` is what browsers see, also where a proxy ends TLS."""
    fixed = (*_ALWAYS, _HSTS) if is_https else _ALWAYS

    def wrap(app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    names = {bytes(name).lower() for name, _ in message["headers"]}
                    added = [pair for pair in (*fixed, _NO_STORE) if pair[0] not in names]
                    message["headers"] = [*message["headers"], *added]
                await send(message)

            await app(scope, receive, sending)

        return run

    return wrap
