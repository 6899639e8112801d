"""Syncs that fail, writes that tear, copies that compete: nothing is acknowledged that is not there."""

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
from tests.faults.failing_kit import FailingAnchor, FailingStore, assert_sound
from tests.ledger.log_kit import Place, failure, failures, packet

from doseway.engines import anchor_file
from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteStore
from doseway.ledger.drafts import Receipt
from doseway.ledger.ports import Published
from doseway.model.errors import ConflictError, RolledBack, Unavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


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
from tests.faults.failing_kit import FailingAnchor, FailingStore, assert_sound
from doseway.ledger import writer
from tests.ledger.log_kit import Place, failure, failures
writer.wait_s = lambda *_, **__: 0.0
with Place(Path(sys.argv[1])).open() as sequencer:
    sequencer.append([failure(1)])
    Path(sys.argv[2]).touch()
    for _ in range(3):
        try:
            sequencer.append(failures([2]))
        except Unavailable as error:
            print("refused:", error.what)
    assert sequencer.log.size == 2
    Path(sys.argv[2]).unlink()
    print("acknowledged:", sequencer.append(failures([2]))[0].index)
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
    assert done.stdout.splitlines()[-1:] == ["size 3"], done.stderr
    assert done.stdout.count("refused:") == 3
    assert "does not answer: disk I/O error" in done.stdout
    assert "acknowledged: 2\n" in done.stdout, "it goes on by itself when the disk does"
    with place.open() as sequencer:
        assert sequencer.log.size == 3
        assert sequencer.append(failures([2])) == [Receipt(2, is_duplicate=True)]
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
        anchor.fails, anchor.times = "before", 2
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
from tests.faults.failing_kit import FailingAnchor, FailingStore, assert_sound
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
