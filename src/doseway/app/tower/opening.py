"""Opening the tower: admission, evaluation and views over one log, and closing them without a loss."""

import gc
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from doseway.app.inspecting import How, how
from doseway.app.logbook import SystemClock, writing
from doseway.app.settings import Settings
from doseway.app.tower import record
from doseway.app.tower.admission import Admission, AdmissionSettings, Handover
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.board import TowerBoard
from doseway.app.tower.changes import Changes
from doseway.app.tower.decoding import Decoders
from doseway.app.tower.desk import TowerDesk
from doseway.app.tower.evaluate import Evaluator, Watch
from doseway.app.tower.journeys import watch_journey
from doseway.app.tower.keeper import Keeper, LogTransport, until_ms_of
from doseway.app.tower.library import Library
from doseway.app.tower.past import Past
from doseway.app.tower.router import Router
from doseway.app.tower.state import Holder, shipment_holder
from doseway.app.tower.worker import Worker
from doseway.engines.sqlite_views import SqliteViews
from doseway.intake import message_registry
from doseway.intake.port import MessageFormat
from doseway.ledger.pool import PoolSettings
from doseway.ledger.sequencer import Sequencer
from doseway.model.clock import Clock

POOL: Final = PoolSettings(linger_ms=5)
"""Batches form by themselves while the disk writes the one before; a lone packet does not wait for company."""

_THRESHOLDS: Final = (20_000, 10, 10)


class Tower:
    """An open tower.

    Attributes:
        admit: takes bytes in (`doseway.intake.door.Admit`).
        board, desk: what pages read, and what people do.
        changes: follows the log live.
        sequencer: of the log, for what else is appended to it.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        admit: Admission,
        board: TowerBoard,
        desk: TowerDesk,
        changes: Changes,
        worker: Worker,
        keeper: Keeper,
        router: Router,
    ) -> None:
        self._keeper = keeper
        self._router = router
        self.sequencer = sequencer
        self.admit = admit
        self.board = board
        self.desk = desk
        self.changes = changes
        self._worker = worker

    @property
    def failure(self) -> BaseException | None:
        """Why evaluation stopped; None while it runs. Admission goes on: what comes in is safe in the log."""
        return self._worker.failure

    @property
    def packets(self) -> dict[str, int]:
        """How many packets were received, and how many of these decoded and rejected."""
        return dict(self._router.packets)

    @property
    def failing(self) -> dict[str, int]:
        """Rules that crash, by id, each with the number of shipments on which it does."""
        return dict(Counter(self._keeper.alarms()))

    def holder(self, shipment: str) -> Holder | None:
        """Return what is known of a shipment; None where nobody has heard of it."""
        return self._keeper.holder(shipment_holder(shipment))

    def packets_of(self, shipment: str) -> tuple[int, ...]:
        """Return the indexes of the packets that the observations of a shipment came in."""
        holder = self.holder(shipment)
        return () if holder is None else record.packets_of(holder)

    @property
    def past(self) -> Past:
        """What is known, to try rules on."""
        keeper, router = self._keeper, self._router

        def names() -> list[str]:
            return [name for state in keeper.states.values() for name in state.holders]

        return Past(keeper.holder, names, router.bindings, router.library, lambda: until_ms_of(keeper.states))

    def tick(self) -> None:
        """Let time pass for one of the 64 partitions: call it about once a second."""
        self._worker.tick()

    def tick_all(self) -> None:
        """Let time pass for every shipment."""
        self._worker.tick_all()

    def settle(self) -> None:
        """Take everything that was admitted through evaluation before returning."""
        self._worker.advance()


@contextmanager
def open_tower(
    settings: Settings,
    *,
    messages: Mapping[str, MessageFormat] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    how_to: How | None = None,
    watch: Watch = watch_journey,
    clock: Clock | None = None,
    admission: AdmissionSettings | None = None,
    pool: PoolSettings = POOL,
) -> Iterator[Tower]:
    """Open the tower over the log of the settings; whatever was interrupted is finished before this returns.

    Args:
        settings: where the log lies, and how files without a zone are read.
        messages: the live formats, by id; by default all that are registered.
        options: `zone` and `mapping` that users declared for live formats, by id.
        how_to: how logger files are read; by default as the settings say.
        watch: finds everything but temperature.
        clock: tells recorded times and ticks.
        admission, pool: how much may wait, and how long.

    Raises:
        Unavailable: another process writes to the log, or the disk does not answer.
        IntegrityError: the log is not the continuation of what was published.
    """
    clock = clock or SystemClock()
    with _collecting_seldom(), ExitStack() as opened:
        sequencer = opened.enter_context(writing(settings, clock=clock, pool=pool))
        path = settings.store / "tower.sqlite"
        views, reading = SqliteViews(path), SqliteViews(path)
        opened.callback(views.close)
        opened.callback(reading.close)
        log, handover = sequencer.log, Handover()
        bindings = Bindings()
        library = Library(bindings)
        changes = Changes(log, bindings.shipment_now)
        known = {one.id: one for one in message_registry.all_formats()} if messages is None else messages
        decoders = Decoders(known, options, how_to or how(settings), library.device_keys)
        keeper = Keeper(sequencer, views, changes, bindings, library)
        router = Router(log, decoders, handover, keeper.carried, bindings, library)
        worker = Worker(log, views, router, Evaluator(watch), LogTransport(), keeper, clock)
        board = TowerBoard(reading, keeper, changes, library)
        worker.recover()
        worker.start()
        opened.callback(worker.close)
        admit = Admission(sequencer, decoders, handover, admission or AdmissionSettings(), worker.wake)
        opened.callback(_drain, admit, sequencer)
        desk = TowerDesk(sequencer, board, router, worker.wake)
        yield Tower(sequencer, admit, board, desk, changes, worker, keeper, router)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Have Python look for cycles a tenth as often: what a packet makes has none and dies young, or lives on for good.

    Looking through all that lives took a quarter of the time of folding small packets.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _drain(admit: Admission, sequencer: Sequencer) -> None:
    """Write what was taken in, so that evaluation ends with it."""
    admit.close()
    sequencer.drain()
