"""Disks that are full, syncs that fail, writes that tear, copies that compete: the sequencer stops, and says so."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.log_kit import Place, failure, failures, packet

from doseway.engines import anchor_file
from doseway.engines.anchor_file import FileAnchor, FileAnchorReader
from doseway.engines.sqlite import SqliteReader, SqliteStore
from doseway.ledger.drafts import Receipt
from doseway.ledger.fsck import Against, check
from doseway.ledger.pool import PoolSettings
from doseway.ledger.ports import Commit, Published
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import ConflictError, RolledBack, Unavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


class FailingStore(SqliteStore):
    """Fails on demand: before anything is written, or after all of it was."""

    fails = ""

    def commit(self, commit: Commit) -> None:
        if self.fails == "before":
            raise Unavailable("the cable was pulled")
        super().commit(commit)
        if self.fails == "after":
            raise Unavailable("the cable was pulled")


class FailingAnchor(FileAnchor):
    """Fails on demand, before or after its write."""

    fails = ""

    def advance(self, expected: Published | None, new: Published) -> None:
        if self.fails == "before":
            raise Unavailable("the stick was pulled")
        super().advance(expected, new)
        if self.fails == "after":
            raise Unavailable("the stick was pulled")


def assert_stopped(sequencer: Sequencer, size: int, note: bytes) -> None:
    """Nothing is published, and nothing more is taken."""
    assert (sequencer.log.size, sequencer.log.checkpoint()) == (size, note)
    for attempt in (
        lambda: sequencer.append([failure(99)]),
        lambda: sequencer.submit([failure(99)]).result(),
        lambda: sequencer.stage(b"x"),
    ):
        with pytest.raises(Unavailable, match="stopped after a failed write"):
            attempt()
    assert (sequencer.log.size, sequencer.log.checkpoint()) == (size, note)


def assert_sound(place: Place) -> None:
    store = SqliteReader(place.log_path)
    assert check(store, Against(anchor=FileAnchorReader(place.anchor_path))).findings == ()
    store.close()


@pytest.mark.parametrize("part", ["store", "anchor"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_failed_write_nothing_is_acknowledged_and_opening_again_finds_out(
    place: Place, part: str, when: str
) -> None:
    store, anchor = FailingStore(place.log_path), FailingAnchor(place.anchor_path)
    with place.open(store=store, anchor=anchor) as sequencer:
        sequencer.append(failures(range(5)))
        note = sequencer.log.checkpoint()
        if part == "store":
            store.fails = when
        else:
            anchor.fails = when
        with pytest.raises(Unavailable, match="was pulled"):
            sequencer.append([failure(6)])
        store.fails = anchor.fails = ""
        assert_stopped(sequencer, 6, note)
    with place.open() as sequencer:
        kept = not (part == "store" and when == "before")
        assert sequencer.log.size == 6 + kept
        assert sequencer.append(failures([3, 50])) == [Receipt(4, is_duplicate=True), Receipt(6 + kept)]
    assert_sound(place)


def test_all_who_wait_in_the_pool_hear_of_the_failure(place: Place) -> None:
    store = FailingStore(place.log_path)
    with place.open(store=store, settings=PoolSettings(linger_ms=30)) as sequencer:
        store.fails = "before"
        futures = [sequencer.submit([failure(n)]) for n in range(20)]
        assert all(isinstance(future.exception(timeout=10), Unavailable) for future in futures)


def test_a_full_disk_stops_the_log_and_loses_nothing(place: Place) -> None:
    store = SqliteStore(place.log_path)
    with place.open(store=store) as sequencer:
        receipts = sequencer.append(failures(range(100)))
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        note = sequencer.log.checkpoint()
        error: Unavailable | None = None
        for start in range(1_000, 90_000, 1_000):
            try:
                receipts += sequencer.append(failures(range(start, start + 1_000)))
            except Unavailable as full:
                error = full
                break
            note = sequencer.log.checkpoint()
        assert error is not None
        assert "full" in error.what
        assert_stopped(sequencer, len(receipts) + 1, note)
    with place.open() as sequencer:
        assert sequencer.log.size == len(receipts) + 1
        sequencer.append(failures([5_000_000]))
    assert_sound(place)


def test_a_full_disk_while_staging_a_large_file_stops_that_file_only(place: Place, tmp_path: Path) -> None:
    store = SqliteStore(place.log_path)
    with place.open(store=store) as sequencer:
        store._connection.execute("PRAGMA max_page_count = 400")
        source = tmp_path / "large"
        source.write_bytes(os.urandom(8 << 20))
        with source.open("rb") as file, pytest.raises(Unavailable, match="full"):
            sequencer.stage(file)
        store._connection.execute("PRAGMA max_page_count = 100000")
        assert sequencer.append([packet(sequencer, b"small")]) == [Receipt(1)]
        assert store._rows("SELECT count(*) FROM blob_chunk") == [(1,)]
    assert_sound(place)


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int fails(void) { const char *flag = getenv("DOSEWAY_TEST_FSYNC_FLAG"); return flag && access(flag, F_OK) == 0; }
int fsync(int fd) { if (fails()) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { if (fails()) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""
UNSYNCED = """
import sys
from pathlib import Path
from doseway.model.errors import Unavailable
from tests.ledger.log_kit import Place, failure
with Place(Path(sys.argv[1])).open() as sequencer:
    sequencer.append([failure(1)])
    Path(sys.argv[2]).touch()
    for _ in range(2):
        try:
            sequencer.append([failure(2)])
        except Unavailable as error:
            print("refused:", error.what)
    print("size", sequencer.log.size)
