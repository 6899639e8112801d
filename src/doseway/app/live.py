"""The live tower put together for those who look at it: what `doseway serve` and `doseway demo` open."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from doseway.app import board
from doseway.app.archive import LogArchive
from doseway.app.following import Follower
from doseway.app.settings import Settings
from doseway.app.shipment_packing import pack_shipment
from doseway.app.tower.opening import Tower

TICK_S: Final = 1.0
"""Time passes for one of the 64 partitions at each tick, so silence is noticed within about a minute."""


def seen(settings: Settings, tower: Tower) -> board.Tower:
    """Return an open tower as pages and API know it."""

    def pack(shipment: str, title: str, out: Path) -> int:
        return pack_shipment(settings, tower, shipment, title=title, out=out).seal

    def lag() -> tuple[board.ViewLag, ...]:
        return (board.ViewLag(name="tower", taken=tower.board.index(), error=str(tower.failure or "")),)

    archive = LogArchive(
        settings,
        tower.sequencer,
        pack=pack,
        history_of=tower.temperatures_of,
        views=lag,
        packets=lambda: tower.packets,
        failing=lambda: tower.failing,
    )
    return board.Tower(board=tower.board, desk=tower.desk, changes=Follower(tower.changes), archive=archive)


@contextmanager
def ticking(tick: Callable[[], None], every_s: float = TICK_S) -> Iterator[None]:
    """Let time pass in a thread of its own while the block runs."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_s):
            tick()

    thread = threading.Thread(target=run, name="doseway-ticks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
