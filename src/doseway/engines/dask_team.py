"""Scenario workers in a Dask cluster, on this machine or elsewhere: the executor port of the planning room.

A worker lives as the result of a task, in the memory of the process that ran it, and Dask runs what asks it beside it.
Dask may run a task twice, and makes a result anew when its process is gone; so every message carries its number, and a
worker that has forgotten says so and is told everything again. Dask's own actors do not: a call made as one's process
dies waits for ever, and one that is made anew answers as if it had been told nothing.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol

from doseway.model.errors import Unavailable


class _Worker(Protocol):
    def tell(self, message: Any) -> Any: ...


_Maker = Callable[[], _Worker]
_TRIES: Final = 5
_PATIENCE: Final = "30 s"
_HEAVY: Final = 64 * 2**20
"""About what a worker holds; Dask would think a small one worth moving, which costs telling it everything again."""


class DaskExecutor:
    """Makes teams of workers. A cluster of processes is started on this machine unless an address says where one is."""

    def __init__(self, width: int, *, address: str | None = None) -> None:
        """Connect.

        Args:
            width: workers at the same time.
            address: of a running scheduler, `tcp://HOST:PORT`; None starts one here that listens on 127.0.0.1 only.

        Raises:
            Unavailable: Dask is not installed, or the scheduler does not answer.
        """
        try:
            import distributed  # noqa: PLC0415  # an optional extra
        except ImportError as error:
            raise Unavailable("Dask is not installed", hint="Install it with `pip install doseway[dask]`.") from error
        self.width, self._cluster = width, None
        try:
            if address is None:
                self._cluster = distributed.LocalCluster(
                    n_workers=width, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )  # fmt: skip
            self.client = distributed.Client(self._cluster or address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, RuntimeError, ValueError) as error:
            hint = "Is the address right, and the scheduler running?"
            raise Unavailable(f"Dask does not answer: {error}", hint=hint) from error

    def team(self, makers: Sequence[_Maker]) -> "DaskTeam":
        """Make a team.

        Raises:
            Unavailable: the cluster has no processes.
        """
        return DaskTeam(self.client, makers)

    def close(self) -> None:
        """Let go of the cluster, and end it if it was started here."""
        self.client.close()
        if self._cluster is not None:
            self._cluster.close()


class DaskTeam:
    """Workers, each with what it has been told."""

    def __init__(self, client: Any, makers: Sequence[_Maker]) -> None:
        if not client.nthreads():
            raise Unavailable("the Dask cluster has no workers", hint="Start some with `dask worker HOST:PORT`.")
        self.members = [Member(client, make) for make in makers]

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        """Send each worker its message, and return the answers in their order.

        Raises:
            Unavailable: a worker was lost again and again, or the cluster was.
        """
        waiting = [member.send(message) for member, message in zip(self.members, messages, strict=True)]
        every = zip(self.members, messages, waiting, strict=True)
        return [member.answer(message, future) for member, message, future in every]

    def close(self) -> None:
        """Let the workers go."""
        for member in self.members:
            member.life.release()


class Member:
    """A worker as its team knows it: Dask's future of its `_Life`, and all that it was told."""

    def __init__(self, client: Any, make: _Maker) -> None:
        self._client = client
        self._told: list[Any] = []
        self.life = client.submit(_Life, make, pure=False)

    def send(self, message: Any, earlier: Sequence[Any] = ()) -> Any:
        """Send a message, and what came before it where that was forgotten; return Dask's future of a `_Reply`."""
        return self._client.submit(_tell, self.life, len(self._told), list(earlier), message, pure=False)

    def answer(self, message: Any, future: Any) -> Any:
        """Wait for the answer, over as many lives as it takes."""
        for _ in range(_TRIES):
            reply = self._result(future)
            if reply.told == len(self._told) + 1:
                self._told.append(message)
                return reply.answer
            future = self.send(message, self._told)
        raise Unavailable("a worker was lost again and again", hint="Is there memory enough for each worker?")

    def _result(self, future: Any) -> "_Reply":
        from distributed import KilledWorker  # noqa: PLC0415  # an optional extra

        try:
            reply: _Reply = future.result()
        except KilledWorker as error:
            raise Unavailable(f"a worker was lost again and again: {error}", hint="Is there memory enough?") from error
        except (CancelledError, OSError) as error:
            raise Unavailable(f"the Dask cluster is gone: {error}", hint="Is the scheduler still running?") from error
        return reply


@dataclass(frozen=True)
class _Reply:
    """How many messages a worker has been told by now, and what it answered to the last of them."""

    told: int
    answer: Any


class _Life:
    """A worker in the memory of a process. A copy of it begins anew: a solver cannot be sent, nor written to disk."""

    def __init__(self, make: _Maker) -> None:
        self._make = make
        self._worker: _Worker | None = None
        self._lock = Lock()
        self._answer: Any = None
        self.told = 0

    def __reduce__(self) -> tuple[type["_Life"], tuple[_Maker]]:
        return _Life, (self._make,)

    def __sizeof__(self) -> int:
        """What Dask reckons with when it thinks of moving one."""
        return _HEAVY

    def tell(self, number: int, earlier: Sequence[Any], message: Any) -> _Reply:
        """Take the message with a number, once, when all before it have been taken."""
        with self._lock:
            for one in earlier[self.told :]:
                self._take(one)
            if self.told == number:
                self._take(message)
            return _Reply(self.told, self._answer)

    def _take(self, message: Any) -> None:
        if self._worker is None:
            self._worker = self._make()
        self._answer = self._worker.tell(message)
        self.told += 1


def _tell(life: _Life, number: int, earlier: Sequence[Any], message: Any) -> _Reply:
    """Tell a worker; the task that Dask runs."""
    return life.tell(number, earlier, message)
