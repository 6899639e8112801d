"""`kill -9` at any moment: nothing acknowledged is lost, and no two checkpoints that left the process disagree."""

import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.ledger.log_kit import ORIGIN, Place, failure

from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.fsck import Against, check
from doseway.ledger.log import open_log
from doseway.ledger.startup import tile_reader

ROOT = Path(__file__).parents[2]
ACK = re.compile(r"ack (\d+) (\d+) (\d+) ([0-9a-f]+)")


@dataclass
class Survivor:
    """A log whose processes are killed one after the other, and all that they acknowledged."""

    place: Place
    acknowledged: dict[int, int] = field(default_factory=dict)
    released: list[Checkpoint] = field(default_factory=list)
    next_number: int = 1

    def run(self, *, at_step: int = 0, after_s: float = 0.0) -> None:
        """Start a process and have it killed, at a step of its own or after a time."""
        command = [sys.executable, "-m", "tests.faults.appender", str(self.place.folder), str(self.next_number)]
        process = subprocess.Popen([*command, str(at_step)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if at_step == 0:
            assert process.stdout.readline() in {"open\n", ""}
            time.sleep(after_s)
            process.kill()
        output, _ = process.communicate(timeout=60)
        assert process.returncode == -9, "it was killed; it did not fail"
        for number, first, last, note in ACK.findall(output):
            self.acknowledged |= dict(
                zip(
                    range(int(number), int(number) + int(last) - int(first) + 1),
                    range(int(first), int(last) + 1),
                    strict=True,
                )
            )
            self.released.append(open_checkpoint(bytes.fromhex(note), ORIGIN, [self.place.signer.vkey])[0])
        self.next_number = 10_000 * (self.next_number // 10_000 + 1) + 1

    def check(self) -> None:
        """Everything acknowledged is there, and every checkpoint that was released is of this history."""
        store = SqliteReader(self.place.log_path)
        log = open_log(store)
        for number, index in self.acknowledged.items():
            entry = log.entry(index).decode()
            assert f'"error":"number {number}"' in entry or '"type":"packet.received"' in entry
        tree = tile_reader(store, log.size)
        for checkpoint in self.released:
            assert merkle.root_of(checkpoint.size, tree) == checkpoint.root
        published = FileAnchorReader(self.place.anchor_path).read()
        if self.released:
            assert published is not None
            assert published.size >= self.released[-1].size
        store.close()


def fsck(place: Place) -> None:
    store = SqliteReader(place.log_path)
    assert check(store, Against(anchor=FileAnchorReader(place.anchor_path))).findings == ()
    store.close()


@pytest.mark.parametrize("step", [1, 4, 9, 12, 17, 25])
def test_killed_at_a_step_nothing_acknowledged_is_lost(tmp_path: Path, step: int) -> None:
    survivor = Survivor(Place(tmp_path))
    for at_step in (step + 20, step):
        survivor.run(at_step=at_step)
    with survivor.place.open() as sequencer:
        sequencer.append([failure(1)])
    survivor.check()
    fsck(survivor.place)


@pytest.mark.slow
def test_killed_two_hundred_times_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    survivor, chance = Survivor(Place(tmp_path)), random.Random(20261123)
    modes = [partial(survivor.run, at_step=1 + chance.randrange(120)) for _ in range(120)]
    modes += [partial(survivor.run, after_s=chance.random() * 0.06) for _ in range(90)]
    chance.shuffle(modes)
    for number, kill in enumerate(modes):
        kill()
        if number % 10 == 0:
            survivor.check()
    with survivor.place.open() as sequencer:
        sequencer.append([failure(1)])
    survivor.check()
    fsck(survivor.place)
    assert len(survivor.released) > 200
