"""Merkle trees: equal to the RFC's own definition, equal to published vectors, and shut to every altered proof."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import MemoryTree, flip, leaves_of, rfc_consistency, rfc_path, rfc_root

from doseway.ledger import merkle
from doseway.model.errors import HashMismatch

LEAVES = leaves_of(300)
TREE = MemoryTree(LEAVES)
SIZES = st.integers(1, len(LEAVES))


def test_the_hashes_have_the_prefixes_of_rfc_6962() -> None:
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"entry-0").hex() == "40766b2033429026f53d54502679a839706b4741f8dcaf3a8bba5f41b5ffe075"
    two = merkle.node_hash(LEAVES[0], LEAVES[1])
    assert two.hex() == "2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479"


def test_many_leaves_hash_as_single_ones_do() -> None:
    assert merkle.leaf_hashes(b"entry-%d" % n for n in range(300)) == LEAVES


@given(st.integers(0, 300))
def test_a_root_is_that_of_the_rfc(size: int) -> None:
    expected = rfc_root(LEAVES[:size])
    assert merkle.root(LEAVES[:size]) == expected
    assert merkle.root_of(size, TREE) == expected


@pytest.mark.parametrize("height", range(9))
def test_the_fast_way_for_perfect_trees_is_the_same_tree(height: int) -> None:
    assert merkle.perfect_root(b"".join(LEAVES[: 1 << height])) == rfc_root(LEAVES[: 1 << height])


@pytest.mark.parametrize("bytes_", [0, 31, 33, 96, 5 * 32])
def test_the_fast_way_refuses_what_is_not_perfect(bytes_: int) -> None:
    with pytest.raises(ValueError, match="perfect"):
        merkle.perfect_root(bytes(bytes_))


def test_every_inclusion_proof_is_the_path_of_the_rfc_and_verifies() -> None:
    for size in range(1, 66):
        root = rfc_root(LEAVES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, TREE)
            assert proof == rfc_path(index, LEAVES[:size])
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_consistency_proof_is_that_of_the_rfc_and_verifies() -> None:
    for new in range(1, 50):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, TREE)
            assert proof == rfc_consistency(old, LEAVES[:new])
            merkle.verify_consistency(old, rfc_root(LEAVES[:old]), new, rfc_root(LEAVES[:new]), proof)


@given(SIZES, st.data())
def test_no_altered_inclusion_verifies(size: int, choose: st.DataObject) -> None:
    index = choose.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(index, size, TREE), merkle.root_of(size, TREE)
    hashes = [LEAVES[index], root, *proof]
    place = choose.draw(st.integers(0, len(hashes) - 1))
    hashes[place] = flip(hashes[place], choose.draw(st.integers(0, 255)))
    with pytest.raises(HashMismatch):
        merkle.verify_inclusion(hashes[0], index, size, hashes[2:], hashes[1])
    if size > 1:
        other = choose.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        with pytest.raises(HashMismatch):
            merkle.verify_inclusion(LEAVES[index], other, size, proof, root)


@given(SIZES, st.data())
def test_no_altered_consistency_verifies(new: int, choose: st.DataObject) -> None:
    old = choose.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, TREE)
    hashes = [merkle.root_of(old, TREE), merkle.root_of(new, TREE), *proof]
    place = choose.draw(st.integers(0, len(hashes) - 1))
    hashes[place] = flip(hashes[place], choose.draw(st.integers(0, 255)))
    with pytest.raises(HashMismatch):
        merkle.verify_consistency(old, hashes[0], new, hashes[1], hashes[2:])


@given(SIZES, st.data())
def test_no_proof_of_another_length_verifies(size: int, choose: st.DataObject) -> None:
    index = choose.draw(st.integers(0, size - 1))
    root = merkle.root_of(size, TREE)
    path = merkle.inclusion_proof(index, size, TREE)
    consistency = merkle.consistency_proof(index + 1, size, TREE)
    at = choose.draw(st.integers(0, 10))
    extra = choose.draw(st.sampled_from([root, bytes(32), b"", b"short"]))
    for longer in ([*path[:at], extra, *path[at:]], path[:-1] if path else [extra]):
        with pytest.raises(HashMismatch):
            merkle.verify_inclusion(LEAVES[index], index, size, longer, root)
    for longer in ([*consistency[:at], extra, *consistency[at:]], consistency[1:] if consistency else [extra]):
        with pytest.raises(HashMismatch):
            merkle.verify_consistency(index + 1, merkle.root_of(index + 1, TREE), size, root, longer)


@given(
    st.integers(-5, 2**70),
    st.integers(-5, 2**70),
    st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=40), max_size=70),
    st.binary(max_size=33),
    st.binary(max_size=33),
)
def test_hostile_numbers_and_hashes_are_a_mismatch_and_nothing_else(
    first: int, second: int, proof: list[bytes], one: bytes, other: bytes
) -> None:
    with pytest.raises(HashMismatch):
        merkle.verify_inclusion(one + b"x", first, second, proof, other)
    with pytest.raises(HashMismatch):
        merkle.verify_consistency(first, one + b"x", second, other, proof)


def test_size_zero_proves_nothing() -> None:
    # RFC 6962 has no proof from the empty tree, and an empty one would pass for any log: callers that accept an
    # old size of 0 (C2SP tlog-witness) say so themselves.
    for new in (0, 1, 8):
        with pytest.raises(HashMismatch):
            merkle.verify_consistency(0, merkle.EMPTY_ROOT, new, merkle.root_of(new, TREE), [])
        with pytest.raises(ValueError, match="no proof"):
            merkle.consistency_proof(0, new, TREE)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (7, 5)])
def test_no_path_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(index, size, TREE)


def test_the_path_of_a_last_leaf_does_not_pass_for_a_duplicated_one() -> None:
    # The classic mistake: where the odd node is duplicated, leaf 2 of 3 would also verify as leaf 3.
    proof, root = merkle.inclusion_proof(2, 3, TREE), merkle.root_of(3, TREE)
    duplicated = merkle.node_hash(merkle.node_hash(LEAVES[0], LEAVES[1]), merkle.node_hash(LEAVES[2], LEAVES[2]))
    assert root != duplicated
    with pytest.raises(HashMismatch):
        merkle.verify_inclusion(LEAVES[2], 3, 4, [LEAVES[2], proof[0]], root)


@pytest.mark.parametrize("height", range(1, 9))
def test_a_path_that_is_too_long_for_the_claimed_size_is_refused(height: int) -> None:
    # The last leaf of a perfect tree has only left siblings. A verifier that does not count the path's hashes would
    # fold them all in, and take the leaf for leaf 0 of a tree of size 1 with that root.
    size = 1 << height
    proof, root = merkle.inclusion_proof(size - 1, size, TREE), merkle.root_of(size, TREE)
    with pytest.raises(HashMismatch):
        merkle.verify_inclusion(LEAVES[size - 1], 0, 1, proof, root)


def test_a_consistency_proof_of_larger_trees_does_not_pass_for_smaller_ones() -> None:
    for shift in range(1, 6):
        large, small = 4 << shift, 4
        proof = merkle.consistency_proof(large - 1, large, TREE)
        roots = merkle.root_of(large - 1, TREE), merkle.root_of(large, TREE)
        merkle.verify_consistency(large - 1, roots[0], large, roots[1], proof)
        with pytest.raises(HashMismatch):
            merkle.verify_consistency(small - 1, roots[0], small, roots[1], proof)


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def published(data: Path, kind: str) -> list[dict[str, Any]]:
    folder = data / "tlog" / "merkle" / "testdata" / kind
    if not folder.is_dir():
        pytest.skip(f"no published vectors at {folder}")
    return [json.loads(path.read_bytes()) for path in sorted(folder.rglob("*.json"))]


def verdict(vector: dict[str, Any]) -> bool:
    """Return whether the vector verifies."""
    proof = list(map(decoded, vector["proof"] or []))
    try:
        if "leafIdx" in vector:
            leaf, root = decoded(vector["leafHash"]), decoded(vector["root"])
            merkle.verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, root)
        else:
            roots = decoded(vector["root1"]), decoded(vector["root2"])
            merkle.verify_consistency(vector["size1"], roots[0], vector["size2"], roots[1], proof)
    except HashMismatch:
        return False
    return True


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_published_vectors_get_their_verdicts(data: Path, kind: str) -> None:
    vectors = published(data, kind)
    assert len(vectors) == 98
    assert {vector["wantErr"] for vector in vectors} == {True, False}
    assert [vector["desc"] for vector in vectors if verdict(vector) == vector["wantErr"]] == []
