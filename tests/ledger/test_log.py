"""The log to read: entries, facts, tiles and proofs under one published checkpoint, and nothing beyond it."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.log_kit import Place, failure, failures, fill, packet, signer_of

from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger import merkle, tags
from doseway.ledger.log import Log, open_log
from doseway.ledger.ports import Published
from doseway.ledger.tiles import parse_bundle, tiles_for
from doseway.model.errors import IntegrityError, RolledBack, SignatureInvalid, Unavailable, UsageError
from doseway.model.facts import LogCreated

SIZE = 700


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("log"))
    fill(place, [255, 300, 144])
    return place


@pytest.fixture(scope="module")
def log(place: Place) -> Iterator[Log]:
    store = SqliteReader(place.log_path)
    yield open_log(store, FileAnchorReader(place.anchor_path))
    store.close()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_proof_verifies_against_the_root_of_its_size(log: Log, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, leaf = log.root(size), merkle.leaf_hash(log.entry(index))
    merkle.verify_inclusion(leaf, index, size, log.inclusion_proof(index, size), root)
    merkle.verify_consistency(old, log.root(old), size, root, log.consistency_proof(old, size))


def test_a_proof_that_travels_is_bound_to_the_signed_checkpoint(log: Log) -> None:
    proof = log.tlog_proof(300)
    checkpoint = log.open(proof.checkpoint)
    merkle.verify_inclusion(
        merkle.leaf_hash(log.entry(300)), proof.index, checkpoint.size, list(proof.hashes), checkpoint.root
    )
    assert checkpoint.size == log.size == SIZE


def test_the_tiles_and_bundles_of_the_tree_are_there_and_no_others(log: Log) -> None:
    for level, n, width in tiles_for(SIZE):
        assert len(log.tile(level, n, width)) == 32 * width
        if width > 1:
            assert log.tile(level, n, width - 1) == log.tile(level, n, width)[:-32]
    entries = list(log.entries())
    assert parse_bundle(log.bundle(2, 188), 188) == entries[512:700]
    assert parse_bundle(log.bundle(0), 256) == entries[:256]
    for level, n, width in ((0, 2, 189), (0, 3, 1), (1, 0, 3), (2, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(Unavailable, match="not in the published tree"):
            log.tile(level, n, width)
    with pytest.raises(Unavailable):
        log.bundle(2, 189)


def test_facts_are_found_by_type_and_tag(log: Log) -> None:
    assert [found.index for found in log.facts(kind="log.created")] == [0]
    assert [found.index for found in log.facts(tag="digit:3")] == list(range(3, SIZE, 10))
    assert [found.index for found in log.facts(300, 330, kind="rule.failed", tag="digit:3")] == [303, 313, 323]
    assert list(log.facts(kind="log.created", tag="digit:3")) == []
    assert list(log.facts(tag="digit")) == [], "a part of a tag is not the tag"
    assert isinstance(log.fact(0).fact.content(), LogCreated)
    assert log.last_tagged("digit:3") == 693
    assert log.last_tagged("digit:x") is None


def test_text_that_looks_like_a_tag_is_none(tmp_path: Path) -> None:
    with Place(tmp_path).open() as sequencer:
        sequencer.append([failure(1, tags=("a:1",)), failure(2, tags=('quoted "a:1"',))])
        assert [found.index for found in sequencer.log.facts(tag="a:1")] == [1]
        assert [found.index for found in sequencer.log.facts(tag='quoted "a:1"')] == [2]


@pytest.mark.parametrize("index", [-1, SIZE, SIZE + 7])
def test_an_entry_that_is_not_there_is_the_callers_mistake(log: Log, index: int) -> None:
    for ask in (log.entry, log.fact, log.inclusion_proof, log.tlog_proof, log.blob, log.blob_info):
        with pytest.raises(UsageError):
            ask(index)


def test_sizes_beyond_the_end_are_the_callers_mistake(log: Log) -> None:
    with pytest.raises(UsageError, match="700 entries, not 701"):
        log.root(701)
    with pytest.raises(UsageError):
        log.consistency_proof(5, 4)
    assert log.consistency_proof(0, 5) == []
    assert list(log.entries(700)) == []
    with pytest.raises(UsageError):
        list(log.entries(0, 701))


def test_what_is_committed_and_not_yet_published_is_not_shown(place: Place, tmp_path: Path) -> None:
    """Between commit and anchor the batch is durable, and nobody may see it."""
    store = SqliteReader(place.log_path)
    published: list[Published] = [Published(0, merkle.EMPTY_ROOT, b"")]
    log = Log(store, lambda: published[0])
    assert log.size == 0
    with pytest.raises(Unavailable, match="empty"):
        log.checkpoint()
    with pytest.raises(UsageError):
        log.entry(0)
    published[0] = Published(300, log_root(place, 300), b"")
    assert log.size == 300
    assert len(list(log.entries())) == 300
    with pytest.raises(UsageError):
        log.entry(300)
    with pytest.raises(Unavailable):
        log.tile(0, 1, 45)
    assert merkle.root_of(300, lambda level, n: merkle.root(leaves(place)[n << level : (n + 1) << level])) == log.root(
        300
    )
    store.close()


def leaves(place: Place) -> list[bytes]:
    store = SqliteReader(place.log_path)
    found = [merkle.leaf_hash(entry) for _, entry in store.page(0, SIZE)]
    store.close()
    return found


def log_root(place: Place, size: int) -> bytes:
    return merkle.root(leaves(place)[:size])


def test_a_reader_beside_the_writer_sees_what_is_published(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.open() as sequencer:
        reader = open_log(SqliteReader(place.log_path), FileAnchorReader(place.anchor_path))
        for n in range(3):
            sequencer.append(failures([n]))
            assert (reader.size, reader.checkpoint()) == (sequencer.log.size, sequencer.log.checkpoint())
            assert reader.last_tagged(f"digit:{n}") == sequencer.log.last_tagged(f"digit:{n}") == n + 1
        without_anchor = open_log(SqliteReader(place.log_path))
        assert without_anchor.size == 4


def test_a_reader_refuses_a_store_that_is_behind_its_anchor_or_signed_by_another_key(tmp_path: Path) -> None:
    place = Place(tmp_path)
    fill(place, [5])
    with sqlite3.connect(place.log_path) as connection:
        connection.execute("UPDATE head SET size = 3")
    connection.close()
    with pytest.raises(RolledBack):
        open_log(SqliteReader(place.log_path), FileAnchorReader(place.anchor_path))
    with pytest.raises(SignatureInvalid):
        open_log(SqliteReader(place.log_path))


def test_the_anchor_of_another_log_is_refused(tmp_path: Path) -> None:
    one, other = Place(tmp_path / "one"), Place(tmp_path / "other", signer=signer_of("other"))
    fill(one, [5])
    fill(other, [5])
    with pytest.raises(SignatureInvalid):
        open_log(SqliteReader(one.log_path), FileAnchorReader(other.anchor_path))


def test_entries_that_are_gone_or_no_facts_are_integrity_errors(tmp_path: Path) -> None:
    place = Place(tmp_path)
    fill(place, [9])
    with sqlite3.connect(place.log_path) as connection:
        connection.execute("DELETE FROM entry WHERE idx = 3")
        connection.execute("UPDATE entry SET data = x'00' WHERE idx = 5")
        connection.execute("DELETE FROM tile")
    connection.close()
    log = open_log(SqliteReader(place.log_path))
    with pytest.raises(IntegrityError, match="entry 3 is missing"):
        log.entry(3)
    with pytest.raises(IntegrityError, match="entry 3 is missing"):
        list(log.entries())
    with pytest.raises(IntegrityError, match="entry 5 is not a fact"):
        log.fact(5)
    with pytest.raises(IntegrityError, match="tile 0/0 is missing"):
        log.tile(0, 0, 5)
    with pytest.raises(IntegrityError, match="tile 0/0 is missing"):
        log.inclusion_proof(5)


def test_blobs_are_described_and_streamed(tmp_path: Path) -> None:
    with Place(tmp_path).open() as sequencer:
        sequencer.append([packet(sequencer, b"abc"), failure(1)])
        info = sequencer.log.blob_info(1)
        assert info is not None
        assert (info.size, len(info.salt)) == (3, 32)
        assert b"".join(sequencer.log.blob(1)) == b"abc"
        assert sequencer.log.blob_info(2) is None
        with pytest.raises(UsageError, match="no raw bytes"):
            sequencer.log.blob(2)


def test_tags_survive_a_crash_and_go_to_the_store_with_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest tags are in memory: a crash takes them, and the entries give them back."""
    monkeypatch.setattr(tags, "FLUSH_TAGS", 8)
    place = Place(tmp_path)
    sequencer = place.open()
    for n in range(25):
        sequencer.append([failure(n, tags=(f"t:{n % 6}", f"u:{n}"))])
        reader = open_log(SqliteReader(place.log_path))
        for m in range(max(0, n - 5), n + 1):
            assert sequencer.log.last_tagged(f"t:{m % 6}") == reader.last_tagged(f"t:{m % 6}") == m + 1
            assert sequencer.log.last_tagged(f"u:{m}") == reader.last_tagged(f"u:{m}") == m + 1
    sequencer._store._lock.close()  # type: ignore[attr-defined]  # the process dies here
    sequencer._writer._anchor._lock.close()  # type: ignore[attr-defined]
    assert 0 < sequencer._store.tags_through() < 26
    with place.open() as again:
        assert [again.log.last_tagged(f"u:{n}") for n in range(25)] == list(range(1, 26))
    assert sequencer._store.tags_through() == 26


def test_a_reader_beside_a_writer_never_takes_its_next_batch_for_a_rollback(tmp_path: Path) -> None:
    """The writer goes on while the reader looks: whatever it reads of the two, it is one log."""

    class Overtaken(FileAnchorReader):
        def read(self) -> Published | None:
            writer.append([failure(writer.log.size)])
            return super().read()

    place = Place(tmp_path)
    with place.open() as writer, contextlib.closing(SqliteReader(place.log_path)) as store:
        log = open_log(store, Overtaken(place.anchor_path))
        taken = [log.size for _ in range(4)]
    assert taken == sorted(taken)
