"""Facts: canonical bytes, a closed list, and golden files that are readable for ever."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.canonical import encode
from doseway.model.errors import DataError
from doseway.model.facts import BODIES, PacketReceived, decode_fact, encode_fact

GOLDEN = Path(__file__).parents[1] / "golden" / "facts"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=10)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_our_bytes_are_rfc_8785(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(TEXT, st.integers(0, 2**41), st.integers(0, 2**53 - 1))
def test_a_fact_survives_the_way_through_the_log(name: str, at_ms: int, size: int) -> None:
    body = PacketReceived(door="file", name=name, size_bytes=size, commitment="00" * 32)
    fact = decode_fact(encode_fact(body, at_ms=at_ms, by="cli", tags=("packet:1",)))
    assert (fact.content(), fact.at_ms, fact.by, fact.tags) == (body, at_ms, "cli", ("packet:1",))


@pytest.mark.parametrize("entry", [b"", b"{}", b"[1]", b'{"type":1}', b"\xff\xfe", b'{"at_ms":1,"by":"a"}'])
def test_what_is_no_fact_is_refused(entry: bytes) -> None:
    with pytest.raises(DataError):
        decode_fact(entry)


def test_an_unknown_type_or_a_newer_version_says_to_update() -> None:
    for text in (
        b'{"at_ms":1,"body":{},"by":"a","type":"moon.landed","v":1}',
        b'{"at_ms":1,"body":{},"by":"a","type":"packet.received","v":99}',
    ):
        with pytest.raises(DataError, match="Update Doseway"):
            decode_fact(text).content()


def test_a_malformed_body_names_its_type() -> None:
    with pytest.raises(DataError, match=r"packet\.received"):
        decode_fact(b'{"at_ms":1,"body":{"door":7},"by":"a","type":"packet.received","v":1}').content()


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_fact_type_is_a_noun_and_a_past_participle(kind: str) -> None:
    noun, _, verb = kind.partition(".")
    assert noun
    assert verb.endswith(("ed", "back", "put", "made"))


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_facts_hold_no_binary_floats(kind: str) -> None:
    annotations = " ".join(str(field.type) for field in msgspec.structs.fields(BODIES[kind]))
    assert "float" not in annotations


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_golden_file_of_every_type_and_version_still_decodes(kind: str) -> None:
    for version in range(1, BODIES[kind].VERSION + 1):
        entry = (GOLDEN / f"{kind}.v{version}.json").read_bytes()
        fact = decode_fact(entry)
        assert isinstance(fact.content(), BODIES[kind])
        assert rfc8785.dumps(json.loads(entry)) == entry
