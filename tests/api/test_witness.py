"""The witness over HTTP: first the application alone, then a real Granian process that is killed."""

import http.client
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.api.asgi_kit import Process, call, running
from tests.ledger.published_kit import NOW_S, ORIGIN, GrowingLog, make_witness, seed

from doseway.api import asgi
from doseway.api.witness import witness_app
from doseway.engines.witness_http import HttpWitness
from doseway.engines.witness_sqlite import SqliteWitnessStore
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import open_note
from doseway.ledger.policy import parse_policy
from doseway.ledger.quorum import gather
from doseway.ledger.witness import MAX_REQUEST_BYTES, WitnessReply, origin_hash
from doseway.model.errors import IntegrityError, Unavailable

SCRIPT = """
import sys
from pathlib import Path
from doseway.api.serve import serve
from doseway.api.witness import witness_app
from tests.engines.test_witness_sqlite import open_witness
from tests.ledger.published_kit import GrowingLog
witness = open_witness(Path(sys.argv[1]), GrowingLog())
serve(witness_app(witness, prefix="/w"), on_ready=lambda url: print(url + "/w", flush=True))
witness.store.close()
print("stopped", flush=True)
"""

SERVED = Cosigner("witness.example/w1", SigningKey.from_seed(seed("witness"))).vkey
"""The key of the witness that the script serves."""


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(8)


def test_every_status_of_the_specification_goes_out_with_its_content_type(log: GrowingLog) -> None:
    app = witness_app(make_witness(log))
    plain = "text/plain; charset=utf-8"
    stranger = GrowingLog(8, key="stranger")
    dialogue = [
        (b"garbage", 400, plain),
        (GrowingLog(2, origin="other.example").request(0), 404, plain),
        (stranger.request(0), 403, plain),
        (log.request(3), 409, "text/x.tlog.size"),
        (log.request(0, 5), 200, plain),
        (log.request(5, 5), 200, plain),
        (log.fork(2).grow(6, "other").request(5), 422, plain),
        (log.fork(2).grow(3, "other").request(5), 422, plain),
        (log.request(0), 409, "text/x.tlog.size"),
        (log.request(5), 200, plain),
    ]
    for body, status, content_type in dialogue:
        for parts in (1, 3):
            answered = call(app, "POST", "/add-checkpoint", body=body, parts=parts)
            expected = (200, 409) if status == 200 else (status,)
            assert answered.status in expected
            if answered.status == status:
                assert answered.headers["content-type"] == content_type
            assert answered.headers["content-length"] == str(len(answered.body))
            assert answered.headers["cache-control"] == "no-store"


def test_monitors_get_the_newest_checkpoint(log: GrowingLog) -> None:
    app = witness_app(make_witness(log), prefix="/some/where/")
    path = f"/some/where/{origin_hash(ORIGIN)}/checkpoint"
    assert call(app, "GET", path).status == 404
    call(app, "POST", "/some/where/add-checkpoint", body=log.request(0))
    answered = call(app, "GET", path)
    assert open_checkpoint(answered.body, ORIGIN, [log.vkey])[0].size == 8
    head = call(app, "HEAD", path)
    assert (head.status, head.body, head.headers) == (200, b"", answered.headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", "/add-checkpoint/", 404),
        ("POST", "/w/add-checkpoint", 404),
        ("POST", f"/{'0' * 64}/checkpoint", 405),
        ("GET", f"/{'0' * 64}/checkpoint", 404),
        ("GET", f"/{'A' * 64}/checkpoint", 404),
        ("GET", f"/{'0' * 63}/checkpoint", 404),
        ("GET", f"/x/{'0' * 64}/checkpoint", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/", 404),
        ("GET", "", 404),
    ],
)
def test_other_methods_and_paths_lead_nowhere(log: GrowingLog, method: str, path: str, status: int) -> None:
    answered = call(witness_app(make_witness(log)), method, path)
    assert answered.status == status
    assert ("allow" in answered.headers) == (status == 405)


def test_a_body_beyond_the_cap_is_refused_declared_or_not(log: GrowingLog) -> None:
    app = witness_app(make_witness(log))
    huge = b"x" * (MAX_REQUEST_BYTES + 1)
    assert call(app, "POST", "/add-checkpoint", body=huge, parts=7).status == 413
    assert call(app, "POST", "/add-checkpoint", headers={"content-length": str(10**30)}).status == 413
    assert call(app, "POST", "/add-checkpoint", body=b"x", headers={"content-length": "ten"}).status == 400


