"""Planning, what was answered: in words, tables and drawings, as a file to take along, with its proof, and compared."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from doseway.api.problems import NotFound
from doseway.api.v1.common import AnyRequest, Limit, page
from doseway.api.v1.plan_common import Number, plans_of
from doseway.api.v1.plan_networks import attached
from doseway.app.plans import exports
from doseway.app.plans.book import AnswerHead
from doseway.app.plans.made import Chapter, Made
from doseway.model.errors import UsageError

_LAST: Final = 2**53
Ending = Annotated[exports.Ending, PathParameter()]


class ShownColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column's name and the unit of its values; empty: none."""

    name: str
    unit: str


class ShownTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table: a name for programs, a title for people; cells are text, numbers, yes or no, or null."""

    name: str
    title: str
    columns: list[ShownColumn]
    rows: list[list[Any]]


class ShownFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing as SVG that takes its colours from the page, what it shows in a sentence, and the same as a table."""

    name: str
    title: str
    caption: str
    svg: str
    twin: ShownTable


class ShownChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an answer: its words, drawings and tables."""

    title: str
    words: list[str]
    figures: list[ShownFigure]
    sheets: list[ShownTable]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: how it came to be, and what it says; `answer` has the question's own members."""

    head: AnswerHead
    title: str
    chapters: list[ShownChapter]
    reasons: list[str]
    answer: Any


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the plans of two answers."""

    title: str
    chapters: list[ShownChapter]


@get("/plan/answers", needs="read", sync_to_thread=True)
def list_answers(
    request: AnyRequest,
    network: Annotated[str, QueryParameter(max_length=64)] = "",
    question: Annotated[str, QueryParameter(max_length=64)] = "",
    after: Annotated[int, QueryParameter(ge=0, le=_LAST, description="The last index of the page before.")] = _LAST,
    limit: Limit = 100,
) -> Response[list[AnswerHead]]:
    """List the answers, the newest first."""
    found = [
        one
        for one in plans_of(request).book.answers()
        if network in {"", one.network} and question in {"", one.question} and one.index < after
    ]
    return page(request, found[:limit], limit, lambda row: row.index)


@get("/plan/answers/{answer:int}", needs="read", sync_to_thread=True)
def get_answer(request: AnyRequest, answer: Number) -> Response[Answered]:
    """Return an answer as it was kept; it never changes, and `ETag` is its hash."""
    head, made = known_answer(request, answer)
    whole = Answered(
        head=head, title=made.title, chapters=_shown(made.chapters), reasons=made.reasons, answer=made.answer
    )
    return Response(whole, headers={"ETag": f'"{head.answer_sha256}"'})


@get(
    "/plan/answers/{answer:int}/report/{ending:str}",
    needs="read",
    sync_to_thread=True,
    media_type="application/octet-stream",
    responses={
        200: ResponseSpec(
            bytes, generate_examples=False, media_type="application/octet-stream", description="The file."
        )
    },
)
def get_report(request: AnyRequest, answer: Number, ending: Ending) -> Response[bytes]:
    """Return an answer as one HTML page, a workbook or a PDF; as a zip, with its network and the proof in the log."""
    head, made = known_answer(request, answer)
    data = exports.report(plans_of(request), head, made, ending)
    return attached(data, exports.report_name(head, ending), exports.MEDIA_TYPES[ending])


@get("/plan/comparison", needs="read", sync_to_thread=True)
def compare(
    request: AnyRequest,
    first: Annotated[int, QueryParameter(ge=0, le=_LAST, description="An answer that holds a plan.")],
    second: Annotated[int, QueryParameter(ge=0, le=_LAST, description="Another one.")],
) -> Comparison:
    """Say what differs between the plans of two answers. Stores nothing."""
    for one in (first, second):
        known_answer(request, one)
    made = plans_of(request).compared(first, second)
    return Comparison(title=made.title, chapters=_shown(made.chapters))


def known_answer(request: AnyRequest, index: int) -> tuple[AnswerHead, Made]:
    """Return an answer. Raises NotFound."""
    try:
        return plans_of(request).answer(index)
    except UsageError as error:
        raise NotFound(error.what) from error


def _shown(chapters: list[Chapter]) -> list[ShownChapter]:
    return msgspec.convert(msgspec.to_builtins(chapters), list[ShownChapter])


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [list_answers, get_answer, get_report, compare]
    return Router("/v1", route_handlers=handlers, tags=["planning"])
