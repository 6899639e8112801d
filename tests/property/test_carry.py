"""The live path gives the judgement of the batch path, bit for bit, however the readings come in."""

from itertools import pairwise
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.drawn_kit import MINUTE, Record, profiles, recordings, series_of

from doseway.coldchain import carry
from doseway.coldchain.judge import judge
from doseway.coldchain.profile import Profile

EDGES = st.lists(st.integers(0, 200), max_size=6)


def check(records: list[Record], profile: Profile, edges: list[int], offset: int) -> None:
    """Feed in pieces, cutting history as soon as it can be cut; after each piece compare with judging at once."""
    with patch.object(carry, "_HELD_BEFORE_CUT", 1), patch.object(carry, "_GRACE_MS", 0):
        state = carry.start(profile, 5 * MINUTE, offset)
        cuts = sorted({0, *(edge for edge in edges if edge < len(records)), len(records)})
        for first, last in pairwise(cuts):
            fed = carry.feed(state, [series_of(records[first:last])])
            state = msgspec.json.decode(msgspec.json.encode(fed), type=carry.State)
            assert state == fed
            assert carry.judgement(state) == judge([series_of(records[:last])], profile, 5 * MINUTE, offset)


@settings(max_examples=60, deadline=None)
@given(recordings(120).filter(bool), profiles(), EDGES, st.sampled_from((0, 60)))
def test_feeding_in_order_equals_judging_at_once(
    records: list[Record], profile: Profile, edges: list[int], offset: int
) -> None:
    check(records, profile, edges, offset)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(recordings(120).filter(bool), profiles(), EDGES, st.sampled_from((0, 60)))
def test_feeding_in_order_equals_judging_at_once_for_long(
    records: list[Record], profile: Profile, edges: list[int], offset: int
) -> None:
    check(records, profile, edges, offset)
