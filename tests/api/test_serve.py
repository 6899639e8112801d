"""Starting and stopping the server: loopback, a free port, a taken port, requests under way."""

import http.client
import os
import signal
import socket
import time
from urllib.parse import urlsplit

import pytest
from tests.api.asgi_kit import running

from doseway.api.serve import serve
from doseway.model.errors import Unavailable

SLOW = """
import asyncio
from doseway.api.asgi import Response, application
from doseway.api.serve import serve
async def handle(request):
    await asyncio.sleep(0.5)
    return Response(200, b"done")
serve(application(handle), on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_before_the_server_ends(number: signal.Signals) -> None:
    with running(SLOW) as process:
        connection = http.client.HTTPConnection(urlsplit(process.url).netloc, timeout=10)
        connection.request("GET", "/")
        time.sleep(0.2)
        os.kill(process.popen.pid, number)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"done")
        connection.close()
        output, errors = process.popen.communicate(timeout=20)
        assert (process.popen.returncode, output, errors) == (0, "stopped\n", "")


def test_a_port_that_is_taken_is_said_and_not_shared() -> None:
    with running(SLOW) as process:
        port = urlsplit(process.url).port
        assert port is not None
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port} cannot be listened at"):
            serve(never, port=port)


async def never(*_: object) -> None:
    raise AssertionError("no request can come")


def test_an_address_that_is_not_this_machines_is_said() -> None:
    with pytest.raises(Unavailable, match="cannot be listened at"):
        serve(never, host="192.0.2.1", port=1)


def test_by_default_only_this_machine_can_connect() -> None:
    with running(SLOW) as process:
        assert process.url.startswith("http://127.0.0.1:")
        port = urlsplit(process.url).port
        others = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in (address for address in others if not address.startswith("127.")):
            with socket.socket() as probe:
                probe.settimeout(2)
                assert probe.connect_ex((address, port)) != 0


CRASHING = """
from doseway.api.asgi import application
from doseway.api.serve import serve
async def handle(request):
    raise RuntimeError("this must not vanish")
serve(application(handle), on_ready=lambda url: print(url, flush=True))
"""


def test_a_failure_is_answered_and_its_reason_reaches_standard_error() -> None:
    with running(CRASHING) as process:
        connection = http.client.HTTPConnection(urlsplit(process.url).netloc, timeout=10)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, b"vanish" in response.read()) == (500, False)
        connection.close()
        code, errors = process.end()
        assert code == 0
        assert "this must not vanish" in errors


UNHEARD = """
from doseway.api.asgi import application
from doseway.api.serve import serve
def on_ready(url):
    print(url, flush=True)
    raise OSError("nobody listens to me")
serve(application(None), on_ready=on_ready)
"""


def test_a_server_that_cannot_say_where_it_is_ends_with_the_reason() -> None:
    with running(UNHEARD) as process:
        _, errors = process.popen.communicate(timeout=20)
        assert process.popen.returncode == 1
        assert "OSError: nobody listens to me" in errors
