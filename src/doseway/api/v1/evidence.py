"""Proof on demand: evidence packs, their verification, the log's state."""

import asyncio
from typing import Any, Final, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec

from doseway.api.v1.common import AnyRequest, Id, tower_of
from doseway.api.v1.shipments import known
from doseway.app.board import LogStatus
from doseway.app.proving import packed, verify_pack

MOST_PACK_BYTES: Final = 64 * 1024 * 1024


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What the verifier found in a pack, as `doseway evidence verify --json` prints it."""

    verdict: Literal["VERIFIED", "VERIFIED WITH GAPS", "NOT WITNESSED", "TAMPERED"]
    exit_code: int
    tampered: list[str]
    not_witnessed: list[str]
    gaps: list[str]
    notes: list[str]
    checked: list[str]
    does_not_prove: list[str]


@post(
    "/shipments/{shipment:str}/evidence",
    needs="prove",
    status_code=200,
    sync_to_thread=True,
    media_type="application/zip",
    responses={
        200: ResponseSpec(
            bytes, generate_examples=False, media_type="application/zip", description="The evidence pack."
        )
    },
)
def make_pack(request: AnyRequest, shipment: Id) -> Response[bytes]:
    """Seal the evidence pack of a shipment in the log, and return it."""
    row = known(request, shipment)
    with packed(tower_of(request).archive, shipment, row.title or shipment) as (path, seal):
        headers = {"Content-Disposition": f'attachment; filename="{path.name}"', "Doseway-Seal": str(seal)}
        return Response(path.read_bytes(), media_type="application/zip", headers=headers)


@post("/evidence/verify", needs="read", status_code=200, request_max_body_size=MOST_PACK_BYTES)
async def verify_evidence(request: AnyRequest) -> Verified:
    """Verify a pack, sent as `application/zip`, against this tower's own policy of witnesses."""
    data, policy = await request.body(), tower_of(request).archive.policy()
    return msgspec.convert(await asyncio.to_thread(verify_pack, data, policy), Verified)


@get("/log", needs="read", sync_to_thread=True)
def get_log(request: AnyRequest) -> LogStatus:
    """Return the state of the log: size, last checkpoint, witnesses, and how far the views are."""
    return tower_of(request).archive.status()


@get("/log/checkpoint", needs="read", sync_to_thread=True, media_type=MediaType.TEXT)
def get_checkpoint(request: AnyRequest) -> str:
    """Return the last checkpoint, a C2SP signed note, for whoever wants to pin it."""
    return tower_of(request).archive.status().note


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [
        make_pack,
        verify_evidence,
        get_log,
        get_checkpoint,
    ]
    return Router("/v1", route_handlers=handlers, tags=["evidence"])
