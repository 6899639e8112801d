"""Gathers the facts of many callers into batches: at most 200 ms or 1,000 facts, in a bounded pool."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from doseway.ledger.batch import Request
from doseway.ledger.drafts import Receipt
from doseway.model.errors import Pushback, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How long facts wait for company, and how many may wait.

    Attributes:
        linger_ms: the longest that a fact waits before its batch is sealed.
        batch_facts: a batch is sealed at once when it has so many facts.
        max_facts, max_bytes: beyond them the pool pushes back.
    """

    linger_ms: int = 200
    batch_facts: int = 1_000
    max_facts: int = 20_000
    max_bytes: int = 256 << 20


class Pool:
    """A bounded queue and the one thread that empties it into `commit`, which settles the requests' futures."""

    def __init__(self, commit: Callable[[Sequence[Request]], None], settings: PoolSettings) -> None:
        self._commit = commit
        self._settings = settings
        self._changed = threading.Condition()
        self._waiting: list[Request] = []
        self._facts = 0
        self._bytes = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def put(self, request: Request) -> Future[list[Receipt]]:
        """Queue a request.

        Raises:
            Pushback: the pool is full; nothing was taken.
            Unavailable: the pool is closed.
        """
        with self._changed:
            if self._is_closed:
                raise Unavailable("the log is closed")
            facts, size = self._facts + len(request.drafts), self._bytes + request.size_bytes
            if self._waiting and (facts > self._settings.max_facts or size > self._settings.max_bytes):
                raise Pushback(
                    f"{self._facts} facts are waiting to be written",
                    hint="Send it again in a second; nothing was taken.",
                )
            self._facts, self._bytes = facts, size
            self._waiting.append(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="doseway-sequencer", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return request.receipts

    def close(self) -> None:
        """Write what is waiting, then stop. May be called twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while batch := self._next():
            taken = [request for request in batch if request.receipts.set_running_or_notify_cancel()]
            try:
                self._commit(taken)
            except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
                for request in taken:
                    if not request.receipts.done():
                        request.receipts.set_exception(error)

    def _next(self) -> list[Request]:
        """Wait for a batch; empty when the pool is closed and drained."""
        with self._changed:
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            deadline = time.monotonic() + self._settings.linger_ms / 1000
            while not self._is_closed and self._facts < self._settings.batch_facts:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return self._take()

    def _take(self) -> list[Request]:
        count = facts = 0
        for request in self._waiting:
            if count and facts + len(request.drafts) > self._settings.batch_facts:
                break
            count, facts = count + 1, facts + len(request.drafts)
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._facts -= facts
        self._bytes -= sum(request.size_bytes for request in batch)
        return batch
