"""Time passes for the tower as long as it is open."""

import threading

import pytest

from doseway.app.live import ticking
from doseway.model.errors import Unavailable


def test_time_goes_on_behind_a_tick_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    ticks, is_enough = [0], threading.Event()

    def tick() -> None:
        ticks[0] += 1
        if ticks[0] == 1:
            raise Unavailable("the disk is full")
        is_enough.set()

    with ticking(tick, every_s=0.001):
        assert is_enough.wait(20)
    assert "time did not pass: the disk is full" in caplog.text
