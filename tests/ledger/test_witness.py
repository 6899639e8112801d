"""The witness against the sentences of C2SP tlog-witness v1.0.0, and against an independent witness."""

import base64
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
import witness_log
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.published_kit import NOW_S, ORIGIN, GrowingLog, MemoryStore, StillClock, make_witness, seed

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner, open_note, parse_note
from doseway.ledger.witness import (
    MAX_REQUEST_BYTES,
    Witness,
    WitnessedState,
    add_checkpoint_request,
    origin_hash,
    parse_add_checkpoint,
)
from doseway.model.errors import DataError, Unavailable, UsageError


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(8)


def test_an_extension_is_cosigned_with_a_line_that_verifies_over_the_whole_checkpoint(log: GrowingLog) -> None:
    witness = make_witness(log)
    for old, new in ((0, 3), (3, 3), (3, 5), (5, 8)):
        reply = witness.add_checkpoint(log.request(old, new))
        assert reply.status == 200
        assert reply.body.startswith("— ".encode())
        assert reply.body.endswith(b"\n")
        assert reply.body.count(b"\n") == 1
        opened = open_note(log.note(new) + reply.body, [log.vkey, witness.cosigner.vkey])
        assert [signature.timestamp for signature in opened.signatures] == [None, NOW_S]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 0",
        b"\n\n",
        b"garbage\n\nnote",
        b"old 00\n\n",
        b"old -1\n\n",
        b"old +1\n\n",
        b"old 1_0\n\n",
        "old ٣\n\n".encode(),
        b"old  0\n\n",
        b"OLD 0\n\n",
        b"old 0 \n\n",
        b"old 0\r\n\r\n",
        b"old 99999999999999999999\n\n",
        b"old 1\nnot base64!\n\n",
        b"old 1\n" + base64.b64encode(b"\0" * 31) + b"\n\n",
        b"old 1\n" + base64.b64encode(b"\0" * 33) + b"\n\n",
        b"old 1\n" + base64.b64encode(b"\0" * 32).replace(b"AA=", b"AB=") + b"\n\n",
        b"old 1\n" + base64.b64encode(b"\0" * 32) + b" \n\n",
        b"old 1\n" + (base64.b64encode(b"\0" * 32) + b"\n") * 64 + b"\n",
    ],
)
def test_400_a_body_that_is_not_old_size_proof_and_note(log: GrowingLog, body: bytes) -> None:
    witness = make_witness(log)
    note = log.note() if body.endswith(b"\n\n") else b""
    assert witness.add_checkpoint(body + note).status == 400
    assert witness.store.latest(ORIGIN) is None


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"no note",
        f"{ORIGIN}\n8\n".encode(),
        f"{ORIGIN}\n08\n{base64.b64encode(bytes(32)).decode()}\n\n— {ORIGIN} AAAAAAAA\n".encode(),
        f"{ORIGIN}\n8\nshort\n\n— {ORIGIN} AAAAAAAA\n".encode(),
        b"\xff\xfe\n\n",
    ],
)
def test_400_a_checkpoint_that_is_none(log: GrowingLog, note: bytes) -> None:
    assert make_witness(log).add_checkpoint(b"old 0\n\n" + note).status == 400


def test_400_an_old_size_above_the_checkpoints_own(log: GrowingLog) -> None:
    witness = make_witness(log)
    witness.add_checkpoint(log.request(0, 8))
    assert witness.add_checkpoint(log.request(8, 5)).status == 400


def test_400_a_body_beyond_the_cap_is_not_even_parsed(log: GrowingLog) -> None:
    assert make_witness(log).add_checkpoint(log.request(0) + b"x" * MAX_REQUEST_BYTES).status == 400


def test_403_when_no_trusted_key_signed_and_nothing_is_stored(log: GrowingLog) -> None:
    witness = make_witness(log)
    stranger = NoteSigner(ORIGIN, SigningKey.from_seed(seed("stranger")))
    reply = witness.add_checkpoint(add_checkpoint_request(0, [], log.note(8, stranger)))
    assert (reply.status, witness.store.latest(ORIGIN)) == (403, None)


