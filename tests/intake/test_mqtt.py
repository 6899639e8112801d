"""The MQTT door against a real Mosquitto: acknowledged after the commit, and nothing lost over kills of either side."""

import asyncio
import contextlib
import datetime as dt
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv311
from tests.api.ingest_kit import FixedClock, MemoryAdmit
from tests.intake.mosquitto_kit import Mosquitto, Publisher, free_port, needs_mosquitto, wait_for_port
from tests.intake.mqtt_kit import ONE, ROUTES, bodies, payloads, running, settings, until

from doseway.intake.door import Incoming, Outcome
from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.mqtt import MqttDoor
from doseway.model.errors import DataError, HashMismatch, Pushback, Unavailable, UsageError

pytestmark = [needs_mosquitto, pytest.mark.usefixtures("impatient")]


def test_messages_are_routed_by_topic_and_sender(broker: Mosquitto) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        async with running(MqttDoor(settings(broker), admit.lot, FixedClock())):
            await Publisher(broker.port).publish(ONE, [b"{}"])
            await Publisher(broker.port).publish("t/x/y", [b"[]"], qos=0)
            await until(lambda: len(admit.taken) == 2)
        first, second = sorted(admit.taken, key=lambda incoming: incoming.format)
        assert (first.door, first.format, first.by, first.name) == ("mqtt", "chirpstack", "mqtt:0101", ONE)
        assert (second.format, second.by, second.name, second.body) == ("tive", "mqtt:site", "t/x/y", b"[]")

    asyncio.run(scenario())


def test_what_is_not_durable_is_not_acknowledged_and_comes_again(broker: Mosquitto) -> None:
    """A door that dies before the commit has acknowledged nothing: the next one gets all of it."""

    async def scenario() -> None:
        stuck = MemoryAdmit()
        stuck.is_stuck = True
        async with running(MqttDoor(settings(broker), stuck.lot, FixedClock())):
            await Publisher(broker.port).publish(ONE, payloads(0, 20))
            await asyncio.sleep(0.2)
        assert not stuck.taken
        admit = MemoryAdmit()
        async with running(MqttDoor(settings(broker), admit.lot, FixedClock())):
            await until(lambda: len(bodies(admit)) == 20)
        async with running(MqttDoor(settings(broker), (again := MemoryAdmit()).lot, FixedClock())):
            await Publisher(broker.port).publish(ONE, [b"last"])
            await until(lambda: b"last" in bodies(again))
        assert bodies(again) == {b"last"}

    asyncio.run(scenario())


def test_messages_are_kept_by_the_broker_while_the_door_is_away(broker: Mosquitto) -> None:
    async def scenario() -> None:
        async with running(MqttDoor(settings(broker), MemoryAdmit().lot, FixedClock())):
            pass
        await Publisher(broker.port).publish(ONE, payloads(0, 30))
        admit = MemoryAdmit()
        async with running(MqttDoor(settings(broker), admit.lot, FixedClock())) as _:
            await until(lambda: bodies(admit) == set(payloads(0, 30)))

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [Pushback("full"), Unavailable("the disk is full")])
def test_a_full_log_holds_the_broker_back_and_goes_over_by_itself(broker: Mosquitto, error: Unavailable) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        calls: list[Incoming] = []

        def counted(lot: Sequence[Incoming], /) -> Future[list[Outcome]]:
            calls.extend(lot)
            return admit.lot(lot)

        admit.error = error
        async with running(MqttDoor(settings(broker, receive_maximum=5), counted, FixedClock())):
            await Publisher(broker.port).publish(ONE, payloads(0, 50))
            await until(lambda: len(calls) > 20)
            # no more than what may be unacknowledged is asked for, over and over
            assert len({incoming.body for incoming in calls}) == 5
            admit.error = None
            await until(lambda: bodies(admit) == set(payloads(0, 50)))
        assert len(admit.taken) == 50

    asyncio.run(scenario())


