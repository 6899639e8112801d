"""A tower under load until it is killed; it prints each packet that was acknowledged, after it was.

Arguments: folder, and the number of the first packet. Packet n is a reading of the device d(n % 4).
"""

import itertools
import sys
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from tests.app.tower.tower_kit import START_MS, TEN, TowerPlace, body_of
from tests.faults.appender import say

from doseway.intake.door import Admitted

DEVICES = 4
_IN_FLIGHT = 40


def body(number: int) -> bytes:
    """Return a packet: mostly in range, an hour and a half above it every five hours."""
    place = number // DEVICES
    value = 12_000 if place % 30 < 9 else 5_000
    return body_of(f"d{number % DEVICES}", [(START_MS + place * TEN, value)])


def main() -> None:
    """Send without end, a bounded number at a time."""
    place, first = TowerPlace(Path(sys.argv[1])), int(sys.argv[2])
    with place.open() as tower:
        say("open")
        waiting: list[Future[Admitted]] = []
        for number in itertools.count(first):
            future = tower.admit(place.incoming(body(number)))
            future.add_done_callback(partial(_told, number))
            waiting.append(future)
            if len(waiting) >= _IN_FLIGHT:
                waiting.pop(0).result()


def _told(number: int, future: Future[Admitted]) -> None:
    say(f"ack {number} {future.result().packet}")


if __name__ == "__main__":
    main()
