"""What changed, by log index, for pages that follow live: who comes back with the last index misses nothing."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from doseway.app.tower.state import shipment_holder
from doseway.ledger.drafts import Indexed
from doseway.ledger.log import Log
from doseway.model.facts import PacketReceived

_KEPT: Final = 20_000
_DEVICE: Final = "device:"
_ABOUT: Final = ("shipment:", "device:", "alert:", "packet:", "document:")


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One fact, as a page needs it to know what to fetch.

    Attributes:
        index, type, at_ms: of the fact. about: the tags that name what it is about, `kind:id`.
    """

    index: int
    type: str
    at_ms: int
    about: tuple[str, ...]


class Changes:
    """The facts that the views have taken: the newest in memory, the rest from the log. Thread-safe.

    There is no queue that could overflow: every reader has its own index, and asks for what comes behind it.

    Args:
        log: where older facts are.
        shipment_with: returns the shipment that a device is with; empty: none. A packet is about that too.
    """

    def __init__(self, log: Log, shipment_with: Callable[[str], str] = lambda _: "") -> None:
        self._log = log
        self._shipment_with = shipment_with
        self._changed = threading.Condition()
        self._kept: deque[Change] = deque(maxlen=_KEPT)
        self._end = 0
        self._listeners: list[Callable[[int], None]] = []

    @property
    def end(self) -> int:
        """How many facts the views have taken."""
        return self._end

    def publish(self, facts: Sequence[Indexed], end: int) -> None:
        """Make facts known that the views have taken, and wake who waits."""
        with self._changed:
            self._kept.extend(map(self._change, facts))
            self._end = end
            listeners = list(self._listeners)
            self._changed.notify_all()
        for listener in listeners:
            listener(end)

    def after(self, index: int, *, limit: int = 1_000) -> tuple[Change, ...]:
        """Return the changes behind an index, in order, at most so many; empty when there are none yet."""
        with self._changed:
            end = self._end
            first = self._kept[0].index if self._kept else end
            if index + 1 >= first:
                skipped = max(index + 1 - first, 0)
                return tuple(self._kept[place] for place in range(skipped, min(skipped + limit, len(self._kept))))
        stop = min(index + 1 + limit, end)
        return tuple(map(self._change, self._log.facts(index + 1, stop)))

    def wait_for(self, index: int, timeout_s: float) -> bool:
        """Wait until the views have taken the fact at an index; False when they have not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._end > index, timeout_s)

    def listen(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have a function called with the new end after each step, in the tower's thread; it must return at once.

        Returns:
            What ends it.
        """
        with self._changed:
            self._listeners.append(listener)

        def stop() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def _change(self, found: Indexed) -> Change:
        fact = found.fact
        about = [tag for tag in fact.tags if tag.startswith(_ABOUT)]
        if fact.type == PacketReceived.TYPE:
            devices = (tag.removeprefix(_DEVICE) for tag in about if tag.startswith(_DEVICE))
            about += sorted({shipment_holder(one) for device in devices if (one := self._shipment_with(device))})
        return Change(index=found.index, type=fact.type, at_ms=fact.at_ms, about=tuple(about))
