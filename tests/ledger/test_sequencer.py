"""The sequencer: order, duplicates, conditions, time, keys, blobs - and the pool in front of it."""

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.log_kit import ORIGIN, START_MS, Place, failure, failures, key_of, packet, signer_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.drafts import Draft, Receipt, Unless
from doseway.ledger.note import SignedNote, format_note, parse_note
from doseway.ledger.pool import PoolSettings
from doseway.model.errors import (
    ConflictError,
    DataError,
    IntegrityError,
    Pushback,
    SignatureInvalid,
    Unavailable,
    UsageError,
)
from doseway.model.facts import BlobErased, ClockSteppedBack, LogCreated, LogKeyRotated, RuleFailed
from doseway.model.ids import content_id


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_log_begins_with_its_origin_and_key(place: Place) -> None:
    with place.open() as sequencer:
        assert sequencer.log.size == 1
        assert sequencer.log.fact(0).fact.content() == LogCreated(origin=ORIGIN, vkey=str(place.signer.vkey))
        assert sequencer.log.origin == ORIGIN


@settings(max_examples=12, deadline=None)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=6), reopen=st.booleans())
def test_any_batching_gives_the_tree_of_rfc_6962(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], reopen: bool
) -> None:
    place = Place(tmp_path_factory.mktemp("log"))
    sequencer, at = place.open(), 1
    for size in sizes:
        receipts = sequencer.append([failure(n) for n in range(at, at + size)])
        assert [receipt.index for receipt in receipts] == list(range(at, at + size))
        at += size
        if reopen:
            sequencer.close()
            sequencer = place.open()
        checkpoint, _ = open_checkpoint(sequencer.log.checkpoint(), ORIGIN, [place.signer.vkey])
        leaves = [merkle.leaf_hash(entry) for entry in sequencer.log.entries()]
        assert (checkpoint.size, checkpoint.root) == (at, merkle.root(leaves))
    sequencer.close()


def test_the_same_facts_give_the_same_log_bit_for_bit(tmp_path: Path) -> None:
    notes = []
    for name in ("a", "b"):
        with Place(tmp_path / name).open() as sequencer:
            sequencer.append(failures(range(300)))
            notes.append(sequencer.log.checkpoint())
    assert notes[0] == notes[1]


def test_content_that_is_there_is_not_appended_again(place: Place) -> None:
    with place.open() as sequencer:
        first = sequencer.append(failures([1, 2, 1]))
        assert first == [Receipt(1), Receipt(2), Receipt(1, is_duplicate=True)]
        assert sequencer.append(failures([2, 3])) == [Receipt(2, is_duplicate=True), Receipt(3)]
    with place.open() as sequencer:
        assert sequencer.append(failures([3, 4])) == [Receipt(3, is_duplicate=True), Receipt(4)]
        note = sequencer.log.checkpoint()
        assert sequencer.append(failures([1])) == [Receipt(1, is_duplicate=True)]
        assert sequencer.append([]) == []
        assert sequencer.log.checkpoint() == note


def test_equal_fingerprints_of_different_content_are_not_duplicates(place: Place) -> None:
    ids = [b"\x05" * 8 + bytes([n]) * 24 for n in range(3)]
    drafts = [failure(n, identity=ids[n]) for n in range(3)]  # type: ignore[arg-type]  # forged: no hash looks so
    with place.open() as sequencer:
        assert [r.is_duplicate for r in sequencer.append(drafts[:2])] == [False, False]
    with place.open() as sequencer:
        assert sequencer.append(drafts) == [Receipt(1, True), Receipt(2, True), Receipt(3)]


