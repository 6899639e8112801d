"""Start Granian with one worker, in this process, and stop it gracefully.

One process has one memory of what it witnesses and one log to read; a supervisor that kills it kills all of it. By
default nothing but this machine can reach it.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from typing import Final

from doseway.api.asgi import Application
from doseway.model.errors import Unavailable

LOOPBACK: Final = "127.0.0.1"
MOST_CONNECTIONS: Final = 4_096
"""Connections that are held at once, pages that follow live among them; further ones wait in the kernel's queue."""
HEAD_TIMEOUT_S: Final = 20.0
"""A connection whose next request has not come with all its headers by then is closed."""


def serve(
    app: Application,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests that were taken are answered first. Call it from the main thread.

    Args:
        app: the application.
        host: the address to listen at; anything but loopback is reachable by others.
        port: 0 picks a free one.
        on_ready: called with the URL once requests are answered.

    Raises:
        Unavailable: the address cannot be listened at.
    """
    asyncio.run(_serve(app, host, _claim(host, port), on_ready))


def _claim(host: str, port: int) -> int:
    """Choose the port, and notice one that is taken: Granian would share it with the other process in silence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without this a port whose last connections are still closing would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise Unavailable(
                f"{host}:{port} cannot be listened at: {error.strerror}",
                hint="Choose another port, or stop the program that has it.",
            ) from error
        return int(probe.getsockname()[1])


async def _serve(app: Application, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - 0.1 s that only a server should pay
    from granian.http import HTTP1Settings  # noqa: PLC0415 - as above
    from granian.server.embed import Server  # noqa: PLC0415 - as above

    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=MOST_CONNECTIONS,
        backlog=1_024,
        http1_settings=HTTP1Settings(header_read_timeout=round(HEAD_TIMEOUT_S * 1_000)),
        log_enabled=False,
    )
    stop: Callable[[], None] = server.stop
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on the loop; there Ctrl-C ends the process by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop)
    announcing = asyncio.create_task(_announce(host, port, on_ready))
    # Whoever cannot be told that the server runs cannot use it: what `on_ready` raises ends it, and is raised below.
    announcing.add_done_callback(lambda task: None if task.cancelled() or not task.exception() else stop())
    try:
        await server.serve()
    finally:
        announcing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await announcing


async def _announce(host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Wait until a connection is taken, then say so."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        await writer.wait_closed()
        on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        return
