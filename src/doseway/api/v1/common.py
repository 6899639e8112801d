"""What the resources share: the tower of a request, who asks, pages of lists, and the answer to an act."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.params import PathParameter, QueryParameter

from doseway.app.board import Tower
from doseway.model.accounts import Who

AnyRequest = Request[Who, Any, Any]
Row = TypeVar("Row")

MOST_ROWS: Final = 500
Limit = Annotated[int, QueryParameter(ge=1, le=MOST_ROWS, description="How many rows a page has.")]
After = Annotated[str, QueryParameter(max_length=200, description="The last id of the page before.")]
Id = Annotated[str, PathParameter(min_length=1, max_length=200)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999, description="Unix ms")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for is a fact at this index, durable; read with `?at_least=` it to see it."""

    index: int


def tower_of(request: AnyRequest) -> Tower:
    """Return the tower that a request is about."""
    tower: Tower = request.app.state["tower"]
    return tower


def done(index: int) -> Response[Done]:
    """Answer an act."""
    return Response(Done(index=index), status_code=201)


def page(request: AnyRequest, rows: Sequence[Row], limit: int, key: Callable[[Row], object]) -> Response[list[Row]]:
    """Answer a page of a list; a full page comes with a link to the next (RFC 8288)."""
    headers = {}
    if len(rows) == limit:
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
        target = f"{request.url.path}?{urlencode([*query, ('after', str(key(rows[-1])))])}"
        headers["Link"] = f'<{target}>; rel="next"'
    return Response(list(rows), headers=headers)