def test_what_a_broker_delivers_together_is_one_lot_and_each_of_it_is_acknowledged(broker: Mosquitto) -> None:
    async def scenario() -> None:
        async with running(MqttDoor(settings(broker), MemoryAdmit().lot, FixedClock())):
            pass
        await Publisher(broker.port).publish(ONE, payloads(0, 500))
        admit = MemoryAdmit()
        # no more than 50 are sent without an acknowledgement of those before
        door = MqttDoor(settings(broker, receive_maximum=50), admit.lot, FixedClock())
        async with running(door):
            await until(lambda: door.admitted == 500)
        assert bodies(admit) == set(payloads(0, 500))
        assert len(admit.lots) < 250
        assert max(admit.lots) > 1

    asyncio.run(scenario())


@pytest.mark.parametrize(("version", "maximum"), [("5", 1), ("5", 1_000), ("3.1.1", 1_000)])
def test_a_message_that_can_never_be_kept_does_not_stop_the_others(
    broker: Mosquitto, version: str, maximum: int
) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        too_much = DataError("a fact of 70000 bytes does not fit")
        admit.choosy = lambda incoming: too_much if incoming.body == b"too much" else None
        door = MqttDoor(settings(broker, version=version, receive_maximum=maximum), admit.lot, FixedClock())
        async with running(door):
            await Publisher(broker.port).publish(ONE, [b"fine", b"too much", *payloads(0, 20), b"fine"])
            await until(lambda: bodies(admit) == {b"fine", *payloads(0, 20)})
            await until(lambda: door.admitted == 22)

    asyncio.run(scenario())


def test_a_damaged_log_ends_the_door_with_its_error(broker: Mosquitto) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        admit.late = HashMismatch("an entry was altered")
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        door = MqttDoor(settings(broker), admit.lot, FixedClock())
        async with running(door) as task:
            await Publisher(broker.port).publish(ONE, [b"{}"])
            with pytest.raises(HashMismatch):
                await asyncio.wait_for(asyncio.shield(task), 20)
        assert door.admitted == 0

    asyncio.run(scenario())


def test_a_broker_killed_and_restarted_mid_stream_loses_nothing(broker: Mosquitto) -> None:
    """`kill -9` of the broker while messages flow; whatever it had taken and saved arrives, equal bytes once."""

    async def scenario() -> None:
        admit = MemoryAdmit()
        door = MqttDoor(settings(broker), admit.lot, FixedClock())
        published: set[bytes] = set()
        async with running(door):
            await broker.save()
            for batch in range(8):
                sent = payloads(batch * 100, 100)
                if batch % 2:
                    # the devices see their connection break, and send again what the broker may not have saved
                    publishing = asyncio.create_task(Publisher(broker.port).try_to_publish(ONE, sent))
                    await asyncio.sleep(0.01 * batch)
                    broker.kill()
                    await publishing
                    broker.start()
                await Publisher(broker.port).publish(ONE, sent)
                published |= set(sent)
                await broker.save()
            await until(lambda: bodies(admit) == published)
            await until(lambda: door.is_connected)
        assert len(published) == 800
        assert len(admit.packets) == 800
        assert door.sessions_lost == 0

    asyncio.run(scenario())


def test_a_session_that_the_broker_has_forgotten_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        broker = Mosquitto(tmp_path)
        broker.start()
        door = MqttDoor(settings(broker), MemoryAdmit().lot, FixedClock())
        async with running(door):
            broker.kill()
            broker.database.unlink(missing_ok=True)
            broker.start()
            await until(lambda: door.sessions_lost == 1)
        broker.stop()
        assert "has forgotten our session" in caplog.text

    asyncio.run(scenario())


