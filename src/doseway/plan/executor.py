"""The port through which scenario batches are solved elsewhere: threads here, other machines behind the same words.

A worker is a state machine: what it answers depends only on what it was made of and on the messages it got, in their
order. So a worker that is killed is made again and told everything again, and the answer is the same, to the bit.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeAlias

from doseway.model.errors import Unavailable


class Worker(Protocol):
    """Solves one batch of scenarios."""

    def tell(self, message: Any) -> Any:
        """Take a message and answer it."""


Maker: TypeAlias = Callable[[], Worker]
"""Makes a worker, always the same one; it can be pickled where workers live in other processes."""


class WorkerLost(Exception):
    """A worker is gone, with all it knew; the team makes it again."""


class Team(Protocol):
    """The workers of one solve."""

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        """Send each worker its message, and return the answers in the workers' order.

        Raises:
            Unavailable: a worker was lost again and again.
        """

    def close(self) -> None:
        """Let the workers go."""


class Executor(Protocol):
    """Makes teams."""

    @property
    def width(self) -> int:
        """How many workers run at the same time."""

    def team(self, makers: Sequence[Maker]) -> Team:
        """Make a team of workers."""


class Threads:
    """Workers in threads of this process: the solver releases the interpreter's lock, so nothing has to be copied."""

    def __init__(self, width: int) -> None:
        self.width = width

    def team(self, makers: Sequence[Maker]) -> Team:
        """Make a team of workers, each used by one thread at a time."""
        return _ThreadTeam(makers, self.width)


class _ThreadTeam:
    def __init__(self, makers: Sequence[Maker], width: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=width, thread_name_prefix="plan")
        self._workers = [Remembered(make, _Local) for make in makers]

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        waiting = [self._pool.submit(w.tell, message) for w, message in zip(self._workers, messages, strict=True)]
        return [future.result() for future in waiting]

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class Handle(Protocol):
    """A running worker, wherever it is."""

    def tell(self, message: Any) -> Any:
        """Send a message and wait for the answer.

        Raises:
            WorkerLost: it is gone.
        """


class _Local:
    """A worker in this process."""

    def __init__(self, make: Maker) -> None:
        self._worker = make()

    def tell(self, message: Any) -> Any:
        return self._worker.tell(message)


class Remembered:
    """A worker that outlives its process: it is made on first use, and made and told everything again when lost."""

    _TRIES = 5

    def __init__(self, make: Maker, start: Callable[[Maker], Handle]) -> None:
        self._make, self._start = make, start
        self._told: list[Any] = []
        self._handle: Handle | None = None

    def tell(self, message: Any) -> Any:
        """Send a message and return the answer, over as many lives as it takes.

        Raises:
            Unavailable: lost again and again.
        """
        for _ in range(self._TRIES):
            try:
                if self._handle is None:
                    self._handle = self._start(self._make)
                    for earlier in self._told:
                        self._handle.tell(earlier)
                answer = self._handle.tell(message)
            except WorkerLost:
                self._handle = None
            else:
                self._told.append(message)
                return answer
        raise Unavailable("a worker was lost again and again", hint="Is there memory enough for each worker?")
