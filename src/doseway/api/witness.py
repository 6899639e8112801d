"""The HTTP API of a witness (C2SP tlog-witness v1.0.0), submission and monitoring under one prefix."""

import asyncio
import re
from typing import Final, Protocol

from doseway.api.asgi import Application, Request, Response, application, must_be, plain, read_body
from doseway.ledger.witness import MAX_REQUEST_BYTES, WitnessReply

_MONITORED: Final = re.compile(r"([0-9a-f]{64})/checkpoint")


class WitnessDesk(Protocol):
    """What answers: `doseway.ledger.witness.Witness`. Several threads call it at once."""

    def add_checkpoint(self, body: bytes) -> WitnessReply:
        """Answer `add-checkpoint`; a 200 comes after the new state is durable."""

    def checkpoint(self, origin_hash_hex: str) -> WitnessReply:
        """Answer for the newest checkpoint that was cosigned."""


def witness_app(witness: WitnessDesk, *, prefix: str = "") -> Application:
    """Serve a witness below a path prefix such as `/witness`.

    `POST <prefix>/add-checkpoint` and `GET <prefix>/<SHA-256 of the origin>/checkpoint`. Requests need no sign-in: the
    log's signature on the checkpoint is the permission.
    """
    base = prefix.rstrip("/") + "/"

    async def handle(request: Request) -> Response:
        path = request.path.removeprefix(base) if request.path.startswith(base) else ""
        if path == "add-checkpoint":
            must_be(request, ["POST"])
            body = await read_body(request, MAX_REQUEST_BYTES)
            # Checking and storing waits for the disk, which must not hold up other requests. Once begun, it runs to
            # its end even if the client goes away: the answer is then lost, the stored state is not.
            return _response(await asyncio.to_thread(witness.add_checkpoint, body))
        match = _MONITORED.fullmatch(path)
        if match is None:
            return plain(404, "there is nothing here")
        must_be(request, ["GET", "HEAD"])
        return _response(await asyncio.to_thread(witness.checkpoint, match[1]))

    return application(handle)


def _response(reply: WitnessReply) -> Response:
    return Response(reply.status, reply.body, reply.content_type, ((b"cache-control", b"no-store"),))
