"""What a door hands in, and what it gets back: bytes with their sender, and a receipt once they are durable."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

import msgspec

from doseway.model.errors import DosewayError


class Incoming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Bytes as a door received them.

    Attributes:
        door: `http`, `mqtt`, `poll`, `folder`, `upload`.
        format: the id of the message format; empty: a logger file, whose format is detected.
        name: what the sender calls it: a file name, a topic, empty.
        by: who sent it: `key:ID` of an API key, `mqtt:CLIENT`, a folder.
        received_at_ms: when it arrived, Unix ms.
    """

    door: str
    format: str
    body: bytes
    name: str = ""
    by: str
    received_at_ms: int


class Admitted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a packet. Once the door has it, bytes and outcome are durable.

    Attributes:
        packet: the index of its `packet.received` fact.
        is_duplicate: the same bytes from the same kind of sender were in the log before; nothing was added.
        readings: how many readings, fixes and signals were decoded.
        error: why it could not be decoded; empty where it was. The bytes are kept all the same.
    """

    packet: int
    is_duplicate: bool = False
    readings: int = 0
    error: str = ""


Outcome = Admitted | DosewayError
"""What became of one message of a lot. An error is of this message alone: nothing of it was taken, ever."""


class AdmitLot(Protocol):
    """Takes in what arrived together, as one. Never blocks for the disk."""

    def __call__(self, lot: Sequence[Incoming], /) -> Future[list[Outcome]]:
        """Take in a lot; the future is done when all of it is durable, and has one outcome for each, in order.

        The future fails with Unavailable where the log does not answer: what is sent again is not added twice.

        Raises:
            Pushback: too much is waiting. Nothing was taken; come back later.
            Unavailable: the log does not answer. Nothing was taken.
        """


class Admit(Protocol):
    """Takes bytes in. Never blocks for the disk."""

    def __call__(self, incoming: Incoming, /) -> Future[Admitted]:
        """Take in bytes; the future is done when they are durable.

        Raises:
            Pushback: too much is waiting. Nothing was taken; come back later.
            Unavailable: the log does not answer. Nothing was taken.
        """


class DoorState(msgspec.Struct, frozen=True, kw_only=True):
    """A door that holds a connection, since the tower was opened.

    Attributes:
        name: as in messages, `mqtt:site`. is_connected: whether the other side has us now.
        breaks: how often a connection broke. sessions_lost: how often the other side had forgotten us.
        admitted: messages that became durable. lost: those without a promise that a broken connection took with it.
    """

    name: str
    is_connected: bool
    breaks: int
    sessions_lost: int
    admitted: int
    lost: int
