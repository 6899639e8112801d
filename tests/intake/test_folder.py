"""The watched folder: whole files once, strange files never, and restarts, crashes and full logs in between."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from tests.api.ingest_kit import FixedClock, MemoryAdmit

from doseway.intake.door import Admitted, Incoming
from doseway.intake.door_settings import FolderSettings
from doseway.intake.folder import FolderDoor
from doseway.model.errors import Pushback, UsageError


class Watched:
    """A folder with its door and a clock in hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock, self.admit = FixedClock(), MemoryAdmit()
        self.door = self.make()

    def make(self, admit: Callable[[Incoming], Future[Admitted]] | None = None, **changed: object) -> FolderDoor:
        values = {"name": "inbox", "path": self.folder, "format": "tive", "max_bytes": 1_000} | changed
        settings = FolderSettings(**values)  # type: ignore[arg-type] # as TOML gives it
        return FolderDoor(settings, admit or self.admit, self.clock)

    def look(self, door: FolderDoor | None = None, *, after_s: float = 4.0) -> None:
        self.clock.now += round(after_s * 1000)
        asyncio.run((door or self.door).look())

    def drop(self, name: str, body: bytes = b"{}") -> Path:
        path = self.folder / name
        path.write_bytes(body)
        return path

    def files(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir())
        return sorted(str(path.relative_to(self.folder)) for path in found)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_is_admitted_once_it_has_settled_and_then_moved(watched: Watched) -> None:
    watched.drop("a.json", b'{"a":1}')
    watched.look()
    assert watched.files() == ["a.json"]
    watched.look(after_s=3.9)
    assert watched.files() == ["a.json"]
    watched.look(after_s=0.1)
    assert watched.files() == ["done/a.json"]
    watched.look()
    (incoming,) = watched.admit.taken
    assert (incoming.door, incoming.format, incoming.name) == ("folder", "tive", "a.json")
    assert (incoming.by, incoming.body, incoming.received_at_ms) == (
        "folder:inbox",
        b'{"a":1}',
        watched.clock.now - 4000,
    )


def test_a_file_that_grows_is_waited_for(watched: Watched) -> None:
    path = watched.drop("a.json", b"[")
    for part in (b"1", b",2", b"]"):
        watched.look()
        with path.open("ab") as file:
            file.write(part)
    watched.look()
    assert not watched.admit.taken
    watched.look()
    assert [incoming.body for incoming in watched.admit.taken] == [b"[1,2]"]


def test_a_file_that_changes_while_it_is_admitted_is_taken_again(watched: Watched) -> None:
    path = watched.drop("a.json", b"[1]")

    def slow(incoming: Incoming, /) -> Future[Admitted]:
        if incoming.body == b"[1]":
            path.write_bytes(b"[1,2]")
        return watched.admit(incoming)

    door = watched.make(slow)
    for _ in range(4):
        watched.look(door)
    assert [incoming.body for incoming in watched.admit.taken] == [b"[1]", b"[1,2]"]
    assert watched.files() == ["done/a.json"]


@pytest.mark.parametrize("name", [".hidden", "a.json.part", "a.tmp", "a.filepart", "a~"])
def test_unfinished_names_wait_for_their_rename(watched: Watched, name: str) -> None:
    path = watched.drop(name)
    watched.look()
    watched.look()
    assert watched.files() == [name]
    path.rename(watched.folder / "final.json")
    watched.look()
    watched.look()
    assert watched.files() == ["done/final.json"]


def test_what_cannot_be_decoded_is_rejected_with_its_reason_and_packet(watched: Watched) -> None:
    watched.drop("bad.json", b"not json")
    watched.look()
    watched.look()
    assert watched.files() == ["rejected/bad.json", "rejected/bad.json.reason.txt"]
    reason = (watched.folder / "rejected" / "bad.json.reason.txt").read_text()
    assert "no JSON" in reason
    assert "packet 0" in reason


def test_links_pipes_and_huge_files_are_rejected_unread(
    watched: Watched, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("{}")
    (watched.folder / "link.json").symlink_to(secret)
    (watched.folder / "dangling.json").symlink_to("/none")
    os.mkfifo(watched.folder / "pipe.json")
    watched.drop("huge.json", b"1" * 1_001)
    watched.look()
    watched.look()
    assert not watched.admit.taken
    names = ("dangling.json", "huge.json", "link.json", "pipe.json")
    assert watched.files() == sorted(f"rejected/{name}{end}" for name in names for end in ("", ".reason.txt"))
    assert "link" in (watched.folder / "rejected" / "link.json.reason.txt").read_text()
    assert "no plain file" in (watched.folder / "rejected" / "pipe.json.reason.txt").read_text()
    assert secret.read_text() == "{}"


def test_folders_inside_are_left_alone(watched: Watched) -> None:
    (watched.folder / "sub").mkdir()
    (watched.folder / "sub" / "a.json").write_text("{}")
    watched.look()
    watched.look()
    assert watched.files() == ["sub/a.json"]


def test_equal_names_do_not_overwrite_each_other(watched: Watched) -> None:
    for number in range(3):
        watched.drop("a.json", b"[%d]" % number)
        watched.look()
        watched.look()
    assert watched.files() == ["done/a.json", "done/a.json.1", "done/a.json.2"]
    assert (watched.folder / "done" / "a.json").read_bytes() == b"[0]"


def test_a_full_log_leaves_the_files_where_they_are(watched: Watched) -> None:
    watched.drop("a.json")
    watched.admit.error = Pushback("full")
    watched.look()
    with pytest.raises(Pushback):
        watched.look()
    assert watched.files() == ["a.json"]
    watched.admit.error = None
    watched.look()
    assert watched.files() == ["done/a.json"]


def test_a_crash_between_admitting_and_moving_admits_nothing_twice(watched: Watched) -> None:
    watched.drop("a.json")

    def crashing(incoming: Incoming, /) -> Future[Admitted]:
        watched.admit(incoming).result()
        raise KeyboardInterrupt

    door = watched.make(crashing)
    watched.look(door)
    with pytest.raises(KeyboardInterrupt):
        watched.look(door)
    assert watched.files() == ["a.json"]
    restarted = watched.make()
    watched.look(restarted)
    watched.look(restarted)
    assert watched.files() == ["done/a.json"]
    assert len(watched.admit.packets) == 1
    assert restarted.admitted == 1


def test_it_watches_until_it_is_stopped(watched: Watched) -> None:
    async def scenario() -> None:
        watched.drop("a.json")
        watched.admit.error = Pushback("full")
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            watched.clock.now += 4000
            watched.admit.error = Pushback("full") if len(waits) < 4 else None
            await asyncio.sleep(0)

        settings = FolderSettings(name="inbox", path=watched.folder, format="tive")
        door = FolderDoor(settings, watched.admit, watched.clock, sleep=sleep)
        task = asyncio.create_task(door.run())
        async with asyncio.timeout(20):
            while not door.admitted:  # noqa: ASYNC110 - counted, no event
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert waits[0] == 2.0
        assert 0.5 <= waits[1] <= 1.0

    asyncio.run(scenario())


def test_a_folder_that_is_none_or_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        Watched(tmp_path / "none")
    (tmp_path / "else").mkdir()
    (tmp_path / "done").symlink_to(tmp_path / "else")
    with pytest.raises(UsageError, match="done is a link"):
        Watched(tmp_path)
