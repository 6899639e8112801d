"""The SQLite store: the suite of every store, and what is its own."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contracts.log_store_suite import CHUNK, LogStoreSuite, commit_of, head

from doseway.engines.sqlite import SqliteReader, SqliteStore
from doseway.ledger.ports import NewBlob
from doseway.model.errors import DataError, IntegrityError, Unavailable, UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "log.sqlite"


class TestSqliteStore(LogStoreSuite):
    @pytest.fixture
    def open_store(self, path: Path) -> Callable[[], SqliteStore]:
        return lambda: SqliteStore(path)

    @pytest.fixture
    def open_reader(self, path: Path) -> Callable[[], SqliteReader]:
        return lambda: SqliteReader(path)


def test_the_holder_of_the_lock_is_named(path: Path) -> None:
    store = SqliteStore(path)
    with pytest.raises(Unavailable, match=r"in use by another Doseway \(process \d+ on "):
        SqliteStore(path)
    store.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be made"):
        SqliteStore(tmp_path / "file" / "log.sqlite")


def test_a_failed_opening_lets_go_of_the_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says " * 100)
    for _ in range(2):
        with pytest.raises(IntegrityError, match="is damaged"):
            SqliteStore(path)
    path.unlink()
    SqliteStore(path).close()


def test_a_database_of_something_else_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DataError, match="not a Doseway log"):
        SqliteStore(path)
    with pytest.raises(DataError, match="not a Doseway log"):
        SqliteReader(path)
    assert path.read_bytes() == before


def test_a_log_of_a_newer_layout_is_refused(path: Path) -> None:
    SqliteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataError, match="layout 99"):
        SqliteStore(path)


def test_reading_where_there_is_no_log_makes_none(path: Path) -> None:
    with pytest.raises(UsageError, match="no log at"):
        SqliteReader(path)
    assert not path.exists()


def test_every_commit_is_synced_in_full(path: Path) -> None:
    store = SqliteStore(path)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_reader_cannot_write(path: Path) -> None:
    SqliteStore(path).close()
    reader = SqliteReader(path)
    with pytest.raises(Unavailable, match="readonly"):
        reader._rows("DELETE FROM entry")
    reader.close()


@pytest.mark.parametrize("size", [40, 5 * CHUNK])
def test_after_an_erasure_no_byte_of_it_is_in_any_file(path: Path, size: int) -> None:
    secret, salt, content_id = b"patient Anna " * (size // 13 + 1), b"SALTsalt" * 4, b"IDid" * 8
    store = SqliteStore(path)
    filler = [NewBlob(index=i, salt=b"f" * 32, size=9_000, data=b"f" * 9_000) for i in (0, 2)]
    blob = NewBlob(index=1, salt=salt, size=len(secret), data=secret)
    store.commit(commit_of(None, [b"a", b"b", b"c"], ids=[None, content_id, None], blobs=[filler[0], blob, filler[1]]))
    files = list(path.parent.iterdir())
    assert any(b"patient Anna" in file.read_bytes() for file in files)
    store.commit(commit_of(head(3), [b"erased"], erased=[1]))
    for needle in (b"patient Anna", salt, content_id, content_id[:8] * 2):
        assert [file.name for file in path.parent.iterdir() if needle in file.read_bytes()] == []
    store.close()


def test_a_dropped_blob_leaves_no_byte_behind(path: Path) -> None:
    store = SqliteStore(path)
    staged = store.begin_blob()
    store.add_chunk(staged, 0, b"patient Anna " * 50_000)
    store.drop_blob(staged)
    assert [file.name for file in path.parent.iterdir() if b"patient Anna" in file.read_bytes()] == []
    store.close()


def test_a_full_disk_is_unavailable_and_keeps_what_was_committed(path: Path) -> None:
    store = SqliteStore(path)
    store.commit(commit_of(None, [b"a"]))
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(Unavailable, match="full") as caught:
        store.commit(commit_of(head(1), [b"b" * 60_000] * 9))
    assert "Free some space" in caught.value.hint
    assert (store.head(), store.last_index()) == (head(1), 0)
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.commit(commit_of(head(1), [b"b"]))
    store.close()


def test_a_row_that_nobody_committed_is_an_integrity_error(path: Path) -> None:
    store = SqliteStore(path)
    store.commit(commit_of(None, [b"a"]))
    intruder = sqlite3.connect(path)
    intruder.execute("INSERT INTO entry VALUES (1, x'00')")
    intruder.commit()
    intruder.close()
    with pytest.raises(IntegrityError, match="nobody committed"):
        store.commit(commit_of(head(1), [b"b"]))
    store.close()


def test_a_damaged_page_is_an_integrity_error(path: Path) -> None:
    store = SqliteStore(path)
    store.commit(commit_of(None, [b"x" * 3_000] * 50))
    store.close()
    data = bytearray(path.read_bytes())
    for at in range(8192 * 12, len(data)):
        data[at] = 0xFF
    path.write_bytes(bytes(data))
    reader = SqliteReader(path)
    with pytest.raises(IntegrityError, match="damaged"):
        reader.page(0, 50)
    reader.close()