"""


@pytest.mark.skipif(shutil.which("gcc") is None or sys.platform != "linux", reason="needs gcc and LD_PRELOAD")
def test_a_failing_fsync_is_never_an_acknowledgement(place: Place, tmp_path: Path) -> None:
    """The operating system itself refuses to sync: what SQLite and Python make of it is under test too."""
    source, shim, flag = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "flag"
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True, timeout=60)
    environment = os.environ | {"LD_PRELOAD": str(shim), "DOSEWAY_TEST_FSYNC_FLAG": str(flag)}
    command = [sys.executable, "-c", UNSYNCED, str(place.folder), str(flag)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == ["size 2"], done.stderr
    assert "does not answer: disk I/O error" in done.stdout
    assert "stopped after a failed write" in done.stdout
    with place.open() as sequencer:
        assert sequencer.log.size in {2, 3}, "the unacknowledged fact may be there or not"
        sequencer.append([failure(3)])
    assert_sound(place)


def torn(place: Place, to: Path, tear: Callable[[bytearray], None]) -> Place:
    """Copy a log as it lies on the disk while it is open, with another write-ahead log."""
    shutil.copytree(place.folder, to)
    copy = Place(to, place.signer, place.clock)
    wal = to / "log.sqlite-wal"
    data = bytearray(wal.read_bytes())
    tear(data)
    wal.write_bytes(bytes(data))
    (to / "log.sqlite-shm").unlink()
    return copy


@settings(max_examples=25, deadline=None)
@given(at=st.floats(0, 1), is_cut=st.booleans())
def test_a_torn_write_ahead_log_is_refused_or_whole(
    tmp_path_factory: pytest.TempPathFactory, at: float, is_cut: bool
) -> None:
    """What was acknowledged is there, or the log is refused: it never starts anew from an older state."""
    folder = tmp_path_factory.mktemp("torn")
    place = Place(folder / "log")

    def tear(data: bytearray) -> None:
        position = min(int(at * len(data)), len(data) - 1)
        if is_cut:
            del data[position:]
        else:
            data[position] ^= 0xFF

    with place.open() as sequencer:
        for n in range(6):
            sequencer.append([failure(n)])
        copy = torn(place, folder / "copy", tear)
    try:
        with copy.open() as sequencer:
            assert sequencer.log.size == 7
    except (RolledBack, Unavailable, ConflictError) as error:
        assert "published" in str(error) or "not answer" in str(error)  # noqa: PT017 - either outcome is right


def test_an_unacknowledged_torn_end_is_forgotten(place: Place, tmp_path: Path) -> None:
    """Power fails within the commit: the frames of the newest batch are there in part."""
    anchor = FailingAnchor(place.anchor_path)
    with place.open(anchor=anchor) as sequencer:
        sequencer.append([failure(1)])
        whole = (place.folder / "log.sqlite-wal").stat().st_size
        anchor.fails = "before"
        with pytest.raises(Unavailable):
            sequencer.append([failure(2)])
        copy = torn(place, tmp_path / "copy", lambda data: data.__delitem__(slice(whole + 3_000, None)))
    with copy.open() as sequencer:
        assert sequencer.log.size == 2
        assert sequencer.append([failure(3)]) == [Receipt(2)]
    assert_sound(copy)


def test_a_torn_anchor_is_caught_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        before = place.anchor_path.read_bytes()
        sequencer.append([failure(2)])
        note = sequencer.log.checkpoint()
    after = place.anchor_path.read_bytes()
    differing = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    cut = differing[len(differing) // 2]
    place.anchor_path.write_bytes(after[:cut] + before[cut:])
    with place.open() as sequencer:
        assert (sequencer.log.size, sequencer.log.checkpoint()) == (3, note)
    published = FileAnchorReader(place.anchor_path).read()
    assert published is not None
    assert published.note == note


def test_a_process_that_dies_before_its_first_commit_leaves_a_log_that_can_begin(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FailingStore(place.log_path)
    store.fails = "before"
    with pytest.raises(Unavailable):
        place.open(store=store)
    with place.open() as sequencer:
        assert sequencer.log.size == 1
    assert_sound(place)


HOLDER = """
import sys
from pathlib import Path
from tests.ledger.log_kit import Place
with Place(Path(sys.argv[1])).open():
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_of_two_processes_one_may_write_and_the_other_is_told(place: Place) -> None:
    command = [sys.executable, "-c", HOLDER, str(place.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(Unavailable, match=rf"in use by another Doseway \(process {holder.pid} on ") as caught:
            place.open()
        assert "One process at a time" in caught.value.hint
        holder.stdin.write("\n")
        holder.stdin.flush()
        holder.wait(timeout=30)
    place.open().close()


def test_somebody_who_writes_past_the_lock_is_noticed_before_anything_is_released(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        note = sequencer.log.checkpoint()
        intruder = sqlite3.connect(place.log_path)
        intruder.execute("UPDATE head SET size = size + 1")
        intruder.commit()
        intruder.close()
        with pytest.raises(ConflictError, match="head is not the one"):
            sequencer.append([failure(2)])
        assert sequencer.log.checkpoint() == note
        with pytest.raises(Unavailable, match="stopped"):
            sequencer.append([failure(3)])


def test_an_anchor_that_somebody_else_advanced_stops_the_log(place: Place) -> None:
    with place.open() as sequencer:
        sequencer.append([failure(1)])
        held = FileAnchorReader(place.anchor_path).read()
        assert held is not None
        slot = anchor_file._pack(99, Published(held.size + 5, b"x" * 32, b"theirs"))
        data = place.anchor_path.read_bytes()
        place.anchor_path.write_bytes(slot.ljust(anchor_file.SLOT_BYTES, b"\x00") + data[anchor_file.SLOT_BYTES :])
        with pytest.raises(ConflictError, match="does not hold the checkpoint"):
            sequencer.append([failure(2)])
        assert sequencer.log.size == 2
    with pytest.raises(RolledBack):
        place.open()
