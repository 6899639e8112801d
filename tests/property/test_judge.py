"""Promise 1: the judgement is a function of the set of readings, and equals the plain reference bit for bit."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.drawn_kit import Record, intervals, profiles, recordings, series_of
from tests.reference_judge import judge as plain_judge

from doseway.coldchain.judge import judge
from doseway.coldchain.profile import Profile, to_plain


def as_plain(records: list[Record], profile: Profile, interval: int | None, offset: int = 0) -> dict[str, Any]:
    judgement = judge([series_of(records)], profile, interval, offset)
    assert judgement.failures == ()
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(judgement))
    return {key: value for key, value in found.items() if key not in {"reasons", "failures"}}


RECORDS = recordings().filter(bool)
OFFSETS = st.sampled_from((0, 60, -330))


@settings(max_examples=150, deadline=None)
@given(RECORDS, profiles(), intervals, OFFSETS)
def test_the_fast_judge_equals_the_plain_one(
    records: list[Record], profile: Profile, interval: int | None, offset: int
) -> None:
    assert as_plain(records, profile, interval, offset) == plain_judge(records, to_plain(profile), interval, offset)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(RECORDS, profiles(), intervals, OFFSETS)
def test_the_fast_judge_equals_the_plain_one_for_long(
    records: list[Record], profile: Profile, interval: int | None, offset: int
) -> None:
    assert as_plain(records, profile, interval, offset) == plain_judge(records, to_plain(profile), interval, offset)
