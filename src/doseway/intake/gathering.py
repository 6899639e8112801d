"""Gathers what many tasks bring in one turn of the event loop into one lot, and gives each its own outcome.

A future, a lock and a wake-up for each message would cost more than the rest of a small request.
"""

import asyncio
import contextlib
from concurrent.futures import Future
from functools import partial
from typing import Final

from doseway.intake.door import AdmitLot, Admitted, Incoming, Outcome
from doseway.model.errors import DosewayError

MOST: Final = 256
"""Messages in one lot: what a full log pushes back as a whole."""

_Waiter = asyncio.Future[Admitted]


class Gathering:
    """Where the tasks of one event loop hand in. One that is cancelled takes nothing back: what is written is written.

    Args:
        admit: takes the lots.
        patience_s: how long an outcome may take.
    """

    def __init__(self, admit: AdmitLot, patience_s: float) -> None:
        self._admit = admit
        self._patience_s = patience_s
        self._lot: list[Incoming] = []
        self._waiters: list[_Waiter] = []

    async def take(self, incoming: Incoming) -> Admitted:
        """Hand in bytes together with what else comes in this turn, and wait until they are durable.

        Raises:
            TimeoutError: it took too long; whether the bytes are in the log is not known.
            DosewayError: as `AdmitLot` raises, or the outcome of these bytes.
        """
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        if not self._lot:
            loop.call_soon(self._hand_over, loop)
        self._lot.append(incoming)
        self._waiters.append(waiter)
        if len(self._lot) >= MOST:
            self._hand_over(loop)
        return await waiter

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        lot, self._lot = self._lot, []
        waiters, self._waiters = self._waiters, []
        if not lot:
            return  # it was full before its turn came
        try:
            future = self._admit(lot)
        except DosewayError as error:
            _fail(waiters, error)
            return
        timer = loop.call_later(self._patience_s, _fail, waiters, TimeoutError())
        future.add_done_callback(partial(_land, loop, waiters, timer))


def _land(
    loop: asyncio.AbstractEventLoop,
    waiters: list[_Waiter],
    timer: asyncio.TimerHandle,
    future: Future[list[Outcome]],
) -> None:
    """Wake the loop, from the thread that settled the lot."""
    with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
        loop.call_soon_threadsafe(_hand_out, waiters, timer, future)


def _hand_out(waiters: list[_Waiter], timer: asyncio.TimerHandle, future: Future[list[Outcome]]) -> None:
    timer.cancel()
    error = future.exception()
    if error is not None:
        _fail(waiters, error)
        return
    for waiter, outcome in zip(waiters, future.result(), strict=True):
        if waiter.done():
            continue
        if isinstance(outcome, Admitted):
            waiter.set_result(outcome)
        else:
            waiter.set_exception(outcome)


def _fail(waiters: list[_Waiter], error: BaseException) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)
