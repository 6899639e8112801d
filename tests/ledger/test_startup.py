"""Opening: what must hold before a log may grow. The attacks on it are in tests/attacks."""

import sqlite3
from pathlib import Path

import pytest
from tests.ledger.log_kit import ORIGIN, Place, fill

from doseway.engines.anchor_file import FileAnchor, FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.startup import catch_up_anchor, recover, tile_reader
from doseway.model.errors import ForkedLog, HashMismatch, IntegrityError, RolledBack

SIZES = [1, 2, 255, 256, 257, 512, 700]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_a_log_of_any_size_is_found_in_order_with_its_edge(place: Place, size: int) -> None:
    fill(place, [size - 1] if size > 1 else [])
    store = SqliteReader(place.log_path)
    recovered = recover(store, FileAnchor(place.anchor_path))
    assert recovered is not None
    assert recovered.head.size == size
    assert {level: len(tile) // 32 for level, tile in recovered.edge.items()} == {
        level: width for level, width in ((0, size % 256), (1, size // 256)) if width
    }
    leaves = [merkle.leaf_hash(entry) for _, entry in store.page(0, size)]
    assert merkle.root_of(size, tile_reader(store, size)) == merkle.root(leaves)
    store.close()


def test_a_place_that_was_never_used_is_a_new_log(place: Place) -> None:
    with place.open() as sequencer:
        assert sequencer.log.size == 1


def test_witnessed_checkpoints_must_be_of_this_history(place: Place) -> None:
    fill(place, [20])
    with place.open() as sequencer:
        good = Checkpoint(ORIGIN, 10, sequencer.log.root(10))
    place.open(witnessed=[good]).close()
    with pytest.raises(ForkedLog, match="first 10 entries"):
        place.open(witnessed=[good, Checkpoint(ORIGIN, 10, b"x" * 32)])
    with pytest.raises(RolledBack, match="over 22 was witnessed"):
        place.open(witnessed=[Checkpoint(ORIGIN, 22, b"x" * 32)])


def test_an_anchor_that_is_behind_is_caught_up(place: Place) -> None:
    fill(place, [3])
    before = place.anchor_path.read_bytes()
    fill(place, [3])
    place.anchor_path.write_bytes(before)
    with place.open() as sequencer:
        published = FileAnchorReader(place.anchor_path).read()
        assert published == sequencer.log.head()
        assert published.size == 7


def test_catching_up_twice_changes_nothing(place: Place) -> None:
    fill(place, [3])
    store, anchor = SqliteReader(place.log_path), FileAnchor(place.anchor_path)
    head = store.head()
    assert head is not None
    before = place.anchor_path.read_bytes()
    catch_up_anchor(anchor, head)
    assert place.anchor_path.read_bytes() == before
    anchor.close()
    store.close()


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("UPDATE entry SET data = x'00' WHERE idx = 299", HashMismatch),
        (f"UPDATE tile SET data = zeroblob(length(data)) WHERE key = {1 << 48}", HashMismatch),
        ("DELETE FROM tile WHERE key = 1", HashMismatch),
        ("UPDATE head SET root = zeroblob(32)", HashMismatch),
        ("DELETE FROM entry WHERE idx = 0", IntegrityError),
        ("UPDATE entry SET data = x'00' WHERE idx = 0", IntegrityError),
        ("DELETE FROM head", RolledBack),
    ],
)
def test_a_head_that_is_not_in_order_is_refused(place: Place, sql: str, error: type[IntegrityError]) -> None:
    fill(place, [299])
    with sqlite3.connect(place.log_path) as connection:
        connection.execute(sql)
    connection.close()
    with pytest.raises(error):
        place.open()


def test_entries_without_a_head_are_refused(place: Place) -> None:
    fill(place, [3])
    place.anchor_path.unlink()
    with sqlite3.connect(place.log_path) as connection:
        connection.execute("DELETE FROM head")
    connection.close()
    with pytest.raises(IntegrityError, match="no head"):
        place.open()