def test_a_condition_holds_as_long_as_nothing_newer_has_the_tag(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([failure(1, tags=("profile:x",))], unless=Unless(("profile:x",), -1))
        with pytest.raises(ConflictError, match="entry 1 about profile:x"):
            sequencer.append([failure(2)], unless=Unless(("profile:y", "profile:x"), 0))
        assert sequencer.log.size == 2
        sequencer.append([failure(3, tags=("profile:x",))], unless=Unless(("profile:x",), 1))
        assert sequencer.log.last_tagged("profile:x") == 2


def test_a_repetition_of_what_succeeded_is_no_conflict(place: Place) -> None:
    draft = failure(1, tags=("profile:x",), identity=content_id("x", b"1"))
    with place.open() as sequencer:
        assert sequencer.append([draft], unless=Unless(("profile:x",), -1)) == [Receipt(1)]
        assert sequencer.append([draft], unless=Unless(("profile:x",), -1)) == [Receipt(1, is_duplicate=True)]


def test_of_two_writers_with_one_condition_one_wins_even_in_one_batch(place: Place) -> None:
    with place.open() as sequencer:
        futures = [
            sequencer.submit([failure(n, tags=("profile:x",))], unless=Unless(("profile:x",), -1)) for n in range(8)
        ]
        errors = [future.exception() for future in futures]
        assert sum(error is None for error in errors) == 1
        assert all(isinstance(error, ConflictError) for error in errors if error is not None)
        assert sequencer.log.size == 2


def test_recorded_time_never_decreases_and_a_step_back_is_a_fact(place: Place) -> None:
    with place.open() as sequencer:
        for at_ms in (5_000, 4_500, 2_000, 2_500, 1_900, 9_000):
            place.clock.at_ms = START_MS + at_ms
            sequencer.append([failure(at_ms)])
        facts = [found.fact for found in sequencer.log.facts(1)]
        assert [fact.at_ms - START_MS for fact in facts] == [5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 9_000]
        steps = [fact.content() for fact in facts if fact.type == ClockSteppedBack.TYPE]
        assert steps == [ClockSteppedBack(by_ms=2_500)]


def test_a_clock_that_went_back_while_the_log_was_closed_is_a_fact(place: Place) -> None:
    place.open().close()
    place.clock.at_ms -= 60_000
    with place.open() as sequencer:
        assert sequencer.append([failure(1)]) == [Receipt(2)]
        assert sequencer.log.fact(1).fact.content() == ClockSteppedBack(by_ms=60_000)
        assert [found.fact.at_ms for found in sequencer.log.facts()] == [START_MS] * 3


def test_a_fact_that_is_too_large_spoils_nothing_else(place: Place) -> None:
    large = Draft(body=RuleFailed(packet=1, rule="", error="x" * 70_000), by="t")
    with place.open() as sequencer:
        good = sequencer.submit([failure(1)])
        with pytest.raises(DataError, match="does not fit"):
            sequencer.submit([large])
        with pytest.raises(DataError):
            sequencer.append([failure(2), large])
        assert good.result() == [Receipt(1)]
        assert sequencer.log.size == 2


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_raw_bytes_come_back_and_are_kept_once(place: Place, size: int, is_streamed: bool) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    with place.open() as sequencer:
        receipts = sequencer.append([packet(sequencer, data, is_streamed=is_streamed)])
        assert receipts == [Receipt(1)]
        assert b"".join(sequencer.log.blob(1)) == data
        assert all(len(chunk) <= 1 << 20 for chunk in sequencer.log.blob(1))
        again = sequencer.append([packet(sequencer, data, is_streamed=is_streamed)])
        assert again == [Receipt(1, is_duplicate=True)]
        assert sequencer._store.begin_blob() == 2 if size > 1 << 20 and is_streamed else True


def test_a_source_that_breaks_off_leaves_nothing_behind(place: Place) -> None:
    class Breaking:
        def __init__(self) -> None:
            self.parts = iter([b"x" * (1 << 20), b"y" * (1 << 20)])

        def read(self, _size: int, /) -> bytes:
            try:
                return next(self.parts)
            except StopIteration:
                raise OSError("the cable was pulled") from None

    with place.open() as sequencer:
        with pytest.raises(OSError, match="cable"):
            sequencer.stage(Breaking())
        assert sequencer._store._rows("SELECT * FROM blob_chunk") == []  # type: ignore[attr-defined]


def test_a_staged_blob_serves_one_fact_of_its_own_log(place: Place, tmp_path: Path) -> None:
    with place.open() as sequencer, Place(tmp_path / "other").open() as other:
        draft = packet(sequencer, b"x" * 3_000_000, is_streamed=True)
        with pytest.raises(UsageError, match="belongs to one fact"):
            sequencer.append([draft, draft])
        with pytest.raises(UsageError, match="belongs to one fact"):
            other.append([draft])
        with pytest.raises(ConflictError):
            sequencer.append([draft, failure(1, tags=("t:1",))], unless=Unless(("log:key",), -1))
        assert sequencer.append([draft]) == [Receipt(1)]
        with pytest.raises(UsageError):
            sequencer.append([draft])


def test_a_discarded_blob_is_gone(place: Place) -> None:
    with place.open() as sequencer:
        blob = sequencer.stage(b"small")
        sequencer.discard(blob)
        draft = packet(sequencer, b"x" * 3_000_000, is_streamed=True)
        assert draft.blob is not None
        sequencer.discard(draft.blob)
        with pytest.raises(UsageError):
            sequencer.append([draft])


def test_erased_bytes_are_gone_and_every_proof_stays(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([packet(sequencer, b"patient Anna")])
        sequencer.append(failures(range(5)))
        log = sequencer.log
        entry, leaf = log.entry(1), merkle.leaf_hash(log.entry(1))
        receipt = sequencer.erase(1, reason="asked for by the patient", by="qa")
        body = log.fact(receipt.index).fact.content()
        assert isinstance(body, BlobErased)
        assert (body.packet, body.commitment) == (1, log.fact(1).fact.content().commitment)  # type: ignore[attr-defined]
        assert log.entry(1) == entry
        merkle.verify_inclusion(leaf, 1, log.size, log.inclusion_proof(1), log.head().root)
        with pytest.raises(UsageError, match="erased"):
            log.blob(1)
        with pytest.raises(UsageError, match="erased before"):
            sequencer.erase(1, reason="again", by="qa")
        with pytest.raises(UsageError, match="no raw bytes"):
            sequencer.erase(2, reason="none", by="qa")
        assert sequencer.append([packet(sequencer, b"patient Anna")])[0].is_duplicate is False


def test_a_log_whose_only_content_id_was_erased_goes_on(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([packet(sequencer, b"patient Anna")])
        sequencer.erase(1, reason="asked for by the patient", by="qa")
    with place.open() as sequencer:
        assert sequencer.append([packet(sequencer, b"patient Anna")]) == [Receipt(3)]


def test_a_planted_content_id_does_not_hide_a_packet(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([packet(sequencer, b"harmless")])
        hidden = packet(sequencer, b"40 degrees for a week")
        assert hidden.content_id is not None

    connection = sqlite3.connect(place.log_path)
    connection.execute("UPDATE content_id SET data = ? WHERE first_idx = 1", (hidden.content_id,))
    connection.commit()
    connection.close()
    with place.open() as sequencer, pytest.raises(IntegrityError, match="commits to others"):
        sequencer.append([packet(sequencer, b"40 degrees for a week")])


def test_a_change_of_key_is_signed_by_both_and_the_old_key_is_refused_afterwards(place: Place) -> None:
    old, new = place.signer, signer_of("new")
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        receipt = sequencer.rotate(new, reason="yearly", by="admin")
        _, opened = open_checkpoint(sequencer.log.checkpoint(), ORIGIN, [old.vkey, new.vkey])
        assert {verified.key for verified in opened.signatures} == {old.vkey, new.vkey}
        body = LogKeyRotated(old_vkey=str(old.vkey), new_vkey=str(new.vkey), reason="yearly")
        assert sequencer.log.fact(receipt.index).fact.content() == body
        sequencer.append([failure(2)])
        with pytest.raises(SignatureInvalid):
            open_checkpoint(sequencer.log.checkpoint(), ORIGIN, [old.vkey])
        open_checkpoint(sequencer.log.checkpoint(), ORIGIN, [new.vkey])
        assert sequencer.log.keys() == [old.vkey, new.vkey]
    with pytest.raises(UsageError, match="not the one in force"):
        place.open()
    place.signer = new
    with place.open() as sequencer:
        third = signer_of("third")
        sequencer.rotate(third, reason="again", by="admin")
        assert sequencer.log.keys() == [old.vkey, new.vkey, third.vkey]
        with pytest.raises(UsageError, match="must be another one"):
            sequencer.rotate(third, reason="", by="admin")
        with pytest.raises(UsageError, match="the log's name"):
            sequencer.rotate(signer_of("x", "other.example"), reason="", by="admin")


def test_the_key_of_another_log_is_refused(place: Place) -> None:
    place.open().close()
    place.signer = signer_of("log", "other.example/log")
    with pytest.raises(UsageError, match=r"is of other\.example"):
        place.open()


def test_cosigned_checkpoints_are_kept_and_add_up(place: Place) -> None:

    witnesses = [Cosigner(f"witness.example/{n}", key_of(f"witness {n}")) for n in range(2)]
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        note = parse_note(sequencer.log.checkpoint())
        assert sequencer.log.cosigned() is None
        for witness in witnesses:
            cosigned = SignedNote(note.text, (*note.signatures, witness.cosign(note.text, 1_764_000_000)))
            sequencer.keep_cosigned(format_note(cosigned))
        sequencer.append([failure(2)])
        kept = sequencer.log.cosigned()
        assert kept is not None
        names = [line.name for line in parse_note(kept).signatures]
        assert sorted(names) == sorted([ORIGIN, witnesses[0].vkey.name, witnesses[1].vkey.name])
        proof = sequencer.log.tlog_proof(1)
        assert (proof.checkpoint, sequencer.log.tlog_proof(2).checkpoint) == (kept, sequencer.log.checkpoint())


def test_a_checkpoint_of_another_log_or_history_is_not_kept(place: Place, tmp_path: Path) -> None:
    with Place(tmp_path / "fork").open() as fork:
        fork.append([failure(99)])
        forked = fork.log.checkpoint()
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        with pytest.raises(IntegrityError, match="not those under the checkpoint"):
            sequencer.keep_cosigned(forked)
        with Place(tmp_path / "b", signer=signer_of("other")).open() as other, pytest.raises(SignatureInvalid):
            sequencer.keep_cosigned(other.log.checkpoint())


def test_facts_of_many_threads_share_commits_and_each_gets_its_own_place(place: Place) -> None:
    with place.open() as sequencer:
        results: dict[int, int] = {}

        def work(thread: int) -> None:
            for n in range(25):
                number = thread * 100 + n
                results[number] = sequencer.submit([failure(number)]).result()[0].index

        threads = [threading.Thread(target=work, args=(t,)) for t in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results.values()) == list(range(1, 201))
        for number, index in results.items():
            assert f'number {number}"' in sequencer.log.entry(index).decode()


def test_a_full_pool_pushes_back_and_takes_nothing(place: Place) -> None:

    sequencer = place.open(settings=PoolSettings(linger_ms=60_000, max_facts=3))
    futures = [sequencer.submit([failure(n)]) for n in range(3)]
    with pytest.raises(Pushback, match="3 facts are waiting"):
        sequencer.submit([failure(4)])
    sequencer.close()
    assert [future.result()[0].index for future in futures] == [1, 2, 3]


def test_a_batch_is_sealed_when_it_is_full_without_waiting(place: Place) -> None:
    with place.open(settings=PoolSettings(linger_ms=600_000, batch_facts=4)) as sequencer:
        futures = [sequencer.submit([failure(n)]) for n in range(4)]
        assert [future.result(timeout=30)[0].index for future in futures] == [1, 2, 3, 4]


def test_after_closing_nothing_is_taken_and_what_waited_is_written(place: Place) -> None:
    sequencer = place.open()
    waiting = sequencer.submit([failure(1)])
    sequencer.close()
    assert waiting.result(timeout=0) == [Receipt(1)]
    with pytest.raises(Unavailable):
        sequencer.submit([failure(2)])
    sequencer.close()


def test_an_abandoned_future_is_not_written(place: Place) -> None:
    sequencer = place.open(settings=PoolSettings(linger_ms=600_000))
    futures = [sequencer.submit([failure(n)]) for n in range(2)]
    assert futures[0].cancel()
    sequencer.close()
    assert futures[1].result() == [Receipt(1)]
    with place.open() as reopened:
        assert reopened.log.size == 2
