"""Proof and judgement on demand: evidence packs, their verification, profiles tried on history, the log's state."""

import asyncio
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from doseway.api.problems import NotFound
from doseway.api.v1.common import AnyRequest, Id, tower_of
from doseway.api.v1.shipments import known
from doseway.app.board import LogStatus
from doseway.app.proving import packed, verify_pack
from doseway.coldchain import profile as profiles
from doseway.coldchain.judgement import Judgement
from doseway.model.errors import DataError

MOST_PACK_BYTES: Final = 64 * 1024 * 1024


class ProfileHead(msgspec.Struct, frozen=True, kw_only=True):
    """A limit profile in a line."""

    id: str
    title: str
    source: str
    confidence: str
    rules: int


class ProfileText(msgspec.Struct, frozen=True, kw_only=True):
    """A limit profile: its TOML, and the limits as they are logged (integers in thousandths and ms)."""

    id: str
    toml: str
    limits: dict[str, Any]


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which limits to try: a built-in profile's id, or a whole profile in TOML."""

    profile: Annotated[str, msgspec.Meta(max_length=64)] = ""
    toml: Annotated[str, msgspec.Meta(max_length=100_000)] = ""


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


@get("/profiles", needs="read", sync_to_thread=True)
def list_profiles() -> list[ProfileHead]:
    """List the limit profiles that come with Doseway."""
    found = map(profiles.builtin, profiles.builtin_ids())
    return [
        ProfileHead(id=one.id, title=one.title, source=one.source, confidence=one.confidence, rules=len(one.rules))
        for one in found
    ]


@get("/profiles/{profile:str}", needs="read", sync_to_thread=True)
def get_profile(profile: Id) -> ProfileText:
    """Return a limit profile."""
    if profile not in profiles.builtin_ids():
        raise NotFound(f"there is no profile {profile!r}")
    limits = profiles.to_plain(profiles.builtin(profile))
    return ProfileText(id=profile, toml=profiles.builtin_text(profile), limits=limits)


@post("/shipments/{shipment:str}/try", needs="read", status_code=200, sync_to_thread=True)
def try_profile(request: AnyRequest, shipment: Id, data: JSONBody[Trial]) -> Judgement:
    """Say what a profile would have found on a shipment. Stores nothing."""
    known(request, shipment)
    if bool(data.profile) == bool(data.toml):
        raise DataError("either `profile` or `toml` names the limits to try", hint="Give one of the two.")
    limits = profiles.load_profile(data.toml.encode(), "toml") if data.toml else profiles.builtin(data.profile)
    return tower_of(request).archive.judge(shipment, limits)


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
        list_profiles,
        get_profile,
        try_profile,
        get_log,
        get_checkpoint,
    ]
    return Router("/v1", route_handlers=handlers, tags=["evidence"])
