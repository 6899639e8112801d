"""Tells people of alerts while a tower runs: follows the log, lets notices fall due, and sends them."""

import asyncio
import logging
from itertools import islice
from typing import Final

from doseway.app.notifying import Office
from doseway.ledger.log import Log
from doseway.model.clock import Clock
from doseway.model.errors import Unavailable

_LOG: Final = logging.getLogger("doseway.telling")
_EVERY_S: Final = 1.0
_FACTS: Final = 5_000


async def tell(office: Office, log: Log, clock: Clock) -> None:
    """Follow the log from its beginning, and send what falls due, until cancelled.

    What was put into the outbox in an earlier run is there already, and is not put again.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_follow(office, log, clock), name="notices")
        group.create_task(office.dispatcher.run(), name="outbox")


async def _follow(office: Office, log: Log, clock: Clock) -> None:
    end = 0
    while True:
        taken = 0
        try:
            taken = await asyncio.to_thread(_take, office, log, end)
            if taken < _FACTS:
                await asyncio.to_thread(office.notifier.tick, clock.now_ms())
        except Unavailable as error:
            _LOG.warning("notices wait: %s", error)  # a disk may be full: they are put by a later round
        end += taken
        if taken < _FACTS:
            await asyncio.sleep(_EVERY_S)


def _take(office: Office, log: Log, start: int) -> int:
    """Give the notifier the next facts; return how many it took."""
    taken = 0
    for found in islice(log.facts(start, log.size), _FACTS):
        try:
            office.notifier.take(found.fact)
        except Unavailable as error:
            _LOG.warning("notices wait: %s", error)
            break
        taken += 1
    return taken
