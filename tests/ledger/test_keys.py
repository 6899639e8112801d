"""Keys: one fixed set of accepted Ed25519 signatures, and nothing that malformed input can raise."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import flip, key_of

from doseway.ledger.keys import SigningKey, is_weak_public_key, verify_ed25519, verify_ml_dsa_44

# RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, and the halves R and S of the signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19
# The points of order 1, 2, 4, 4, 8, 8, 8, 8 in their canonical encodings (RFC 8032 section 5.1; y, and the sign bit).
SMALL_ORDER = [
    (1).to_bytes(32, "little"),
    (FIELD - 1).to_bytes(32, "little"),
    (0).to_bytes(32, "little"),
    (1 << 255).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
]


@pytest.mark.parametrize(("seed", "public", "message", "r", "s"), RFC_8032)
def test_the_rfcs_examples_are_reproduced(seed: str, public: str, message: str, r: str, s: str) -> None:
    key = SigningKey.from_seed(bytes.fromhex(seed))
    assert key.public_key.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == r + s
    assert verify_ed25519(key.public_key, bytes.fromhex(message), bytes.fromhex(r + s))
    assert not is_weak_public_key(key.public_key)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_another_library_agrees_on_honest_signatures(seed: bytes, message: bytes) -> None:
    key = SigningKey.from_seed(seed)
    assert key.sign(message) == Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    assert verify_ed25519(key.public_key, message, key.sign(message))


@given(st.binary(max_size=40), st.integers(0, 8 * 64 - 1), st.integers(0, 255))
def test_no_altered_signature_key_or_message_verifies(message: bytes, bit: int, key_bit: int) -> None:
    key = key_of("altered")
    signature = key.sign(message)
    assert not verify_ed25519(key.public_key, message, flip(signature, bit))
    assert not verify_ed25519(flip(key.public_key, key_bit), message, signature)
    assert not verify_ed25519(key.public_key, message + b"x", signature)


def test_a_signature_has_one_form() -> None:
    # S + L is the same number modulo the group's order: libraries that take it make signatures malleable.
    key = key_of("malleable")
    signature = key.sign(b"m")
    larger = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify_ed25519(key.public_key, b"m", signature[:32] + larger.to_bytes(32, "little"))


@given(st.binary(max_size=10), st.integers(1, 64))
def test_no_byte_moves_between_signature_and_message(message: bytes, moved: int) -> None:
    # libsodium opens the two as one string: without the check of lengths, where one ends is the attacker's choice.
    key = key_of("moved")
    signature = key.sign(message)
    assert not verify_ed25519(key.public_key, signature[-moved:] + message, signature[:-moved])
    longer = key.sign(b"x" * moved + message)
    assert not verify_ed25519(key.public_key, message, longer + b"x" * moved)
    assert not verify_ed25519(key.public_key + b"x", message, signature)
    assert not verify_ed25519(key.public_key[:-1], message, signature)


@given(st.binary(max_size=70), st.binary(max_size=10), st.binary(max_size=70))
def test_malformed_input_is_invalid_and_raises_nothing(public: bytes, message: bytes, signature: bytes) -> None:
    assert not verify_ed25519(public, message, signature)
    assert not verify_ml_dsa_44(public, message, signature)
    is_weak_public_key(public)


@pytest.mark.parametrize("point", SMALL_ORDER, ids=bytes.hex)
def test_a_key_of_small_order_is_weak_and_verifies_nothing(point: bytes) -> None:
    # With A of small order and S = 0, R = -k A is a valid equation for some messages, for anybody.
    assert is_weak_public_key(point)
    forged = [verify_ed25519(point, b"%d" % n, r + bytes(32)) for n in range(16) for r in SMALL_ORDER]
    assert not any(forged)


@pytest.mark.parametrize(
    "key", [b"", bytes(31), bytes(33), b"\xff" * 32, (FIELD + 1).to_bytes(32, "little"), (2).to_bytes(32, "little")]
)
def test_what_is_no_canonical_point_is_weak(key: bytes) -> None:
    assert is_weak_public_key(key)


def test_a_seed_has_32_bytes() -> None:
    for length in (0, 31, 33, 64):
        with pytest.raises(ValueError, match="32 bytes"):
            SigningKey.from_seed(bytes(length))


def test_generated_keys_differ_and_sign() -> None:
    one, other = SigningKey.generate(), SigningKey.generate()
    assert one.public_key != other.public_key
    assert verify_ed25519(one.public_key, b"m", one.sign(b"m"))
    assert not verify_ed25519(other.public_key, b"m", one.sign(b"m"))


def test_a_key_does_not_show_its_secret() -> None:
    key = SigningKey.from_seed(b"s" * 32)
    assert "ssss" not in repr(key) + str(key)


def test_an_ml_dsa_signature_verifies_and_no_altered_one() -> None:
    key = MLDSA44PrivateKey.from_seed_bytes(b"k" * 32)
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"message")
    assert (len(public), len(signature)) == (1312, 2420)
    assert verify_ml_dsa_44(public, b"message", signature)
    assert not verify_ml_dsa_44(public, b"messagf", signature)
    for bit in range(0, 8 * len(signature), 397):
        assert not verify_ml_dsa_44(public, b"message", flip(signature, bit))
    assert not verify_ml_dsa_44(public, b"message", key.sign(b"message", b"context"))


def published(data: Path) -> list[dict[str, Any]]:
    path = data / "tlog" / "ed25519" / "ed25519vectors.json"
    if not path.is_file():
        pytest.skip(f"no published vectors at {path}")
    vectors: list[dict[str, Any]] = json.loads(path.read_bytes())
    return vectors


def test_the_published_edge_cases_are_accepted_by_libsodiums_rules_only(data: Path) -> None:
    # libsodium refuses small-order and non-canonical A and R, and checks the equation without multiplying by the
    # cofactor; it takes keys and signatures with a part of small order where that equation holds. 43 of 914 are so.
    vectors = published(data)
    assert len(vectors) == 914
    accepted = [
        vector["number"]
        for vector in vectors
        if verify_ed25519(bytes.fromhex(vector["key"]), vector["msg"].encode(), bytes.fromhex(vector["sig"]))
    ]
    harmless = {"low_order_component_A", "low_order_component_R"}
    assert accepted == [vector["number"] for vector in vectors if set(vector["flags"] or []) <= harmless]
    assert len(accepted) == 43


def test_every_published_key_with_a_flaw_is_weak(data: Path) -> None:
    flaws = {"low_order_A", "non_canonical_A", "low_order_component_A"}
    for vector in published(data):
        is_flawed = bool(flaws & set(vector["flags"] or []))
        assert is_weak_public_key(bytes.fromhex(vector["key"])) == is_flawed
