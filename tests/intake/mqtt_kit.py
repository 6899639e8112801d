"""The MQTT door of a test: its settings, and how it runs beside a broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from tests.api.ingest_kit import MemoryAdmit
from tests.intake.mosquitto_kit import Mosquitto

from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.mqtt import MqttDoor
from doseway.model.errors import HashMismatch

TOPIC = "application/{application}/device/{device}/event/up"
ROUTES = (MqttRoute(topic=TOPIC, format="chirpstack", sender="{device}"), MqttRoute(topic="t/#", format="tive"))
ONE = "application/a/device/0101/event/up"


def settings(broker: Mosquitto, **changed: object) -> MqttSettings:
    return MqttSettings(**{"name": "site", "host": "127.0.0.1", "port": broker.port, "routes": ROUTES} | changed)  # type: ignore[arg-type] # as TOML gives it


@contextlib.asynccontextmanager
async def running(door: MqttDoor) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(door.run())
    try:
        await until(lambda: door.is_connected)
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, HashMismatch):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


def payloads(first: int, count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(first, first + count)]


def bodies(admit: MemoryAdmit) -> set[bytes]:
    return {incoming.body for incoming in admit.taken}
