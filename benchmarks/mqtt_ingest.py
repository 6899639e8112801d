"""MQTT QoS 1 into the log against an aiomqtt loop that decodes, and against a client that only counts.

A real Mosquitto holds the messages of a session that was away; the clock runs from the first message to the last one.
Ours decodes the JSON, and acknowledges each message after its bytes are durable in the log. aiomqtt, which most Python
bridges use, decodes the JSON and keeps nothing; it acknowledges on receipt. The bare client is gmqtt as it comes: it
acknowledges on receipt and counts. Each runs in a process of its own, warmed up by one message; the ratio is of
messages a CPU second of that process, and of messages a second of the wall.
"""

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.http_ingest import payload
from benchmarks.row import Row, row

MESSAGES = 20_000
ROUNDS = 5
WINDOW = 500
TOPIC = b"t/device"
HERE = Path(__file__).parents[1]
BINARY = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))

# Each script gets port, client id, how many messages (0: subscribe and go away) and folder; it prints [wall, CPU] s.
OURS = """
import asyncio, json, sys, time
from pathlib import Path
import msgspec
from benchmarks.log_admit import LogAdmit, open_log
from doseway.app.logbook import SystemClock
from doseway.intake.door import Incoming
from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.mqtt import MqttDoor
from doseway.ledger.pool import PoolSettings
port, name, count, folder = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
settings = MqttSettings(name="b", host="127.0.0.1", port=port, client_id=name,
    routes=[MqttRoute(topic="t/#", format="tive")])

async def main(admit):
    start = []
    def timed(lot):
        if not start:
            start.append((time.perf_counter(), time.process_time()))
        for one in lot:
            msgspec.json.decode(one.body)
        return admit(lot)
    door = MqttDoor(settings, timed, SystemClock())
    task = asyncio.create_task(door.run())
    while not door.is_connected or door.admitted < count:
        await asyncio.sleep(0.005)
    if count:
        print(json.dumps([time.perf_counter() - start[0][0], time.process_time() - start[0][1]]))
    await asyncio.sleep(0.2)
    task.cancel()

with open_log(folder, PoolSettings(linger_ms=5)) as sequencer:
    admit = LogAdmit(sequencer)
    admit([Incoming(door="mqtt", format="tive", body=b"{}", by="b", received_at_ms=0)]).result()
    asyncio.run(main(admit))
"""

BARE = """
import asyncio, json, sys, time
from gmqtt import Client
port, name, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    client = Client(name, clean_session=False, session_expiry_interval=3600, receive_maximum=1000)
    done, seen, start = asyncio.Event(), 0, []
    def on_message(_, topic, payload, qos, properties):
        nonlocal seen
        if not start:
            start.append((time.perf_counter(), time.process_time()))
        seen += 1
        if seen == count:
            done.set()
    client.on_message = on_message
    await client.connect("127.0.0.1", port)
    client.subscribe("t/#", qos=1)
    if count:
        await done.wait()
        print(json.dumps([time.perf_counter() - start[0][0], time.process_time() - start[0][1]]))
    await asyncio.sleep(0.2)
    await client.disconnect()

asyncio.run(main())
"""

AIOMQTT = """
import asyncio, json, sys, time
import aiomqtt, msgspec
port, name, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False) as client:
        await client.subscribe("t/#", qos=1)
        seen = 0
        if count:
            async for message in client.messages:
                if not seen:
                    start = time.perf_counter(), time.process_time()
                msgspec.json.decode(message.payload)
                seen += 1
                if seen == count:
                    break
            print(json.dumps([time.perf_counter() - start[0], time.process_time() - start[1]]))
        await asyncio.sleep(0.2)

asyncio.run(main())
"""


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Run Mosquitto without a disk of its own; give its port."""
    assert BINARY is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "max_queued_messages 0",
        "max_inflight_messages 1000",
    )
    (folder / "mosquitto.conf").write_text("\n".join((*lines, "log_type none")) + "\n")
    process = subprocess.Popen([BINARY, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def publish(port: int, count: int, first: int) -> None:
    """Publish at QoS 1 by bare MQTT 3.1.1, and return when the broker has acknowledged all of it."""

    async def run() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03pub")
        await reader.readexactly(4)
        acknowledged = 0
        for number in range(count):
            body = (
                struct.pack("!H", len(TOPIC)) + TOPIC + struct.pack("!H", number % 65_535 + 1) + payload(first + number)
            )
            writer.write(b"\x32" + bytes([len(body) % 128 | 128, len(body) // 128]) + body)
            if number - acknowledged >= WINDOW:
                await reader.readexactly(4)
                acknowledged += 1
        await reader.readexactly(4 * (count - acknowledged))
        writer.close()

    asyncio.run(run())


def consume(script: str, port: int, name: str, count: int, folder: Path) -> list[float]:
    """Run a consumer; return wall and CPU seconds from its first message to its last."""
    command = [sys.executable, "-c", script, str(port), name, str(count), str(folder)]
    output = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True).stdout
    return list(json.loads(output)) if output else []


def run() -> list[Row]:
    """Return messages a CPU second of each; medians of interleaved rounds."""
    if BINARY is None:
        return []
    scripts = {"ours": OURS, "bare": BARE}
    if importlib.util.find_spec("aiomqtt") is not None:
        scripts["aiomqtt"] = AIOMQTT
    found: dict[str, list[list[float]]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            for name, script in scripts.items():
                with broker(Path(folder)) as port:
                    consume(script, port, name, 0, Path(folder))
                    publish(port, MESSAGES, number * MESSAGES)
                    found[name].append(consume(script, port, name, MESSAGES, Path(folder)))
    cpu = {name: round(MESSAGES / statistics.median(one[1] for one in times)) for name, times in found.items()}
    wall = {name: round(MESSAGES / statistics.median(one[0] for one in times)) for name, times in found.items()}
    peers = {
        "aiomqtt": "aiomqtt loop that decodes, without durability",
        "bare": "bare gmqtt that acknowledges on receipt and counts",
    }
    rows: list[Row] = []
    for name in [name for name in peers if name in scripts]:
        rows.append(row(f"mqtt_qos1_vs_{name}", cpu["ours"], "messages/CPU-s durable", peers[name], cpu[name]))
        rows.append(row(f"mqtt_qos1_vs_{name}_wall", wall["ours"], "messages/s durable", peers[name], wall[name]))
    return rows
