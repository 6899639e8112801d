"""The log's state, and the verification of an evidence pack that somebody brings."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from doseway.app.proving import verify_pack
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of

_DEVICES: Final = 500
Upload = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


@get("/log", needs="read", include_in_schema=False, sync_to_thread=True)
def show_log(request: PageRequest) -> Response[str]:
    """Show size, last checkpoint, witnesses, views and silent devices."""
    return _page(request)


@post("/log/verify", needs="read", include_in_schema=False, sync_to_thread=True)
def verify(request: PageRequest, data: Upload) -> Response[str]:
    """Verify a pack that was uploaded, against this tower's policy of witnesses."""
    must_be_ours(request, data)
    pack = data.get("pack")
    if not isinstance(pack, UploadFile) or not pack.filename:
        return _page(request, {"is_missing": True}, status=422)
    found = verify_pack(pack.file.read(), tower_of(request).archive.policy())
    return _page(request, {"is_missing": False, "name": pack.filename, **found})


def _page(request: PageRequest, verified: dict[str, Any] | None = None, *, status: int = 200) -> Response[str]:
    tower = tower_of(request)
    silent = [row for row in tower.board.devices(limit=_DEVICES) if row.is_silent]
    context = {"status": tower.archive.status(), "silent": silent, "verified": verified}
    return render(request, "log.html", context, status=status)
