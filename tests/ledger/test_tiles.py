"""Tiles: paths with one spelling, growth that equals the tree, bundles that hold nothing unsaid."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.tree_kit import MemoryTree, leaves_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.note import VerifierKey
from doseway.ledger.tiles import (
    FULL,
    HASH_BYTES,
    MAX_ENTRY_BYTES,
    Tile,
    TileReader,
    entry_bundle,
    grow,
    parse_bundle,
    parse_tile_path,
    split_hashes,
    tile_path,
    tiles_for,
)
from doseway.model.errors import DataError, HashMismatch

LEAVES = leaves_of(1500)
TREE = MemoryTree(LEAVES)
BATCHES = st.lists(st.integers(0, 600), max_size=6).filter(lambda sizes: sum(sizes) <= len(LEAVES))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1_234_067, 256), "tile/1/x001/x234/067"),
        (Tile("entries", 999, 1), "tile/entries/999.p/1"),
        (Tile("entries", 1000, 255), "tile/entries/x001/000.p/255"),
        (Tile(63, 2**55 - 1, 256), "tile/63/x036/x028/x797/x018/x963/967"),
    ],
)
def test_a_path_is_written_and_read_as_specified(tile: Tile, path: str) -> None:
    assert tile_path(*tile) == path
    assert parse_tile_path(path) == tile


@given(st.integers(0, 63) | st.just("entries"), st.integers(0, 2**56), st.integers(1, 256))
def test_every_path_is_read_back(level: int, n: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, n, width)) == (level, n, width)


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "/tile/0/000", "tile/0/000/"),
        *("tile/00/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/1_0/000", "tile/x/000", "tile/entry/000"),
        *("tile/0/x000/000", "tile/0/x000/001", "tile/0/001/000", "tile/0/x001/x002", "tile/0/X001/000"),
        *("tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/999"),
        *("tile/0/000\n", "tile/0/000.p/1\n", "tile/0/٠٠٠", "tile/0/000.p/١", "tile/0/../0/000", "tile/0/000?x"),
        "tile/0/" + "x001/" * 2000 + "000",
    ],
)
def test_a_path_has_no_second_spelling(path: str) -> None:
    with pytest.raises(DataError):
        parse_tile_path(path)


@given(st.text(max_size=30).map(lambda text: "tile/0/" + text) | st.from_regex(r"tile/[0-9x/.p]{0,30}"))
def test_a_hostile_path_is_refused_or_canonical(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except DataError:
        return
    assert tile_path(*tile) == path


def test_the_tiles_of_a_tree_are_those_of_the_specification() -> None:
    tiles = list(tiles_for(70_000))
    assert tiles == [*((0, n, 256) for n in range(273)), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    assert list(tiles_for(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_for(1)) == [(0, 0, 1)]
    assert list(tiles_for(0)) == []


def grown(sizes: Iterable[int]) -> tuple[int, bytes, dict[tuple[int, int], bytes]]:
    """Grow a tree by batches; return its size, root and tiles."""
    size, root = 0, merkle.EMPTY_ROOT
    edge: dict[int, bytes] = {}
    tiles: dict[tuple[int, int], bytes] = {}
    for more in sizes:
        root, changed, edge = grow(size, edge, LEAVES[size : size + more])
        for place, tile in changed.items():
            assert tile.startswith(tiles.get(place, b""))
            assert tile != tiles.get(place)
        tiles |= changed
        size += more
        assert edge == {level: tiles[level, n] for level, n, width in tiles_for(size) if width < FULL}
    return size, root, tiles


@settings(deadline=None)
@given(BATCHES)
def test_growth_gives_the_root_and_exactly_the_tiles_of_the_tree(sizes: list[int]) -> None:
    size, root, tiles = grown(sizes)
    assert root == merkle.root(LEAVES[:size])
    assert {place: len(tile) for place, tile in tiles.items()} == {
        (level, n): width * HASH_BYTES for level, n, width in tiles_for(size)
    }
    for (level, n), tile in tiles.items():
        assert split_hashes(tile) == [TREE(8 * level, n * FULL + number) for number in range(len(tile) // HASH_BYTES)]


def test_a_tree_of_three_levels_grows_in_two_ways_to_the_same_tiles() -> None:
    leaves = [leaf for n in range(65_536 + 300) for leaf in (n.to_bytes(32, "big"),)]
    at_once = grow(0, {}, leaves)
    first = grow(0, {}, leaves[:65_535])
    second = grow(65_535, first.edge, leaves[65_535:])
    assert (at_once.root, at_once.edge) == (second.root, second.edge)
    assert at_once.changed == first.changed | second.changed
    assert at_once.root == merkle.root(leaves)
    assert at_once.changed[2, 0] == merkle.root(leaves[:65_536])


@given(st.integers(1, 700), st.data())
def test_growth_refuses_partial_tiles_of_another_size(size: int, choose: st.DataObject) -> None:
    edge = grow(0, {}, LEAVES[:size]).edge
    wrong = choose.draw(
        st.sampled_from([edge | {0: edge.get(0, b"") + bytes(32)}, edge | {5: bytes(32)}, {0: b"x"}, edge | {1: b""}])
    )
    with pytest.raises(HashMismatch):
        grow(size, wrong, LEAVES[:1])


@pytest.mark.parametrize("leaves", [[b""], [bytes(31)], [bytes(33)], [bytes(31), bytes(33)]])
def test_growth_refuses_what_is_no_hash(leaves: list[bytes]) -> None:
    with pytest.raises(HashMismatch):
        grow(0, {}, leaves)


@given(BATCHES.filter(lambda sizes: sum(sizes) > 0), st.data())
def test_proofs_read_from_tiles_are_those_of_the_tree(sizes: list[int], choose: st.DataObject) -> None:
    size, root, tiles = grown(sizes)
    asked: list[tuple[int, int, int]] = []

    def fetch(level: int, n: int, width: int) -> bytes:
        asked.append((level, n, width))
        return tiles[level, n]

    reader = TileReader(fetch, size)
    index = choose.draw(st.integers(0, size - 1))
    assert merkle.root_of(size, reader) == root
    assert merkle.inclusion_proof(index, size, reader) == merkle.inclusion_proof(index, size, TREE)
    assert merkle.consistency_proof(index + 1, size, reader) == merkle.consistency_proof(index + 1, size, TREE)
    assert len(asked) == len(set(asked))
    assert set(asked) <= set(tiles_for(size))


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_tile_of_the_wrong_length_is_named(change: int) -> None:
    tile = b"".join(LEAVES[:5])
    reader = TileReader(lambda _level, _n, _width: (tile + bytes(32))[: len(tile) + change], 5)
    with pytest.raises(HashMismatch, match=r"tile/0/000\.p/5"):
        reader(0, 0)


@pytest.mark.parametrize(("level", "n"), [(0, 5), (3, 0), (1, 2), (0, -1), (64, 0)])
def test_what_the_tree_does_not_have_is_not_asked_for(level: int, n: int) -> None:
    reader = TileReader(lambda *_: pytest.fail("fetched"), 5)
    with pytest.raises(ValueError, match="no subtree"):
        reader(level, n)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert parse_bundle(entry_bundle(entries), len(entries)) == entries


def test_the_largest_entry_fits_and_one_byte_more_does_not() -> None:
    largest = bytes(MAX_ENTRY_BYTES)
    assert parse_bundle(entry_bundle([largest]), 1) == [largest]
    with pytest.raises(DataError, match="65,535"):
        entry_bundle([b"", largest + b"x"])


@given(st.lists(st.binary(max_size=20), max_size=8), st.data())
def test_a_bundle_cut_or_extended_is_refused(entries: list[bytes], choose: st.DataObject) -> None:
    bundle = entry_bundle(entries)
    if bundle:
        cut = choose.draw(st.integers(0, len(bundle) - 1))
        with pytest.raises(DataError):
            parse_bundle(bundle[:cut], len(entries))
    with pytest.raises(DataError):
        parse_bundle(bundle + choose.draw(st.binary(min_size=1, max_size=40)), len(entries))
    with pytest.raises(DataError):
        parse_bundle(bundle, len(entries) + 1)


@given(st.binary(max_size=200), st.integers(0, 256))
def test_a_hostile_bundle_is_refused_or_exact(data: bytes, width: int) -> None:
    try:
        entries = parse_bundle(data, width)
    except DataError:
        return
    assert (entry_bundle(entries), len(entries)) == (data, width)


def test_the_known_answer_has_its_bundle_and_tile() -> None:
    entries = [b"entry-%d" % n for n in range(5)]
    assert entry_bundle(entries).hex() == "".join(f"0007656e7472792d3{n}" for n in range(5))
    growth = grow(0, {}, merkle.leaf_hashes(entries))
    assert hashlib.sha256(growth.changed[0, 0]).hexdigest() == (
        "989366cfb10f5dd2da8b8bbc2edde16e26bab99ce76da96f93e2cc246fe2f758"
    )
    assert growth.root.hex() == "1aa68d3074905a581f84cbbd0f753794904fd80451bc4c13e69d9a53bc59502c"


@pytest.mark.parametrize("size", range(16))
def test_another_implementations_log_is_read_to_its_signed_root(data: Path, size: int) -> None:
    folder = data / "tlog" / "tessera" / "testdata"
    if not folder.is_dir():
        pytest.skip(f"no published log at {folder}")
    key = VerifierKey.parse((folder / "vkey").read_text().strip())
    note = (folder / "log" / f"checkpoint.{size}").read_bytes()
    checkpoint, _ = open_checkpoint(note, key.name, [key])
    assert checkpoint.size == size
    tiles = {(n, width): (folder / "log" / tile_path(0, n, width)).read_bytes() for _, n, width in tiles_for(size)}
    reader = TileReader(lambda _level, n, width: tiles[n, width], size)
    assert merkle.root_of(size, reader) == checkpoint.root
    bundles = [(folder / "log" / tile_path("entries", n, width), width) for n, width in tiles]
    entries = [entry for path, width in bundles for entry in parse_bundle(path.read_bytes(), width)]
    assert len(entries) == size
    growth = grow(0, {}, merkle.leaf_hashes(entries))
    assert (growth.root, list(growth.changed.values())) == (checkpoint.root, list(tiles.values()))
