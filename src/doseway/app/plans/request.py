"""What the tower and a worker tell each other: a folder, and lines of JSON."""

from typing import Any, Final

import msgspec

REQUEST: Final = "request.json"
NETWORK: Final = "network"
PLAN: Final = "plan"
ANSWER: Final = "answer.json"
CHECKPOINT: Final = "checkpoint.json"
DIARY: Final = "worker.log"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        file: the name that the network was brought under.
        where: scenarios are solved, as in `Settings.workers`.
    """

    question: str
    parameters: dict[str, Any]
    file: str
    memory_bytes: int
    where: str


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far it is.

    Attributes:
        seconds: since it began.
        cost, bound, gap: of the solve that is under way; None before there is any.
        done, of: parts of the question that are answered, of how many; 0 of 0: it has no parts.
    """

    seconds: float
    cost: float | None = None
    bound: float | None = None
    gap: float | None = None
    done: int = 0
    of: int = 0


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """How it ended; without a code there is an answer."""

    code: str = ""
    what: str = ""
    hint: str = ""
    where: str = ""
    is_stopped: bool = False
    seconds: float = 0.0
