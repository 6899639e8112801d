"""The ingest door on a real server: slow, broken, huge and many senders; a full log; the same bytes at once."""

import asyncio
import contextlib
import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.api.asgi_kit import Process, running

SCRIPT = """
import sys
from pathlib import Path
from benchmarks.log_admit import LogAdmit, open_log
from doseway.api import asgi
from doseway.api.ingest import IngestLimits, ingest_app
from doseway.api.serve import serve
from doseway.app.logbook import SystemClock
from doseway.ledger.pool import PoolSettings
from doseway.model.errors import Unavailable
asgi.BODY_TIMEOUT_S = 1.0
folder = Path(sys.argv[1])
sequencer = open_log(folder, PoolSettings(linger_ms=5))
log = LogAdmit(sequencer)

def admit(lot):
    if (folder / "full").exists():
        raise Unavailable("the disk is full")
    return log(lot)

app = ingest_app(admit, {"tive"}, SystemClock(), keys=None, limits=IngestLimits(max_bytes=1 << 20))
serve(app, on_ready=lambda url: print(url, flush=True))
sequencer.close()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    with running(SCRIPT, str(tmp_path)) as process:
        yield process
        assert process.popen.poll() is None


def connect(process: Process) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(process.url).netloc, timeout=30)


def post(connection: http.client.HTTPConnection, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/ingest/tive", body=body, headers=named)
    response = connection.getresponse()
    document: dict[str, object] = json.loads(response.read())
    return response.status, document


def test_a_message_is_there_after_the_answer_even_when_the_server_is_killed(tmp_path: Path) -> None:
    with running(SCRIPT, str(tmp_path)) as process, contextlib.closing(connect(process)) as connection:
        first = [post(connection, b'{"n":%d}' % number) for number in range(3)]
        assert [status for status, _ in first] == [202, 202, 202]
        process.popen.kill()
    with running(SCRIPT, str(tmp_path)) as process, contextlib.closing(connect(process)) as connection:
        again = [post(connection, b'{"n":%d}' % number) for number in range(3)]
    assert [status for status, _ in again] == [200, 200, 200]
    assert [document["packet"] for _, document in again] == [document["packet"] for _, document in first]


async def send(url: str, body: bytes, count: int) -> list[tuple[int, int]]:
    """Send one body over many connections at the same time; return status and packet of each."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    head = f"POST /ingest/tive HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def one() -> tuple[int, int]:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(head + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split()[1]), json.loads(answer.rpartition(b"\r\n")[2])["packet"]

    return list(await asyncio.gather(*(one() for _ in range(count))))


def test_the_same_bytes_at_once_are_one_packet(server: Process) -> None:
    answers = asyncio.run(send(server.url, b'{"same":1}', 40))
    assert sorted(status for status, _ in answers) == [200] * 39 + [202]
    assert len({packet for _, packet in answers}) == 1


def test_a_client_that_drips_is_cut_off_while_others_are_served(server: Process) -> None:
    parts = urlsplit(server.url)
    assert parts.port is not None
    with socket.create_connection(("127.0.0.1", parts.port), timeout=20) as slow:
        slow.sendall(b"POST /ingest/tive HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        with contextlib.closing(connect(server)) as connection:
            assert post(connection, b'{"fast":1}')[0] == 202
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_body_that_breaks_off_leaves_nothing(server: Process) -> None:
    parts = urlsplit(server.url)
    assert parts.port is not None
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", parts.port), timeout=20) as broken:
            broken.sendall(b"POST /ingest/tive HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    with contextlib.closing(connect(server)) as connection:
        assert post(connection, b'{"after":1}') == (202, {"packet": 1, "is_duplicate": False, "readings": 1})


def resident_mib(process: Process) -> int:
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_gibibyte_is_refused_at_the_cap_without_growth(server: Process, is_chunked: bool) -> None:
    parts, size = urlsplit(server.url), 1 << 30
    assert parts.port is not None
    with contextlib.closing(connect(server)) as connection:
        post(connection, b"{}")
    before = resident_mib(server)
    sent, block = 0, b"8000\r\n" + bytes(0x8000) + b"\r\n" if is_chunked else bytes(0x8000)
    framing = b"transfer-encoding: chunked" if is_chunked else b"content-length: %d" % size
    answer = b""
    with socket.create_connection(("127.0.0.1", parts.port), timeout=20) as client:
        client.sendall(b"POST /ingest/tive HTTP/1.1\r\nhost: x\r\n" + framing + b"\r\n\r\n")
        client.settimeout(0.2)
        with contextlib.suppress(OSError):
            while sent < size and not answer:
                client.sendall(block)
                sent += len(block)
        client.settimeout(20)
        with contextlib.suppress(OSError):
            answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert sent < 64 << 20
    assert resident_mib(server) - before < 16


def test_a_bomb_of_a_gibibyte_is_refused_without_growth(server: Process) -> None:
    bomb = gzip.compress(bytes(1 << 24), 9)
    many = bomb * 40
    with contextlib.closing(connect(server)) as connection:
        post(connection, b"{}")
        before = resident_mib(server)
        assert post(connection, many, content_encoding="gzip")[0] == 413
    assert resident_mib(server) - before < 16


def test_a_full_disk_is_answered_503_and_goes_over_by_itself(server: Process, tmp_path: Path) -> None:
    with contextlib.closing(connect(server)) as connection:
        assert post(connection, b'{"n":1}')[0] == 202
        (tmp_path / "full").touch()
        connection.request("POST", "/ingest/tive", body=b'{"n":2}')
        response = connection.getresponse()
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert json.loads(response.read())["detail"] == "the disk is full"
        (tmp_path / "full").unlink()
        assert post(connection, b'{"n":2}')[0] == 202
        assert post(connection, b'{"n":1}')[0] == 200


async def flood(url: str, devices: int, connections: int) -> list[int]:
    """Send one message of each of many unknown devices over kept connections; return the statuses."""
    parts, statuses = urlsplit(url), []
    numbers = iter(range(devices))

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number in numbers:
            body = b'{"device":"unknown-%05d"}' % number
            writer.write(b"POST /ingest/tive HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            statuses.append(int(head.split()[1]))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(connections)))
    return statuses


@pytest.mark.slow
def test_ten_thousand_unknown_devices_are_all_admitted(server: Process) -> None:
    statuses = asyncio.run(flood(server.url, 10_000, 200))
    assert statuses.count(202) == 10_000
