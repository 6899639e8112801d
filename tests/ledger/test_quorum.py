"""Gathering cosignatures from honest, old, broken and lying witnesses."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import witness_log
from tests.ledger.published_kit import (
    NOW_S,
    ORIGIN,
    DirectPort,
    GrowingLog,
    ScriptedPort,
    StillClock,
    make_witness,
    seed,
)

from doseway.ledger import merkle
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import (
    COSIGNATURE_ED25519,
    NoteSignature,
    SignedNote,
    VerifierKey,
    cosigned_message,
    format_note,
    open_note,
    parse_note,
)
from doseway.ledger.policy import Policy, parse_policy
from doseway.ledger.quorum import MAX_AHEAD_S, MAX_REQUESTS, Gathered, WitnessPort, gather
from doseway.ledger.witness import WitnessReply
from doseway.model.errors import ForkedLog, HashMismatch, RolledBack, SignatureInvalid, Unavailable

NAMES = ("w1.example", "w2.example", "w3.example")


def policy_of(log: GrowingLog, ports: Sequence[WitnessPort], quorum: int) -> Policy:
    lines = [f"log {log.vkey}"]
    lines += [f"witness {port.name} {port.key}" for port in ports]
    lines += [f"group all-of-them {quorum} {' '.join(port.name for port in ports)}", "quorum all-of-them"]
    return parse_policy("\n".join(lines) + "\n")


class Asked:
    """One call of `gather`, with what it saved and how long it waited."""

    def __init__(self) -> None:
        self.saved: list[bytes] = []
        self.waits: list[float] = []

    def gather(
        self,
        log: GrowingLog,
        ports: Sequence[WitnessPort],
        quorum: int = 2,
        *,
        note: bytes | None = None,
        held: dict[str, int] | None = None,
    ) -> Gathered:
        return gather(
            log.note() if note is None else note,
            origin=ORIGIN,
            policy=policy_of(log, ports, quorum),
            witnesses=ports,
            read=log.read,
            save=self.saved.append,
            now_s=NOW_S,
            held_sizes=held,
            pause=self.waits.append,
        )


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(8)


@pytest.fixture
def ports(log: GrowingLog) -> list[DirectPort]:
    return [DirectPort(make_witness(log, name=name)) for name in NAMES]


def cosignature_line(cosigner: Cosigner, text: str, time_s: int) -> bytes:
    return f"{cosigner.cosign(text, time_s)}\n".encode()


def size_reply(size: int) -> WitnessReply:
    return WitnessReply(409, b"%d\n" % size, "text/x.tlog.size")


def test_a_met_quorum_is_saved_as_one_note_that_anybody_can_verify(log: GrowingLog, ports: list[DirectPort]) -> None:
    asked = Asked()
    gathered = asked.gather(log, ports, quorum=3)
    assert gathered.is_met
    assert asked.saved == [gathered.note]
    checkpoint, opened = open_checkpoint(gathered.note, ORIGIN, [log.vkey, *(port.key for port in ports)])
    assert checkpoint.size == 8
    assert [verified.key.name for verified in opened.signatures] == [ORIGIN, *NAMES]
    assert {outcome.status for outcome in gathered.outcomes} == {"cosigned"}
    assert gathered.held_sizes == dict.fromkeys(NAMES, 8)


def test_a_witness_that_holds_another_size_is_asked_again_from_there(log: GrowingLog, ports: list[DirectPort]) -> None:
    ports[0].witness.add_checkpoint(log.request(0, 3))
    ports[1].witness.add_checkpoint(log.request(0, 8))
    gathered = Asked().gather(log, ports, quorum=3, held={NAMES[2]: 5})
    assert gathered.is_met
    assert [outcome.requests for outcome in gathered.outcomes] == [2, 2, 2]
    log.grow(4)
    again = Asked().gather(log, ports, quorum=3, held=dict.fromkeys(NAMES, 8))
    assert [outcome.requests for outcome in again.outcomes] == [1, 1, 1]


def test_a_quorum_that_is_missed_saves_nothing_and_names_each_failure(log: GrowingLog, ports: list[DirectPort]) -> None:
    silent = ScriptedPort("silent.example", Unavailable("nobody answers"))
    stranger = ScriptedPort("strange.example", WitnessReply(404, b"unknown\x1b[31m log\n"))
    asked = Asked()
    gathered = asked.gather(log, [ports[0], silent, stranger], quorum=2)
    assert not gathered.is_met
    assert asked.saved == []
    good, unreachable, refused = gathered.outcomes
    assert (good.witness, good.status) == ("w1.example", "cosigned")
    assert (unreachable.status, unreachable.requests) == ("unreachable", MAX_REQUESTS)
    assert "nobody answers" in unreachable.detail
    assert refused.status == "refused"
    assert refused.detail == "answered 404: unknown[31m log"
    open_checkpoint(gathered.note, ORIGIN, [log.vkey, ports[0].key])


def test_waits_between_repetitions_grow_and_end(log: GrowingLog) -> None:
    asked = Asked()
    busy = ScriptedPort(NAMES[0], WitnessReply(503, b"later\n"))
    (outcome,) = asked.gather(log, [busy], quorum=1).outcomes
    assert (outcome.status, outcome.detail) == ("unreachable", "answered 503: later")
    assert asked.waits == [0.25, 0.5, 1.0, 2.0]
    assert len(busy.requests) == MAX_REQUESTS


def test_a_witness_that_recovers_is_counted(log: GrowingLog) -> None:
    port = DirectPort(make_witness(log, name=NAMES[0]))
    flaky = ScriptedPort(NAMES[0], Unavailable("down"), WitnessReply(502, b""), port.add_checkpoint(log.request(0)))
    assert Asked().gather(log, [flaky], quorum=1).is_met


def test_endless_409s_end(log: GrowingLog) -> None:
    dizzy = ScriptedPort(NAMES[0], size_reply(3), size_reply(4), size_reply(3), size_reply(4))
    gathered = Asked().gather(log, [dizzy], quorum=1)
    assert len(dizzy.requests) == MAX_REQUESTS
    assert not gathered.is_met
    assert "409" in gathered.outcomes[0].detail


@pytest.mark.parametrize("body", [b"", b"3", b"03\n", b"-1\n", b"3\n3\n", b"three\n"])
def test_a_409_without_a_clear_size_is_a_refusal(log: GrowingLog, body: bytes) -> None:
    port = ScriptedPort(NAMES[0], WitnessReply(409, body, "text/x.tlog.size"))
    (outcome,) = Asked().gather(log, [port], quorum=1).outcomes
    assert (outcome.status, outcome.requests) == ("refused", 1)


Forge = Callable[[GrowingLog, ScriptedPort], bytes]


def by_another_key(log: GrowingLog, port: ScriptedPort) -> bytes:
    return cosignature_line(Cosigner(port.name, SigningKey.from_seed(seed("else"))), parse_note(log.note()).text, NOW_S)


def under_the_right_id_with_another_key(log: GrowingLog, port: ScriptedPort) -> bytes:
    line = Cosigner(port.name, SigningKey.from_seed(seed("else"))).cosign(parse_note(log.note()).text, NOW_S)
    return f"{NoteSignature(port.name, port.key.key_id, line.blob)}\n".encode()


def over_another_checkpoint(log: GrowingLog, port: ScriptedPort) -> bytes:
    return cosignature_line(port.cosigner, parse_note(log.note(5)).text, NOW_S)


def without_a_time(log: GrowingLog, port: ScriptedPort) -> bytes:
    message = cosigned_message(COSIGNATURE_ED25519, port.name, parse_note(log.note()).text, 0)
    blob = bytes(8) + SigningKey.from_seed(seed(port.name)).sign(message)
    return f"{NoteSignature(port.name, port.key.key_id, blob)}\n".encode()


def from_the_future(log: GrowingLog, port: ScriptedPort) -> bytes:
    return cosignature_line(port.cosigner, parse_note(log.note()).text, NOW_S + MAX_AHEAD_S + 1)


def with_a_second_note_inside(log: GrowingLog, port: ScriptedPort) -> bytes:
    return b"\n\n" + cosignature_line(port.cosigner, parse_note(log.note()).text, NOW_S)


def nothing(log: GrowingLog, port: ScriptedPort) -> bytes:
    return b""


def noise(log: GrowingLog, port: ScriptedPort) -> bytes:
    return bytes(range(256))


@pytest.mark.parametrize(
    "forge",
    [
        by_another_key,
        under_the_right_id_with_another_key,
        over_another_checkpoint,
        without_a_time,
        from_the_future,
        with_a_second_note_inside,
        nothing,
        noise,
    ],
)
def test_no_line_is_believed_that_does_not_verify_under_the_pinned_key(log: GrowingLog, forge: Forge) -> None:
    asked = Asked()
    port = ScriptedPort(NAMES[0], WitnessReply(200, b""))
    port.replies = [WitnessReply(200, forge(log, port))]
    gathered = asked.gather(log, [port], quorum=1)
    assert not gathered.is_met
    assert asked.saved == []
    assert gathered.outcomes[0].status == "refused"
    assert gathered.note == log.note()


def test_lines_of_others_in_an_answer_are_ignored(log: GrowingLog) -> None:
    port = ScriptedPort(NAMES[0], WitnessReply(200, b""))
    good = cosignature_line(port.cosigner, parse_note(log.note()).text, NOW_S)
    port.replies = [WitnessReply(200, by_another_key(log, port) + good)]
    gathered = Asked().gather(log, [port], quorum=1)
    assert gathered.is_met
    assert [line.name for line in parse_note(gathered.note).signatures] == [ORIGIN, NAMES[0]]


def test_422_is_an_alarm_that_proves_a_fork_with_both_sizes_and_roots(log: GrowingLog, ports: list[DirectPort]) -> None:
    forked = log.fork(3).grow(3, "other")
    ports[0].witness.add_checkpoint(forked.request(0))
    gathered = Asked().gather(log, ports, quorum=2)
    assert gathered.is_met, "the other two do not know better"
    (alarm,) = gathered.alarms
    assert (alarm.witness, alarm.kind, alarm.is_proven) == ("w1.example", "forked", True)
    assert (alarm.our_size, alarm.our_root) == (8, log.root())
    assert (alarm.their_size, alarm.their_root) == (6, forked.root())
    open_checkpoint(alarm.evidence, ORIGIN, [log.vkey])
    with pytest.raises(ForkedLog, match=r"here size 8.*there size 6"):
        raise alarm.error()


def test_a_fork_of_the_same_size_is_an_alarm(log: GrowingLog, ports: list[DirectPort]) -> None:
    ports[0].witness.add_checkpoint(log.fork(3).grow(5, "other").request(0))
    (alarm,) = Asked().gather(log, ports).alarms
    assert (alarm.kind, alarm.their_size, alarm.is_proven) == ("forked", 8, True)


def test_a_witness_that_is_ahead_shows_that_the_log_was_rolled_back(log: GrowingLog, ports: list[DirectPort]) -> None:
    ports[0].witness.add_checkpoint(GrowingLog(12).request(0))
    (alarm,) = Asked().gather(log, ports).alarms
    assert (alarm.kind, alarm.their_size, alarm.is_proven) == ("rolled-back", 12, True)
    with pytest.raises(RolledBack):
        raise alarm.error()


def test_a_refused_proof_without_anything_to_show_for_it_is_an_alarm_but_no_proof(log: GrowingLog) -> None:
    for latest in (None, b"rubbish", GrowingLog(6, key="stranger").note(), log.note(5)):
        port = ScriptedPort(NAMES[0], WitnessReply(422, b"no\n"), latest=latest)
        (alarm,) = Asked().gather(log, [port], quorum=1, held={NAMES[0]: 5}).alarms
        assert (alarm.kind, alarm.is_proven) == ("refused", False)


def test_a_witness_from_before_version_1_answers_409_to_a_fork_and_is_understood(log: GrowingLog) -> None:
    forked = log.fork(3).grow(5, "other")
    for reply in (size_reply(8), WitnessReply(409, b"root mismatch\n")):
        port = ScriptedPort(NAMES[0], reply, latest=forked.note())
        (alarm,) = Asked().gather(log, [port], quorum=1, held={NAMES[0]: 8}).alarms
        assert (alarm.kind, alarm.their_root, alarm.is_proven) == ("forked", forked.root(), True)


def test_a_checkpoint_that_its_own_log_did_not_sign_is_not_sent(log: GrowingLog, ports: list[DirectPort]) -> None:
    broken = bytearray(log.note())
    broken[-6] ^= 1
    for note in (bytes(broken), GrowingLog(8, key="stranger").note()):
        with pytest.raises(SignatureInvalid):
            Asked().gather(log, ports, note=note)
    assert all(not port.requests for port in ports)


def test_cosignatures_that_the_note_carries_are_kept_or_made_good(log: GrowingLog, ports: list[DirectPort]) -> None:
    first = Asked().gather(log, ports[:2], quorum=2).note
    silent = [ScriptedPort(port.name, Unavailable("down")) for port in ports[:2]]
    later = Asked().gather(log, [*silent, ports[2]], quorum=3, note=first)
    assert later.is_met
    assert [line.name for line in parse_note(later.note).signatures].count(NAMES[0]) == 1

    parsed = parse_note(first)
    spoiled = parsed.signatures[1]
    bad = NoteSignature(spoiled.name, spoiled.key_id, bytes(len(spoiled.blob)))
    note = format_note(SignedNote(parsed.text, (parsed.signatures[0], bad)))
    assert Asked().gather(log, ports[:1], quorum=1, note=note).is_met
    assert not Asked().gather(log, silent[:1], quorum=1, note=note).is_met


def test_a_key_outside_of_the_policy_does_not_count(log: GrowingLog, ports: list[DirectPort]) -> None:
    saved: list[bytes] = []
    gathered = gather(
        log.note(),
        origin=ORIGIN,
        policy=policy_of(log, ports[:2], 2),
        witnesses=[ports[0], ports[2]],
        read=log.read,
        save=saved.append,
        now_s=NOW_S,
    )
    assert (gathered.is_met, saved) == (False, [])
    unasked = gathered.outcomes[-1]
    assert (unasked.witness, unasked.status, unasked.requests) == (NAMES[1], "unreachable", 0)


def test_a_damaged_tree_of_our_own_stops_the_round(log: GrowingLog, ports: list[DirectPort]) -> None:
    def broken(level: int, index: int) -> bytes:
        raise HashMismatch("tile/0/000 is damaged")

    ports[0].witness.add_checkpoint(log.request(0, 3))
    with pytest.raises(HashMismatch):
        gather(
            log.note(),
            origin=ORIGIN,
            policy=policy_of(log, ports, 2),
            witnesses=ports,
            read=broken,
            save=lambda _note: None,
            now_s=NOW_S,
        )


def test_no_witnesses_and_a_quorum_of_none_is_met_by_the_log_alone(log: GrowingLog) -> None:
    saved: list[bytes] = []
    gathered = gather(
        log.note(),
        origin=ORIGIN,
        policy=parse_policy(f"log {log.vkey}\nquorum none\n"),
        witnesses=[],
        read=log.read,
        save=saved.append,
        now_s=NOW_S,
    )
    assert gathered.is_met
    assert saved == [log.note()]


class OraclePort:
    """The independent witness of the PyPI package `witness-log`, called in this process."""

    def __init__(self, log: GrowingLog, name: str) -> None:
        self.service: Any = witness_log.WitnessService.new(name, seed(name))
        assert self.service.add_log(log.origin, str(log.vkey))
        self.name = name
        self.key = VerifierKey.parse(self.service.vkey())

    def add_checkpoint(self, request: bytes) -> WitnessReply:
        status, content_type, body = self.service.handle_add_checkpoint_http(request.decode(), NOW_S)
        return WitnessReply(status, body.encode(), content_type)

    def latest(self, origin: str) -> bytes | None:
        assert origin == ORIGIN
        return None


def test_an_independent_witness_cosigns_what_we_send_it(log: GrowingLog) -> None:
    oracles = [OraclePort(log, name) for name in NAMES]
    for growth in (0, 1, 7, 250, 300):
        log.grow(growth)
        gathered = Asked().gather(log, oracles, quorum=3, held={NAMES[0]: log.size})
        assert gathered.is_met
    opened = open_note(gathered.note, [port.key for port in oracles])
    assert [verified.timestamp for verified in opened.signatures] == [NOW_S] * 3
    forked = log.fork(9).grow(log.size - 8, "other")
    assert len(Asked().gather(forked, oracles).alarms) == 3


def test_the_clock_of_a_witness_may_be_behind(log: GrowingLog) -> None:
    late = DirectPort(make_witness(log, name=NAMES[0], clock=StillClock(NOW_S - 10**6)))
    gathered = Asked().gather(log, [late], quorum=1)
    assert gathered.outcomes[0].time_s == NOW_S - 10**6


def test_the_proof_sent_is_the_one_of_rfc_6962(log: GrowingLog, ports: list[DirectPort]) -> None:
    ports[0].witness.add_checkpoint(log.request(0, 3))
    Asked().gather(log, ports[:1], quorum=1, held={NAMES[0]: 3})
    proof = merkle.consistency_proof(3, 8, log.read)
    sent = ports[0].requests[0].partition(b"\n\n")[0].split(b"\n")[1:]
    assert sent == [base64.b64encode(digest) for digest in proof]
