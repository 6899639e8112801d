"""`kill -9` under load: every acknowledged packet is there once, every alert is recorded once."""

import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import TowerPlace, all_alerts, plan, said
from tests.faults.tower_sender import DEVICES, body

from doseway.model.facts import PacketDecoded, PacketReceived

ROOT = Path(__file__).parents[2]
ACK = re.compile(r"ack (\d+) (\d+)\n")
NAMES = tuple(f"d{number}" for number in range(DEVICES))


def run(place: TowerPlace, first: int, after_s: float) -> dict[int, int]:
    """Start a sender, kill it after a time, and return what it was told: number to index."""
    command = [sys.executable, "-m", "tests.faults.tower_sender", str(place.folder), str(first)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    time.sleep(after_s)
    process.kill()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == -9, "it was killed; it did not fail"
    return {int(number): int(index) for number, index in ACK.findall(output)}


def check(place: TowerPlace, acknowledged: dict[int, int], other: TowerPlace) -> None:
    """Compare with a tower that was told the same and never killed."""
    with place.open() as tower:
        facts = [(found.index, found.fact.content()) for found in tower.sequencer.log.facts()]
        received = [index for index, fact in facts if isinstance(fact, PacketReceived)]
        bodies = {index: b"".join(tower.sequencer.log.blob(index)) for index in received}
        assert len(set(bodies.values())) == len(bodies), "no packet is there twice"
        for number, index in acknowledged.items():
            assert bodies[index] == body(number)
        outcomes = Counter(fact.packet for _, fact in facts if isinstance(fact, PacketDecoded))
        assert outcomes == Counter(received)
        told = [(found.fact.type, bytes(found.fact.body)) for found in tower.sequencer.log.facts(kind="alert.opened")]
        assert len(set(told)) == len(told), "no alert is opened twice"
        alerts = said(all_alerts(tower))
        size = tower.sequencer.log.size
    with place.open() as tower:
        assert tower.sequencer.log.size == size, "opening again says nothing new"
    with other.open() as tower:
        plan(tower, devices=NAMES)
        for start in range(0, len(received), 2_000):
            other.send(tower, *(bodies[index] for index in received[start : start + 2_000]))
        assert said(all_alerts(tower)) == alerts
    assert alerts


def kill(tmp_path: Path, times: int) -> None:
    place, chance = TowerPlace(tmp_path / "killed"), random.Random(20261125)
    with place.open() as tower:
        plan(tower, devices=NAMES)
    acknowledged: dict[int, int] = {}
    first = 0
    for _ in range(times):
        told = run(place, first, chance.random() * 0.5)
        acknowledged |= told
        first = max(acknowledged, default=-1) + 1 - DEVICES * chance.randrange(3)  # some are sent again
        first = max(first, 0)
    assert len(acknowledged) > times
    check(place, acknowledged, TowerPlace(tmp_path / "whole"))


def test_killed_under_load_nothing_is_lost_or_said_twice(tmp_path: Path) -> None:
    kill(tmp_path, 3)


@pytest.mark.slow
def test_killed_fifty_times_under_load_nothing_is_lost_or_said_twice(tmp_path: Path) -> None:
    kill(tmp_path, 50)
