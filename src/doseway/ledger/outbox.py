"""The outbox port: what is to be sent to others, kept until it was sent and said so in the log.

An item is put once, claimed for a while by whoever sends it, and settled. A crash between sending and settling sends
it again when the claim has run out: at least once, and with the same id. It is recorded once, because the record is
made under the item's id.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Outcome = Literal["delivered", "failed"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to send; an id is put once, ever."""

    id: str
    due_at_ms: int
    payload: bytes


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is ours to send until the claim runs out; `attempts` is how often it was tried before."""

    id: str
    payload: bytes
    attempts: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """An item whose fate is known and not yet recorded in the log."""

    id: str
    payload: bytes
    outcome: Outcome
    attempts: int
    error: str = ""


class Outbox(Protocol):
    """Keeps items. Every method is durable on return; each raises Unavailable and IntegrityError."""

    def put(self, items: Sequence[Item]) -> int:
        """Add what is not there yet; return how many that were."""

    def claim(self, now_ms: int, *, until_ms: int, most: int) -> list[Claimed]:
        """Take items that are due and that nobody holds; they are held until `until_ms`."""

    def retry(self, item: str, *, attempts: int, at_ms: int, error: str) -> None:
        """Let go of an item that could not be sent; it is due again at `at_ms`."""

    def settle(self, item: str, outcome: Outcome, *, attempts: int, error: str = "") -> None:
        """Say what became of an item."""

    def unrecorded(self, most: int) -> list[Settled]:
        """Return settled items that are not in the log yet."""

    def recorded(self, item: str) -> None:
        """Say that the log has it; the payload is forgotten."""

    def commitment_of(self, address: str) -> str:
        """Return the salted commitment that names an address in facts, hex; the same address has the same."""
