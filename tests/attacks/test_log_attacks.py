"""The attack list: whoever can write to the log's files, up to the holder of its key, is found out and named."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.ledger.log_kit import START_MS, Place, failure, failures, fill, packet, signer_of

from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.findings import FindingKind, FsckReport
from doseway.ledger.fsck import Against, check
from doseway.ledger.note import NoteSigner
from doseway.ledger.tiles import grow
from doseway.model.errors import ForkedLog, HashMismatch, IntegrityError, RolledBack, SignatureInvalid
from doseway.model.facts import BlobErased, LogKeyRotated, RuleFailed, encode_fact

SIZE = 700


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A log of 700 entries in three batches."""
    place = Place(tmp_path / "log")
    fill(place, [255, 300, 144])
    return place


@contextmanager
def database(place: Place) -> Iterator[sqlite3.Connection]:
    """What the administrator of the machine has."""
    connection = sqlite3.connect(place.log_path)
    yield connection
    connection.commit()
    connection.close()


def fsck(place: Place, *, anchor: bool = True, witnessed: tuple[bytes, ...] = (), pin: bool = True) -> FsckReport:
    store = SqliteReader(place.log_path)
    against = Against(
        anchor=FileAnchorReader(place.anchor_path) if anchor else None,
        witnessed=witnessed,
        pinned=place.signer.vkey if pin else None,
    )
    report = check(store, against)
    store.close()
    return report


def found(report: FsckReport) -> set[tuple[FindingKind, int | None]]:
    return {(finding.kind, finding.index) for finding in report.findings}


def kinds(report: FsckReport) -> set[FindingKind]:
    return {finding.kind for finding in report.findings}


def entries_of(place: Place) -> list[bytes]:
    with database(place) as connection:
        return [data for (data,) in connection.execute("SELECT data FROM entry ORDER BY idx")]


def copy(place: Place, to: Path) -> Place:
    shutil.copytree(place.folder, to)
    return Place(to, place.signer, place.clock)


