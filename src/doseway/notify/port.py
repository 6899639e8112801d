"""What goes out, and what a channel has to do with it."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one recipient.

    Attributes:
        id: of the notice, hex; stable over repetitions, so that a receiver can tell them.
        at_ms: when it fell due.
        alert, shipment, severity, kind: what it is about; see `Notice`.
        subject, text: plain text in the recipient's language.
        link: the alert's page; empty where no address of the tower is set.
    """

    id: str
    at_ms: int
    alert: str
    shipment: str
    severity: str
    kind: str
    subject: str
    text: str
    link: str = ""


class Channel(Protocol):
    """A way to reach people. Several threads may send at once."""

    def send(self, message: Message, address: str) -> None:
        """Hand a message over. On return the other side has taken it.

        Raises:
            Unavailable: not now; it is tried again.
            DataError, UsageError: never: the address or the message is refused.
        """


class ChannelKind(Protocol):
    """One kind of channel, as its entry point gives it."""

    @property
    def id(self) -> str:
        """The name, as in policies and settings."""

    @property
    def title(self) -> str:
        """The name for people."""

    def make(self, options: Mapping[str, Any]) -> Channel:
        """Make the channel from its table of the settings.

        Raises:
            UsageError: an option is wrong or missing.
            Unavailable: a file that it names cannot be read.
        """
