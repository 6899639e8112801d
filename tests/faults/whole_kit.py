"""A store with shipments, a key and a policy; a whole tower over it that can be killed; load; and who is told."""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tests.api.ingest_kit import SECRET_TEXT

from doseway.app.accounts import open_accounts
from doseway.app.settings import Settings, load_settings
from doseway.app.tower.opening import open_tower
from doseway.app.traffic.trackers import Sample, traccar
from doseway.model.documents import DeviceCard, Product, Shipment
from doseway.model.units import DAY_MS, MINUTE_MS

ROOT = Path(__file__).parents[2]
DEVICES = tuple(f"8610010007{number:05d}" for number in range(4))
TEN_MS = 10 * MINUTE_MS
BEGAN_MS = 1_795_478_400_000 - 60 * DAY_MS

_POLICY = """
[[recipient]]
id = "qa"
addresses = [{{ channel = "email", to = "qa@example.org" }}, {{ channel = "webhook", to = "{hook}/told" }}]

[[route]]
severity = "warning"
levels = [{{ to = ["qa"] }}]
"""
_SETTINGS = """
[notify]
policy = "notify.toml"

[notify.channels.email]
host = "127.0.0.1"
port = {smtp}
sender = "tower@example.org"
security = "none"
timeout_s = 5

[notify.channels.webhook]
secret_file = "webhook.secret"
timeout_s = 5
"""


class Stored(Protocol):
    """Where a tower's store is."""

    @property
    def store(self) -> Path: ...


class WholePlace:
    """A store.

    Attributes:
        key: an API key that may send.
    """

    def __init__(self, folder: Path, *, smtp: int, hook: str) -> None:
        self.store = folder
        folder.mkdir()
        (folder / "webhook.secret").write_text(SECRET_TEXT)
        (folder / "notify.toml").write_text(_POLICY.format(hook=hook))
        (folder / "doseway.toml").write_text(_SETTINGS.format(smtp=smtp))
        with open_tower(self.settings) as tower:
            tower.desk.put(Product(id="vaccine", profile="usp-cct"), replaces=0, by="test")
            tower.desk.put(Shipment(id="s1", product="vaccine"), replaces=0, by="test")
            for device in DEVICES:
                tower.desk.put(DeviceCard(id=device, interval_s=600), replaces=0, by="test")
                tower.desk.associate("s1", device, at_ms=BEGAN_MS, by="test")
        accounts = open_accounts(self.settings)
        self.key = accounts.create_key("load", formats=("traccar",))[1]
        accounts.store.close()

    @property
    def settings(self) -> Settings:
        settings = load_settings({}, self.store)
        return Settings(store=self.store, notify=settings.notify)


def body(number: int) -> bytes:
    """Return packet n: of one device in turn, mostly in range, an hour and a half above it every five hours."""
    place = number // len(DEVICES)
    milli = 12_000 if place % 30 < 9 else 5_000
    at_ms = BEGAN_MS + place * TEN_MS
    sample = Sample(
        at_ms=at_ms, temperature_milli=milli, humidity=40, light=0, battery=90, position=(46.2, 6.1), speed_kmh=0
    )
    return traccar(DEVICES[number % len(DEVICES)], sample)


class Running:
    """A whole tower in a process of its own; `url` where it answers."""

    def __init__(self, place: Stored, ahead_s: int, patience_s: float) -> None:
        command = [sys.executable, "-m", "tests.faults.whole_tower", str(place.store), str(ahead_s), str(patience_s)]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.popen.stdout is not None
        self.url = self.popen.stdout.readline().strip()
        assert self.url.startswith("http://"), "the tower did not open"

    def kill(self) -> None:
        self.popen.kill()

    def ended(self) -> int:
        """Wait for its end; return how it ended."""
        self.popen.communicate(timeout=300)
        return self.popen.returncode


@contextmanager
def running(place: Stored, ahead_s: int = 0, *, patience_s: float = 30.0) -> Iterator[Running]:
    one = Running(place, ahead_s, patience_s)
    try:
        yield one
    finally:
        one.kill()
        one.popen.communicate()


async def load(url: str, key: str, numbers: Iterator[int], killer: threading.Timer) -> dict[int, int]:
    """Send over eight connections until the tower is gone; the killer's time begins with the first acknowledgement.

    Returns:
        What was acknowledged: number to the answer's status.
    """
    parts, acknowledged = urlsplit(url), dict[int, int]()

    async def one() -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            with contextlib.closing(writer):
                while True:
                    number = next(numbers)
                    acknowledged[number] = await _sent(reader, writer, key, body(number))
                    with contextlib.suppress(RuntimeError):  # it was started before
                        killer.start()

    await asyncio.gather(*(one() for _ in range(8)))
    return acknowledged


async def _sent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, payload: bytes) -> int:
    head = b"POST /ingest/traccar HTTP/1.1\r\nhost: x\r\nx-api-key: %s\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % (key.encode(), len(payload)) + payload)
    answer = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(answer.lower().partition(b"content-length: ")[2].split()[0]))
    status = int(answer.split()[1])
    assert status in {200, 202}, answer
    return status
