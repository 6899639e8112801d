"""The built scripts and styles, served with their hash in the address, so that a browser may keep them for good."""

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from doseway.model.errors import Unavailable

PATH: Final = "/static"
_TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".json": "application/json", ".css": "text/css"}
_FOREVER: Final = "public, max-age=31536000, immutable"
_SHORT: Final = "public, max-age=60, must-revalidate"
_SMALL: Final = 1024


class _File(NamedTuple):
    plain: bytes
    zipped: bytes
    media_type: str
    tag: str


@cache
def _load() -> dict[str, _File]:
    folder = files("doseway.ui") / "static"
    if not folder.is_dir():
        hint = "Install Doseway from its wheel, or run `uv sync` in the source tree: it builds them."
        raise Unavailable("the pages' scripts and styles are missing", hint=hint)
    found: dict[str, _File] = {}
    for one in folder.iterdir():
        data = one.read_bytes()
        suffix = one.name[one.name.rfind(".") :]
        kind = _TYPES.get(suffix) or mimetypes.guess_type(one.name)[0] or "application/octet-stream"
        found[one.name] = _File(data, gzip.compress(data, 6, mtime=0), kind, hashlib.sha256(data).hexdigest()[:16])
    return found


def address(name: FromPath[str]) -> str:
    """Return the address of a built file.

    Raises:
        Unavailable: the files were never built.
    """
    return f"{PATH}/{name}?v={_load()[name].tag}"


@get("/static/{name:str}", needs="public", include_in_schema=False, sync_to_thread=False)
def get_static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Return a built file."""
    file = _load().get(name)
    if file is None:
        raise NotFoundException("there is no such file")
    headers = {
        "ETag": f'"{file.tag}"',
        "Cache-Control": _FOREVER if request.query_params.get("v") == file.tag else _SHORT,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == f'"{file.tag}"':
        return Response(b"", status_code=304, headers=headers)
    is_zipped = "gzip" in request.headers.get("accept-encoding", "") and len(file.plain) > _SMALL
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(file.zipped if is_zipped else file.plain, media_type=file.media_type, headers=headers)
