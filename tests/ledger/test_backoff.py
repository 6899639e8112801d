"""Waiting after failures: grows, stays bounded, never nothing."""

from hypothesis import given
from hypothesis import strategies as st

from doseway.ledger.backoff import wait_s


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_wait_is_between_half_and_the_whole_of_the_bounded_double(failures: int, chance: float) -> None:
    full = min(60.0, 2.0 ** min(failures - 1, 30))
    assert full / 2 <= wait_s(failures, chance=chance) <= full


def test_two_that_fail_together_do_not_come_back_together() -> None:
    assert len({wait_s(5) for _ in range(20)}) > 1
