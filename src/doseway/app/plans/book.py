"""What the log knows of planning: networks in their versions, and answers. A fold over its facts, kept up to date."""

import threading
from typing import Any, Final

import msgspec

from doseway.ledger.drafts import Indexed
from doseway.ledger.log import Log
from doseway.model.plan_facts import NetworkPut, PlanAnswered

ROOM: Final = "room:plan"
"""The tag of every fact of planning."""


class NetworkVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A network in one version.

    Attributes:
        index: of its fact in the log; by, at_ms: who brought it, when.
        file, size_bytes, file_sha256: as it was brought; tables_sha256: of the cells in it, empty if unreadable.
        rows: table → how many rows it has. errors, warnings: what the checks found.
    """

    network: str
    title: str
    version: int
    index: int
    by: str
    at_ms: int
    file: str
    size_bytes: int
    file_sha256: str
    tables_sha256: str
    rows: dict[str, int]
    errors: int
    warnings: int


class AnswerHead(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in a line: `index` is its fact in the log, and its id; numbers are as decimal strings, as logged."""

    index: int
    network: str
    version: int
    question: str
    parameters: dict[str, Any]
    by: str
    at_ms: int
    status: str
    is_stopped: bool
    currency: str
    cost: str | None
    bound: str | None
    gap: str | None
    took_ms: int
    tables_sha256: str
    model: int
    solver: str
    software: str
    headline: str
    answer_sha256: str


class Book:
    """The networks and answers of a log. Thread-safe; each call reads what came into the log since the last."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._taken = 0
        self._versions: dict[str, list[NetworkVersion]] = {}
        self._answers: dict[int, AnswerHead] = {}

    def networks(self) -> list[NetworkVersion]:
        """Return every network in its newest version, by id."""
        self._refresh()
        return [self._versions[name][-1] for name in sorted(self._versions)]

    def versions(self, network: str) -> list[NetworkVersion]:
        """Return the versions of a network, the newest first; none where there is no such network."""
        self._refresh()
        return self._versions.get(network, [])[::-1]

    def answers(self) -> list[AnswerHead]:
        """Return every answer, the newest first."""
        self._refresh()
        return [self._answers[index] for index in sorted(self._answers, reverse=True)]

    def answer(self, index: int) -> AnswerHead | None:
        """Return an answer."""
        self._refresh()
        return self._answers.get(index)

    def _refresh(self) -> None:
        with self._lock:
            size = self._log.size
            if size == self._taken:
                return
            for found in self._log.facts(self._taken, size, tag=ROOM):
                self._fold(found)
            self._taken = size

    def _fold(self, found: Indexed) -> None:
        fact, body = found.fact, found.fact.content()
        told = {"index": found.index, "by": fact.by, "at_ms": fact.at_ms}
        if isinstance(body, NetworkPut):
            one = msgspec.convert(_whole(body) | told, NetworkVersion)
            self._versions.setdefault(one.network, []).append(one)
        elif isinstance(body, PlanAnswered):
            self._answers[found.index] = msgspec.convert(_whole(body) | told, AnswerHead)


def _whole(body: NetworkPut | PlanAnswered) -> dict[str, Any]:
    """Return all members of a body, also those that the log leaves out because they are the default."""
    return msgspec.structs.asdict(body)
