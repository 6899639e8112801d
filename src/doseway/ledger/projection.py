"""Projections: tables computed from facts, thrown away and rebuilt at will.

Rows and cursor are committed together, in a file apart from the log, so that neither waits for the other and a view can
be deleted without a thought. The cursor remembers the root of the tree that it was computed from: a view of another
history is rebuilt, never continued.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, Final, Protocol

import msgspec

from doseway.ledger.drafts import Indexed
from doseway.ledger.log import Log
from doseway.model.errors import IntegrityError, Unavailable, UsageError

BATCH_FACTS: Final = 1_000


class Transaction(Protocol):
    """A transaction on the tables of projections, in SQL."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Iterable[tuple[Any, ...]]:
        """Run one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run one statement for each row."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a projection has come.

    Attributes:
        version: of the projection's code.
        size: the number of facts that it has taken.
        root: of the tree of that size; empty before the first.
    """

    version: int
    size: int
    root: bytes


class Projection(Protocol):
    """Folds facts into tables of its own. It must be deterministic, and see nothing but facts and its tables."""

    @property
    def name(self) -> str:
        """Name the projection; its tables begin with it."""

    @property
    def version(self) -> int:
        """Number the code: with another number everything is computed anew."""

    def reset(self, tx: Transaction) -> None:
        """Drop the tables, if there are any, and make them empty."""

    def apply(self, tx: Transaction, facts: Sequence[Indexed]) -> None:
        """Take the next facts, in the order of the log."""


class Views(Protocol):
    """Where the tables of projections are."""

    def cursor(self, name: str) -> Cursor | None:
        """Return how far a projection has come; None when it never began."""

    def transaction(self, name: str, cursor: Cursor) -> AbstractContextManager[Transaction]:
        """Begin a transaction that commits the projection's rows together with its new cursor."""


class ProjectionStatus(msgspec.Struct, frozen=True):
    """The state of a projection: how many facts it has taken, how many wait, and why it stopped, if it did."""

    name: str
    version: int
    size: int
    behind: int
    failed_at: int | None = None
    error: str = ""


class ProjectionRunner:
    """Brings projections up to the log, each on its own.

    One that crashes is stopped at the fact where it did, reported, and left there; the others go on.

    Thread-safe. Integrity errors of the log and failures of the disk are not a projection's: they are raised.
    """

    def __init__(self, log: Log, views: Views, projections: Iterable[Projection]) -> None:
        self._log = log
        self._views = views
        self._projections = {projection.name: projection for projection in projections}
        self._failures: dict[str, tuple[int, str]] = {}
        self._lock = threading.RLock()

    def catch_up(self) -> list[ProjectionStatus]:
        """Apply every published fact to every projection that still runs, and report."""
        with self._lock:
            for projection in self._projections.values():
                if projection.name not in self._failures:
                    self._catch_up(projection)
            return self.status()

    def at_least(self, index: int, name: str) -> None:
        """Return when a projection has taken the fact at `index`: whoever wrote it sees it in the view.

        Raises:
            UsageError: there is no such projection, or no such fact yet.
            Unavailable: the projection has crashed before that fact.
        """
        with self._lock:
            projection = self._projections.get(name)
            if projection is None or index >= self._log.size:
                raise UsageError(f"there is no projection {name}, or no fact {index}")
            if self._size(projection) <= index and name not in self._failures:
                self._catch_up(projection)
            if self._size(projection) <= index:
                at, error = self._failures[name]
                raise Unavailable(
                    f"the view {name} stopped at fact {at}: {error}", hint="The log is safe; the view needs a repair."
                )

    def retry(self, name: str) -> None:
        """Let a crashed projection try again, at the next `catch_up`."""
        with self._lock:
            self._failures.pop(name, None)

    def rebuild(self, name: str) -> None:
        """Throw a projection's tables away and compute them anew."""
        with self._lock:
            self._failures.pop(name, None)
            projection = self._projections[name]
            self._reset(projection)
            self._catch_up(projection)

    def status(self) -> list[ProjectionStatus]:
        """Report on every projection."""
        with self._lock:
            return [self._status_of(projection) for projection in self._projections.values()]

    def _status_of(self, projection: Projection) -> ProjectionStatus:
        size = self._size(projection)
        failed_at, error = self._failures.get(projection.name, (None, ""))
        return ProjectionStatus(
            projection.name, projection.version, size, max(self._log.size - size, 0), failed_at, error
        )

    def _size(self, projection: Projection) -> int:
        cursor = self._views.cursor(projection.name)
        return cursor.size if cursor is not None and cursor.version == projection.version else 0

    def _catch_up(self, projection: Projection) -> None:
        size = self._log.size
        try:
            start = self._start(projection, size)
            facts = self._log.facts(start, size)
            while batch := list(islice(facts, BATCH_FACTS)):
                self._apply(projection, batch)
        except _Crashed as crash:
            self._failures[projection.name] = (crash.index, crash.error)

    def _start(self, projection: Projection, size: int) -> int:
        """Return where to go on; a view of another version, or of another history, begins anew."""
        cursor = self._views.cursor(projection.name)
        if cursor is None or cursor.version != projection.version or cursor.size > size:
            return self._reset(projection)
        if cursor.size and self._log.root(cursor.size) != cursor.root:
            return self._reset(projection)
        return cursor.size

    def _reset(self, projection: Projection) -> int:
        with self._views.transaction(projection.name, Cursor(projection.version, 0, b"")) as tx, _guard(0):
            projection.reset(tx)
        return 0

    def _apply(self, projection: Projection, batch: Sequence[Indexed]) -> None:
        """Apply a batch; when it crashes, fact by fact, so that all before the culprit are in."""
        try:
            self._commit(projection, batch)
        except _Crashed:
            if len(batch) == 1:
                raise
            for fact in batch:
                self._commit(projection, [fact])

    def _commit(self, projection: Projection, batch: Sequence[Indexed]) -> None:
        size = batch[-1].index + 1
        cursor = Cursor(projection.version, size, self._log.root(size))
        with self._views.transaction(projection.name, cursor) as tx, _guard(batch[0].index):
            projection.apply(tx, batch)


class _Crashed(Exception):
    """A projection's own code raised."""

    def __init__(self, index: int, error: str) -> None:
        super().__init__(error)
        self.index = index
        self.error = error


@contextmanager
def _guard(index: int) -> Iterator[None]:
    """Tell the crash of a projection from a failure of log or disk."""
    try:
        yield
    except (IntegrityError, Unavailable):
        raise
    except Exception as error:
        raise _Crashed(index, f"{type(error).__name__}: {error}") from error
