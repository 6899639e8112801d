"""The HTTP door killed with `kill -9` fifty times under load: every acknowledged body is in the log, and once."""

import asyncio
import contextlib
import random
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from benchmarks.log_admit import open_log
from tests.api.asgi_kit import running
from tests.api.test_ingest_faults import SCRIPT

from doseway.model.facts import PacketReceived

KILLS = 50


async def load(url: str, prefix: str, killer: threading.Timer) -> tuple[set[bytes], set[bytes]]:
    """Send until the server is gone; the killer's time begins with the first acknowledgement.

    Returns:
        What was sent, and what was acknowledged.
    """
    parts, sent, acknowledged = urlsplit(url), set[bytes](), set[bytes]()

    async def one(connection: int) -> None:
        number = 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            opened.append(writer)
            while True:
                body = f'{{"round":"{prefix}","connection":{connection},"n":{number}}}'.encode()
                number += 1
                sent.add(body)
                head = b"POST /ingest/tive HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
                writer.write(head + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(answer.lower().partition(b"content-length: ")[2].split()[0]))
                assert answer.startswith(b"HTTP/1.1 202"), answer
                if not acknowledged:
                    killer.start()
                acknowledged.add(body)

    opened: list[asyncio.StreamWriter] = []
    await asyncio.gather(*(one(connection) for connection in range(16)))
    for writer in opened:
        writer.close()
    return sent, acknowledged


@pytest.mark.slow
def test_a_server_killed_fifty_times_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    sent, acknowledged = set[bytes](), set[bytes]()
    for number in range(KILLS):
        with running(SCRIPT, str(tmp_path)) as process:
            killer = threading.Timer(chance.uniform(0.0, 0.3), process.popen.kill)
            more_sent, more_acknowledged = asyncio.run(load(process.url, str(number), killer))
            killer.join()
        sent |= more_sent
        acknowledged |= more_acknowledged
    with open_log(tmp_path) as sequencer:
        log = sequencer.log
        found = [b"".join(log.blob(one.index)) for one in log.facts(kind=PacketReceived.TYPE)]
    assert len(acknowledged) > KILLS
    assert len(found) == len(set(found))
    assert acknowledged <= set(found) <= sent
