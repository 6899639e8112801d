"""The one thread that takes the log through evaluation, behind admission and at its own pace."""

import threading
from collections.abc import Sequence
from typing import Final

from doseway.app.tower import tables
from doseway.app.tower.evaluate import Effect, Evaluator, fold
from doseway.app.tower.keeper import Keeper, LogTransport, cut
from doseway.app.tower.router import Router
from doseway.app.tower.state import Event, State, Ticked
from doseway.ledger.drafts import Indexed
from doseway.ledger.log import Log
from doseway.ledger.projection import Cursor, Views
from doseway.ledger.seam import PARTITIONS, Chunk, step
from doseway.model.clock import Clock

CHUNK_FACTS: Final = 2_000
_RECOVERY_FACTS: Final = 5_000
_IDLE_S: Final = 0.2


class Worker:
    """Runs the seam behind the log.

    Args:
        log: what is read.
        views: where the tables are.
        router, evaluator, transport, keeper: the parts of the seam.
        clock: tells the event time of ticks.
    """

    def __init__(
        self,
        log: Log,
        views: Views,
        router: Router,
        evaluator: Evaluator,
        transport: LogTransport,
        keeper: Keeper,
        clock: Clock,
    ) -> None:
        self._log = log
        self._views = views
        self._router = router
        self._evaluator = evaluator
        self._transport = transport
        self._keeper = keeper
        self._clock = clock
        self._due = threading.Event()
        self._lock = threading.Lock()
        self._is_closed = False
        self._ticks = 0
        self._next_partition = 0
        self.failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def recover(self) -> None:
        """Fold the whole log, then say what it does not say yet: an interrupted step is finished, none is repeated."""
        size, start = self._log.size, self._rows_start()
        touched: dict[int, dict[str, str]] = {}
        states = self._keeper.states
        end = 0
        while end < size:
            facts = list(self._log.facts(end, min(end + _RECOVERY_FACTS, size)))
            end = facts[-1].index + 1
            states = self._fold(states, self._router.route(facts), end, touched)
            self._keeper.states = states  # what a device observed is looked up here when it is re-assigned
            self._apply(facts, start, end)
        events, outcomes = self._router.settle()
        ticked = [*events, Ticked(self._clock.now_ms())]
        states = self._fold(states, ticked, size, touched)
        concluded, effects = self._evaluator.conclude(states, touched)
        self._keeper.states = {partition: State() for partition in range(PARTITIONS)}  # so that every row is written
        self._keeper.begin((), size, outcomes)
        self._keeper.commit(dict.fromkeys(range(PARTITIONS), size), concluded, effects)
        self.advance()

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread = threading.Thread(target=self._run, name="doseway-tower", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that the log may have grown. Returns at once, from any thread."""
        self._due.set()

    def advance(self) -> None:
        """Take the log through evaluation up to its end, what that adds included."""
        with self._lock:
            while self._keeper.end < self._log.size:
                end = min(self._keeper.end + CHUNK_FACTS, self._log.size)
                facts = list(self._log.facts(self._keeper.end, end))
                events = self._router.route(facts)
                settled, outcomes = self._router.settle()
                self._step([*events, *settled], facts, end, outcomes)

    def tick(self) -> None:
        """Let time pass for the next of the partitions; 64 calls go round once."""
        with self._lock:
            partition = self._next_partition
            self._next_partition = (partition + 1) % PARTITIONS
            self._tick([partition])

    def tick_all(self) -> None:
        """Let time pass for all partitions."""
        with self._lock:
            self._tick(range(PARTITIONS))

    def close(self) -> None:
        """Stop following the log, at its end. May be called twice."""
        self._is_closed = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _tick(self, partitions: Sequence[int]) -> None:
        now_ms, end = self._clock.now_ms(), self._keeper.end
        states = {partition: self._keeper.states[partition] for partition in partitions}
        chunks = [Chunk[Event](partition, end, (Ticked(now_ms),)) for partition in partitions]
        after, effects = self._evaluator(states, chunks)
        self._keeper.begin((), end, ())
        self._keeper.commit({}, after, effects)
        self._due.set()

    def _step(self, events: Sequence[Event], facts: Sequence[Indexed], end: int, outcomes: Sequence[Effect]) -> None:
        chunks = cut(events, end)
        for chunk in chunks:
            self._transport.append(chunk)
        self._keeper.begin(facts, end, outcomes)
        if not step([chunk.partition for chunk in chunks], self._transport, self._keeper, self._evaluator):
            self._keeper.commit({}, {}, ())

    def _fold(
        self, states: dict[int, State], events: Sequence[Event], seq: int, touched: dict[int, dict[str, str]]
    ) -> dict[int, State]:
        folded, also = fold(states, cut(events, seq))
        for partition, names in also.items():
            touched.setdefault(partition, {}).update(names)
        return folded

    def _rows_start(self) -> int:
        """Return how many facts the tables have taken; they begin anew for another version or another history."""
        cursor = self._views.cursor(tables.NAME)
        size = self._log.size
        is_usable = cursor is not None and cursor.version == tables.VERSION and cursor.size <= size
        if cursor is not None and is_usable and (not cursor.size or self._log.root(cursor.size) == cursor.root):
            return cursor.size
        with self._views.transaction(tables.NAME, Cursor(tables.VERSION, 0, b"")) as tx:
            tables.reset(tx)
        return 0

    def _apply(self, facts: Sequence[Indexed], start: int, end: int) -> None:
        new = [found for found in facts if found.index >= start]
        if new:
            with self._views.transaction(tables.NAME, Cursor(tables.VERSION, end, self._log.root(end))) as tx:
                tables.apply(tx, new)

    def _run(self) -> None:
        try:
            while not self._is_closed:
                self._due.wait(_IDLE_S)
                self._due.clear()
                self.advance()
            self.advance()
        except BaseException as error:  # noqa: BLE001 - it is shown as the tower's failure; the log is safe
            self.failure = error
