"""A disk that is full under a running tower: 503 and no PUBACK, nothing corrupt, and it goes on when there is space.

The disk is a small tmpfs, so that the operating system itself says ENOSPC to everything that the tower writes: log,
anchor, views and side files.
"""

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.test_serve import Served
from tests.intake.mosquitto_kit import Mosquitto, Publisher, needs_mosquitto

from doseway.app.accounts import open_accounts
from doseway.app.keys import make_folder
from doseway.app.logbook import reading
from doseway.app.settings import Settings
from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.ledger.fsck import Against, check
from doseway.model.facts import PacketReceived

DISK_MIB = 48
LEFT_BYTES = 3 << 20
SENDERS = 4
PUBLISHED = 600
PATIENCE_S = 90.0
DOOR = """
store = "store"
[[doors.mqtt]]
name = "site"
host = "127.0.0.1"
port = {port}
routes = [{{ topic = "t/#", format = "tive" }}]
"""


def body(number: int) -> bytes:
    """Return a message that is the only one of its number."""
    return (
        b'{"EntityName":"VD%d","EntryTimeEpoch":%d,"DeviceId":"86%013d","Temperature":{"Celsius":5},"Filler":"%b"}'
    ) % (number % 50, 1_764_033_600_000 + number, number % 50, b"x" * 400)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Sender(threading.Thread):
    """Posts messages one after the other until it is stopped; each again until it is acknowledged."""

    def __init__(self, address: str, key: str, first: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[int, int] = {}
        self.statuses: Counter[int] = Counter()
        self.waits: set[str | None] = set()
        self.is_stopped = False
        self._address, self._key, self._next = address, key, first

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE_S)
        while not self.is_stopped:
            connection.request("POST", "/ingest/tive", body(self._next), {"X-Api-Key": self._key})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            self.statuses[answer.status] += 1
            if answer.status in {200, 202}:
                self.acknowledged[self._next] = told["packet"]
                self._next += 1
            else:
                self.waits.add(answer.headers["Retry-After"])
                time.sleep(0.1)
        connection.close()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def fill(disk: Path) -> Path:
    """Take all but a little of the space."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - LEFT_BYTES)
    return ballast


def packets(store: Path) -> dict[int, bytes]:
    """Return the bytes of all packets of the log, as a reader beside the tower sees them."""
    with reading(Settings(store=store)) as log:
        return {one.index: b"".join(log.blob(one.index)) for one in log.facts(kind=PacketReceived.TYPE)}


@contextlib.contextmanager
def sending(served: Served, key: str) -> Iterator[list[Sender]]:
    senders = [Sender(served.address, key, 1_000_000 * (number + 1)) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        for sender in senders:
            sender.is_stopped = True
        for sender in senders:
            sender.join(PATIENCE_S)


@pytest.mark.slow
@needs_mosquitto
def test_a_full_disk_refuses_and_the_tower_goes_on_by_itself(disk: Path, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    (disk / "doseway.toml").write_text(DOOR.format(port=broker.port))
    make_folder(disk / "store")
    accounts = open_accounts(Settings(store=disk / "store"))
    key, read = accounts.create_key("tive", formats=["tive"])[1], accounts.create_key("d", roles=["viewer"])[1]
    accounts.store.close()
    served = Served(disk)
    try:
        with sending(served, key) as senders:
            until(lambda: all(sender.acknowledged for sender in senders), "the tower never began")
            ballast = fill(disk)
            until(lambda: all(sender.statuses[503] for sender in senders), "the disk was never full")
            asyncio.run(Publisher(broker.port).publish("t/x", [body(number) for number in range(PUBLISHED)]))
            refused = [Counter(sender.statuses) for sender in senders]
            until(lambda: all(s.statuses[503] > r[503] + 20 for s, r in zip(senders, refused, strict=True)), "503")
            assert served.call("GET", "/v1/devices", authorization=f"Bearer {read}")[0] == 200, (
                "what is there can be read"
            )
            before = set(packets(disk / "store").values())
            assert not before.issuperset(body(number) for number in range(PUBLISHED)), "it was not full for MQTT"
            told = [dict(sender.acknowledged) for sender in senders]
            ballast.unlink()
            until(lambda: all(len(s.acknowledged) > len(t) + 20 for s, t in zip(senders, told, strict=True)), "stuck")
            wanted = {body(number) for number in range(PUBLISHED)}
            until(lambda: wanted <= set(packets(disk / "store").values()), "MQTT messages are missing")
            until(
                lambda: served.call("GET", "/readyz", authorization=f"Bearer {read}")[0] == 200,
                "the views never caught up",
            )
        code, errors = served.stop(signal.SIGTERM)
        assert code == 0, errors
    finally:
        served.end()
        broker.stop()
    check_log(disk / "store", senders, wanted)


def check_log(store: Path, senders: list[Sender], published: set[bytes]) -> None:
    """All that was acknowledged is there at its place, everything once, and the log is whole."""
    found = packets(store)
    assert len(set(found.values())) == len(found), "a packet is there twice"
    assert published <= set(found.values())
    for sender in senders:
        assert {number: found[packet] for number, packet in sender.acknowledged.items()} == {
            number: body(number) for number in sender.acknowledged
        }
        assert set(sender.statuses) <= {200, 202, 429, 503}
        assert sender.waits <= {"1", "5"}
    with contextlib.closing(SqliteReader(store / "log.sqlite")) as reader:
        assert check(reader, Against(anchor=FileAnchorReader(Settings(store=store).anchor_path))).findings == ()
