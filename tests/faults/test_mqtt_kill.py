"""The MQTT door killed with `kill -9` while a real broker sends: what the broker took is in the log, once."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from benchmarks.log_admit import open_log
from tests.intake.mosquitto_kit import Mosquitto, Publisher, needs_mosquitto

from doseway.model.facts import PacketReceived

SCRIPT = """
import asyncio, sys
from pathlib import Path
from benchmarks.log_admit import LogAdmit, open_log
from doseway.app.logbook import SystemClock
from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.mqtt import MqttDoor
from doseway.ledger.pool import PoolSettings
routes = [MqttRoute(topic="t/#", format="tive")]
settings = MqttSettings(name="site", host="127.0.0.1", port=int(sys.argv[2]), routes=routes)
with open_log(Path(sys.argv[1]), PoolSettings(linger_ms=5)) as sequencer:
    asyncio.run(MqttDoor(settings, LogAdmit(sequencer), SystemClock()).run())
"""


@pytest.mark.slow
@needs_mosquitto
def test_a_door_killed_eight_times_loses_and_repeats_nothing(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    (tmp_path / "log").mkdir()
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / "log"), str(broker.port)]

    process = subprocess.Popen(arguments)
    time.sleep(1.5)  # until it has subscribed, the broker keeps nothing for it
    for batch in range(8):
        sent = [b'{"batch":%d,"n":%d}' % (batch, number) for number in range(250)]
        killer = threading.Timer(0.03 * batch, process.kill)
        killer.start()
        asyncio.run(Publisher(broker.port).publish("t/x", sent))
        killer.join()
        process.wait()
        process = subprocess.Popen(arguments)
        time.sleep(0.6)
    time.sleep(3)
    process.kill()
    process.wait()
    broker.stop()
    with open_log(tmp_path / "log") as sequencer:
        log = sequencer.log
        found = [b"".join(log.blob(one.index)) for one in log.facts(kind=PacketReceived.TYPE)]
    assert len(found) == len(set(found)) == 2000
