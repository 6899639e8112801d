"""Who sends: an API key, or a signature over the body as Standard Webhooks 1.0 has it."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import parse_qs

from doseway.api.asgi import Refused, Request
from doseway.api.refusals import problem
from doseway.intake.keyring import KeyRing, Sender

_WHO: Final = (b"www-authenticate", b'Bearer realm="doseway"')


def check_may(sender: Sender, format_id: str) -> None:
    """Check that a sender may use a format. Raises Refused (403)."""
    if not sender.may_send(format_id):
        hint = f"It may send: {', '.join(sorted(sender.formats))}."
        raise Refused(problem(403, f"the key {sender.id} may not send {format_id}", hint=hint))


def key_sender(request: Request, keys: KeyRing | None) -> Sender | None:
    """Find who sends by the API key; None: there is none, and a signature must show it.

    Raises:
        Refused: there is neither, or the key is nobody's (401).
    """
    if keys is None:
        return Sender("anybody")
    key = _api_key(request.headers)
    if key is None:
        if b"webhook-signature" in request.headers:
            return None
        hint = "Send the key as X-Api-Key or as Authorization: Bearer, or sign as Standard Webhooks describes."
        raise Refused(problem(401, "there is neither an API key nor a signature", _WHO, hint=hint))
    sender = keys.check(key)
    if sender is None:
        raise Refused(problem(401, "this API key is not known", _WHO, hint="Ask for a new one, and check for blanks."))
    return sender


def _api_key(headers: dict[bytes, bytes]) -> str | None:
    if b"x-api-key" in headers:
        return headers[b"x-api-key"].decode("latin-1").strip()
    scheme, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode("latin-1").partition(":")[2]
        except binascii.Error:
            return ""
    return None


def signature_sender(request: Request, raw: bytes, keys: KeyRing | None, now_ms: int, replay_s: int) -> Sender:
    """Find who sends by the signature over id, time and body.

    Args:
        request: whose query names the sender, and whose headers hold the signature.
        raw: the body as it was sent.
        keys: the senders and their secrets.
        now_ms: our time.
        replay_s: how far the signature's time may be from it.

    Raises:
        Refused: something is missing, too old, or wrong (401).
    """
    assert keys is not None  # without a key ring everybody is known already
    identity = request.headers.get(b"webhook-id", b"")
    time_s = request.headers.get(b"webhook-timestamp", b"")
    if not identity or not re.fullmatch(rb"[0-9]{1,12}", time_s):
        raise Refused(problem(401, "webhook-id or webhook-timestamp is missing or malformed", _WHO, code="signature"))
    if abs(now_ms - int(time_s) * 1000) > replay_s * 1000:
        hint = f"Signatures hold for {replay_s} s: check the sender's clock, and sign each attempt anew."
        raise Refused(problem(401, "the signature's time is not now", _WHO, code="signature", hint=hint))
    named = parse_qs(request.query.decode("latin-1")).get("key", [""])
    message = b"%s.%s.%s" % (identity, time_s, raw)
    sender = keys.signed(named[0], message, _signatures(request.headers[b"webhook-signature"]))
    if sender is None:
        hint = "The query must name the sender (?key=ID), and the signature cover id, time and the body as sent."
        raise Refused(problem(401, "the signature is not that sender's", _WHO, code="signature", hint=hint))
    return sender


def _signatures(header: bytes) -> list[bytes]:
    """Return the `v1` signatures; what is malformed is none."""
    most = 10  # a sender has one, or two while its secret changes
    found: list[bytes] = []
    for item in header.split()[:most]:
        version, _, value = item.partition(b",")
        if version == b"v1":
            try:
                found.append(base64.b64decode(value, validate=True))
            except binascii.Error:
                continue
    return found
