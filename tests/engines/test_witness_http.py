"""Witnesses over real HTTP: an independent one from PyPI, our own, and those that misbehave."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
import witness_log
from tests.ledger.published_kit import NOW_S, ORIGIN, GrowingLog, make_witness, seed

from doseway.engines.witness_http import HttpWitness, http_witnesses
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.note import VerifierKey
from doseway.ledger.policy import parse_policy
from doseway.ledger.quorum import Gathered, gather
from doseway.ledger.witness import WitnessReply, origin_hash
from doseway.model.errors import Unavailable

Answer = tuple[int, str, bytes]
NAMES = ("w1.example", "w2.example", "w3.example")


class Quiet(http.server.ThreadingHTTPServer):
    """Does not complain of clients that hang up: the client under test is meant to."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def serving(
    on_post: Callable[[bytes], Answer], on_get: Callable[[str], Answer] = lambda _path: (404, "text/plain", b"")
) -> Iterator[str]:
    """Serve `add-checkpoint` and monitoring requests; yields the prefix."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/prefix/add-checkpoint"
            self.answer(on_post(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            self.answer(on_get(self.path.removeprefix("/prefix/")))

        def answer(self, answer: Answer) -> None:
            self.send_response(answer[0])
            self.send_header("Content-Type", answer[1])
            self.send_header("Content-Length", str(len(answer[2])))
            self.end_headers()
            self.wfile.write(answer[2])

        def log_message(self, *_arguments: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/prefix/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def independent(log: GrowingLog, name: str) -> Iterator[HttpWitness]:
    """Put the witness of the package `witness-log` behind HTTP."""
    service: Any = witness_log.WitnessService.new(name, seed(name))
    assert service.add_log(log.origin, str(log.vkey))

    def on_post(body: bytes) -> Answer:
        status, content_type, answer = service.handle_add_checkpoint_http(body.decode(), NOW_S)
        return status, content_type, answer.encode()

    with serving(on_post) as url, closing(HttpWitness(name, VerifierKey.parse(service.vkey()), url)) as port:
        yield port


@contextmanager
def ours(log: GrowingLog, name: str) -> Iterator[HttpWitness]:
    witness = make_witness(log, name=name)

    def answer(reply: WitnessReply) -> Answer:
        return reply.status, reply.content_type, reply.body

    with (
        serving(
            lambda body: answer(witness.add_checkpoint(body)),
            lambda path: answer(witness.checkpoint(path.removesuffix("/checkpoint"))),
        ) as url,
        closing(HttpWitness(name, witness.cosigner.vkey, url)) as port,
    ):
        yield port


def ask(log: GrowingLog, ports: Sequence[HttpWitness], quorum: int, saved: list[bytes] | None = None) -> Gathered:
    lines = [f"log {log.vkey}", *(f"witness {port.name} {port.key}" for port in ports)]
    lines += [f"group all-of-them {quorum} {' '.join(port.name for port in ports)}", "quorum all-of-them\n"]
    return gather(
        log.note(),
        origin=ORIGIN,
        policy=parse_policy("\n".join(lines)),
        witnesses=ports,
        read=log.read,
        save=(saved if saved is not None else []).append,
        now_s=NOW_S,
        pause=lambda _seconds: None,
    )


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(8)


def test_a_quorum_of_ours_and_an_independent_witness_over_http(log: GrowingLog) -> None:
    saved: list[bytes] = []
    with independent(log, NAMES[0]) as theirs, ours(log, NAMES[1]) as own:
        for growth in (0, 5, 300):
            log.grow(growth)
            gathered = ask(log, [theirs, own], 2, saved)
            assert gathered.is_met, gathered.outcomes
            _, opened = open_checkpoint(gathered.note, ORIGIN, [log.vkey, theirs.key, own.key])
            assert len(opened.signatures) == 3
        assert own.latest(ORIGIN) is not None
        assert own.latest("other.example") is None
    assert len(saved) == 3


def test_both_kinds_of_witness_give_the_alarm_on_a_fork(log: GrowingLog) -> None:
    with independent(log, NAMES[0]) as theirs, ours(log, NAMES[1]) as own:
        ask(log, [theirs, own], 2)
        forked = log.fork(5).grow(9, "other")
        gathered = ask(forked, [theirs, own], 1)
        assert not gathered.is_met
        assert [alarm.kind for alarm in gathered.alarms] == ["refused", "forked"]
        assert gathered.alarms[1].is_proven


def test_two_of_three_is_met_while_one_is_down_and_it_is_named(log: GrowingLog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    key = make_witness(log, name=NAMES[2]).cosigner.vkey
    down = HttpWitness(NAMES[2], key, f"http://127.0.0.1:{port}")
    with independent(log, NAMES[0]) as theirs, ours(log, NAMES[1]) as own:
        gathered = ask(log, [theirs, own, down], 2)
        assert gathered.is_met
        assert [outcome.status for outcome in gathered.outcomes] == ["cosigned", "cosigned", "unreachable"]
        assert f"127.0.0.1:{port}" in gathered.outcomes[2].detail
        assert not ask(log, [theirs, own, down], 3).is_met


def test_slow_witnesses_are_waited_for_side_by_side(log: GrowingLog) -> None:
    def slow(_body: bytes) -> Answer:
        time.sleep(1.5)
        return 200, "text/plain", b""

    key = make_witness(log).cosigner.vkey
    with serving(slow) as url:
        ports = [HttpWitness(f"w{number}", key, url, timeout_s=0.2) for number in range(8)]
        began = time.monotonic()
        policy = parse_policy(f"log {log.vkey}\nquorum none\n")
        gathered = gather(
            log.note(),
            origin=ORIGIN,
            policy=policy,
            witnesses=ports,
            read=log.read,
            save=lambda _note: None,
            now_s=NOW_S,
            pause=lambda _seconds: None,
        )
        assert time.monotonic() - began < 5, "one after the other they would take 8 s"
    assert {outcome.status for outcome in gathered.outcomes} == {"unreachable"}
    assert all("within 0.2 s" in outcome.detail for outcome in gathered.outcomes)


def test_the_policy_says_where_its_witnesses_are(log: GrowingLog) -> None:
    keys = [make_witness(log, name=name).cosigner.vkey for name in NAMES]
    lines = [f"witness {name} {key} http://127.0.0.1/{name}" for name, key in zip(NAMES[:2], keys[:2], strict=True)]
    policy = parse_policy("\n".join([*lines, f"witness {NAMES[2]} {keys[2]}", "quorum none\n"]))
    assert [(port.name, port.key) for port in http_witnesses(policy)] == list(zip(NAMES[:2], keys[:2], strict=True))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_refusal(log: GrowingLog, status: int) -> None:
    with (
        serving(lambda _body: (status, "text/plain", b"moved")) as url,
        closing(HttpWitness(NAMES[0], make_witness(log).cosigner.vkey, url)) as port,
    ):
        (outcome,) = ask(log, [port], 1).outcomes
        assert (outcome.status, outcome.detail) == ("refused", f"answered {status}: moved")


def test_an_answer_without_end_is_not_taken(log: GrowingLog) -> None:
    with (
        serving(lambda _body: (200, "text/plain", b"x" * 70_000)) as url,
        closing(HttpWitness(NAMES[0], make_witness(log).cosigner.vkey, url)) as port,
    ):
        (outcome,) = ask(log, [port], 1).outcomes
        assert outcome.status == "unreachable"
        assert "more than 65536 bytes" in outcome.detail


def test_monitoring_says_what_is_wrong(log: GrowingLog) -> None:
    seen: list[str] = []

    def on_get(path: str) -> Answer:
        seen.append(path)
        return 500, "text/plain", b""

    with (
        serving(lambda _body: (500, "", b""), on_get) as url,
        closing(HttpWitness(NAMES[0], make_witness(log).cosigner.vkey, url)) as port,
    ):
        with pytest.raises(Unavailable, match="answered 500"):
            port.latest(ORIGIN)
        assert seen == [f"{origin_hash(ORIGIN)}/checkpoint"]
