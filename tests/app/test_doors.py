"""Doors from settings: made together, run together, and one that fails for good ends them."""

import asyncio
from pathlib import Path

import pytest
from tests.api.ingest_kit import FixedClock, MemoryAdmit

from doseway.app.doors import OpenDoor, make_doors, run_doors
from doseway.app.settings import load_settings
from doseway.model.errors import HashMismatch, UsageError

TEXT = """
[[doors.mqtt]]
name = "site"
host = "127.0.0.1"
routes = [{ topic = "t/#", format = "tive" }]

[[doors.tive]]
name = "acme"
client_id = "us"
client_secret_file = "tive.secret"

[[doors.folder]]
name = "inbox"
path = "inbox"
every_s = 0.01
settle_s = 0
"""


def test_the_doors_of_the_settings_are_made_and_run(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text(TEXT)
    (tmp_path / "tive.secret").write_text("s")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.json").write_text("{}")
    doors = make_doors(load_settings({}, tmp_path), MemoryAdmit(), MemoryAdmit().lot, FixedClock())
    assert [one.name for one in doors] == ["mqtt:site", "tive:acme", "folder:inbox"]

    async def scenario() -> None:
        task = asyncio.create_task(run_doors(doors[2:]))
        async with asyncio.timeout(20):
            while not (tmp_path / "inbox" / "done" / "a.json").exists():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_a_door_that_fails_for_good_ends_all_of_them() -> None:
    class Damaged:
        async def run(self) -> None:
            raise HashMismatch("an entry was altered")

    class Fine:
        async def run(self) -> None:
            await asyncio.sleep(3600)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(run_doors([OpenDoor("a", Fine()), OpenDoor("b", Damaged())]))
    assert caught.group_contains(HashMismatch)


def test_wrong_settings_of_a_door_are_said_before_any_is_opened(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text('[[doors.folder]]\nname = "inbox"\npath = "none"\n')
    with pytest.raises(UsageError, match="no such folder"):
        make_doors(load_settings({}, tmp_path), MemoryAdmit(), MemoryAdmit().lot, FixedClock())
