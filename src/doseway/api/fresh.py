"""Read your own writes: every answer says how many facts it knew of, and a request may wait until it is enough."""

import asyncio
from typing import Any, Final

from litestar import Request
from litestar.enums import ScopeType
from litestar.exceptions import ValidationException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from doseway.app.board import Board
from doseway.model.errors import Unavailable

HEADER: Final = b"doseway-index"
PATIENCE_S: Final = 1.0
_LARGEST: Final = 2**63


def stamp(board: Board) -> Any:
    """Make the middleware that says in `Doseway-Index` how many facts the views had when the request came in."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = list(message["headers"])  # a door names the fact that it made
                    if all(name != HEADER for name, _ in headers):
                        headers.append((HEADER, index))
                    message["headers"] = headers
                await send(message)

            index = str(board.index()).encode() if scope["type"] == ScopeType.HTTP else b""
            await app(scope, receive, sending)

        return run

    return wrap


def wait(board: Board) -> Any:
    """Make the hook that honours `?at_least=INDEX`, for at most a second."""

    async def before(request: Request[Any, Any, Any]) -> None:
        text = request.query_params.get("at_least")
        if text is None:
            return
        if not text.isdecimal() or int(text[:20]) >= _LARGEST:
            raise ValidationException("at_least is the index of a fact", extra=[{"key": "at_least", "message": text}])
        if not await asyncio.to_thread(board.wait_for, int(text), PATIENCE_S):
            hint = "Ask again in a moment, or without at_least: Doseway-Index says how many facts an answer knows of."
            raise Unavailable(f"the views have not taken fact {text} yet", hint=hint)

    return before
