"""Calls an ASGI application without a server, and starts real servers for the tests of the HTTP doors."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doseway.api.asgi import Application

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


def call(app: Application, method: str, path: str, **given: Any) -> Answered:
    """Send one request; see `send`."""
    return asyncio.run(send(app, method, path, **given))


async def send(
    app: Application,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    query: str = "",
    parts: int = 1,
    is_broken_off: bool = False,
    never_ends: bool = False,
) -> Answered:
    """Send one request, its body in several parts; the client may go away, or stall, before the end of it."""
    step = -(-len(body) // parts) or 1
    chunks = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    events: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) or is_broken_off or never_ends}
        for number, chunk in enumerate(chunks, start=1)
    ]
    if is_broken_off:
        events.append({"type": "http.disconnect"})
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if not events:
            await asyncio.sleep(3600)
        return events.pop(0)

    async def answer(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    await app(scope, receive, answer)
    start, *rest = sent
    names = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], names, b"".join(event["body"] for event in rest))


class Process:
    """A server in a process of its own, that printed its URL."""

    def __init__(self, script: str, *arguments: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert self.popen.stdout is not None
        self.url = self.popen.stdout.readline().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            self.popen.kill()
            raise AssertionError(self.popen.communicate()[1])

    def end(self) -> tuple[int, str]:
        """Ask it to stop, wait, and return its exit code and what it complained of."""
        self.popen.terminate()
        _, errors = self.popen.communicate(timeout=20)
        return self.popen.returncode, errors


@contextmanager
def running(script: str, *arguments: str) -> Iterator[Process]:
    process = Process(script, *arguments)
    try:
        yield process
    finally:
        process.popen.kill()
        process.popen.communicate()
