"""Following: every fact once and in order, whatever comes in meanwhile."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from doseway.app.board import Change
from doseway.app.following import Follower


@dataclass(frozen=True)
class Told:
    index: int
    type: str
    about: tuple[str, ...]


class Growing:
    """A feed that another thread adds to."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.changed = threading.Condition()

    def add(self, about: tuple[str, ...]) -> None:
        with self.changed:
            self.told.append(Told(len(self.told), "alert.opened", about))
            self.changed.notify_all()

    def after(self, index: int, *, limit: int = 1_000) -> Sequence[Told]:
        return self.told[index + 1 : index + 1 + min(limit, 3)]

    def wait_for(self, index: int, timeout_s: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.told) > index, timeout_s)


def test_a_reader_gets_what_was_and_what_comes() -> None:
    feed = Growing()
    for number in range(7):
        feed.add((f"packet:{number}", f"shipment:s-{number}"))

    async def read() -> list[Change]:
        found: list[Change] = []
        async for change in Follower(feed).subscribe(1):
            found.append(change)
            if len(found) == 5:
                threading.Timer(0.05, feed.add, [("device:d",)]).start()
            if len(found) == 6:
                break
        return found

    found = asyncio.run(read())
    assert [change.index for change in found] == [2, 3, 4, 5, 6, 7]
    assert [change.shipment for change in found] == ["s-2", "s-3", "s-4", "s-5", "s-6", ""]
