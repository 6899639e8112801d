"""Scenario workers as Ray actors, on this machine or on a cluster: the executor port of the planning room.

An actor keeps its linear program and its bases between messages, which stateless tasks would lose. An actor that dies
is made again and told everything again; what it answers then is what it would have answered.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from doseway.model.errors import Unavailable


class _Worker(Protocol):
    def tell(self, message: Any) -> Any: ...


_Maker = Callable[[], _Worker]
_TRIES = 5
_PATIENCE = {"RAY_raylet_start_wait_time_s": "300", "RAY_agent_register_timeout_ms": "300000"}
"""How long Ray's own processes may take to start: on a busy machine its own limits abort them (read at import)."""


class RayExecutor:
    """Makes teams of actors. Ray is started on this machine unless an address says where it runs."""

    def __init__(self, width: int, *, address: str | None = None) -> None:
        """Connect.

        Args:
            width: actors at the same time.
            address: of a running Ray cluster; None starts one here that listens on 127.0.0.1 only.

        Raises:
            Unavailable: Ray is not installed, or the cluster does not answer.
        """
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        try:
            import ray  # noqa: PLC0415  # an optional extra
        except ImportError as error:
            raise Unavailable("Ray is not installed", hint="Install it with `pip install doseway[ray]`.") from error
        self.width, self.ray = width, ray
        if not ray.is_initialized():
            here = {"num_cpus": width, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
            try:
                ray.init(log_to_driver=False, **({"address": address} if address else here))
            except Exception as error:  # Ray raises a bare Exception when its own processes do not start in time
                raise Unavailable(
                    f"Ray does not answer: {error}", hint="Is the address right, or the machine busy?"
                ) from error

    def team(self, makers: Sequence[_Maker]) -> "RayTeam":
        """Make a team."""
        return RayTeam(self.ray, makers)


class RayTeam:
    """Actors, each with what it has been told."""

    def __init__(self, ray: Any, makers: Sequence[_Maker]) -> None:
        self._ray = ray
        self._kind = ray.remote(num_cpus=1, max_restarts=0)(_Actor)
        self._makers = [ray.put(maker) for maker in makers]
        self._told: list[list[Any]] = [[] for _ in makers]
        self.actors: list[Any] = [self._kind.remote(maker) for maker in self._makers]

    def ask(self, messages: Sequence[Any]) -> list[Any]:
        """Send each actor its message, and return the answers in their order.

        Raises:
            Unavailable: an actor died again and again.
        """
        waiting = [actor.tell.remote(message) for actor, message in zip(self.actors, messages, strict=True)]
        answers = [self._answer(number, future, messages[number]) for number, future in enumerate(waiting)]
        for told, message in zip(self._told, messages, strict=True):
            told.append(message)
        return answers

    def _answer(self, number: int, future: Any, message: Any) -> Any:
        """Wait for an answer, over as many lives of the actor as it takes."""
        for _ in range(_TRIES):
            try:
                return self._ray.get(future)
            except self._ray.exceptions.RayActorError:
                self.actors[number] = self._kind.remote(self._makers[number])
                for earlier in self._told[number]:
                    self.actors[number].tell.remote(earlier)
                future = self.actors[number].tell.remote(message)
        raise Unavailable("a worker was lost again and again", hint="Is there memory enough for each worker?")

    def close(self) -> None:
        """Let the actors go."""
        for actor in self.actors:
            self._ray.kill(actor)


class _Actor:
    """A worker in a process of its own."""

    def __init__(self, make: _Maker) -> None:
        self._worker = make()

    def tell(self, message: Any) -> Any:
        return self._worker.tell(message)

    def process(self) -> int:
        """Return the process's number, for a test that kills it."""
        return os.getpid()
