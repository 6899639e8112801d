"""The demonstration's day split over every door at once: real servers, a real broker, a folder, and a fake platform."""

import asyncio
import http.client
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.app.day_kit import Delivery, Final, as_uploads, final
from tests.intake.mosquitto_kit import Mosquitto, Publisher
from tests.intake.tive_kit import SECRET, FakeTive, serving

from doseway.app.background import running
from doseway.app.doors import OpenDoor, make_doors, run_doors
from doseway.app.live import seen
from doseway.app.settings import DoorSettings
from doseway.app.tower.opening import Tower
from doseway.app.traffic import Day, Message
from doseway.cli.serve import doors_of
from doseway.cli.serving import serve_tower
from doseway.intake.door_settings import FolderSettings, MqttRoute, MqttSettings, TiveSettings
from doseway.intake.folder import FolderDoor
from doseway.intake.mqtt import MqttDoor
from doseway.intake.poll import TivePoller
from doseway.model.units import DAY_MS, SECOND_MS

_PATIENCE_S = 300
_TAKEN = {200, 202}


class DayTive(FakeTive):
    """The platform knows what its trackers said, by shipment and time."""

    def __init__(self, said: Sequence[tuple[str, Message]]) -> None:
        super().__init__()
        self.bodies: dict[tuple[str, int], Any] = {}
        for shipment, message in said:
            body = json.loads(message.body)
            self.bodies[shipment, body["EntryTimeEpoch"]] = body
            self.messages.setdefault(shipment, []).append(body["EntryTimeEpoch"])

    def document(self, shipment: str, at_ms: int) -> Any:
        return self.bodies[shipment, at_ms]


class Split:
    """Which message comes by which door; every seventh of a broker's comes by HTTP as well."""

    def __init__(self, day: Day) -> None:
        shipments = {one.device: one.shipment for one in day.bindings}
        self.mqtt: list[Message] = []
        self.polled: list[tuple[str, Message]] = []
        self.dropped: list[Message] = []
        self.lines: list[Message] = []
        self.single: list[Message] = []
        for one in day.messages:
            number = int(shipments[one.device].removeprefix("shp-"))
            match one.format, number % 3:
                case (("chirpstack" | "packet"), _):
                    self.mqtt.append(one)
                case "tive", 0 | 1:
                    self.polled.append((shipments[one.device], one))
                case "traccar", 0:
                    self.dropped.append(one)
                case (("tive" | "traccar"), 2):
                    self.lines.append(one)
                case _:
                    self.single.append(one)
        self.single += self.mqtt[::7]


def through_doors(day: Day) -> Final:
    """Deliver a day through the doors; call it in the main thread of a process, which it serves from."""
    split, found, failures = Split(day), list[Final](), list[BaseException]()
    with tempfile.TemporaryDirectory(prefix="doseway-doors-") as name, serving(DayTive(split.polled)) as tive:
        folder, broker = Path(name), Mosquitto(Path(name))
        broker.start()
        delivery = Delivery(folder, day, doors=_settings(folder, broker, tive, split))
        with delivery.opened() as tower:
            delivery.prepare(tower)
            delivery.bind(tower)
            delivery.clock.move(day.end_ms)
            doors = make_doors(delivery.settings, tower.admit, tower.admit.lot, delivery.clock)

            def act(url: str) -> None:
                try:
                    _send(url, split, delivery, broker, doors)
                    delivery.end(tower)
                    found.append(final(tower))
                except BaseException as error:  # noqa: BLE001 - it is raised in the main thread
                    failures.append(error)
                os.kill(os.getpid(), signal.SIGTERM)

            with running([lambda: run_doors(doors)], failures.append):
                _serve(delivery, tower, lambda url: threading.Thread(target=act, args=(url,)).start())
        broker.stop()
    if failures:
        raise failures[0]
    return found[0]


def _serve(delivery: Delivery, tower: Tower, on_ready: Callable[[str], None]) -> None:
    mounts = doors_of(delivery.settings, tower, delivery.clock, is_open=True)
    board = seen(delivery.settings, tower)
    serve_tower(board, delivery.settings, mounts=mounts, clock=delivery.clock, is_demo=True, on_ready=on_ready)


