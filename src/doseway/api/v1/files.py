"""Files of loggers: the bytes as the logger gave them, of any size that the settings allow, into the log and judged."""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, BinaryIO, Final, cast

import msgspec
from litestar import Router, post
from litestar.params import QueryParameter

from doseway.api.v1.common import AnyRequest, tower_of
from doseway.app.importing import Imported
from doseway.model.errors import DataError

_IN_MEMORY: Final = 1 << 20
Name = Annotated[str, QueryParameter(min_length=1, max_length=200, description="What the file is called.")]
Limits = Annotated[str, QueryParameter(max_length=64, description="A built-in profile; else as set in the device.")]
Zone = Annotated[str, QueryParameter(max_length=64, description="Of times that carry none: `+01:00`, `Europe/Zurich`.")]


class FileTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file.

    Attributes:
        packet: the index of its bytes in the log. is_duplicate: the same bytes were there before.
        judged: the index of its judgement. verdict, reasons: what is proposed, and why.
    """

    packet: int
    is_duplicate: bool
    judged: int
    format: str
    readings: int
    verdict: str
    reasons: list[str]


@post("/files", needs="import", status_code=201)
async def take_file(request: AnyRequest, name: Name, profile: Limits = "", zone: Zone = "") -> FileTaken:
    """Import a logger's file, sent as the body; 422 where it cannot be read, and its bytes are kept all the same."""
    archive = tower_of(request).archive
    how_to = archive.how(profile=profile, zone=zone)
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        if not await _gather(request.stream(), file):
            raise DataError("the file is empty", hint="Send its bytes as the body.")
        file.seek(0)
        taken = await asyncio.to_thread(archive.take_in, cast("BinaryIO", file), name, how_to)
    return _told(taken)


async def _gather(parts: AsyncIterator[bytes], file: IO[bytes]) -> int:
    """Put a body into a file on the disk, piece by piece; return its size."""
    waiting, held, size = [], 0, 0
    async for part in parts:
        waiting.append(part)
        held, size = held + len(part), size + len(part)
        if held >= _IN_MEMORY:
            await asyncio.to_thread(file.writelines, waiting)
            waiting, held = [], 0
    await asyncio.to_thread(file.writelines, waiting)
    return size


def _told(taken: Imported) -> FileTaken:
    shown = taken.inspection
    if shown is None or taken.judged is None:
        error = taken.error or DataError("the file cannot be read")
        hint = f"{error.hint} Its bytes are kept as packet {taken.packet}.".strip()
        raise DataError(error.what, hint=hint, where=error.where)
    proposal = shown.proposal
    return FileTaken(
        packet=taken.packet,
        is_duplicate=taken.is_duplicate,
        judged=taken.judged,
        format=shown.recording.format,
        readings=shown.recording.readings,
        verdict=proposal.verdict.value,
        reasons=list(proposal.reasons),
    )


def routes(most_bytes: int) -> Router:
    """Return the routes of this file; `most_bytes`: of one file."""
    handlers: list[Any] = [take_file]
    return Router("/v1", route_handlers=handlers, tags=["files"], request_max_body_size=most_bytes)
