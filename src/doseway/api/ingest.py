"""The door for live messages: `POST /ingest/{format}`, answered when the message is durable.

202: admitted. 200: the same bytes were admitted before; nothing was added. 422: kept as a packet, and not decodable.
Everything else is a problem (RFC 9457), and nothing was taken: 400, 401, 403, 404, 405, 408, 413, 415, and 429 or 503
with `Retry-After`. Sending again is always safe.

Who sends is shown by an API key (`X-Api-Key`, `Authorization: Bearer`, or the password of Basic) or by a signature as
Standard Webhooks has it, with the sender's id in the query: `POST /ingest/tive?key=acme`.
"""

import re
from collections.abc import Collection
from typing import Final

import msgspec

from doseway.api.asgi import Application, Refused, Request, Response, application, must_be, read_into
from doseway.api.bodies import Body
from doseway.api.refusals import as_problem, problem
from doseway.api.senders import check_may, key_sender, signature_sender
from doseway.intake.door import AdmitLot, Admitted, Incoming
from doseway.intake.gathering import Gathering
from doseway.intake.keyring import KeyRing, Sender
from doseway.model.canonical import encode
from doseway.model.clock import Clock
from doseway.model.errors import DataError, Pushback, Unavailable, UsageError

QUERY_FORMATS: Final = frozenset({"osmand"})
"""Formats whose message may be the query of a GET or of a POST without a body."""
_TAKEN: Final = re.compile(
    r"application/(?:[a-z0-9.+-]+\+)?(?:json|cbor|cose)|application/(?:x-ndjson|ndjson|jsonl|octet-stream)"
    r"|application/x-www-form-urlencoded|text/(?:plain|csv)"
)
_LONGEST_NAME: Final = 1_000
_ENCODINGS: Final = {b"": False, b"identity": False, b"gzip": True, b"x-gzip": True}


class IngestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the door takes.

    Attributes:
        max_bytes: of one body, as sent and as unpacked.
        max_waiting_bytes: of all bodies that are being read; beyond it requests are put off with 503.
        replay_s: how far the time of a signature may be from ours.
        patience_s: how long an answer may take before the sender is told to come back.
    """

    max_bytes: int = 16 << 20
    max_waiting_bytes: int = 256 << 20
    replay_s: int = 300
    patience_s: float = 30.0


def ingest_app(
    admit: AdmitLot,
    formats: Collection[str],
    clock: Clock,
    *,
    keys: KeyRing | None,
    prefix: str = "/ingest",
    limits: IngestLimits | None = None,
) -> Application:
    """Serve the door below a path prefix.

    Args:
        admit: takes the bytes in, those of one turn of the event loop together.
        formats: the ids of the message formats.
        clock: the time of arrival, and of the replay window.
        keys: who may send; None: anybody, which only a demo on loopback should allow.
        prefix: where the door is mounted.
        limits: what it takes.
    """
    return application(_Door(admit, formats, clock, keys, prefix.rstrip("/") + "/", limits or IngestLimits()).handle)


class _Door:
    def __init__(
        self,
        admit: AdmitLot,
        formats: Collection[str],
        clock: Clock,
        keys: KeyRing | None,
        base: str,
        limits: IngestLimits,
    ) -> None:
        self._formats = formats
        self._clock = clock
        self._keys = keys
        self._base = base
        self._limits = limits
        self._waiting_bytes = 0
        self._gathering = Gathering(admit, limits.patience_s)

    async def handle(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except Refused as refusal:
            raise as_problem(refusal) from None

    async def _handle(self, request: Request) -> Response:
        sender = key_sender(request, self._keys)
        format_id = self._format_of(request)
        must_be(request, ["GET", "POST"] if format_id in QUERY_FORMATS else ["POST"])
        if sender is not None:
            check_may(sender, format_id)
        is_gzip = _check_headers(request)
        reading = Body(self._limits.max_bytes, is_gzip=is_gzip)
        try:
            body, raw = await self._read(request, reading)
            if sender is None:
                sender = signature_sender(request, raw, self._keys, self._clock.now_ms(), self._limits.replay_s)
                check_may(sender, format_id)
            return await self._take(request, format_id, sender, body)
        finally:
            self._waiting_bytes -= reading.size

    def _format_of(self, request: Request) -> str:
        """Return the format that the path names, below our prefix or, mounted elsewhere, as the whole path."""
        format_id = request.path.removeprefix(self._base).strip("/")
        if format_id not in self._formats:
            hint = f"Known formats: {', '.join(sorted(self._formats))}."
            raise Refused(problem(404, f"there is no format {format_id[:60]!r}", code="format-unknown", hint=hint))
        return format_id

    async def _read(self, request: Request, reading: Body) -> tuple[bytes, bytes]:
        """Read the body; return it unpacked and as it was sent. A query stands for an absent one."""

        def take(part: bytes) -> None:
            before = reading.size
            try:
                reading.take(part)
            finally:
                self._waiting_bytes += reading.size - before
            if self._waiting_bytes > self._limits.max_waiting_bytes:
                raise Refused(_later(503, "pushback", "too many bodies are being read", 5))

        await read_into(request, self._limits.max_bytes, take)
        body, raw = reading.finish()
        if not body and self._format_of(request) in QUERY_FORMATS:
            body = raw = request.query
        if not body:
            raise Refused(problem(400, "there is no body", code="empty", hint="Send the message as the body."))
        return body, raw

    async def _take(self, request: Request, format_id: str, sender: Sender, body: bytes) -> Response:
        has_name = request.method == "POST" and body is not request.query
        incoming = Incoming(
            door="http",
            format=format_id,
            body=body,
            name=request.query.decode("latin-1")[:_LONGEST_NAME] if has_name else "",
            by=f"key:{sender.id}",
            received_at_ms=self._clock.now_ms(),
        )
        try:
            return _answer(await self._gathering.take(incoming))
        except Pushback as error:
            return _later(429, error.code, error.what, 1)
        except Unavailable as error:
            return _later(503, error.code, error.what, 5)
        except TimeoutError:
            return _later(503, "unavailable", "the log is slow; whether it has this message is not known yet", 5)
        except (DataError, UsageError) as error:
            return problem(422, error.what, code=error.code, hint=error.hint)


def _answer(admitted: Admitted) -> Response:
    index = (b"doseway-index", str(admitted.packet).encode())
    if admitted.error:
        hint = "The bytes are kept under this packet and shown; correct the sender, then send again."
        return problem(422, admitted.error, index, code="format", hint=hint, packet=admitted.packet)
    body = encode({"packet": admitted.packet, "is_duplicate": admitted.is_duplicate, "readings": admitted.readings})
    headers = ((b"cache-control", b"no-store"), index)
    return Response(200 if admitted.is_duplicate else 202, body, "application/json", headers)


def _later(status: int, code: str, detail: str, seconds: int) -> Response:
    hint = f"Send it again in {seconds} s; a message that is there already is not added twice."
    return problem(status, detail, (b"retry-after", str(seconds).encode()), code=code, hint=hint)


def _check_headers(request: Request) -> bool:
    """Check what kind of body comes; return whether it is packed."""
    encoding = request.headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in _ENCODINGS:
        accepted = (b"accept-encoding", b"gzip, identity")
        raise Refused(problem(415, f"the encoding {encoding.decode('latin-1')!r} is not taken", accepted))
    kind = request.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind and not _TAKEN.fullmatch(kind):
        hint = "Send application/json, application/x-ndjson, or what the format's own sender sends."
        raise Refused(problem(415, f"a body of type {kind!r} is not taken", hint=hint))
    return _ENCODINGS[encoding]