def rewrite(place: Place, entries: list[bytes], signer: NoteSigner | None) -> None:
    """Put another history in place: entries, indexes and every tile; with a signer also a head that is signed."""
    grown = grow(0, {}, [merkle.leaf_hash(entry) for entry in entries])
    with database(place) as connection:
        for table in ("entry", "content_id", "tile", "tag"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany("INSERT INTO entry VALUES (?, ?)", list(enumerate(entries)))
        connection.executemany(
            "INSERT INTO tile VALUES (?, ?)", [(level << 48 | n, tile) for (level, n), tile in grown.changed.items()]
        )
        tags = {f"digit:{i % 10}": i for i in range(len(entries))} | {"log:key": 0}
        connection.executemany("INSERT INTO tag VALUES (?, ?)", list(tags.items()))
        if signer is not None:
            note = sign_checkpoint(Checkpoint(signer.name, len(entries), grown.root), [signer])
            connection.execute("UPDATE head SET size = ?, root = ?, note = ?", (len(entries), grown.root, note))


def forged(number: int) -> bytes:
    return encode_fact(RuleFailed(packet=number, rule="forged", error=""), at_ms=START_MS, by="attacker")


def test_an_untouched_log_is_sound(place: Place) -> None:
    report = fsck(place)
    assert (report.size, report.findings, report.is_sound) == (SIZE, (), True)


@pytest.mark.parametrize("index", [1, 255, 256, 511, 600, SIZE - 1])
def test_an_edited_entry_is_named(place: Place, index: int) -> None:
    with database(place) as connection:
        connection.execute("UPDATE entry SET data = ? WHERE idx = ?", (forged(7), index))
    assert (FindingKind.EDITED, index) in found(fsck(place))
    assert kinds(fsck(place)) == {FindingKind.EDITED}


def test_a_single_bit_is_noticed(place: Place) -> None:
    data = bytearray(entries_of(place)[300])
    data[-20] ^= 1
    with database(place) as connection:
        connection.execute("UPDATE entry SET data = ? WHERE idx = 300", (bytes(data),))
    assert (FindingKind.EDITED, 300) in found(fsck(place))


@pytest.mark.parametrize("index", [1, 256, 500])
def test_a_deleted_entry_is_named(place: Place, index: int) -> None:
    with database(place) as connection:
        connection.execute("DELETE FROM entry WHERE idx = ?", (index,))
    assert found(fsck(place)) == {(FindingKind.DELETED, index)}


@pytest.mark.parametrize(("index", "count"), [(1, 1), (256, 1), (500, 1), (300, 3), (SIZE - 2, 1)])
def test_deleted_entries_are_named_also_when_the_rest_is_renumbered(place: Place, index: int, count: int) -> None:
    with database(place) as connection:
        connection.execute("DELETE FROM entry WHERE idx >= ? AND idx < ?", (index, index + count))
        connection.execute("UPDATE entry SET idx = -idx WHERE idx >= ?", (index + count,))
        connection.execute("UPDATE entry SET idx = -idx - ? WHERE idx < 0", (count,))
    report = fsck(place)
    assert (FindingKind.DELETED, index) in found(report)
    assert kinds(report) == {FindingKind.DELETED}


@pytest.mark.parametrize("index", [1, 256, 500, SIZE - 1])
@pytest.mark.parametrize("keeps_size", [True, False])
def test_an_inserted_entry_is_named(place: Place, index: int, keeps_size: bool) -> None:
    with database(place) as connection:
        connection.execute("UPDATE entry SET idx = -idx - 1 WHERE idx >= ?", (index,))
        connection.execute("UPDATE entry SET idx = -idx WHERE idx < 0")
        connection.execute("INSERT INTO entry VALUES (?, ?)", (index, forged(1)))
        if keeps_size:
            connection.execute("DELETE FROM entry WHERE idx = ?", (SIZE,))
    report = fsck(place)
    expected = FindingKind.EDITED if keeps_size and index == SIZE - 1 else FindingKind.INSERTED
    assert (expected, index) in found(report)
    assert kinds(report) == {expected}


def test_a_head_moved_into_the_future_is_named_and_refused(place: Place) -> None:
    """It would push the recorded time of everything that follows."""
    with database(place) as connection:
        connection.execute("UPDATE head SET at_ms = at_ms + 86400000")
    assert found(fsck(place)) == {(FindingKind.HEAD_ALTERED, SIZE - 1)}
    with pytest.raises(IntegrityError, match="time"):
        place.open()


def test_an_entry_behind_the_end_is_named(place: Place) -> None:
    with database(place) as connection:
        connection.execute("INSERT INTO entry VALUES (?, ?)", (SIZE, forged(1)))
    assert found(fsck(place)) == {(FindingKind.INSERTED, SIZE)}
    with pytest.raises(IntegrityError, match="ends before"):
        place.open()


@pytest.mark.parametrize("index", [-1, -(1 << 63)])
def test_an_entry_before_the_beginning_is_named(place: Place, index: int) -> None:
    with database(place) as connection:
        connection.execute("INSERT INTO entry VALUES (?, ?)", (index, forged(1)))
    assert found(fsck(place)) == {(FindingKind.INSERTED, index)}


@pytest.mark.parametrize(("one", "other"), [(10, 11), (200, 600)])
def test_exchanged_entries_are_named(place: Place, one: int, other: int) -> None:
    entries = entries_of(place)
    with database(place) as connection:
        for index, data in ((one, entries[other]), (other, entries[one])):
            connection.execute("UPDATE entry SET data = ? WHERE idx = ?", (data, index))
    report = fsck(place)
    assert (FindingKind.REORDERED, one) in found(report)
    assert kinds(report) == {FindingKind.REORDERED}


@pytest.mark.parametrize("kept", [SIZE - 1, 512, 300, 1])
def test_a_cut_off_end_is_named(place: Place, kept: int) -> None:
    with database(place) as connection:
        connection.execute("DELETE FROM entry WHERE idx >= ?", (kept,))
    report = fsck(place)
    assert (FindingKind.TRUNCATED, kept) in found(report)
    assert kinds(report) == {FindingKind.TRUNCATED}
    with pytest.raises(RolledBack):
        place.open()


def test_an_edit_that_also_fixes_its_tile_is_named(place: Place) -> None:
    entries = entries_of(place)
    entries[300] = forged(1)
    tile = b"".join(merkle.leaf_hash(entry) for entry in entries[256:512])
    with database(place) as connection:
        connection.execute("UPDATE entry SET data = ? WHERE idx = 300", (entries[300],))
        connection.execute("UPDATE tile SET data = ? WHERE key = 1", (tile,))
    report = fsck(place)
    assert (FindingKind.REWRITTEN, 256) in found(report)
    assert "within entries 256 to 511" in next(f.what for f in report.findings if f.kind == FindingKind.REWRITTEN)


def test_an_edit_that_fixes_every_tile_is_named(place: Place) -> None:
    entries = entries_of(place)
    entries[300] = forged(1)
    rewrite(place, entries, signer=None)
    assert (FindingKind.REWRITTEN, None) in found(fsck(place, anchor=False))
    with pytest.raises(HashMismatch):
        place.open()


def test_a_head_that_is_fixed_too_does_not_fit_its_signature(place: Place) -> None:
    entries = entries_of(place)
    entries[300] = forged(1)
    rewrite(place, entries, signer=None)
    root = merkle.root([merkle.leaf_hash(entry) for entry in entries])
    with database(place) as connection:
        connection.execute("UPDATE head SET root = ?", (root,))
    assert {FindingKind.HEAD_ALTERED, FindingKind.REWRITTEN} <= kinds(fsck(place, anchor=False))
    with pytest.raises(SignatureInvalid):
        place.open()


def test_a_history_signed_with_another_key_is_named(place: Place) -> None:
    rewrite(place, [*entries_of(place)[:-1], forged(1)], signer=signer_of("attacker"))
    assert FindingKind.SIGNATURE_INVALID in kinds(fsck(place, anchor=False))
    with pytest.raises(SignatureInvalid):
        place.open()


def test_a_whole_new_log_with_another_key_is_named_by_who_pins_the_key(place: Place, tmp_path: Path) -> None:
    fake = Place(tmp_path / "fake", signer=signer_of("attacker"))
    fill(fake, [255, 300, 144])
    shutil.copy(fake.log_path, place.log_path)
    assert FindingKind.KEY_CHAIN_BROKEN in kinds(fsck(place, anchor=False))
    assert kinds(fsck(place, anchor=False, pin=False)) == set()
    assert FindingKind.FORKED in kinds(fsck(place, pin=False))


@pytest.mark.parametrize("level", [0, 1])
def test_an_altered_tile_is_named_and_the_entries_are_cleared(place: Place, level: int) -> None:
    with database(place) as connection:
        connection.execute("UPDATE tile SET data = zeroblob(length(data)) WHERE key = ?", (level << 48,))
    report = fsck(place)
    assert {(finding.kind, finding.tile, finding.severity) for finding in report.findings} == {
        (FindingKind.TILE_ALTERED, f"{level}/0", "repairable")
    }


@pytest.mark.parametrize("sql", ["DELETE FROM tile WHERE key = 1", "INSERT INTO tile VALUES (77, zeroblob(32))"])
def test_a_missing_and_a_surplus_tile_are_named(place: Place, sql: str) -> None:
    with database(place) as connection:
        connection.execute(sql)
    assert kinds(fsck(place)) == {FindingKind.TILE_ALTERED}


def test_a_restored_backup_is_named_and_refused(place: Place, tmp_path: Path) -> None:
    backup = copy(place, tmp_path / "backup")
    fill(place, [10])
    shutil.copy(backup.log_path, place.log_path)
    report = fsck(place)
    assert found(report) == {(FindingKind.ROLLED_BACK, SIZE)}
    with pytest.raises(RolledBack, match=f"a checkpoint over {SIZE + 10} was published"):
        place.open()


def test_a_deleted_log_is_named_and_refused(place: Place) -> None:
    place.log_path.unlink()
    with pytest.raises(RolledBack, match="was published"):
        place.open()
    assert kinds(fsck(place)) == {FindingKind.ROLLED_BACK}


def test_a_backup_restored_with_its_anchor_is_named_by_the_witness(place: Place, tmp_path: Path) -> None:
    backup = copy(place, tmp_path / "backup")
    fill(place, [10])
    witnessed = newest_checkpoint(place)
    assert fsck(backup, witnessed=(witnessed,)).findings[0].kind == FindingKind.ROLLED_BACK
    with pytest.raises(RolledBack, match="was witnessed"):
        backup.open(witnessed=[Checkpoint(place.signer.name, SIZE + 10, b"r" * 32)])


def test_two_copies_that_go_on_apart_are_named_and_refused(place: Place, tmp_path: Path) -> None:
    fork = copy(place, tmp_path / "fork")
    with place.open() as sequencer:
        sequencer.append([failure(1)])
    with fork.open() as sequencer:
        sequencer.append([failure(2), failure(3)])
    ours, theirs = newest_checkpoint(place), newest_checkpoint(fork)
    shutil.copy(fork.log_path, place.log_path)
    assert found(fsck(place)) == {(FindingKind.FORKED, SIZE)}
    with pytest.raises(ForkedLog):
        place.open()
    assert found(fsck(fork, witnessed=(ours,))) == {(FindingKind.RE_SIGNED, 0)}
    assert fsck(fork, witnessed=(theirs,)).is_sound


def test_a_fork_through_the_same_anchor_is_refused_at_the_second_append(place: Place, tmp_path: Path) -> None:
    """Two processes with two copies of the log cannot both publish: the anchor is one."""
    fork = copy(place, tmp_path / "fork")
    fill(place, [1])
    shutil.copy(place.anchor_path, fork.anchor_path)
    with pytest.raises(RolledBack):
        fork.open()


def test_a_history_re_signed_with_the_logs_own_key_is_named_by_a_witness(place: Place) -> None:
    """The insider has everything: the database, the anchor, the key. What a witness cosigned is elsewhere."""
    early, late = checkpoint_at(place, 256), newest_checkpoint(place)
    entries = entries_of(place)
    entries[300] = forged(1)
    rewrite(place, entries, signer=place.signer)
    place.anchor_path.unlink()
    with place.open(renew_anchor=True) as sequencer:
        sequencer.append([failure(1)])
    assert kinds(fsck(place)) == set(), "alone, the log cannot know"
    report = fsck(place, witnessed=(late, early))
    assert found(report) == {(FindingKind.RE_SIGNED, 256)}
    assert f"from entry 256 to {SIZE - 1}" in report.findings[0].what
    with pytest.raises(ForkedLog, match="was witnessed"):
        place.open(witnessed=[Checkpoint(place.signer.name, SIZE, merkle.root([]))])


def test_a_re_signed_history_is_named_by_the_anchor(place: Place) -> None:
    entries = entries_of(place)
    entries[300] = forged(1)
    rewrite(place, entries, signer=place.signer)
    assert (FindingKind.FORKED, SIZE - 1) in found(fsck(place))
    with pytest.raises(ForkedLog):
        place.open()


def test_a_re_signed_history_is_named_by_the_cosigned_checkpoints_it_kept(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.keep_cosigned(sequencer.log.checkpoint())
    entries = entries_of(place)
    entries[300] = forged(1)
    rewrite(place, entries, signer=place.signer)
    assert (FindingKind.RE_SIGNED, 0) in found(fsck(place, anchor=False))


def test_a_missing_anchor_is_named_and_refused_until_it_is_renewed(place: Place) -> None:
    place.anchor_path.unlink()
    assert kinds(fsck(place)) == {FindingKind.ANCHOR_MISSING}
    with pytest.raises(IntegrityError, match="anchor is missing"):
        place.open()
    place.open(renew_anchor=True).close()
    assert fsck(place).is_sound


def test_a_damaged_anchor_is_named(place: Place) -> None:
    place.anchor_path.write_bytes(b"x" * 100)
    assert kinds(fsck(place)) == {FindingKind.ANCHOR_MISSING}
    with pytest.raises(IntegrityError, match="damaged"):
        place.open()


def test_a_planted_key_is_named(place: Place) -> None:
    """A change of key that the old key did not sign: the fact alone hands nothing over."""
    attacker = signer_of("attacker")
    planted = LogKeyRotated(old_vkey=str(place.signer.vkey), new_vkey=str(attacker.vkey), reason="")
    entries = [*entries_of(place), encode_fact(planted, at_ms=START_MS, by="attacker", tags=("log:key",))]
    rewrite(place, entries, signer=attacker)
    assert {FindingKind.KEY_CHAIN_BROKEN, FindingKind.SIGNATURE_INVALID} <= kinds(fsck(place, anchor=False))
    note = sign(attacker, len(entries), merkle.root([merkle.leaf_hash(entry) for entry in entries]))
    with database(place) as connection:
        connection.execute("INSERT INTO note VALUES ('rotation', ?, ?)", (len(entries), note))
    assert FindingKind.KEY_CHAIN_BROKEN in kinds(fsck(place, anchor=False))
    place.signer = attacker
    with pytest.raises(SignatureInvalid, match="both the old and the new key"):
        place.open()


def test_a_rotated_log_is_sound_and_its_old_key_signs_nothing_new(place: Place) -> None:
    old, new = place.signer, signer_of("new")
    with place.open() as sequencer:
        sequencer.rotate(new, reason="yearly", by="admin")
        sequencer.append(failures(range(9_000, 9_010)))
    assert fsck(place).is_sound
    with database(place) as connection:
        size, root = connection.execute("SELECT size, root FROM head").fetchone()
        connection.execute("UPDATE head SET note = ?", (sign(old, size, root),))
    assert FindingKind.SIGNATURE_INVALID in kinds(fsck(place, anchor=False))


def test_raw_bytes_that_are_altered_lost_planted_or_kept_after_erasure_are_named(place: Place) -> None:
    with place.open() as sequencer:
        for n in range(5):
            sequencer.append([packet(sequencer, b"packet %d" % n)])
        sequencer.erase(SIZE + 4, reason="asked for", by="qa")
    assert fsck(place).is_sound
    with database(place) as connection:
        connection.execute("UPDATE blob_chunk SET data = x'00' WHERE blob = 1")
        connection.execute("UPDATE blob SET salt = zeroblob(32) WHERE id = 2")
        connection.execute("DELETE FROM blob WHERE id = 3")
        connection.execute("INSERT INTO blob VALUES (90, 5, zeroblob(32), 0), (91, ?, zeroblob(32), 0)", (SIZE + 4,))
    assert found(fsck(place)) == {
        (FindingKind.BLOB_ALTERED, SIZE),
        (FindingKind.BLOB_ALTERED, SIZE + 1),
        (FindingKind.BLOB_MISSING, SIZE + 2),
        (FindingKind.BLOB_UNEXPECTED, 5),
        (FindingKind.BLOB_UNEXPECTED, SIZE + 4),
    }


def test_wrong_tags_are_named_as_repairable(place: Place) -> None:
    with database(place) as connection:
        connection.execute("UPDATE tag SET idx = 3 WHERE tag = 'digit:1'")
        connection.execute("INSERT INTO tag VALUES ('planted:1', 5)")
        connection.execute("DELETE FROM tag WHERE tag = 'digit:2'")
    report = fsck(place)
    assert kinds(report) == {FindingKind.INDEX_WRONG}
    assert {finding.severity for finding in report.findings} == {"repairable"}
    assert report.count == 3


def test_facts_that_no_sequencer_writes_are_named(place: Place) -> None:
    entries = [
        *entries_of(place),
        b"no fact",
        encode_fact(BlobErased(packet=1, commitment="", reason=""), at_ms=5, by=""),
    ]
    rewrite(place, entries, signer=place.signer)
    assert {(FindingKind.NOT_A_FACT, SIZE), (FindingKind.TIME_DECREASED, SIZE + 1)} <= found(fsck(place, anchor=False))


def test_a_check_beside_the_writer_finds_nothing(place: Place) -> None:
    with place.open() as sequencer:
        store = SqliteReader(place.log_path)
        frozen = store.head()
        sequencer.append(failures(range(5_000, 5_600)))

        class Behind(SqliteReader):
            """Returns the head of before at first: the writer went on while we began."""

            calls = 0

            def head(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
                self.calls += 1
                return frozen if self.calls == 1 else super().head()

        assert check(Behind(place.log_path)).findings == ()
        store.close()


def test_findings_are_counted_to_the_last_and_listed_to_a_limit(tmp_path: Path) -> None:
    place = Place(tmp_path)
    fill(place, [1_500])
    with database(place) as connection:
        connection.execute("UPDATE entry SET data = CAST(replace(data, 'number', 'NUMBER') AS BLOB)")
    report = fsck(place)
    assert report.count >= 1_500
    assert len(report.findings) == 1_000


def newest_checkpoint(place: Place) -> bytes:
    with database(place) as connection:
        note: bytes = connection.execute("SELECT note FROM head").fetchone()[0]
        return note


def checkpoint_at(place: Place, size: int) -> bytes:
    leaves = [merkle.leaf_hash(entry) for entry in entries_of(place)[:size]]
    return sign(place.signer, size, merkle.root(leaves))


def sign(signer: NoteSigner, size: int, root: bytes) -> bytes:
    return sign_checkpoint(Checkpoint(signer.name, size, root), [signer])


def test_workers_find_the_same(tmp_path: Path) -> None:
    """Scanned in spans by several processes or in one: the same report."""
    place = Place(tmp_path)
    fill(place, [40_000, 40_000, 5])
    with database(place) as connection:
        connection.execute("UPDATE entry SET data = ? WHERE idx IN (70000, 5)", (forged(1),))
    store = SqliteReader(place.log_path)
    alone = check(store)
    shared = check(store, workers=2, reopen=partial(SqliteReader, place.log_path))
    assert alone == shared
    assert {(FindingKind.EDITED, 5), (FindingKind.EDITED, 70_000)} <= found(alone)
    store.close()


def test_the_hash_of_a_log_of_any_tool_is_the_same(place: Place) -> None:
    """The whole tree once more, with nothing of ours but RFC 6962 2.1 written out."""

    def mth(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0]).digest()
        k = 1 << (len(leaves) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()

    store = SqliteReader(place.log_path)
    head = store.head()
    assert head is not None
    assert head.root == mth(entries_of(place))
    store.close()
