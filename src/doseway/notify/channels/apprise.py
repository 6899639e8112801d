"""Everything that Apprise speaks: SMS, Teams, Slack, Telegram, pagers and over a hundred more.

Apprise's addresses are URLs that hold tokens. So a policy names a target, and the URL stands in a file of its own.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from doseway.model.errors import Place, Unavailable, UsageError
from doseway.notify.options import read_options
from doseway.notify.port import Channel, Message


class AppriseOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[notify.channels.apprise]`.

    Attributes:
        targets_file: TOML lines `name = "apprise URL"`; policies name the targets.
    """

    targets_file: Path


class AppriseChannel:
    """Sends through Apprise."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = targets

    def send(self, message: Message, address: str) -> None:
        """Hand a message to the service that a target names.

        Raises:
            Unavailable: the service did not take it; Apprise does not say why.
            UsageError: there is no such target, or Apprise does not know its URL.
        """
        from apprise import Apprise, NotifyType  # noqa: PLC0415 - half a second that only a sender should pay

        if address not in self._targets:
            raise UsageError(f"there is no apprise target {address!r}", hint="Add it to targets_file.")
        service = Apprise()
        if not service.add(self._targets[address]):
            raise UsageError(f"apprise does not know the URL of the target {address!r}")
        grave = NotifyType.FAILURE if message.severity in {"high", "critical"} else NotifyType.WARNING
        if not service.notify(body=message.text, title=message.subject, notify_type=grave):
            raise Unavailable(f"the service of the target {address!r} did not take the message")


class AppriseKind:
    """Apprise as a kind of channel."""

    id = "apprise"
    title = "Apprise: over a hundred services"

    def make(self, options: Mapping[str, Any]) -> Channel:
        """Make the channel from its options. Raises UsageError and Unavailable."""
        read = read_options(self.id, options, AppriseOptions)
        where = Place(str(read.targets_file))
        try:
            targets = msgspec.convert(tomllib.loads(read.targets_file.read_text(encoding="utf-8")), dict[str, str])
        except OSError as error:
            raise Unavailable(f"the targets cannot be read: {error.strerror}", where=where) from error
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise UsageError('the targets must be TOML lines `name = "URL"`', where=where) from error
        return AppriseChannel(targets)


CHANNEL: Final = AppriseKind()
