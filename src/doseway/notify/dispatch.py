"""Empties the outbox: claims what is due, sends it by its channel, and records each fate once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from doseway.ledger.outbox import Claimed, Outbox, Settled
from doseway.model.clock import Clock
from doseway.model.errors import DosewayError, Unavailable
from doseway.model.facts import NotificationDelivered, NotificationFailed
from doseway.model.ids import ContentId, content_id
from doseway.notify.outbox import next_attempt_ms, read_entry
from doseway.notify.port import Channel

_LOG: Final = logging.getLogger("doseway.notify")
_CLAIM_MS: Final = 120_000
"""Longer than any channel takes: a claim that runs out under a living sender would send twice."""
_AT_ONCE: Final = 16
_LONGEST_ERROR: Final = 300

Record = Callable[[ContentId, NotificationDelivered | NotificationFailed], None]
"""Appends a fact under a content id, once; durable on return. Raises Unavailable or Pushback: it is asked again."""


@dataclass(frozen=True)
class Dispatcher:
    """Sends what is in the outbox.

    Attributes:
        outbox: what to send.
        channels: by id.
        record: puts a fate into the log.
        clock: says what is due.
        chance: 0 to 1, instead of a random spread of the attempts.
    """

    outbox: Outbox
    channels: Mapping[str, Channel]
    record: Record
    clock: Clock
    chance: float | None = None

    async def run(self, *, every_s: float = 1.0, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Send until cancelled."""
        while True:
            try:
                sent = await self.once()
            except Unavailable as error:
                _LOG.warning("notices wait: %s", error)
                sent = 0
            if not sent:
                await sleep(every_s)

    async def once(self) -> int:
        """Send what is due and record what is settled; return how many notices that concerned.

        Raises:
            Unavailable: the outbox or the log does not answer; nothing is lost.
        """
        now_ms = self.clock.now_ms()
        claimed = await asyncio.to_thread(self.outbox.claim, now_ms, until_ms=now_ms + _CLAIM_MS, most=_AT_ONCE)
        await asyncio.gather(*(asyncio.to_thread(self._send, one) for one in claimed))
        return len(claimed) + await asyncio.to_thread(self._record)

    def _send(self, claimed: Claimed) -> None:
        entry, attempts = read_entry(claimed.payload), claimed.attempts + 1
        address = entry.notice.address
        try:
            channel = self.channels.get(address.channel)
            if channel is None:
                raise Unavailable(f"the channel {address.channel!r} is not set up")
            channel.send(entry.message, address.to)
        except Unavailable as error:
            self._try_later(claimed.id, attempts, str(error))
        except DosewayError as error:
            self.outbox.settle(claimed.id, "failed", attempts=attempts, error=_short(str(error)))
        except Exception as error:  # noqa: BLE001 - a channel may be a plug-in, and fail in any way
            _LOG.exception("the channel %s failed", address.channel)
            self._try_later(claimed.id, attempts, f"{type(error).__name__}: {error}")
        else:
            self.outbox.settle(claimed.id, "delivered", attempts=attempts)

    def _try_later(self, item: str, attempts: int, error: str) -> None:
        at_ms = next_attempt_ms(attempts, self.clock.now_ms(), self.chance)
        if at_ms is None:
            self.outbox.settle(item, "failed", attempts=attempts, error=_short(error))
        else:
            self.outbox.retry(item, attempts=attempts, at_ms=at_ms, error=_short(error))

    def _record(self) -> int:
        settled = self.outbox.unrecorded(_AT_ONCE)
        for one in settled:
            self.record(content_id("notified", one.id.encode()), self._fact(one))
            self.outbox.recorded(one.id)
        return len(settled)

    def _fact(self, settled: Settled) -> NotificationDelivered | NotificationFailed:
        """Say what became of a notice; the address only as a commitment, and the error without it."""
        notice = read_entry(settled.payload).notice
        named = self.outbox.commitment_of(notice.address.to)
        if settled.outcome == "delivered":
            return NotificationDelivered(
                alert=notice.alert,
                revision=notice.revision,
                channel=notice.address.channel,
                recipient_commitment=named,
                attempts=settled.attempts,
            )
        return NotificationFailed(
            alert=notice.alert,
            revision=notice.revision,
            channel=notice.address.channel,
            recipient_commitment=named,
            attempts=settled.attempts,
            error=settled.error.replace(notice.address.to, "the recipient"),
        )


def _short(error: str) -> str:
    return error[:_LONGEST_ERROR]
