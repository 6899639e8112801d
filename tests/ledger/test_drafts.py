"""Drafts: what is encoded before its time is known is the canonical fact nevertheless."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from doseway.ledger.drafts import MAX_ENTRY_BYTES, Draft, StagedBlob, stamp_of, unstamped
from doseway.model.errors import DataError, UsageError
from doseway.model.facts import Body, PacketReceived, RuleFailed, encode_fact
from doseway.model.ids import Commitment

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BODIES = st.one_of(
    st.builds(RuleFailed, packet=st.integers(0, 2**53 - 1), rule=TEXT, error=TEXT),
    st.builds(PacketReceived, door=TEXT, name=TEXT, size_bytes=st.integers(0, 2**53 - 1), commitment=TEXT),
)


@given(body=BODIES, by=TEXT, tags=st.lists(TEXT, max_size=3).map(tuple), at_ms=st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_stamped_draft_is_the_canonical_fact(body: Body, by: str, tags: tuple[str, ...], at_ms: int) -> None:
    entry = stamp_of(at_ms) + unstamped(Draft(body=body, by=by, tags=tags))
    assert entry == encode_fact(body, at_ms=at_ms, by=by, tags=tags)
    assert entry == rfc8785.dumps(json.loads(entry))


def test_a_fact_that_cannot_fit_into_an_entry_is_refused_at_once() -> None:
    room = MAX_ENTRY_BYTES - len(unstamped(Draft(body=RuleFailed(packet=1, rule="", error=""), by="t")))
    unstamped(Draft(body=RuleFailed(packet=1, rule="", error="x" * (room - 40)), by="t"))
    with pytest.raises(DataError, match="does not fit"):
        unstamped(Draft(body=RuleFailed(packet=1, rule="", error="x" * room), by="t"))


def test_a_body_must_commit_to_its_blob() -> None:
    blob = StagedBlob(Commitment(b"c" * 32), b"h" * 32, 3, b"s" * 32, data=b"abc")
    right = PacketReceived(door="file", name="a", size_bytes=3, commitment=blob.commitment.hex())
    unstamped(Draft(body=right, by="t", blob=blob))
    wrong = PacketReceived(door="file", name="a", size_bytes=3, commitment="00" * 32)
    for body in (wrong, RuleFailed(packet=1, rule="", error="")):
        with pytest.raises(UsageError, match="does not commit"):
            unstamped(Draft(body=body, by="t", blob=blob))
