"""The little of ASGI that two bare applications need: read a bounded body, send one answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from doseway.model.errors import Unavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TEXT: Final = "text/plain; charset=utf-8"
BODY_TIMEOUT_S: Final = 30.0
_LOG: Final = logging.getLogger("doseway.api")
_NO_BODY: Final = frozenset({204, 304})


@dataclass(frozen=True)
class Request:
    """One HTTP request: the method, the path as decoded by the server, header names in lower case.

    Attributes:
        receive: gives the body in parts; see `read_body`.
        query: what follows the question mark, as it was sent.
    """

    method: str
    path: str
    headers: dict[bytes, bytes]
    receive: Receive = field(repr=False)
    query: bytes = b""


@dataclass(frozen=True)
class Response:
    """One HTTP answer; the length is added when it is sent, and a HEAD gets no body."""

    status: int
    body: bytes = b""
    content_type: str = TEXT
    headers: tuple[tuple[bytes, bytes], ...] = ()


Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """Ends a request early with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> Response:
    """Make a short answer in words, that no cache keeps."""
    return Response(status, f"{text}\n".encode(), headers=((b"cache-control", b"no-store"), *headers))


def application(handler: Handler) -> Application:
    """Wrap a handler as an ASGI application: what it raises becomes an answer, and never a half-sent one.

    `Unavailable` is answered 503 with `Retry-After`. Anything else is answered 500 without its text, for that may name
    paths, and goes to the log `doseway.api`, which without further settings writes to standard error.
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], headers, receive, scope.get("query_string", b""))
        try:
            response = await handler(request)
        except Refused as refusal:
            response = refusal.response
        except Unavailable as error:
            _LOG.warning("%s %s: %s", request.method, request.path, error)
            response = plain(503, "this server cannot answer now", (b"retry-after", b"5"))
        except Exception:  # noqa: BLE001 - the outermost frame: beyond it the server would swallow the reason
            _LOG.exception("%s %s failed", request.method, request.path)
            response = plain(500, "this server failed, and its log says why")
        await _send(send, response, request.method)

    return run


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read a whole body.

    Raises:
        Refused: it is larger than `max_bytes` (413), does not arrive within 30 s (408), or breaks off (400).
    """
    parts: list[bytes] = []
    await read_into(request, max_bytes, parts.append)
    return b"".join(parts)


async def read_into(request: Request, max_bytes: int, take: Callable[[bytes], object]) -> None:
    """Hand the parts of a body on as they arrive. Raises as `read_body` does, and what `take` raises."""
    declared = request.headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared[:20]) > max_bytes:
        raise Refused(plain(413, f"a body of at most {max_bytes} bytes is taken"))
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                event = await request.receive()
                if event["type"] != "http.request":
                    raise Refused(plain(400, "the body broke off"))
                part = event.get("body", b"")
                size += len(part)
                if size > max_bytes:
                    raise Refused(plain(413, f"a body of at most {max_bytes} bytes is taken"))
                take(part)
                if not event.get("more_body", False):
                    return
    except TimeoutError as error:
        raise Refused(plain(408, f"the body did not arrive within {BODY_TIMEOUT_S:g} s")) from error


def must_be(request: Request, methods: Iterable[str]) -> None:
    """Check the method.

    Raises:
        Refused: it is none of these (405).
    """
    allowed = tuple(methods)
    if request.method not in allowed:
        allow = (b"allow", ", ".join(allowed).encode())
        raise Refused(plain(405, f"only {' and '.join(allowed)} work here", allow))


async def _send(send: Send, response: Response, method: str) -> None:
    body = b"" if response.status in _NO_BODY else response.body
    headers = list(response.headers)
    if response.status not in _NO_BODY:
        headers += [
            (b"content-type", response.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
