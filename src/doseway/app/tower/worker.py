"""The one thread that takes the log through evaluation, behind admission and at its own pace."""

import threading
import time
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

CHUNK_FACTS: Final = 8_000
_RECOVERY_FACTS: Final = 10_000
_IDLE_S: Final = 0.2
_AGAIN_S: Final = 0.5


class _Routed:
    """Facts on their way through the seam: kept until they are committed."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.facts: list[Indexed] = []
        self.events: list[Event] = []
        self.outcomes: list[Effect] = []


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
        self._routed: _Routed | None = None
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
            self._router.read_ahead(end, facts[-1].index + 1)
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
        """Take the log through evaluation up to its end, what that adds included.

        Raises:
            Unavailable: log or views do not answer. The next call tries again, with all that waits in one chunk: what
                was appended before the failure is then among it, and is not said a second time.
        """
        with self._lock:
            while self._keeper.end < self._log.size:
                routed = self._route()
                self._step(routed)
                self._routed = None

    def _route(self) -> "_Routed":
        """Route the next facts; behind a failure all that there are, together with those that were routed before it."""
        routed, most = self._routed, CHUNK_FACTS
        if routed is None:
            routed = self._routed = _Routed(self._keeper.end)
        else:
            most = self._log.size
        end = min(routed.end + most, self._log.size)
        facts = list(self._log.facts(routed.end, end))
        if facts:
            routed.events += self._router.route(facts)
            settled, outcomes = self._router.settle()
            routed.events += settled
            routed.outcomes += outcomes
            routed.facts += facts
            routed.end = end
        return routed

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

    def _step(self, routed: "_Routed") -> None:
        chunks = cut(routed.events, routed.end)
        for chunk in chunks:
            self._transport.append(chunk)
        self._keeper.begin(routed.facts, routed.end, routed.outcomes)
        try:
            if not step([chunk.partition for chunk in chunks], self._transport, self._keeper, self._evaluator):
                self._keeper.commit({}, {}, ())
        except Exception:
            for chunk in chunks:  # they are cut anew, with what came meanwhile
                self._transport.ack(chunk.partition, chunk.seq)
            raise

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
        while not self._is_closed:
            self._due.wait(_IDLE_S)
            self._due.clear()
            if not self._follow():
                self._due.clear()
                time.sleep(_AGAIN_S)
        self._follow()

    def _follow(self) -> bool:
        """Advance; a failure is kept to be shown, and it is tried again: the log is safe meanwhile."""
        try:
            self.advance()
        except Exception as error:  # noqa: BLE001 - whatever it is, evaluation must not end in silence
            self.failure = error
            return False
        self.failure = None
        return True
