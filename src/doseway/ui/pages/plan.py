"""Planning: the networks that were brought, what is wrong with them, and the questions that can be asked."""

import re
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from doseway.app.plans import exports, uploads
from doseway.app.plans.book import AnswerHead, NetworkVersion
from doseway.app.plans.room import EXAMPLE, PlanRoom
from doseway.model.errors import DosewayError, Unavailable, UsageError
from doseway.plan.seeing.world import lanes_map
from doseway.plan.wording import money
from doseway.ui.pages import plan_words as words
from doseway.ui.pages.log import Upload
from doseway.ui.pages.overview import Form
from doseway.ui.pages.plan_forms import fields_of
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of

_SHOWN: Final = 20
_WITH_PLAN: Final = frozenset({"cheapest", "export", "resource", "roadmap", "uncertain", "why"})
_FINDINGS: Final = 200
Which = Annotated[int | None, QueryParameter(ge=1, le=2**31)]


def plans_of(request: PageRequest) -> PlanRoom:
    """Return the tower's planning. Raises Unavailable where it has none."""
    room = tower_of(request).plans
    if room is None:
        raise Unavailable("this tower does no planning", hint="Open it with `doseway serve`.")
    return room


@get("/plan", needs="read", include_in_schema=False, sync_to_thread=True)
def show_plan(request: PageRequest) -> Response[str]:
    """Show networks, questions under way, and answers."""
    return _home(request)


@post("/plan/example", needs="plan", include_in_schema=False, sync_to_thread=True)
def put_example(request: PageRequest, data: Form) -> Redirect:
    """Bring the worked example, and show it."""
    must_be_ours(request, data)
    one = plans_of(request).put_example(request.user.name)
    return Redirect(f"/plan/networks/{one.network}", status_code=303)


@post("/plan/networks", needs="plan", include_in_schema=False, sync_to_thread=True)
def put_network(request: PageRequest, data: Upload) -> Response[Any]:
    """Bring a network, or a new version of one, and show what is wrong with it."""
    must_be_ours(request, data)
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _home(request, status=422, is_missing=True)
    network = str(data.get("network", "")).strip() or _id_of(file.filename)
    given = str(data.get("replaces", ""))
    replaces = int(given) if given.isdecimal() else 0
    try:
        one = plans_of(request).put(
            network, file.file.read(), file.filename, title=str(data.get("title", "")).strip(), replaces=replaces,
            by=request.user.name,
        )  # fmt: skip
    except DosewayError as error:
        return _home(request, status=422, wrong=error)
    return Redirect(f"/plan/networks/{one.network}?done=network", status_code=303)


@get("/plan/networks/{network:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_network(request: PageRequest, network: FromPath[str], version: Which = None) -> Response[str]:
    """Show a network: what is wrong with it, its map, its versions, and the questions."""
    return network_page(request, network, version)


def network_page(
    request: PageRequest,
    network: str,
    version: int | None = None,
    *,
    wrong: DosewayError | None = None,
    asked: str = "",
    typed: dict[str, Any] | None = None,
) -> Response[str]:
    """Show a network; after a question that could not be asked, with what is wrong with it."""
    room = plans_of(request)
    try:
        one = room.version(network, version)
    except UsageError as error:
        raise NotFoundException(error.what) from error
    found = room.examined(one)
    tables = found.network
    context = {
        "one": one,
        "versions": room.book.versions(network),
        "findings": found.findings[:_FINDINGS],
        "more_findings": max(len(found.findings) - _FINDINGS, 0),
        "drawing": lanes_map(tables) if tables and not found.errors else None,
        "groups": words.GROUPS,
        "fields": {name: fields_of(name) for name in words.TITLES},
        "markets": tables["markets"].text("market") if tables else [],
        "products": tables["products"].text("product") if tables else [],
        "answers": [answer_row(answer) for answer in room.book.answers() if answer.network == network][:_SHOWN],
        "bases": _bases(room, one),
        "jobs": [job for job in room.jobs.listed() if job.network == network and not job.is_over],
        "wrong": wrong,
        "asked": asked,
        "typed": typed or {},
        "words": words,
    }
    return render(request, "plan_network.html", context, status=422 if wrong else 200)


@get("/plan/networks/{network:str}/{version:int}/file", needs="read", include_in_schema=False, sync_to_thread=True)
def get_file(request: PageRequest, network: FromPath[str], version: FromPath[int]) -> Response[bytes]:
    """Return the file of a version as it was brought."""
    room = plans_of(request)
    one = _known(room, network, version)
    return attached(room.file(one), one.file, uploads.media_type(one.file))


@get("/plan/networks/{network:str}/{version:int}/marked", needs="read", include_in_schema=False, sync_to_thread=True)
def get_marked(request: PageRequest, network: FromPath[str], version: FromPath[int]) -> Response[bytes]:
    """Return the tables of a version with what was found marked in them."""
    room = plans_of(request)
    one = _known(room, network, version)
    name = f"{network}-v{version}-marked.xlsx"
    return attached(uploads.marked(room.file(one), one.file), name, uploads.media_type(name))


def attached(data: bytes, name: str, media_type: str) -> Response[bytes]:
    """Answer with a file."""
    disposition = f'attachment; filename="{exports.portable(name)}"'
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


def answer_row(head: AnswerHead) -> dict[str, Any]:
    """Return an answer as a list shows it."""
    cost = money(float(head.cost), head.currency) if head.cost is not None else ""
    return {"head": head, "cost": cost, "has_plan": head.question in _WITH_PLAN and head.status != "infeasible"}


def _home(request: PageRequest, *, status: int = 200, **found: Any) -> Response[str]:
    room = plans_of(request)
    answers = [answer_row(answer) for answer in room.book.answers()[:_SHOWN]]
    context = {
        "networks": room.book.networks(),
        "example": EXAMPLE,
        "jobs": room.jobs.listed()[:_SHOWN],
        "answers": answers,
        "comparable": [answer for answer in answers if answer["has_plan"]],
        "words": words,
        "wrong": None,
        "is_missing": False,
        **found,
    }
    return render(request, "plan.html", context, status=status)


def _bases(room: PlanRoom, one: NetworkVersion) -> list[AnswerHead]:
    """Return the answers whose plan a roadmap can be made of."""
    return [
        answer
        for answer in room.book.answers()
        if answer.tables_sha256 == one.tables_sha256 and answer.question in _WITH_PLAN and answer.status != "infeasible"
    ][:_SHOWN]


def _known(room: PlanRoom, network: str, version: int) -> NetworkVersion:
    try:
        return room.version(network, version)
    except UsageError as error:
        raise NotFoundException(error.what) from error


def _id_of(name: str) -> str:
    """Make an id of a file's name."""
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:64] or "network"