def _settings(folder: Path, broker: Mosquitto, tive: FakeTive, split: Split) -> DoorSettings:
    (folder / "secret").write_text(SECRET)
    for name in ("loggers", "reefers"):
        (folder / name).mkdir()
    routes = [
        MqttRoute(topic="application/+/device/+/event/up", format="chirpstack"),
        MqttRoute(topic="devices/+/packet", format="packet"),
    ]
    account = TiveSettings(
        name="acme",
        client_id="us",
        client_secret_file=folder / "secret",
        account_id="478",
        shipments=sorted({shipment for shipment, _ in split.polled}),
        url=tive.url,
        every_s=1,
        window_s=6 * 3600,
        first_back_s=2 * DAY_MS // SECOND_MS,
        pause_s=0,
    )
    return DoorSettings(
        mqtt=(MqttSettings(name="site", host="127.0.0.1", port=broker.port, routes=routes),),
        tive=(account,),
        folder=(
            FolderSettings(name="loggers", path=folder / "loggers", every_s=0.1, settle_s=0),
            FolderSettings(name="reefers", path=folder / "reefers", format="traccar", every_s=0.1, settle_s=0),
        ),
    )


def _send(url: str, split: Split, delivery: Delivery, broker: Mosquitto, doors: Sequence[OpenDoor]) -> None:
    by_name = {one.name: one.door for one in doors}
    mqtt, poller = by_name["mqtt:site"], by_name["tive:acme"]
    loggers, reefers = by_name["folder:loggers"], by_name["folder:reefers"]
    assert isinstance(mqtt, MqttDoor)
    assert isinstance(poller, TivePoller)
    assert isinstance(loggers, FolderDoor)
    assert isinstance(reefers, FolderDoor)
    files = [one for one in as_uploads(split.dropped) if isinstance(one, Message)]
    for one in files:
        _drop(delivery.settings.doors.folder[1].path / f"{one.device}.json", one.body)
    for handed in delivery.day.handed:
        _drop(delivery.settings.doors.folder[0].path / handed.name, delivery.file(handed).read_bytes())
    _post(url, [*split.single, *(one for one in as_uploads(split.lines) if isinstance(one, Message))])
    published = asyncio.run(_publish(broker, split.mqtt, mqtt))
    _until(lambda: mqtt.admitted >= published)
    _until(lambda: loggers.admitted == len(delivery.day.handed) and reefers.admitted == len(files))
    _until(lambda: poller.rounds > 0)
    assert (loggers.rejected, reefers.rejected) == (0, 0)


def _drop(path: Path, body: bytes) -> None:
    """Put a file into a watched folder as copying programs do: under a name that is left alone, then renamed."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(body)
    unfinished.rename(path)


def _post(url: str, messages: Sequence[Message]) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE_S)
    for one in messages:
        connection.request("POST", f"/ingest/{one.format}", one.body)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status in _TAKEN, (one.device, answer.status, told)
    connection.close()


async def _publish(broker: Mosquitto, messages: Sequence[Message], door: MqttDoor) -> int:
    """Publish; the first again and again until the door has it: then the broker knows of its subscription.

    Returns:
        How many messages the door will have admitted at least.
    """
    publisher = Publisher(broker.port)
    async with asyncio.timeout(_PATIENCE_S):
        while not door.admitted:
            await publisher.publish(messages[0].name, [messages[0].body])
            await asyncio.sleep(0.2)
    by_topic: dict[str, list[bytes]] = {}
    for one in messages:
        by_topic.setdefault(one.name, []).append(one.body)
    for topic, bodies in by_topic.items():
        await publisher.publish(topic, bodies)
    return 1 + len(messages)


def _until(is_done: Callable[[], bool]) -> None:
    for _ in range(_PATIENCE_S * 20):
        if is_done():
            return
        time.sleep(0.05)
    raise AssertionError("a door did not take everything in time")
