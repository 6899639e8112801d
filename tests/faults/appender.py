"""A process that appends until it is killed; it prints what was acknowledged, after it was.

Arguments: folder, the number of the first fact, and the step at which to kill itself (0: never). A step is a statement
of SQLite or a sync of the anchor, so that every place between two of them is met.
"""

import os
import signal
import sys
from pathlib import Path

from tests.ledger.log_kit import Place, failure, packet

from doseway.engines import anchor_file
from doseway.engines.anchor_file import FileAnchor
from doseway.engines.sqlite import SqliteStore


class Fuse:
    """Kills this process at a step."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0

    def step(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def say(line: str) -> None:
    """Write a line that has left this process when the call returns."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> None:
    """Append batches of different sizes, with and without raw bytes, and acknowledge each on stdout."""
    place, number, fuse = Place(Path(sys.argv[1])), int(sys.argv[2]), Fuse(int(sys.argv[3]))
    sync = anchor_file._sync

    def burning_sync(handle: int) -> None:
        fuse.step()
        sync(handle)
        fuse.step()

    anchor_file._sync = burning_sync
    store = SqliteStore(place.log_path)
    store._connection.set_trace_callback(fuse.step)
    with place.open(store=store, anchor=FileAnchor(place.anchor_path)) as sequencer:
        say("open")
        while True:
            drafts = [failure(n, tags=(f"digit:{n % 10}",)) for n in range(number, number + 1 + number % 7)]
            if number % 3 == 0:
                drafts.append(packet(sequencer, b"packet %d" % number))
            receipts = sequencer.append(drafts)
            first, last = receipts[0].index, receipts[-1].index
            note = sequencer.log.checkpoint().hex()
            say(f"ack {number} {first} {last} {note}")
            number += len(drafts)


if __name__ == "__main__":
    main()
