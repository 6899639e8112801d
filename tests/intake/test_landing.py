"""Results come to the loop from any thread, each to its waiter, whatever happens to the others."""

import asyncio
import threading
from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.intake.landing import Landing
from doseway.model.errors import Unavailable


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 4))
def test_each_waiter_gets_its_own_result(count: int, threads: int) -> None:
    async def scenario() -> None:
        landing, futures = Landing(), [Future[int]() for _ in range(count)]
        waiting = [asyncio.create_task(landing.wait(future)) for future in futures]

        def settle(first: int) -> None:
            for number in range(first, count, threads):
                if number % 5 == 4:
                    futures[number].set_exception(Unavailable(str(number)))
                else:
                    futures[number].set_result(number)

        workers = [threading.Thread(target=settle, args=(first,)) for first in range(threads)]
        for worker in workers:
            worker.start()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        for worker in workers:
            worker.join()
        for number, result in enumerate(results):
            assert str(result) == str(number)
            assert isinstance(result, Unavailable) == (number % 5 == 4)

    asyncio.run(scenario())


def test_a_result_that_was_there_already_is_given() -> None:
    done: Future[str] = Future()
    done.set_result("done")
    assert asyncio.run(Landing().wait(done)) == "done"


def test_patience_ends_and_the_future_goes_on() -> None:
    async def scenario() -> None:
        landing, slow, fast = Landing(), Future[int](), Future[int]()
        with pytest.raises(TimeoutError):
            await landing.wait(slow, 0.01)
        assert slow.set_running_or_notify_cancel()  # it was not cancelled
        slow.set_result(1)
        fast.set_result(2)
        assert await landing.wait(fast, 5.0) == 2

    asyncio.run(scenario())


def test_a_waiter_that_is_cancelled_takes_nothing_back() -> None:
    async def scenario() -> None:
        landing, future = Landing(), Future[int]()
        task = asyncio.create_task(landing.wait(future))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert future.set_running_or_notify_cancel()
        future.set_result(1)
        await asyncio.sleep(0)

    asyncio.run(scenario())


def test_a_result_after_the_loop_has_closed_hurts_nobody() -> None:
    future: Future[int] = Future()

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await Landing().wait(future, 0.001)

    asyncio.run(scenario())
    future.set_result(1)
