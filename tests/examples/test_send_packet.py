"""The reference sender, run as a user runs it: to standard output, and to a door."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from doseway.intake.cose.record import sequence_of
from doseway.intake.message_registry import by_id
from doseway.intake.port import DecodeOptions
from doseway.model.readings import Recording, SignatureStatus

SCRIPT = Path(__file__).parents[2] / "examples" / "send_packet.py"


def run(*arguments: str) -> tuple[bytes, str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    ran = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return ran.stdout, ran.stderr.decode().splitlines()[0].rpartition(" ")[2]


def decoded(body: bytes, public_key: str) -> Recording:
    (recording,) = by_id("packet").decode(body, DecodeOptions(issuers={public_key: "device:dw-example-1"}))
    return recording


def test_what_it_writes_is_genuine_and_whole() -> None:
    body, public_key = run("--count", "4")
    recording = decoded(body, public_key)
    assert recording.signature.status is SignatureStatus.GENUINE
    order = [one for one in map(sequence_of, recording.notes) if one is not None]
    assert [(one.seq, one.trip_state) for one in order] == [(0, "open"), (1, ""), (2, ""), (3, "close")]
    assert (recording.readings, len(recording.fixes)) == (4, 4)


@pytest.fixture
def door() -> Iterator[tuple[str, list[bytes]]]:
    """An HTTP server that takes one body."""
    bodies: list[bytes] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the base class
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/ingest/packet", bodies
    thread.join(10)
    server.server_close()


def test_it_posts_to_a_door(door: tuple[str, list[bytes]]) -> None:
    url, bodies = door
    _, public_key = run("--url", url)
    assert decoded(bodies[0], public_key).readings == 6
