"""What comes in together goes in together, and each gets its own outcome, whatever happens to the others."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.ingest_kit import MemoryAdmit

from doseway.intake.door import Admitted, Incoming, Outcome
from doseway.intake.gathering import MOST, Gathering
from doseway.model.errors import DataError, Pushback, Unavailable

PATIENCE_S = 30.0


def incoming(number: int) -> Incoming:
    return Incoming(door="http", format="tive", body=b"%d" % number, by="key:a", received_at_ms=number)


class LaterAdmit:
    """Settles lots from another thread, in an order of its own."""

    def __init__(self) -> None:
        self.lots: list[tuple[list[Incoming], Future[list[Outcome]]]] = []

    def __call__(self, lot: Sequence[Incoming], /) -> Future[list[Outcome]]:
        future: Future[list[Outcome]] = Future()
        self.lots.append((list(lot), future))
        return future

    def settle(self) -> None:
        for lot, future in reversed(self.lots):
            future.set_result([outcome_of(int(one.body)) for one in lot])


def outcome_of(number: int) -> Outcome:
    return DataError(f"{number} is too large") if number % 5 == 4 else Admitted(packet=number)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 2 * MOST), min_size=1, max_size=4))
def test_each_gets_its_own_outcome_and_lots_are_bounded(turns: list[int]) -> None:
    async def scenario() -> None:
        admit, waiting, number = LaterAdmit(), [], 0
        gathering = Gathering(admit, PATIENCE_S)
        for count in turns:
            waiting += [asyncio.create_task(gathering.take(incoming(n))) for n in range(number, number + count)]
            number += count
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert sum(len(lot) for lot, _ in admit.lots) == number
        assert max(len(lot) for lot, _ in admit.lots) <= MOST
        assert len(admit.lots) <= sum(-(-count // MOST) for count in turns)
        thread = threading.Thread(target=admit.settle)
        thread.start()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        thread.join()
        assert list(map(str, outcomes)) == [str(outcome_of(n)) for n in range(number)]

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [Pushback("full"), Unavailable("the disk is full")])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_lot_that_is_not_taken_is_not_taken_for_each(error: Unavailable, is_late: bool) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        admit.error, admit.late = (None, error) if is_late else (error, None)
        gathering = Gathering(admit.lot, PATIENCE_S)
        outcomes = await asyncio.gather(*(gathering.take(incoming(n)) for n in range(3)), return_exceptions=True)
        assert outcomes == [error] * 3
        admit.error = admit.late = None
        assert (await gathering.take(incoming(4))).packet == 0, "and the next turn is tried again"

    asyncio.run(scenario())


def test_patience_ends_for_all_of_a_lot_and_the_lot_goes_on() -> None:
    async def scenario() -> None:
        admit = LaterAdmit()
        gathering = Gathering(admit, 0.01)
        outcomes = await asyncio.gather(*(gathering.take(incoming(n)) for n in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [TimeoutError] * 3
        assert not admit.lots[0][1].cancelled()
        admit.settle()
        await asyncio.sleep(0.01)

    asyncio.run(scenario())


def test_one_that_goes_away_takes_nothing_from_the_others() -> None:
    async def scenario() -> None:
        admit = LaterAdmit()
        gathering = Gathering(admit, PATIENCE_S)
        tasks = [asyncio.create_task(gathering.take(incoming(n))) for n in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[1].cancel()
        admit.settle()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Admitted, asyncio.CancelledError, Admitted]

    asyncio.run(scenario())


def test_an_outcome_after_the_loop_has_closed_hurts_nobody() -> None:
    admit = LaterAdmit()

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await Gathering(admit, 0.001).take(incoming(1))

    asyncio.run(scenario())
    admit.settle()