def test_403_when_a_trusted_keys_signature_is_bad_beside_a_good_one(log: GrowingLog) -> None:
    second = NoteSigner(ORIGIN, SigningKey.from_seed(seed("second")))
    witness = make_witness(log)
    witness = Witness(witness.store, witness.cosigner, {ORIGIN: (log.vkey, second.vkey)}, witness.clock)
    good = log.note(8, log.signer, second)
    broken = bytearray(good)
    broken[-6] ^= 1
    assert witness.add_checkpoint(add_checkpoint_request(0, [], bytes(broken))).status == 403
    assert witness.add_checkpoint(add_checkpoint_request(0, [], good)).status == 200


def test_signatures_of_unknown_keys_are_ignored_and_not_kept(log: GrowingLog) -> None:
    witness = make_witness(log)
    stranger = NoteSigner("somebody.else", SigningKey.from_seed(seed("stranger")))
    assert witness.add_checkpoint(add_checkpoint_request(0, [], log.note(8, stranger, log.signer))).status == 200
    kept = parse_note(witness.checkpoint(origin_hash(ORIGIN)).body)
    assert [line.name for line in kept.signatures] == [ORIGIN, "witness.example/w1"]


def test_404_for_an_origin_that_is_not_watched(log: GrowingLog) -> None:
    witness = make_witness(log)
    assert witness.add_checkpoint(GrowingLog(3, origin="other.example").request(0)).status == 404
    assert witness.checkpoint(origin_hash("other.example")).status == 404


def test_409_names_the_size_that_is_held_in_its_own_content_type(log: GrowingLog) -> None:
    witness = make_witness(log)
    assert witness.add_checkpoint(log.request(3, 5)).body == b"0\n"
    witness.add_checkpoint(log.request(0, 5))
    for old in (0, 3, 6):
        reply = witness.add_checkpoint(log.request(old, 8))
        assert (reply.status, reply.body, reply.content_type) == (409, b"5\n", "text/x.tlog.size")


def test_422_a_proof_that_does_not_verify(log: GrowingLog) -> None:
    witness = make_witness(log)
    witness.add_checkpoint(log.request(0, 5))
    proof = merkle.consistency_proof(5, 8, log.read)
    for wrong in ([], proof[:-1], proof[::-1], [*proof, proof[0]], [bytes(32), *proof[1:]]):
        assert witness.add_checkpoint(add_checkpoint_request(5, wrong, log.note())).status == 422
    assert witness.add_checkpoint(add_checkpoint_request(5, proof, log.note())).status == 200


def test_422_a_proof_where_none_is_due(log: GrowingLog) -> None:
    witness = make_witness(log)
    assert witness.add_checkpoint(add_checkpoint_request(0, [bytes(32)], log.note())).status == 422
    witness.add_checkpoint(log.request(0))
    assert witness.add_checkpoint(add_checkpoint_request(8, [bytes(32)], log.note())).status == 422


def test_422_two_roots_of_one_size_and_both_checkpoints_are_kept_as_evidence(log: GrowingLog) -> None:
    store = MemoryStore()
    witness = make_witness(log, store=store)
    witness.add_checkpoint(log.request(0))
    forged = log.fork(5).grow(3, "other")
    assert witness.add_checkpoint(forged.request(8)).status == 422
    ((origin, held, refused),) = store.evidence
    roots = {open_checkpoint(note, origin, [log.vkey])[0].root for note in (held, refused)}
    assert roots == {log.root(), forged.root()}


def test_422_a_rewritten_history(log: GrowingLog) -> None:
    witness = make_witness(log)
    witness.add_checkpoint(log.request(0, 5))
    assert witness.add_checkpoint(log.fork(3).grow(6, "other").request(5)).status == 422
    assert witness.store.latest(ORIGIN) is not None


def test_422_an_empty_tree_with_a_root_that_is_not_the_empty_one(log: GrowingLog) -> None:
    witness = make_witness(log)
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, log.root(1)), [log.signer])
    assert witness.add_checkpoint(add_checkpoint_request(0, [], note)).status == 422
    assert witness.add_checkpoint(GrowingLog().request(0)).status == 200
    assert witness.add_checkpoint(log.request(0)).status == 200


def test_a_size_that_no_store_can_hold_is_refused(log: GrowingLog) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 2**63, log.root()), [log.signer])
    assert make_witness(log).add_checkpoint(add_checkpoint_request(0, [], note)).status == 400


