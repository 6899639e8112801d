"""What is new, as server-sent events: the event's id is the index of its fact, so that a reconnect misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from doseway.app.board import Change, Tower

HEARTBEAT_S: Final = 15.0
_LARGEST: Final = 2**53


@get(
    "/stream",
    needs="read",
    media_type="text/event-stream",
    responses={
        200: ResponseSpec(
            str, generate_examples=False, media_type="text/event-stream", description="Events without end."
        )
    },
)
async def stream(
    request: Request[Any, Any, Any],
    after: Annotated[int | None, QueryParameter(ge=-1, le=_LARGEST, description="Index of the last known fact")] = None,
) -> Response[Any]:
    """Stream the facts behind `after` or the header `Last-Event-ID`; without either, what is new from now on.

    Each event has the fact's type as its name, its index as its id, and `{"index", "type", "shipment"}` as its data.
    """
    tower: Tower = request.app.state["tower"]
    return ServerSentEvent(_messages(tower, _start(tower, request.headers.get("last-event-id"), after)))


def _start(tower: Tower, last_event_id: str | None, after: int | None) -> int:
    if last_event_id:
        if not last_event_id.isdecimal() or int(last_event_id[:20]) > _LARGEST:
            raise ValidationException("Last-Event-ID is the index of a fact")
        return int(last_event_id)
    return tower.board.index() - 1 if after is None else after


async def _messages(tower: Tower, after: int) -> AsyncIterator[ServerSentEventMessage]:
    """Yield changes, and a comment now and then, so that a dead connection is noticed by both ends."""
    yield ServerSentEventMessage(comment="doseway", retry=2000)
    changes = tower.changes.subscribe(after)
    waiting: asyncio.Future[Change] = asyncio.ensure_future(anext(changes))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_S)
            if not done:
                yield ServerSentEventMessage(comment="still here")
                continue
            change = waiting.result()
            yield ServerSentEventMessage(
                event=change.type, id=str(change.index), data=msgspec.json.encode(change).decode()
            )
            waiting = asyncio.ensure_future(anext(changes))
    finally:
        waiting.cancel()


def routes() -> Router:
    """Return the routes of this file."""
    return Router("/v1", route_handlers=[stream], tags=["stream"])