def test_the_will_says_when_the_door_is_gone(broker: Mosquitto) -> None:
    async def scenario() -> None:
        heard: list[bytes] = []

        async def hear(*given: object) -> int:
            payload = given[2]
            assert isinstance(payload, bytes)
            heard.append(payload)
            return 0

        ear = Client("ear")
        ear.on_message = hear
        await ear.connect("127.0.0.1", broker.port)
        ear.subscribe("doseway/status", qos=1)
        async with running(MqttDoor(settings(broker, will_topic="doseway/status"), MemoryAdmit().lot, FixedClock())):
            await until(lambda: heard == [b"online"])
        await until(lambda: heard == [b"online", b"offline"])
        await ear.disconnect()

    asyncio.run(scenario())


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


def test_tls_is_checked_and_a_stranger_is_not_spoken_to(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, key = certificate(tmp_path)
    other, _ = certificate(tmp_path / "other")
    broker = Mosquitto(tmp_path, f"certfile {cert}", f"keyfile {key}")
    broker.start()

    async def scenario() -> None:
        tls = {"host": "localhost", "tls": True}
        door = MqttDoor(settings(broker, ca_file=cert, **tls), MemoryAdmit().lot, FixedClock())
        async with running(door):
            assert door.is_connected
        stranger = MqttDoor(settings(broker, ca_file=other, **tls), MemoryAdmit().lot, FixedClock())
        task = asyncio.create_task(stranger.run())
        await asyncio.sleep(0.3)
        assert not stranger.is_connected
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    broker.stop()


def test_the_older_protocol_works_too(broker: Mosquitto) -> None:
    async def scenario() -> None:
        admit = MemoryAdmit()
        async with running(MqttDoor(settings(broker, version="3.1.1"), admit.lot, FixedClock())):
            await Publisher(broker.port).publish(ONE, payloads(0, 5))
            await until(lambda: len(admit.taken) == 5)

    asyncio.run(scenario())


@contextlib.contextmanager
def nats(folder: Path) -> Iterator[int]:
    """NATS's own MQTT listener on a free port; its memory is JetStream's."""
    binary, port = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin"), free_port()
    if binary is None:
        pytest.skip("no nats-server; apt-get install nats-server")
    lines = (f"port: {free_port()}", "host: 127.0.0.1", "server_name: test", f'jetstream {{ store_dir: "{folder}" }}')
    config = folder / "nats.conf"
    config.write_text("\n".join((*lines, f"mqtt {{ host: 127.0.0.1, port: {port} }}")) + "\n")
    process = subprocess.Popen([binary, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def test_nats_keeps_messages_for_the_door_too(tmp_path: Path) -> None:
    async def scenario(port: int) -> None:
        values = {"name": "nats", "host": "127.0.0.1", "port": port, "version": "3.1.1", "routes": ROUTES}
        nats_settings = MqttSettings(**values)  # type: ignore[arg-type] # as TOML gives it
        async with running(MqttDoor(nats_settings, MemoryAdmit().lot, FixedClock())):
            await asyncio.sleep(0.3)
        await Publisher(port, version=MQTTv311).publish(ONE, payloads(0, 30))
        admit = MemoryAdmit()
        async with running(MqttDoor(nats_settings, admit.lot, FixedClock())):
            await until(lambda: bodies(admit) == set(payloads(0, 30)))

    with nats(tmp_path) as port:
        asyncio.run(scenario(port))


@pytest.mark.parametrize(
    "changed",
    [
        {"routes": [MqttRoute(topic="a/#/b", format="tive")]},
        {"routes": [MqttRoute(topic="a/{b}", format="tive", sender="{c}")]},
        {"routes": [MqttRoute(topic="a/{b}", format="tive", sender="{b")]},
        {"tls": True, "ca_file": Path("/none.pem")},
        {"password_file": Path("/none")},
    ],
)
def test_wrong_settings_are_said_at_once(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises((UsageError, Unavailable)):
        MqttDoor(settings(Mosquitto(tmp_path), **changed), MemoryAdmit().lot, FixedClock())
