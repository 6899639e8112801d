"""How long a request's body may take, so that clients that drip hold nothing for long: 408, and the connection ends.

A large file over a slow line is welcome: what counts is the rate, after a while of grace.
"""

import asyncio
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

GRACE_S: Final = 30.0
LEAST_BYTES_PER_S: Final = 2_048


class TooSlow(HTTPException, TimeoutError):
    """The body of a request does not arrive; a `TimeoutError` for applications that know no errors of HTTP."""

    status_code = 408


def hurried(app: ASGIApp) -> ASGIApp:
    """Make the middleware that gives up on a body that comes too slowly."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started, size, is_whole = time.monotonic(), 0, False

        async def receiving() -> HTTPReceiveMessage:
            nonlocal size, is_whole
            if is_whole:
                return await receive()  # type: ignore[return-value]  # waits for who goes away, as long as it takes
            left_s = started + GRACE_S + size / LEAST_BYTES_PER_S - time.monotonic()
            try:
                async with asyncio.timeout(max(left_s, 0.0)):
                    message = await receive()
            except TimeoutError as error:
                raise TooSlow("the body does not arrive", headers={"Connection": "close"}) from error
            if message["type"] == "http.request":
                size, is_whole = size + len(message["body"]), not message["more_body"]
            return message  # type: ignore[return-value]

        await app(scope, receiving, send)

    return run
