"""What stands in the outbox for a notice, and when to try again."""

from typing import Final

import msgspec

from doseway.ledger.backoff import wait_s
from doseway.ledger.outbox import Item
from doseway.model.canonical import encode
from doseway.model.errors import IntegrityError
from doseway.notify.port import Message
from doseway.notify.timeline import Notice

MAX_ATTEMPTS: Final = 12
"""Four to five hours of trying; after that somebody has to look."""
_FIRST_S: Final = 15.0
_MOST_S: Final = 3_600.0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A notice and its message."""

    notice: Notice
    message: Message

    def item(self) -> Item:
        """Return what to put into the outbox."""
        return Item(id=self.notice.id, due_at_ms=self.notice.due_at_ms, payload=encode(self))


def read_entry(payload: bytes) -> Entry:
    """Return an entry from the outbox.

    Raises:
        IntegrityError: it is none.
    """
    try:
        return msgspec.json.decode(payload, type=Entry)
    except msgspec.DecodeError as error:
        raise IntegrityError(f"an entry of the outbox is damaged: {error}") from error


def next_attempt_ms(attempts: int, now_ms: int, chance: float | None = None) -> int | None:
    """Return when to try again after so many attempts, spread by `chance` (0 to 1); None: give up."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now_ms + round(wait_s(attempts, first_s=_FIRST_S, most_s=_MOST_S, chance=chance) * 1_000)
