"""The ingest door, without a server: who may send, what is taken, and what each answer promises."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar import asgi as mounted
from standardwebhooks import Webhook
from tests.api.asgi_kit import Answered, call, send
from tests.api.ingest_kit import FORMATS, NOW_MS, SECRET, SECRET_TEXT, FixedClock, MemoryAdmit, make_keys

from doseway.api import asgi
from doseway.api.asgi import Application
from doseway.api.ingest import IngestLimits, ingest_app
from doseway.model.errors import DataError, Pushback, Unavailable

KEYS, KEY, NARROW = make_keys()
MOMENT = datetime.fromtimestamp(NOW_MS / 1000, tz=UTC)
LIMITS = IngestLimits(max_bytes=4096, max_waiting_bytes=10_000, patience_s=0.2)


@pytest.fixture
def admit() -> MemoryAdmit:
    return MemoryAdmit()


@pytest.fixture
def app(admit: MemoryAdmit) -> Application:
    return ingest_app(admit.lot, FORMATS, FixedClock(), keys=KEYS, limits=LIMITS)


def post(app: Application, path: str = "/ingest/tive", *, body: bytes = b"{}", **headers: Any) -> Answered:
    given = {"x-api-key": KEY} | {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app, "POST", path, body=body, headers={name: value for name, value in given.items() if value})


def problem(answered: Answered, status: int, code: str) -> dict[str, Any]:
    assert answered.status == status, answered.body
    assert answered.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answered.body)
    assert (document["status"], document["code"]) == (status, code)
    assert document["detail"]
    return document


def test_a_message_is_admitted_once_and_its_repetition_says_so(app: Application, admit: MemoryAdmit) -> None:
    first, second, other = post(app), post(app), post(app, body=b"[1]")
    assert [one.status for one in (first, second, other)] == [202, 200, 202]
    assert [one.headers["doseway-index"] for one in (first, second, other)] == ["0", "0", "1"]
    assert json.loads(first.body) == {"packet": 0, "is_duplicate": False, "readings": 1}
    (incoming, *_) = admit.taken
    assert (incoming.door, incoming.format, incoming.body, incoming.by) == ("http", "tive", b"{}", "key:acme")
    assert incoming.received_at_ms == NOW_MS


def test_bytes_that_cannot_be_decoded_are_kept_and_refused_with_their_packet(app: Application) -> None:
    document = problem(post(app, body=b"not json"), 422, "format")
    assert document["packet"] == 0
    assert "no JSON" in document["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"x_api_key": "", "authorization": f"Bearer {KEY}"},
        {"x_api_key": "", "authorization": "Basic " + base64.b64encode(f"tive:{KEY}".encode()).decode()},
        {"x_api_key": KEY, "authorization": "Bearer wrong"},
    ],
    ids=["bearer", "basic", "header"],
)
def test_a_key_may_come_in_three_ways(app: Application, headers: dict[str, Any]) -> None:
    assert post(app, **headers).status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"x_api_key": ""},
        {"x_api_key": KEY[:-1]},
        {"x_api_key": KEY + "x"},
        {"x_api_key": "acme."},
        {"x_api_key": "hook."},
        {"x_api_key": "nobody.secret"},
        {"x_api_key": "\xff"},
        {"x_api_key": "", "authorization": "Basic !!!"},
        {"x_api_key": "", "authorization": "Bearer"},
        {"x_api_key": "", "authorization": "Digest x"},
    ],
    ids=str.split("none short long empty signer nobody latin basic bearer digest"),
)
def test_without_a_good_key_nothing_is_taken(app: Application, admit: MemoryAdmit, headers: dict[str, Any]) -> None:
    answered = post(app, **headers)
    problem(answered, 401, "unauthenticated")
    assert answered.headers["www-authenticate"].startswith("Bearer")
    assert not admit.taken


def test_a_key_is_good_for_its_formats_alone(app: Application) -> None:
    assert "senml" in problem(post(app, x_api_key=NARROW), 403, "forbidden")["hint"]
    assert post(app, "/ingest/senml", x_api_key=NARROW).status == 202


def test_without_a_key_ring_everybody_may_send(admit: MemoryAdmit) -> None:
    assert post(ingest_app(admit.lot, FORMATS, FixedClock(), keys=None), x_api_key="").status == 202
    assert admit.taken[0].by == "key:anybody"


def signed(app: Application, body: bytes, *, shift_s: int = 0, query: str = "key=hook", **changed: str) -> Answered:
    moment = MOMENT + timedelta(seconds=shift_s)
    text = body.decode("latin-1")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW_MS // 1000 + shift_s),
        "webhook-signature": Webhook(SECRET_TEXT).sign("msg_1", moment, text),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    kept = {name: value for name, value in headers.items() if value}
    return call(app, "POST", "/ingest/tive", body=body, headers=kept, query=query)


def test_a_signature_of_the_reference_library_is_enough(app: Application, admit: MemoryAdmit) -> None:
    assert signed(app, b'{"a":1}').status == 202
    assert admit.taken[0].by == "key:hook"
    assert signed(app, b'{"a":1}', shift_s=300).status == 200
    header = "v0,x v1,!!! v1,AAAA " + Webhook(SECRET_TEXT).sign("msg_1", MOMENT, '{"a":1}')
    assert signed(app, b'{"a":1}', webhook_signature=header).status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"shift_s": 301},
        {"shift_s": -301},
        {"query": "key=acme"},
        {"query": ""},
        {"query": "key=nobody"},
        {"webhook_id": "msg_2"},
        {"webhook_id": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": str(NOW_MS // 1000 + 1)},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "v2,AAAA"},
        {"webhook_signature": "\xff"},
    ],
)
def test_a_wrong_or_old_signature_takes_nothing(app: Application, admit: MemoryAdmit, changed: dict[str, Any]) -> None:
    problem(signed(app, b'{"a":1}', **changed), 401, "signature")
    assert not admit.taken


def test_a_signature_is_good_for_its_formats_alone(app: Application) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": str(NOW_MS // 1000)}
    headers["webhook-signature"] = Webhook(SECRET_TEXT).sign("m", MOMENT, "{}")
    answered = call(app, "POST", "/ingest/senml", body=b"{}", headers=headers, query="key=hook")
    problem(answered, 403, "forbidden")


@pytest.mark.parametrize("path", ["/ingest/", "/ingest/none", "/ingest/tive/x", "/else", "/ingest/../tive"])
def test_other_paths_name_the_formats(app: Application, path: str) -> None:
    assert "osmand" in problem(post(app, path), 404, "format-unknown")["hint"]


def test_methods_and_empty_bodies(app: Application, admit: MemoryAdmit) -> None:
    assert call(app, "GET", "/ingest/tive", headers={"x-api-key": KEY}).headers["allow"] == "POST"
    problem(call(app, "PUT", "/ingest/osmand", headers={"x-api-key": KEY}), 405, "method")
    problem(post(app, body=b""), 400, "empty")
    problem(call(app, "GET", "/ingest/osmand", headers={"x-api-key": KEY}), 400, "empty")
    assert not admit.taken


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_osmand_message_may_be_the_query(app: Application, admit: MemoryAdmit, method: str) -> None:
    query = "id=8610&lat=40.7&lon=-74&timestamp=1504763810"
    assert call(app, method, "/ingest/osmand", headers={"x-api-key": KEY}, query=query).status == 202
    assert (admit.taken[0].body, admit.taken[0].name) == (query.encode(), "")


def test_the_query_of_a_body_is_its_name(app: Application, admit: MemoryAdmit) -> None:
    call(app, "POST", "/ingest/chirpstack", body=b"{}", headers={"x-api-key": KEY}, query="event=up")
    assert admit.taken[0].name == "event=up"


def test_types_and_encodings_that_no_format_has_are_refused(app: Application) -> None:
    for kind in ("multipart/form-data; boundary=x", "image/png", "text/html", "application/zip"):
        problem(post(app, content_type=kind), 415, "media-type")
    assert post(app, content_encoding="br").headers["accept-encoding"] == "gzip, identity"
    kinds = ("application/json; charset=utf-8", "application/senml+json", "application/ld+json", "APPLICATION/COSE")
    for kind in (*kinds, "application/x-ndjson", "text/plain", "application/x-www-form-urlencoded"):
        assert post(app, content_type=kind).status in {200, 202}


def test_gzip_is_unpacked_in_any_parts_and_members(app: Application, admit: MemoryAdmit) -> None:
    packed = gzip.compress(b'{"a":') + gzip.compress(b"1}")
    for parts in (1, 2, len(packed)):
        headers = {"x-api-key": KEY, "content-encoding": "gzip"}
        answered = call(app, "POST", "/ingest/tive", body=packed, headers=headers, parts=parts)
        assert answered.status in {200, 202}
    assert {incoming.body for incoming in admit.taken} == {b'{"a":1}'}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (gzip.compress(b" " * 4097), 413, "too-large"),
        (gzip.compress(b" " * 50_000_000), 413, "too-large"),
        (gzip.compress(b" " * 4000) + gzip.compress(b" " * 97), 413, "too-large"),
        (gzip.compress(b"{}")[:-1], 400, "gzip"),
        (b"{}", 400, "gzip"),
        (gzip.compress(b"{}") + b"rest", 400, "gzip"),
        (gzip.compress(b""), 400, "empty"),
    ],
    ids=str.split("small bomb members cut none rest empty"),
)
def test_bombs_and_broken_gzip_take_nothing(
    app: Application, admit: MemoryAdmit, body: bytes, status: int, code: str
) -> None:
    for parts in (1, 5):
        headers = {"x-api-key": KEY, "content-encoding": "gzip"}
        # the kit sends no length, so the cap must hold on what arrives
        problem(call(app, "POST", "/ingest/tive", body=body, headers=headers, parts=parts), status, code)
    assert not admit.taken


def test_a_signature_is_over_the_packed_bytes_as_sent(app: Application) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": str(NOW_MS // 1000), "content-encoding": "gzip"}
    packed = gzip.compress(b"{}")
    message = b"m." + headers["webhook-timestamp"].encode() + b"." + packed
    mac = hmac.new(SECRET, message, hashlib.sha256).digest()
    headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
    assert call(app, "POST", "/ingest/tive", body=packed, headers=headers, query="key=hook").status == 202


def test_the_cap_holds_declared_or_not(app: Application, admit: MemoryAdmit) -> None:
    problem(post(app, content_length=str(1 << 30)), 413, "too-large")
    problem(post(app, body=b"x" * 4097), 413, "too-large")
    assert post(app, body=b"1" * 4096).status == 202
    assert len(admit.taken) == 1


def test_bodies_that_break_off_or_drip_take_nothing(
    app: Application, admit: MemoryAdmit, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"x-api-key": KEY}
    problem(call(app, "POST", "/ingest/tive", body=b"{", headers=headers, is_broken_off=True), 400, "malformed")
    monkeypatch.setattr(asgi, "BODY_TIMEOUT_S", 0.05)
    problem(call(app, "POST", "/ingest/tive", body=b"{", headers=headers, never_ends=True), 408, "too-slow")
    assert not admit.taken


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [(Pushback("20000 facts are waiting"), 429, "1"), (Unavailable("the disk is full"), 503, "5")],
)
def test_a_full_or_failed_log_asks_to_come_back_and_recovers_by_itself(
    app: Application, admit: MemoryAdmit, error: Unavailable, status: int, wait: str
) -> None:
    for where in ("error", "late"):
        setattr(admit, where, error)
        answered = post(app)
        assert error.what in problem(answered, status, error.code)["detail"]
        assert answered.headers["retry-after"] == wait
        setattr(admit, where, None)
    assert post(app).status == 202


def test_a_log_that_never_answers_does_not_hold_the_sender(app: Application, admit: MemoryAdmit) -> None:
    admit.is_stuck = True
    assert problem(post(app), 503, "unavailable")["hint"]
    admit.is_stuck = False
    assert post(app).status == 202


def test_what_the_log_itself_refuses_is_said(app: Application, admit: MemoryAdmit) -> None:
    admit.error = DataError("a fact of 70000 bytes does not fit", hint="Send less.")
    assert problem(post(app), 422, "data")["hint"] == "Send less."


def test_requests_of_one_moment_are_one_lot_and_each_gets_its_own_answer(admit: MemoryAdmit) -> None:
    """Who may not send is not in the lot; what cannot be kept, decoded or told apart spoils nothing of it."""
    admit.choosy = lambda incoming: DataError("does not fit") if incoming.body == b"[70000]" else None
    app = ingest_app(admit.lot, FORMATS, FixedClock(), keys=KEYS, limits=LIMITS)
    requests = [
        (202, "tive", b"[1]", KEY),
        (401, "tive", b"[2]", "acme.wrong"),
        (422, "tive", b"[70000]", KEY),
        (403, "tive", b"[3]", NARROW),
        (200, "tive", b"[1]", KEY),
        (422, "tive", b"no JSON", KEY),
        (202, "senml", b"[1]", NARROW),
        (404, "nobody", b"[4]", KEY),
    ]

    async def scenario() -> list[Answered]:
        return await asyncio.gather(
            *(
                send(app, "POST", f"/ingest/{format_id}", body=body, headers={"x-api-key": key})
                for _, format_id, body, key in requests
            )
        )

    answers = asyncio.run(scenario())
    assert [one.status for one in answers] == [status for status, *_ in requests]
    assert admit.lots == [5]
    assert [one.by for one in admit.taken] == ["key:acme", "key:acme", "key:acme", "key:box"]
    assert problem(answers[2], 422, "data")["detail"] == "does not fit"


def test_bodies_that_wait_are_bounded_together(admit: MemoryAdmit) -> None:
    tight = IngestLimits(max_bytes=4096, max_waiting_bytes=5000)
    app = ingest_app(admit.lot, FORMATS, FixedClock(), keys=KEYS, limits=tight)
    headers = {"x-api-key": KEY, "content-encoding": "gzip"}
    packed = gzip.compress(b" " * 4000, 0)
    answered = call(app, "POST", "/ingest/tive", body=packed, headers=headers)
    problem(answered, 503, "pushback")
    assert post(app, body=b"1" * 4096).status == 202  # and the room is free again


def test_refused_bodies_neither_keep_nor_give_room(admit: MemoryAdmit) -> None:
    tight = IngestLimits(max_bytes=4096, max_waiting_bytes=6000)
    app = ingest_app(admit.lot, FORMATS, FixedClock(), keys=KEYS, limits=tight)
    headers = {"x-api-key": KEY, "content-encoding": "gzip"}
    for body in (gzip.compress(b" " * 9_999), b"no gzip", gzip.compress(b"{}")[:-1]) * 40:
        assert call(app, "POST", "/ingest/tive", body=body, headers=headers, parts=2).status in {400, 413}
    packed = gzip.compress(b" " * 4000, 0)
    problem(call(app, "POST", "/ingest/tive", body=packed, headers=headers), 503, "pushback")
    assert post(app, body=b"1" * 4096).status == 202


@pytest.mark.parametrize("mount", ["/ingest", "/api/v1/ingest"])
def test_it_can_be_mounted_in_litestar(admit: MemoryAdmit, mount: str) -> None:
    inner = ingest_app(admit.lot, FORMATS, FixedClock(), keys=KEYS)

    @mounted(mount, is_mount=True, copy_scope=True)
    async def door(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    app: Any = Litestar([door])
    scope_needs = {"x-api-key": KEY}
    assert call(app, "POST", f"{mount}/tive", body=b"{}", headers=scope_needs).status == 202
    assert call(app, "POST", f"{mount}/none", body=b"{}", headers=scope_needs).status == 404
