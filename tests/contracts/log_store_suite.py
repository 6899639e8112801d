"""What every `LogStore` must do. An engine's test subclasses `LogStoreSuite` and gives it a way to open the store."""

from collections.abc import Callable, Iterator

import pytest

from doseway.ledger.fingerprints import segment
from doseway.ledger.ports import Commit, Head, LogReader, LogStore, NewBlob
from doseway.model.errors import ConflictError, Unavailable

CHUNK = 1 << 20


def head(size: int, *, mark: bytes = b"r") -> Head:
    return Head(size, mark * 32, b"note %d" % size, 1_000 + size)


def commit_of(
    expected: Head | None, entries: list[bytes], *, ids: list[bytes | None] | None = None, **more: object
) -> Commit:
    first = expected.size if expected else 0
    content_ids = ids or [None] * len(entries)
    base: dict[str, object] = {
        "expected": expected,
        "head": head(first + len(entries)),
        "entries": entries,
        "content_ids": content_ids,
        "tiles": {},
    }
    return Commit(**(base | more))  # type: ignore[arg-type]  # each test names only what it is about


class LogStoreSuite:
    """Subclasses define `open_store`, which opens the same place each time it is called."""

    @pytest.fixture
    def open_store(self) -> Callable[[], LogStore]:
        raise NotImplementedError

    @pytest.fixture
    def open_reader(self) -> Callable[[], LogReader]:
        raise NotImplementedError

    @pytest.fixture
    def store(self, open_store: Callable[[], LogStore]) -> Iterator[LogStore]:
        store = open_store()
        yield store
        store.close()

    def test_a_new_store_is_empty(self, store: LogStore) -> None:
        assert (store.head(), store.last_index(), store.entry(0), store.page(0, 9)) == (None, -1, None, [])
        assert (store.tile(0, 0), list(store.tiles(0)), list(store.segments()), list(store.tags())) == (
            None,
            [],
            [],
            [],
        )
        assert (store.blob(0), list(store.blob_indexes()), list(store.notes("cosigned"))) == (None, [], [])

    def test_a_commit_is_there_as_a_whole_and_survives_reopening(self, open_store: Callable[[], LogStore]) -> None:
        store = open_store()
        ids: list[bytes | None] = [b"\x01" * 32, None, b"\x02" * 32]
        store.commit(
            commit_of(None, [b"a", b"b", b"c"], ids=ids, tiles={(0, 0): b"t" * 96, (1, 0): b"u" * 32}, tags={"x:1": 2})
        )
        store.close()
        store = open_store()
        assert store.head() == head(3)
        assert store.page(0, 3) == [(0, b"a"), (1, b"b"), (2, b"c")]
        assert [store.entry(i) for i in range(4)] == [b"a", b"b", b"c", None]
        assert store.last_index() == 2
        assert (store.tile(0, 0), store.tile(1, 0), store.tile(0, 1)) == (b"t" * 96, b"u" * 32, None)
        assert (list(store.tiles(0)), list(store.tiles(1)), list(store.tiles(2))) == ([0], [0], [])
        assert store.content_ids(0, 3) == [(0, ids[0]), (2, ids[2])]
        assert list(store.segments()) == [(0, segment(ids))]
        assert (store.last_tagged("x:1"), store.last_tagged("x:2"), list(store.tags())) == (2, None, [("x:1", 2)])
        assert store.tags_through() == 3
        store.close()

    def test_the_next_commit_extends_tiles_and_moves_tags(self, store: LogStore) -> None:
        store.commit(commit_of(None, [b"a"], tiles={(0, 0): b"1" * 32}, tags={"x:1": 0, "x:2": 0}))
        store.commit(commit_of(head(1), [b"b"], tiles={(0, 0): b"1" * 32 + b"2" * 32}, tags={"x:1": 1}))
        assert store.tile(0, 0) == b"1" * 32 + b"2" * 32
        assert list(store.tags()) == [("x:1", 1), ("x:2", 0)]
        store.commit(commit_of(head(2), [b"c"]))
        assert store.tags_through() == 2
        store.keep_tags({"x:3": 2, 'quoted "ü" \x00': 2}, 3)
        assert store.tags_through() == 3
        assert dict(store.tags()) == {"x:1": 1, "x:2": 0, "x:3": 2, 'quoted "ü" \x00': 2}

    @pytest.mark.parametrize(
        "expected", [None, head(1), head(3), head(2, mark=b"x")], ids=["none", "less", "more", "root"]
    )
    def test_a_commit_on_another_head_changes_nothing(self, store: LogStore, expected: Head | None) -> None:
        store.commit(commit_of(None, [b"a", b"b"]))
        lost = commit_of(expected, [b"z"], tiles={(0, 7): b"z" * 32}, tags={"z:1": 5})
        with pytest.raises(ConflictError):
            store.commit(lost)
        assert store.head() == head(2)
        assert (store.last_index(), store.tile(0, 7), store.last_tagged("z:1")) == (1, None, None)

    def test_a_first_commit_needs_no_head_to_be_there(self, store: LogStore) -> None:
        with pytest.raises(ConflictError):
            store.commit(commit_of(head(0), [b"a"]))
        assert store.head() is None

    def test_a_page_finds_what_contains_some_bytes(self, store: LogStore) -> None:
        store.commit(commit_of(None, [b"one \x00 here", b"two", b"none", b"three here"]))
        assert store.page(0, 4, containing=b"here") == [(0, b"one \x00 here"), (3, b"three here")]
        assert store.page(1, 3, containing=b"here") == []

    def test_a_small_blob_comes_with_its_entry(self, store: LogStore) -> None:
        blob = NewBlob(index=0, salt=b"s" * 32, size=3, data=b"abc")
        store.commit(commit_of(None, [b"a"], blobs=[blob]))
        info = store.blob(0)
        assert info is not None
        assert (info.salt, info.size) == (b"s" * 32, 3)
        assert b"".join(store.blob_chunks(0)) == b"abc"
        assert list(store.blob_indexes()) == [0]

    def test_an_empty_blob_is_a_blob(self, store: LogStore) -> None:
        store.commit(commit_of(None, [b"a"], blobs=[NewBlob(index=0, salt=b"s" * 32, size=0, data=b"")]))
        assert store.blob(0) is not None
        assert b"".join(store.blob_chunks(0)) == b""

    def test_a_staged_blob_shows_only_when_its_entry_is_committed(self, store: LogStore) -> None:
        staged = store.begin_blob()
        for number, byte in enumerate((b"a", b"b")):
            store.add_chunk(staged, number, byte * CHUNK)
        assert list(store.blob_indexes()) == []
        store.commit(commit_of(None, [b"a"], blobs=[NewBlob(index=0, salt=b"s" * 32, size=2 * CHUNK, staged=staged)]))
        assert list(store.blob_chunks(0)) == [b"a" * CHUNK, b"b" * CHUNK]

    def test_small_blobs_of_a_range_come_at_once_and_no_others(self, store: LogStore) -> None:
        staged = store.begin_blob()
        for number, byte in enumerate((b"a", b"b")):
            store.add_chunk(staged, number, byte * CHUNK)
        blobs = [NewBlob(index=i, salt=bytes([i]) * 32, size=3, data=b"%03d" % i) for i in (0, 1, 3)]
        large = NewBlob(index=4, salt=b"s" * 32, size=2 * CHUNK, staged=staged)
        store.commit(commit_of(None, [b"0", b"1", b"2", b"3", b"4", b"5"], blobs=[*blobs, large]))
        assert store.small_blobs(0, 6, 3) == {0: b"000", 1: b"001", 3: b"003"}
        assert store.small_blobs(1, 3, 3) == {1: b"001"}
        assert store.small_blobs(0, 6, 2) == {}
        assert store.small_blobs(4, 5, 2 * CHUNK) == {4: b"a" * CHUNK + b"b" * CHUNK}
        store.commit(commit_of(head(6), [b"erased"], erased=[1]))
        assert store.small_blobs(0, 4, 3) == {0: b"000", 3: b"003"}

    def test_a_staged_blob_is_gone_when_dropped_or_when_the_store_is_opened_again(
        self, open_store: Callable[[], LogStore]
    ) -> None:
        store = open_store()
        dropped, forgotten = store.begin_blob(), store.begin_blob()
        for staged in (dropped, forgotten):
            store.add_chunk(staged, 0, b"secret")
        store.drop_blob(dropped)
        store.close()
        store = open_store()
        reused = store.begin_blob()
        store.commit(commit_of(None, [b"a"], blobs=[NewBlob(index=0, salt=b"s" * 32, size=0, staged=reused)]))
        assert list(store.blob_chunks(0)) == []
        store.close()

    def test_an_erasure_takes_blob_content_id_and_fingerprint_and_leaves_the_entries(self, store: LogStore) -> None:
        ids: list[bytes | None] = [b"\x01" * 32, b"\x02" * 32, b"\x03" * 32]
        blobs = [NewBlob(index=i, salt=bytes([i]) * 32, size=3, data=b"xyz") for i in range(3)]
        store.commit(commit_of(None, [b"a", b"b", b"c"], ids=ids, blobs=blobs))
        store.commit(commit_of(head(3), [b"erased"], erased=[1]))
        assert store.page(0, 4) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"erased")]
        assert store.content_ids(0, 4) == [(0, ids[0]), (2, ids[2])]
        assert list(store.segments()) == [(0, segment([ids[0], None, ids[2]]))]
        assert list(store.blob_indexes()) == [0, 2]
        assert (store.blob(1), list(store.blob_chunks(1))) == (None, [])

    def test_notes_are_kept_by_kind_and_size_the_newest_first(self, store: LogStore) -> None:
        for size, note in ((3, b"three"), (9, b"nine"), (3, b"three again")):
            store.keep_note("cosigned", size, note)
        store.commit(commit_of(None, [b"a"], rotation=True))
        assert list(store.notes("cosigned")) == [(9, b"nine"), (3, b"three again")]
        assert list(store.notes("rotation")) == [(1, b"note 1")]

    def test_only_one_at_a_time_may_write(self, store: LogStore, open_store: Callable[[], LogStore]) -> None:
        with pytest.raises(Unavailable, match="in use"):
            open_store()
        store.close()
        store.close()
        open_store().close()

    def test_readers_see_each_commit_beside_the_writer(
        self, store: LogStore, open_reader: Callable[[], LogReader]
    ) -> None:
        store.commit(commit_of(None, [b"a"]))
        reader = open_reader()
        assert reader.head() == head(1)
        store.commit(commit_of(head(1), [b"b"]))
        assert reader.head() == head(2)
        assert reader.entry(1) == b"b"

    def test_many_rows_are_listed_to_the_end(self, store: LogStore) -> None:
        at: Head | None = None
        for number in range(2_100):
            ids: list[bytes | None] = [number.to_bytes(4, "big") * 8]
            store.commit(
                commit_of(at, [b"x"], ids=ids, tags={f"t:{number:04}": number}, tiles={(0, number): b"h" * 32})
            )
            at = head(number + 1)
        assert [first for first, _ in store.segments()] == list(range(2_100))
        assert [index for _, index in store.tags()] == list(range(2_100))
        assert list(store.tiles(0)) == list(range(2_100))
