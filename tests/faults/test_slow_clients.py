"""Hundreds of clients that drip, stall and idle: others are served, and those who drip are cut off."""

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.faults.whole_kit import WholePlace, body, running

SLOW = 220
HEAD = b"POST /ingest/traccar HTTP/1.1\r\nhost: x\r\nx-api-key: %s\r\n"
FORM = b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"


async def dripping(url: str, first: bytes, then: bytes) -> bytes:
    """Send a beginning and then a byte at a time, until the server has enough of it; return what it said."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    with contextlib.closing(writer), contextlib.suppress(OSError):
        writer.write(first)
        reading = asyncio.create_task(reader.read())
        for number in range(4_000):
            done, _ = await asyncio.wait({reading}, timeout=0.25)
            if done:
                break
            if then:
                writer.write(then[number % len(then) :][:1])
        return await reading
    return b""


async def served(url: str, key: str, count: int) -> list[int]:
    """Send messages one after the other over a new connection each, as many trackers do."""
    parts, statuses = urlsplit(url), []
    for number in range(count):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        payload = body(number)
        writer.write(HEAD % key.encode() + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(payload) + payload)
        statuses.append(int((await reader.read()).split()[1]))
        writer.close()
        await writer.wait_closed()
    return statuses


@pytest.mark.slow
def test_slow_clients_hold_up_nobody_and_are_cut_off(tmp_path: Path) -> None:
    place = WholePlace(tmp_path / "store", smtp=9, hook="http://127.0.0.1:9")
    with running(place, patience_s=15.0) as tower:

        async def scenario() -> tuple[list[int], list[bytes]]:
            head = HEAD % place.key.encode()
            kinds = (
                (head + b"x-drip: ", b"a"),  # headers without an end
                (head + b"content-length: 4000\r\n\r\n{", b" "),  # a body at the door
                (FORM + b"content-length: 4000\r\n\r\nname=", b"a"),  # a body at a page that anybody may ask for
                (b"", b""),  # a connection that says nothing
            )
            slow = [asyncio.create_task(dripping(tower.url, *kind)) for kind in kinds for _ in range(SLOW)]
            await asyncio.sleep(0.5)
            statuses = await served(tower.url, place.key, 1)
            assert not any(one.done() for one in slow), "they are still there"
            statuses += await served(tower.url, place.key, 10)
            async with asyncio.timeout(120):
                return statuses, list(await asyncio.gather(*slow))

        statuses, answers = asyncio.run(scenario())
        assert statuses == [202, 200] + [202] * 9
        assert all(one.startswith(b"HTTP/1.1 408") for one in answers[SLOW : 3 * SLOW])
        assert asyncio.run(served(tower.url, place.key, 5)) == [200] * 5
