"""A real Mosquitto on a free port in a temporary folder, that can be killed and started again."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gmqtt import Client

BINARY = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
needs_mosquitto = pytest.mark.skipif(BINARY is None, reason="no mosquitto; apt-get install mosquitto")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing answers at port {port}")


class Mosquitto:
    """A broker whose memory is on disk whenever `save` has returned."""

    def __init__(self, folder: Path, *extra: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.database = folder / "mosquitto.db"
        self._config = folder / "mosquitto.conf"
        lines = (
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_interval 0",
            "max_inflight_messages 1000",
            "max_queued_messages 100000",
            "log_type none",
            *([] if any("password_file" in line for line in extra) else ["allow_anonymous true"]),
            *extra,
        )
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert BINARY is not None
        # As root it would change to a user that cannot read the folder.
        command = [BINARY, "-c", str(self._config)]
        with self._config.open("a") as config:
            config.write("user root\n" if os.geteuid() == 0 and self._process is None else "")
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def kill(self) -> None:
        """As a power cut: nothing is saved any more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)

    async def save(self) -> None:
        """Have the broker write its memory down, and wait until it has."""
        assert self._process is not None
        before = self.database.stat().st_mtime_ns if self.database.exists() else 0
        self._process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(20):
            while not self.database.exists() or self.database.stat().st_mtime_ns == before:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)


class Publisher:
    """Publishes at QoS 1 and knows what the broker has taken."""

    def __init__(self, port: int, **connect: Any) -> None:
        self._port = port
        self._connect = connect
        self._client: Client | None = None

    async def publish(self, topic: str, payloads: Sequence[bytes], qos: int = 1) -> None:
        """Publish; on return the broker has acknowledged all of it."""
        client = Client(None)
        client.reconnect_retries = -2
        await client.connect("127.0.0.1", self._port, **self._connect)
        for payload in payloads:
            client.publish(topic, payload, qos=qos)
        async with asyncio.timeout(30):
            await client._persistent_storage.wait_empty()
        await client.disconnect()

    async def try_to_publish(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Publish to a broker that may die meanwhile."""
        try:
            async with asyncio.timeout(2):
                await self.publish(topic, payloads)
        except (OSError, TimeoutError):
            return