def test_the_time_is_never_zero_and_never_goes_back(log: GrowingLog) -> None:
    clock = StillClock(0)
    witness = make_witness(log, clock=clock)
    times = []
    for old, new, now in ((0, 1, 0), (1, 2, -50), (2, 3, 100), (3, 3, 90), (3, 4, 120), (4, 4, 0)):
        clock.now_s = now
        reply = witness.add_checkpoint(log.request(old, new))
        opened = open_note(log.note(new) + reply.body, [witness.cosigner.vkey])
        times.append(opened.signatures[0].timestamp)
    assert times == [1, 1, 100, 100, 120, 120]


def test_the_newest_checkpoint_is_served_with_the_logs_and_the_witness_signatures(log: GrowingLog) -> None:
    witness = make_witness(log)
    path = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert witness.checkpoint(path).status == 404
    for old, new in ((0, 3), (3, 8)):
        witness.add_checkpoint(log.request(old, new))
        reply = witness.checkpoint(path)
        assert (reply.status, reply.content_type) == (200, "text/plain; charset=utf-8")
        checkpoint, opened = open_checkpoint(reply.body, ORIGIN, [log.vkey, witness.cosigner.vkey])
        assert checkpoint.size == new
        assert [verified.key for verified in opened.signatures] == [log.vkey, witness.cosigner.vkey]
    assert witness.checkpoint(path.upper()).status == 404


def test_a_log_may_change_its_key_while_both_are_trusted(log: GrowingLog) -> None:
    new = NoteSigner(ORIGIN, SigningKey.from_seed(seed("log, second key")))
    store = MemoryStore()
    before = make_witness(log, store=store)
    during = Witness(store, before.cosigner, {ORIGIN: (log.vkey, new.vkey)}, before.clock)
    after = Witness(store, before.cosigner, {ORIGIN: (new.vkey,)}, before.clock)
    assert before.add_checkpoint(log.request(0, 3)).status == 200

    def request(old: int, size: int, *signers: NoteSigner) -> bytes:
        proof = merkle.consistency_proof(old, size, log.read)
        return add_checkpoint_request(old, proof, log.note(size, *signers))

    assert before.add_checkpoint(request(3, 4, new)).status == 403
    assert during.add_checkpoint(request(3, 4, log.signer, new)).status == 200
    assert after.add_checkpoint(request(4, 5, log.signer)).status == 403
    assert after.add_checkpoint(request(4, 5, new)).status == 200


def test_a_key_that_signs_twice_is_kept_once_and_what_is_served_stays_a_note(log: GrowingLog) -> None:
    witness = make_witness(log)
    good = log.note()
    line = good.partition(b"\n\n")[2]
    assert witness.add_checkpoint(add_checkpoint_request(0, [], good + line * 50)).status == 200
    assert len(parse_note(witness.checkpoint(origin_hash(ORIGIN)).body).signatures) == 2
    padded = Checkpoint(ORIGIN, 8, log.root(), ("x" * 130_800,))
    note = sign_checkpoint(padded, [log.signer])
    assert witness.add_checkpoint(add_checkpoint_request(8, [], note)).status == 400


def test_a_witness_does_not_share_its_key_with_a_log(log: GrowingLog) -> None:
    cosigner = Cosigner("witness.example/w1", SigningKey.from_seed(seed("log")))
    with pytest.raises(UsageError, match="own key"):
        Witness(MemoryStore(), cosigner, {ORIGIN: (log.vkey,)}, StillClock())


