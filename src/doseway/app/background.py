"""What runs beside the server: one thread with an event loop of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

_LOG: Final = logging.getLogger("doseway.background")

Work = Callable[[], Coroutine[Any, Any, None]]


@contextmanager
def running(works: Sequence[Work], on_failure: Callable[[BaseException], None]) -> Iterator[None]:
    """Run works together until the block ends; the first that fails ends the others, and is told."""
    if not works:
        yield
        return
    loop = asyncio.new_event_loop()
    task = loop.create_task(_together(works))
    thread = threading.Thread(target=_run, args=(loop, task, on_failure), name="doseway-background", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


async def _together(works: Sequence[Work]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work())


def _run(
    loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]", on_failure: Callable[[BaseException], None]
) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        pass
    except BaseException as error:  # noqa: BLE001 - there is nobody above this frame who could be told
        _LOG.exception("what runs beside the server ended")
        on_failure(error)