def test_a_body_that_breaks_off_or_never_ends_is_answered(log: GrowingLog, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = make_witness(log)
    app = witness_app(witness)
    assert call(app, "POST", "/add-checkpoint", body=log.request(0), is_broken_off=True).status == 400
    monkeypatch.setattr(asgi, "BODY_TIMEOUT_S", 0.05)
    assert call(app, "POST", "/add-checkpoint", body=log.request(0), never_ends=True).status == 408
    assert witness.store.latest(ORIGIN) is None


def test_a_store_that_fails_sends_no_cosignature_and_says_why_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def add_checkpoint(self, body: bytes) -> WitnessReply:
            assert body == b""
            raise self.error

        def checkpoint(self, origin_hash_hex: str) -> WitnessReply:
            assert len(origin_hash_hex) == 64
            raise self.error

    down = witness_app(Broken(Unavailable("the disk is full")))
    for answered in (call(down, "POST", "/add-checkpoint"), call(down, "GET", f"/{'0' * 64}/checkpoint")):
        assert answered.status == 503
        assert answered.headers["retry-after"] == "5"
        assert "the disk is full" in caplog.text
    for error in (IntegrityError("/secret/path is damaged"), ZeroDivisionError("/secret/path too")):
        answered = call(witness_app(Broken(error)), "POST", "/add-checkpoint")
        assert answered.status == 500
        assert b"secret" not in answered.body
        assert str(error) in caplog.text


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    SqliteWitnessStore.create(tmp_path / "witness.db").close()
    return tmp_path / "witness.db"


def post(url: str, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("POST", f"{parts.path}/add-checkpoint", body=body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_real_server_cosigns_and_stops_gracefully(memory: Path, log: GrowingLog) -> None:
    with running(SCRIPT, str(memory)) as process:
        status, line = post(process.url, log.request(0))
        assert status == 200
        store = SqliteWitnessStore.open(memory)
        held = store.latest(ORIGIN)
        store.close()
        assert held is not None
        assert line in held.note
        assert post(process.url, b"x" * (MAX_REQUEST_BYTES + 1))[0] == 413
        code, errors = process.end()
        assert (code, errors) == (0, "")


def test_our_client_gathers_from_a_real_server(memory: Path, log: GrowingLog) -> None:
    with running(SCRIPT, str(memory)) as process:
        port = HttpWitness("ours", SERVED, process.url, timeout_s=5)
        saved: list[bytes] = []
        policy = parse_policy(f"log {log.vkey}\nwitness ours {SERVED}\nquorum ours\n")
        for growth in (0, 1, 300):
            log.grow(growth)
            gathered = gather(
                log.note(),
                origin=ORIGIN,
                policy=policy,
                witnesses=[port],
                read=log.read,
                save=saved.append,
                now_s=NOW_S,
            )
            assert gathered.is_met, gathered.outcomes
        assert len(saved) == 3
        assert port.latest("unknown.example") is None
        forked = log.fork(5).grow(400, "other")
        (alarm,) = gather(
            forked.note(),
            origin=ORIGIN,
            policy=policy,
            witnesses=[port],
            read=forked.read,
            save=saved.append,
            now_s=NOW_S,
        ).alarms
        assert (alarm.kind, alarm.their_root, alarm.is_proven) == ("forked", log.root(), True)
        port.close()


def test_a_server_killed_under_load_never_forgets_what_it_answered(memory: Path) -> None:
    """`kill -9` between requests and within them; after each restart it goes on from at least what it acknowledged."""
    log = GrowingLog(400)
    acknowledged = 0
    for round_number in range(4):
        with running(SCRIPT, str(memory)) as process:
            status, body = post(process.url, log.request(400, 400))
            if status == 409:
                assert acknowledged <= int(body) <= acknowledged + 1
                acknowledged = int(body)
            acknowledged = climb_until_killed(process, log, acknowledged, after=12 + 9 * round_number)
    with running(SCRIPT, str(memory)) as process:
        forked = log.fork(acknowledged - 3).grow(10, "other")
        status, body = post(process.url, forked.request(acknowledged))
        assert status in {409, 422}


def climb_until_killed(process: Process, log: GrowingLog, held: int, *, after: int) -> int:
    """Extend the log step by step while a timer kills the server; return the last acknowledged size."""
    killer = threading.Timer(after / 100, process.popen.kill)
    killer.start()
    try:
        while held < log.size:
            status, line = post(process.url, log.request(held, held + 1))
            assert status == 200
            open_note(log.note(held + 1) + line, [SERVED])
            held += 1
    except (OSError, http.client.HTTPException):
        pass
    finally:
        killer.join()
    return held


def collect(url: str, body: bytes, statuses: list[int]) -> None:
    statuses.append(post(url, body)[0])


def test_requests_side_by_side_are_cosigned_once(memory: Path, log: GrowingLog) -> None:
    with running(SCRIPT, str(memory)) as process:
        for size in range(1, 9):
            body = log.request(size - 1, size)
            statuses: list[int] = []
            threads = [threading.Thread(target=collect, args=(process.url, body, statuses)) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(statuses) == [200, 409, 409, 409, 409, 409]


def test_the_time_of_a_cosignature_is_the_clocks(log: GrowingLog) -> None:
    witness = make_witness(log)
    answered = call(witness_app(witness), "POST", "/add-checkpoint", body=log.request(0))
    opened = open_note(log.note() + answered.body, [witness.cosigner.vkey])
    assert opened.signatures[0].timestamp == NOW_S
