"""The process lock: one at a time, named, and let go of by the dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from doseway.ledger.process_lock import ProcessLock
from doseway.model.errors import Unavailable

HOLD = """
import os, signal, sys
from pathlib import Path
from doseway.ledger.process_lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_second_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lock = ProcessLock(path)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"log is in use by another Doseway \(process \d+ on "):
            ProcessLock(path)
    ProcessLock(tmp_path / "other").close()
    lock.close()
    lock.close()
    ProcessLock(path).close()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", HOLD, str(tmp_path / "log")], timeout=60, check=False)
    assert done.returncode == -9
    ProcessLock(tmp_path / "log").close()


def test_a_holder_that_left_no_name_is_refused_all_the_same(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "log")
    (tmp_path / "log.owner").unlink()
    with pytest.raises(Unavailable, match="by another Doseway"):
        ProcessLock(tmp_path / "log")
    lock.close()


def test_a_place_without_a_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        ProcessLock(tmp_path / "nowhere" / "log")
