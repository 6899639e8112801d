"""Planning, what is brought: supply networks in versions, what is wrong with them, and their files."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter, RawBody

from doseway.api.problems import VersionMismatch, VersionRequired
from doseway.api.v1.common import AnyRequest, Id
from doseway.api.v1.plan_common import Number, known_version, plans_of, tag_of
from doseway.app.plans import exports, uploads
from doseway.app.plans.book import NetworkVersion
from doseway.app.plans.room import PlanRoom
from doseway.model.errors import UsageError
from doseway.plan.findings import Finding

MOST_BYTES: Final = 64 * 1024 * 1024
_FILE: Final = ResponseSpec(
    bytes, generate_examples=False, media_type="application/octet-stream", description="The file."
)


class FoundWrong(msgspec.Struct, frozen=True, kw_only=True):
    """What is or looks wrong, where, and what to do; `row` and `column` count from 1."""

    severity: str
    code: str
    text: str
    file: str
    row: int | None
    column: int | None
    hint: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A network in a version, with what the checks found, errors first."""

    network: NetworkVersion
    findings: list[FoundWrong]


@get("/plan/networks", needs="read", sync_to_thread=True)
def list_networks(request: AnyRequest) -> list[NetworkVersion]:
    """List the supply networks, each in its newest version, by id."""
    return plans_of(request).book.networks()


@get("/plan/networks/{network:str}", needs="read", sync_to_thread=True)
def get_network(request: AnyRequest, network: Id) -> Response[Checked]:
    """Return a network in its newest version with what is wrong with it; `ETag` is the version."""
    return _checked(plans_of(request), known_version(request, network))


@get("/plan/networks/{network:str}/versions", needs="read", sync_to_thread=True)
def list_versions(request: AnyRequest, network: Id) -> list[NetworkVersion]:
    """List the versions of a network, the newest first."""
    known_version(request, network)
    return plans_of(request).book.versions(network)


@get("/plan/networks/{network:str}/versions/{version:int}", needs="read", sync_to_thread=True)
def get_version(request: AnyRequest, network: Id, version: Number) -> Response[Checked]:
    """Return a network in a version with what is wrong with it."""
    return _checked(plans_of(request), known_version(request, network, version))


@get(
    "/plan/networks/{network:str}/versions/{version:int}/file",
    needs="read",
    sync_to_thread=True,
    media_type="application/octet-stream",
    responses={200: _FILE},
)
def get_file(request: AnyRequest, network: Id, version: Number) -> Response[bytes]:
    """Return the file of a version, as it was brought."""
    one = known_version(request, network, version)
    return attached(plans_of(request).file(one), one.file, uploads.media_type(one.file))


@get(
    "/plan/networks/{network:str}/versions/{version:int}/marked",
    needs="read",
    sync_to_thread=True,
    media_type="application/octet-stream",
    responses={200: _FILE},
)
def get_marked(request: AnyRequest, network: Id, version: Number) -> Response[bytes]:
    """Return the tables of a version as a workbook in which what was found is marked."""
    one = known_version(request, network, version)
    data = uploads.marked(plans_of(request).file(one), one.file)
    return attached(data, f"{network}-v{version}-marked.xlsx", uploads.media_type("x.xlsx"))


@put(
    "/plan/networks/{network:str}",
    needs="plan",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=MOST_BYTES,
)
def put_network(
    request: AnyRequest,
    network: Id,
    body: RawBody,
    name: Annotated[str, QueryParameter(max_length=200, description="Of the file; its ending says what it is.")] = "",
    title: Annotated[str, QueryParameter(max_length=200)] = "",
    if_match: Annotated[str, HeaderParameter(name="if-match", required=False)] = "",
) -> Response[Checked]:
    """Bring a network: a zip of CSV files, or a workbook. A new version names in `If-Match` the one that was read.

    A file with errors in it is kept as a version too, and the answer says what they are; questions about it are
    refused until it is mended.
    """
    room = plans_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    file = name or uploads.TYPES.get(kind, "")
    if not file:
        raise UsageError("what kind of file is it?", hint=f"Send ?name=FILE.zip, or as {' or '.join(uploads.TYPES)}.")
    listed = room.book.versions(network)
    replaces = _replaces(listed[0].version if listed else 0, if_match)
    one = room.put(network, body, file, title=title, replaces=replaces, by=request.user.name)
    return _checked(room, one)


@post("/plan/example", needs="plan", status_code=200, sync_to_thread=True)
def put_example(request: AnyRequest) -> Response[Checked]:
    """Bring the worked example: six essential medicines for the United States. Once it is there, nothing changes."""
    room = plans_of(request)
    return _checked(room, room.put_example(request.user.name))


def attached(data: bytes, name: str, media_type: str) -> Response[bytes]:
    """Answer with a file."""
    disposition = f'attachment; filename="{exports.portable(name)}"'
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


def _checked(room: PlanRoom, one: NetworkVersion) -> Response[Checked]:
    found = [_wrong(finding) for finding in room.examined(one).findings]
    return Response(Checked(network=one, findings=found), headers={"ETag": f'"{one.version}"'})


def _wrong(finding: Finding) -> FoundWrong:
    where = finding.where
    return FoundWrong(
        severity=finding.severity, code=finding.code, text=finding.text, file=where.source, row=where.line,
        column=where.column, hint=finding.hint,
    )  # fmt: skip


def _replaces(newest: int, if_match: str) -> int:
    """Return the version that is replaced, 0 for a new network."""
    if not newest:
        if if_match:
            raise VersionMismatch("there is no such network yet: send no If-Match to bring it")
        return 0
    if not if_match:
        raise VersionRequired(f'this replaces a network: send If-Match: "{newest}" if you have read that')
    if tag_of(if_match) != newest:
        raise VersionMismatch(f"the newest version is {newest}, and not what you have read")
    return newest


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [
        list_networks, get_network, list_versions, get_version, get_file, get_marked, put_network, put_example,
    ]  # fmt: skip
    return Router("/v1", route_handlers=handlers, tags=["planning"])
