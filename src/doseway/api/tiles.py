"""A log over HTTP: its checkpoint, tiles and entry bundles (C2SP tlog-tiles v0.1.0), from a read port."""

import asyncio
import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from doseway.api.asgi import TEXT, Application, Request, Response, application, must_be, plain
from doseway.ledger.checkpoint import parse_checkpoint
from doseway.ledger.note import parse_note
from doseway.ledger.published import PublishedLog, has_tile
from doseway.ledger.tiles import parse_tile_path
from doseway.model.errors import DataError, IntegrityError

_OCTETS: Final = "application/octet-stream"
_MUTABLE: Final = b"public, max-age=1, must-revalidate"
_IMMUTABLE: Final = b"public, max-age=31536000, immutable"
_GZIP_LEVEL: Final = 6
_LONGEST_PATH: Final = 100
"""Far beyond the path of any tile that a tree of 2**63 entries has."""
_ACCEPTED: Final = re.compile(rb"\s*(gzip|x-gzip|\*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


def tiles_app(log: PublishedLog, *, prefix: str = "") -> Application:
    """Serve a log below a path prefix such as `/log`.

    A tile exists as far as the checkpoint reaches that is served now: nothing beyond it is shown, and an empty tile
    does not exist. A partial tile stays available when the tile has grown, since it is the beginning of it.
    """
    base = prefix.rstrip("/") + "/"

    async def handle(request: Request) -> Response:
        path = request.path.removeprefix(base) if request.path.startswith(base) else ""
        if (path != "checkpoint" and not path.startswith("tile/")) or len(path) > _LONGEST_PATH:
            return plain(404, "there is nothing here")
        must_be(request, ["GET", "HEAD"])
        resource = await asyncio.to_thread(_find, log, path)
        if resource is None:
            return plain(404, "this log has no such tile")
        return await asyncio.to_thread(_represent, resource, request)

    return application(handle)


@dataclass(frozen=True)
class _Resource:
    data: bytes
    kind: Literal["checkpoint", "tile", "bundle"]


def _find(log: PublishedLog, path: str) -> _Resource | None:
    """Find a resource; None where the published tree does not have it."""
    note = log.checkpoint()
    if path == "checkpoint":
        return _Resource(note, "checkpoint")
    try:
        tile = parse_tile_path(path)
    except DataError:
        return None
    size = _published_size(note)
    if tile.level == "entries":
        return _Resource(log.bundle(tile.n, tile.width), "bundle") if has_tile(size, 0, tile.n, tile.width) else None
    if not has_tile(size, tile.level, tile.n, tile.width):
        return None
    return _Resource(log.tile(tile.level, tile.n, tile.width), "tile")


def _published_size(note: bytes) -> int:
    try:
        return parse_checkpoint(parse_note(note).text).size
    except DataError as error:
        raise IntegrityError(f"the log's own checkpoint is malformed: {error}") from error


def _represent(resource: _Resource, request: Request) -> Response:
    """Choose encoding and headers, and answer 304 where the client has these bytes already."""
    is_zipped = resource.kind == "bundle" and accepts_gzip(request.headers.get(b"accept-encoding", b""))
    tag = b'"%s%s"' % (hashlib.sha256(resource.data).hexdigest()[:32].encode(), b"-gz" if is_zipped else b"")
    headers = [
        (b"etag", tag),
        (b"cache-control", _MUTABLE if resource.kind == "checkpoint" else _IMMUTABLE),
        # Logs and their proofs are public: a page of anybody's may read and check them.
        (b"access-control-allow-origin", b"*"),
    ]
    if resource.kind == "bundle":
        headers.append((b"vary", b"accept-encoding"))
    if _has_already(request.headers.get(b"if-none-match", b""), tag):
        return Response(304, headers=tuple(headers))
    body = resource.data
    if is_zipped:
        headers.append((b"content-encoding", b"gzip"))
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Response(200, body, TEXT if resource.kind == "checkpoint" else _OCTETS, tuple(headers))


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Tell whether an `Accept-Encoding` header allows gzip (RFC 9110 12.5.3); what cannot be read does not."""
    weights: dict[bytes, float] = {}
    for item in accept_encoding.lower().split(b","):
        match = _ACCEPTED.fullmatch(item)
        if match is not None:
            weights[match[1]] = float(match[2] or 1)
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0))) > 0


def _has_already(if_none_match: bytes, tag: bytes) -> bool:
    """Compare weakly, as RFC 9110 13.1.2 wants for `If-None-Match`."""
    return any(item.strip().removeprefix(b"W/") in {tag, b"*"} for item in if_none_match.split(b","))