class RacingStore(MemoryStore):
    """Lets other requests in between the check and the storing."""

    def __init__(self, meanwhile: list[Callable[[], None]]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def compare_and_store(self, origin: str, old: WitnessedState | None, new: WitnessedState) -> bool:
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().compare_and_store(origin, old, new)


def test_the_race_of_the_specification_does_not_roll_the_witness_back(log: GrowingLog) -> None:
    """Request A for size N is checked; B for N+K is checked, stored and answered; A must not be stored then."""
    meanwhile: list[Callable[[], None]] = []
    store = RacingStore(meanwhile)
    witness = make_witness(log, store=store)
    witness.add_checkpoint(log.request(0, 3))
    statuses = []
    meanwhile.append(lambda: statuses.append(witness.add_checkpoint(log.request(3, 8)).status))
    late = witness.add_checkpoint(log.request(3, 5))
    assert (statuses, late.status, late.body) == ([200], 409, b"8\n")
    assert store.states[ORIGIN].size == 8


def test_a_store_that_never_agrees_ends_in_an_error_and_not_in_a_loop(log: GrowingLog) -> None:
    class Contended(MemoryStore):
        def compare_and_store(self, *_arguments: object) -> bool:
            return False

    with pytest.raises(Unavailable):
        make_witness(log, store=Contended()).add_checkpoint(log.request(0))


def test_many_threads_that_extend_one_log_all_win_exactly_once(log: GrowingLog) -> None:
    witness = make_witness(log)
    witness.add_checkpoint(log.request(0, 1))

    def submit(body: bytes, replies: list[int]) -> None:
        replies.append(witness.add_checkpoint(body).status)

    for size in range(2, 9):
        body = log.request(size - 1, size)
        replies: list[int] = []
        threads = [threading.Thread(target=submit, args=(body, replies)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(replies) == [200, 409, 409, 409]


@given(st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_answered_with_400(body: bytes) -> None:
    assert make_witness(GrowingLog(2)).add_checkpoint(body).status == 400


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=200))
def test_a_request_is_read_as_it_was_written(old: int, proof: list[bytes], note: bytes) -> None:
    parsed = parse_add_checkpoint(add_checkpoint_request(old, proof, note))
    assert (parsed.old_size, list(parsed.proof), parsed.checkpoint) == (old, proof, note)


def test_a_proof_that_cannot_be_sent_is_not_written() -> None:
    for proof in ([bytes(32)] * 64, [bytes(31)]):
        with pytest.raises(UsageError):
            add_checkpoint_request(0, proof, b"note")
    with pytest.raises(DataError):
        parse_add_checkpoint(b"old 1\n")


# One history and its forks: (at, size) names the log that leaves the honest one at entry `at`.
HONEST = GrowingLog(12)
FORKS = {at: HONEST.fork(at).grow(12 - at, f"fork-{at}") for at in (0, 1, 2, 4, 7)}
BRANCHES = [HONEST, *FORKS.values()]
STEP = st.tuples(
    st.sampled_from(range(len(BRANCHES))),  # which history
    st.integers(0, 12),  # the size submitted
    st.integers(0, 13) | st.just(-1),  # the old size; -1: the one that is held
    st.sampled_from(["good", "good", "good", "empty", "short", "long", "swapped", "bad signature", "unknown log"]),
)


def spoil(kind: str, branch: GrowingLog, old: int, size: int) -> bytes:
    """Write a request with one thing wrong, or with none."""
    proof = merkle.consistency_proof(old, size, branch.read) if 0 < old <= size else []
    note = branch.note(size)
    if kind == "empty":
        proof = []
    elif kind == "short":
        proof = proof[:-1]
    elif kind == "long":
        proof = [*proof, branch.root(1)]
    elif kind == "swapped":
        proof = proof[::-1]
    elif kind == "bad signature":
        note = note[:-5] + (b"AAA=\n" if note[-5:] != b"AAA=\n" else b"BBA=\n")
    elif kind == "unknown log":
        note = sign_checkpoint(Checkpoint("unknown.example", size, branch.root(size)), [branch.signer])
    return add_checkpoint_request(old, proof, note)


@given(st.lists(STEP, max_size=25))
@settings(max_examples=300, deadline=None)
def test_whatever_is_submitted_only_one_history_is_ever_cosigned(steps: list[tuple[int, int, int, str]]) -> None:
    """And an independent witness gives the same statuses, sizes and content types on the same dialogue."""
    witness = make_witness(HONEST)
    oracle: Any = witness_log.WitnessService.new("witness.example/w1", seed("witness.example/w1"))
    assert oracle.vkey() == str(witness.cosigner.vkey)
    assert oracle.add_log(ORIGIN, str(HONEST.vkey))
    cosigned: dict[int, bytes] = {}
    held = 0
    for which, size, old, kind in steps:
        body = spoil(kind, BRANCHES[which], held if old < 0 else old, size)
        reply = witness.add_checkpoint(body)
        status, content_type, answer = oracle.handle_add_checkpoint_http(body.decode(), NOW_S)
        assert (reply.status, reply.content_type) == (status, content_type), answer
        if status in {200, 409}:
            assert reply.body == answer.encode()
        if status == 200:
            held = size
            cosigned[size] = parse_checkpoint(parse_note(body.partition(b"\n\n")[2]).text).root
    sizes = sorted(cosigned)
    assert any(all(branch.root(size) == cosigned[size] for size in sizes) for branch in BRANCHES)
