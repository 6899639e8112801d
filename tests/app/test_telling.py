"""Notices are put as soon as the outbox answers again, and none of the facts is taken twice or left out."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.ledger.log_kit import HandClock, Place, failures

from doseway.app import telling
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import Unavailable
from doseway.model.facts import Fact


class FailingNotifier:
    """Fails at every third fact once, and at its first ticks."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.failed: set[bytes] = set()
        self.ticks = 0

    def take(self, fact: Fact) -> None:
        body = bytes(fact.body)
        if len(self.taken) % 3 == 2 and body not in self.failed:
            self.failed.add(body)
            raise Unavailable("the disk is full")
        self.taken.append(body)

    def tick(self, now_ms: int) -> int:
        self.ticks += 1
        if self.ticks <= 2:
            raise Unavailable("the disk is full")
        return now_ms * 0


async def idle() -> None:
    await asyncio.sleep(3_600)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with Place(tmp_path).open() as sequencer:
        yield sequencer


def test_a_full_disk_delays_notices_and_ends_nothing(sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_EVERY_S", 0.001)
    sequencer.append(failures(range(20)))
    notifier = FailingNotifier()
    office: Any = SimpleNamespace(notifier=notifier, dispatcher=SimpleNamespace(run=idle))

    async def scenario() -> None:
        task = asyncio.create_task(telling.tell(office, sequencer.log, HandClock()))
        async with asyncio.timeout(20):
            while len(notifier.taken) < sequencer.log.size or notifier.ticks < 4:
                assert not task.done()
                await asyncio.sleep(0.005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert notifier.taken == [bytes(found.fact.body) for found in sequencer.log.facts()]
    assert notifier.failed
