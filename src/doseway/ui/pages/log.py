"""The log's state, and the verification of an evidence pack that somebody brings."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from doseway.app.proving import verify_pack
from doseway.ledger.policy import parse_policy
from doseway.model.errors import DataError, DosewayError
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of

_SILENT: Final = 12
_LONGEST_POLICY: Final = 100_000
Upload = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


@get("/log", needs="read", include_in_schema=False, sync_to_thread=True)
def show_log(request: PageRequest) -> Response[str]:
    """Show size, last checkpoint, witnesses, views and silent devices."""
    return _page(request)


@post("/log/verify", needs="read", include_in_schema=False, sync_to_thread=True)
def verify(request: PageRequest, data: Upload) -> Response[str]:
    """Verify a pack that was uploaded, against a policy that came with it, else against this tower's own."""
    must_be_ours(request, data)
    pack, own = _uploaded(data.get("pack")), _uploaded(data.get("policy"))
    if pack is None:
        return _page(request, {"is_missing": True}, status=422)
    try:
        policy = _policy(own) if own else tower_of(request).archive.policy()
        found = verify_pack(pack.file.read(), policy)
    except DosewayError as error:
        return _page(request, wrong=error, status=422)
    return _page(request, {"is_missing": False, "name": pack.filename, "policy": own.filename if own else "", **found})


def _uploaded(one: object) -> UploadFile | None:
    return one if isinstance(one, UploadFile) and one.filename else None


def _policy(file: UploadFile) -> str:
    """Return the text of a policy; one that is none must not make a pack look tampered with."""
    try:
        text = file.file.read(_LONGEST_POLICY).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{file.filename} is no text: {error}", hint="A policy is a text file (C2SP).") from error
    parse_policy(text, file.filename)
    return text


def _page(
    request: PageRequest,
    verified: dict[str, Any] | None = None,
    *,
    wrong: DosewayError | None = None,
    status: int = 200,
) -> Response[str]:
    tower = tower_of(request)
    context = {
        "status": tower.archive.status(),
        "silent": tower.board.devices(is_silent=True, limit=_SILENT),
        "silent_count": tower.board.count_silent(),
        "verified": verified,
        "wrong": wrong,
    }
    return render(request, "log.html", context, status=status)
