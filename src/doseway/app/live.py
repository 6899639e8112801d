"""The live tower put together for those who look at it: what `doseway serve` and `doseway demo` open."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from doseway.app import board
from doseway.app.archive import LogArchive
from doseway.app.doors import OpenDoor, states_of
from doseway.app.following import Follower
from doseway.app.plans.room import PlanRoom
from doseway.app.settings import Settings
from doseway.app.shipment_packing import pack_shipment
from doseway.app.tower.opening import Tower

_LOG: Final = logging.getLogger("doseway.live")
TICK_S: Final = 1.0
"""Time passes for one of the 64 partitions at each tick, so silence is noticed within about a minute."""


def seen(
    settings: Settings, tower: Tower, plans: PlanRoom | None = None, doors: Sequence[OpenDoor] = ()
) -> board.Tower:
    """Return an open tower, and planning and doors beside it, as pages and API know them."""

    def pack(shipment: str, title: str, out: Path) -> int:
        return pack_shipment(settings, tower, shipment, title=title, out=out).seal

    def lag() -> tuple[board.ViewLag, ...]:
        return (board.ViewLag(name="tower", taken=tower.board.index(), error=str(tower.failure or "")),)

    archive = LogArchive(
        settings,
        tower.sequencer,
        pack=pack,
        past=lambda: tower.past,
        views=lag,
        packets=lambda: tower.packets,
        failing=lambda: tower.failing,
        doors=lambda: states_of(doors),
    )
    changes = Follower(tower.changes)
    return board.Tower(board=tower.board, desk=tower.desk, changes=changes, archive=archive, plans=plans)


@contextmanager
def ticking(tick: Callable[[], None], every_s: float = TICK_S) -> Iterator[None]:
    """Let time pass in a thread of its own while the block runs; behind a tick that fails, the next follows."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_s):
            try:
                tick()
            except Exception as error:  # noqa: BLE001 - time must not stand still for good because a disk is full
                _LOG.warning("time did not pass: %s", error)

    thread = threading.Thread(target=run, name="doseway-ticks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
