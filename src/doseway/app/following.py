"""Follows the views for pages: an asynchronous stream of changes over a feed that blocks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from doseway.app.board import Change

_SHIPMENT: Final = "shipment:"
_PATIENCE_S: Final = 2.0


class Told(Protocol):
    """One fact as a feed tells it: `about` are the tags that name what it is about, `kind:id`."""

    @property
    def index(self) -> int:
        """The index of the fact."""

    @property
    def type(self) -> str:
        """The type of the fact."""

    @property
    def about(self) -> Sequence[str]:
        """What it is about."""


class Feed(Protocol):
    """What the views tell of the facts that they have taken; any thread may ask."""

    def after(self, index: int, *, limit: int = 1_000) -> Sequence[Told]:
        """Return the facts behind an index, in order, at most so many; empty when there are none yet."""

    def wait_for(self, index: int, timeout_s: float) -> bool:
        """Wait until the views have taken the fact at an index; False when they have not in time."""


class Follower:
    """The `Changes` of `doseway.app.board` over a feed. A reader that is slow holds up nobody: it asks when it can."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def subscribe(self, after: int) -> AsyncIterator[Change]:
        """Yield the facts behind an index in order, each once, and wait for more."""
        while True:
            told = await asyncio.to_thread(self._feed.after, after)
            for one in told:
                after = one.index
                yield Change(index=one.index, type=one.type, shipment=_shipment(one.about))
            if not told:
                await asyncio.to_thread(self._feed.wait_for, after + 1, _PATIENCE_S)


def _shipment(about: Sequence[str]) -> str:
    return next((tag.removeprefix(_SHIPMENT) for tag in about if tag.startswith(_SHIPMENT)), "")
