"""More than the MQTT door can take: what waits waits at the broker, and what is lost is counted."""

import asyncio
import importlib.metadata

import pytest
from tests.api.ingest_kit import FixedClock, MemoryAdmit
from tests.intake.mosquitto_kit import Mosquitto, Publisher, needs_mosquitto
from tests.intake.mqtt_kit import ONE, bodies, payloads, running, settings, until

from doseway.intake import mqtt
from doseway.intake.mqtt import MqttDoor
from doseway.intake.mqtt_turns import Delivery
from doseway.model.errors import Pushback

pytestmark = [needs_mosquitto, pytest.mark.usefixtures("impatient")]


@pytest.mark.parametrize("qos", [0, 1])
def test_more_than_can_wait_waits_at_the_broker(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, qos: int) -> None:
    """QoS 0, and MQTT 3.1.1 where the broker's window is wider than ours, know no window that holds them back."""
    monkeypatch.setattr(mqtt, "_MOST_WAITING", 100)
    most = 0
    take = mqtt._Lots._take

    def watched(lots: mqtt._Lots, deliveries: list[Delivery]) -> None:
        nonlocal most
        take(lots, deliveries)
        most = max(most, len(lots._waiting))

    monkeypatch.setattr(mqtt._Lots, "_take", watched)

    async def scenario() -> None:
        admit = MemoryAdmit()
        admit.error = Pushback("full")
        sent = [b'{"n":%d,"x":"%s"}' % (number, b"x" * 4_000) for number in range(2_000)]
        door = MqttDoor(settings(broker, version="3.1.1"), admit.lot, FixedClock())
        async with running(door):
            for first in range(0, 2_000, 100):
                await Publisher(broker.port).publish(ONE, sent[first : first + 100], qos=qos)
            await until(lambda: most > 100)
            await asyncio.sleep(0.5)
            assert most < 300, "of two thousand; what one read brings may be above"
            assert door.is_connected
            admit.error = None
            await until(lambda: bodies(admit) == set(sent))
        assert (door.breaks, door.lost) == (0, 0)

    asyncio.run(scenario())


def test_what_a_broken_connection_takes_with_it_is_counted(broker: Mosquitto) -> None:
    """A message of QoS 0 that is not durable yet is lost with its connection; it is counted, others come again."""

    async def scenario() -> None:
        admit = MemoryAdmit()
        admit.error = Pushback("full")
        door = MqttDoor(settings(broker), admit.lot, FixedClock())
        async with running(door):
            await Publisher(broker.port).publish(ONE, payloads(0, 20), qos=0)
            await Publisher(broker.port).publish(ONE, payloads(20, 20))
            await broker.save()
            await asyncio.sleep(0.3)
            broker.kill()
            broker.start()
            await until(lambda: door.breaks == 1)
            admit.error = None
            await until(lambda: bodies(admit) >= set(payloads(20, 20)))
            await until(lambda: door.lost + len(bodies(admit)) == 40)
        assert door.lost == 20

    asyncio.run(scenario())


def test_the_private_parts_of_the_client_that_are_used_are_those_of_a_known_version() -> None:
    """`mqtt_turns` takes PUBLISH before gmqtt does, and holds its socket: look at it again with each new version."""
    assert importlib.metadata.version("gmqtt") == "0.8.0"
