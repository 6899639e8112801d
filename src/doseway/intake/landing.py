"""Brings results from the thread that makes them to the event loop that waits for them, many with one wake-up.

A commit settles the futures of a whole batch at once. `asyncio.wrap_future` would wake the loop for each of them; and
with a time limit, and shielded from whoever goes away, it would cost more than the rest of a small request.
"""

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class Landing:
    """Where one event loop waits. A waiter that is cancelled does not cancel the future: what is written is written."""

    def __init__(self) -> None:
        self._landed: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_called = False

    async def wait(self, future: Future[Result], patience_s: float | None = None) -> Result:
        """Wait for a result.

        Raises:
            TimeoutError: it did not come within the time; the future goes on. Else what the future raises.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        future.add_done_callback(partial(self._land, loop, waiter))
        timer = None if patience_s is None else loop.call_later(patience_s, _give_up, waiter)
        try:
            return await waiter
        finally:
            if timer is not None:
                timer.cancel()

    def _land(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[Any], future: Future[Any]) -> None:
        """Note a result, in the thread that made it; the loop is called unless it has been since it last looked."""
        self._landed.append((waiter, future))
        if not self._is_called:
            self._is_called = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        self._is_called = False  # before looking: what lands from here on calls again
        while self._landed:
            waiter, future = self._landed.popleft()
            if waiter.done():
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)


def _give_up(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
