"""API keys and signing secrets: found in memory, kept as hashes, and malformed files named."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.keyring import (
    FirstRing,
    FixedKeyRing,
    KeyRecord,
    Sender,
    new_key,
    new_signing_secret,
    signing_secret,
)
from doseway.model.errors import DataError, Unavailable


def test_a_new_key_opens_its_record_and_no_other() -> None:
    key, record = new_key("acme", ["tive"])
    other, other_record = new_key("box")
    ring = FixedKeyRing([record, other_record])
    assert ring.check(key) == Sender("acme", frozenset({"tive"}))
    assert ring.check(other) == Sender("box")
    secret = key.partition(".")[2]
    assert len(secret) >= 43
    assert secret not in repr(record)
    assert ring.check(f"box.{secret}") is None


@given(st.text())
def test_no_text_opens_a_ring_that_does_not_hold_it(text: str) -> None:
    _, record = new_key("acme")
    assert FixedKeyRing([record, KeyRecord(id="signer"), KeyRecord(id="")]).check(text) is None


@given(st.binary(), st.binary(min_size=24))
def test_a_signature_is_the_senders_over_these_bytes(message: bytes, secret: bytes) -> None:
    ring = FixedKeyRing([KeyRecord(id="hook"), KeyRecord(id="mute")], {"hook": secret})
    right = hmac.new(secret, message, hashlib.sha256).digest()
    assert ring.signed("hook", message, [b"x", right]) == Sender("hook")
    assert ring.signed("hook", message + b"x", [right]) is None
    assert ring.signed("hook", message, []) is None
    empty = hmac.new(b"", message, hashlib.sha256).digest()
    assert ring.signed("mute", message, [empty]) is None
    assert ring.signed("nobody", message, [empty]) is None


def test_several_rings_are_one() -> None:
    key, record = new_key("acme")
    secret = b"s" * 24
    ring = FirstRing(FixedKeyRing([record]), FixedKeyRing([KeyRecord(id="hook")], {"hook": secret}))
    assert ring.check(key) == Sender("acme")
    assert ring.check("x") is None
    assert ring.signed("hook", b"m", [hmac.new(secret, b"m", hashlib.sha256).digest()]) == Sender("hook")
    assert ring.signed("acme", b"m", [b"x"]) is None


def test_a_file_of_keys_is_read(tmp_path: Path) -> None:
    key, record = new_key("acme", ["tive"])
    secret = new_signing_secret()
    (tmp_path / "hook.secret").write_text(secret + "\n")
    (tmp_path / "keys.toml").write_text(
        f'[[key]]\nid = "acme"\nsecret_sha256 = "{record.secret_sha256}"\nformats = ["tive"]\n'
        '[[key]]\nid = "hook"\nsigning_secret_file = "hook.secret"\n'
    )
    ring = FixedKeyRing.read(tmp_path / "keys.toml")
    assert ring.check(key) == Sender("acme", frozenset({"tive"}))
    mac = hmac.new(signing_secret(secret), b"message", hashlib.sha256).digest()
    assert ring.signed("hook", b"message", [mac]) == Sender("hook")


@pytest.mark.parametrize(
    "text",
    ["[[key]", "[[key]]\nname = 1", '[[key]]\nid = "a"\nsecret_sha256 = "zz"', "key = 1", '[[keys]]\nid = "a"'],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(DataError, match=r"keys\.toml: the keys cannot be used"):
        FixedKeyRing.read(tmp_path / "keys.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="none"):
        FixedKeyRing.read(tmp_path / "none")


@pytest.mark.parametrize("text", ["whsec_!!", "whsec_c2hvcnQ=", ""])
def test_a_weak_or_malformed_signing_secret_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="signing secret"):
        signing_secret(text)
