"""The memory of a witness: atomic, durable, shared, and never made anew by accident."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.ledger.published_kit import NOW_S, ORIGIN, GrowingLog, StillClock, seed

from doseway.engines.witness_sqlite import SqliteWitnessStore
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.witness import Witness, WitnessedState
from doseway.model.errors import IntegrityError, Unavailable, UsageError


def state(size: int, time_s: int = NOW_S, root: bytes = b"r") -> WitnessedState:
    return WitnessedState(size, root * 32, time_s, b"note %d" % size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    SqliteWitnessStore.create(tmp_path / "witness.db").close()
    return tmp_path / "witness.db"


def test_only_what_is_held_can_be_replaced(path: Path) -> None:
    store = SqliteWitnessStore.open(path)
    assert store.latest("a") is None
    assert not store.compare_and_store("a", state(1), state(2))
    assert store.compare_and_store("a", None, state(1))
    assert not store.compare_and_store("a", None, state(5))
    for not_held in (state(2), state(1, NOW_S + 1), state(1, root=b"x")):
        assert not store.compare_and_store("a", not_held, state(9))
    assert store.latest("a") == state(1)
    assert store.compare_and_store("a", state(1), state(2))
    assert store.compare_and_store("b", None, state(7))
    assert (store.latest("a"), store.latest("b")) == (state(2), state(7))
    store.close()
    store.close()


def test_what_was_stored_is_there_when_it_is_opened_again(path: Path) -> None:
    store = SqliteWitnessStore.open(path)
    store.compare_and_store("a", None, state(2**63 - 1, 2**63 - 1))
    store.keep_evidence("a", b"held", b"refused")
    store.keep_evidence("a", b"held", b"refused later")
    store.close()
    store = SqliteWitnessStore.open(path)
    assert store.latest("a") == state(2**63 - 1, 2**63 - 1)
    assert store.evidence() == [("a", b"held", b"refused")]
    store.close()


def test_a_witness_does_not_forget_by_accident(path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        SqliteWitnessStore.create(path)
    path.unlink()
    with pytest.raises(Unavailable, match="retire its key"):
        SqliteWitnessStore.open(path)
    assert not path.exists()


def test_nothing_is_left_beside_a_new_memory_and_others_cannot_read_it(tmp_path: Path) -> None:
    SqliteWitnessStore.create(tmp_path / "new.db").close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.db"]
    assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0
    with pytest.raises(Unavailable):
        SqliteWitnessStore.create(tmp_path / "absent" / "new.db")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE witnessed (origin)")
    connection.close()
    (tmp_path / "text").write_bytes(b"this is no database, but it is longer than a header of one " * 20)
    (tmp_path / "empty").write_bytes(b"")
    for name in ("other.db", "text", "empty"):
        with pytest.raises(IntegrityError):
            SqliteWitnessStore.open(tmp_path / name)


def test_a_damaged_file_is_an_integrity_error(path: Path) -> None:
    store = SqliteWitnessStore.open(path)
    for number in range(200):
        store.compare_and_store(f"log-{number}", None, state(number))
    store.close()
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = os.urandom(200)
    path.write_bytes(bytes(data))
    damaged = SqliteWitnessStore.open(path)
    with pytest.raises(IntegrityError, match="damaged"):
        damaged.latest("log-150")
    damaged.close()


def test_a_full_disk_stores_nothing_and_is_said(path: Path) -> None:
    store = SqliteWitnessStore.open(path)
    store.compare_and_store("a", None, state(1))
    store._connection.execute("PRAGMA max_page_count = 1")
    huge = WitnessedState(2, b"r" * 32, NOW_S, bytes(200_000))
    with pytest.raises(Unavailable, match="full"):
        store.compare_and_store("a", state(1), huge)
    assert store.latest("a") == state(1)
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert store.compare_and_store("a", state(1), huge)
    store.close()
    with pytest.raises(Unavailable):
        store.latest("a")


def test_every_commit_is_synchronised_in_full(path: Path) -> None:
    store = SqliteWitnessStore.open(path)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_of_many_threads_exactly_one_replaces_each_state(path: Path) -> None:
    stores = [SqliteWitnessStore.open(path) for _ in range(2)]
    stores[0].compare_and_store("a", None, state(0, root=b"0"))
    for size in range(1, 20):
        won: list[int] = []

        def attempt(store: SqliteWitnessStore, number: int, old: int, won: list[int] = won) -> None:
            held = store.latest("a")
            if (
                held is not None
                and held.size == old
                and store.compare_and_store("a", held, state(old + 1, NOW_S + number))
            ):
                won.append(number)

        threads = [threading.Thread(target=attempt, args=(stores[n % 2], n, size - 1)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
    for store in stores:
        store.close()


def open_witness(path: Path, log: GrowingLog) -> Witness:
    cosigner = Cosigner("witness.example/w1", SigningKey.from_seed(seed("witness")))
    return Witness(SqliteWitnessStore.open(path), cosigner, {ORIGIN: (log.vkey,)}, StillClock())


def climb(path: Path, sizes: int) -> list[int]:
    """Extend one log against a rival process, asking again from the size that is held; return what was cosigned."""
    log = GrowingLog(sizes)
    witness = open_witness(path, log)
    held, cosigned = 0, []
    while held < sizes:
        reply = witness.add_checkpoint(log.request(held, held + 1))
        if reply.status == 200:
            held += 1
            cosigned.append(held)
        else:
            assert reply.status == 409
            held = int(reply.body)
    return cosigned


def start_child(script: str, path: Path) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, cwd=root, text=True)


CLIMBER = """
import sys
from pathlib import Path
from tests.engines.test_witness_sqlite import climb
print(*climb(Path(sys.argv[1]), 60))
"""


def test_two_processes_on_one_memory_never_cosign_one_step_twice(path: Path) -> None:
    children = [start_child(CLIMBER, path) for _ in range(2)]
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    cosigned = [int(size) for output in outputs for size in output.split()]
    assert sorted(cosigned) == list(range(1, 61))


CHILD = """
import sys
from pathlib import Path
from tests.engines.test_witness_sqlite import open_witness
from tests.ledger.published_kit import GrowingLog, ORIGIN
log = GrowingLog(400)
witness = open_witness(Path(sys.argv[1]), log)
held = witness.store.latest(ORIGIN)
size = held.size if held else 0
for size in range(size, 400):
    reply = witness.add_checkpoint(log.request(size, size + 1))
    assert reply.status == 200, reply
    print(size + 1, flush=True)
"""


def test_a_witness_killed_at_any_moment_remembers_every_checkpoint_that_it_cosigned(path: Path) -> None:
    log = GrowingLog(400)
    acknowledged = 0
    for round_number in range(5):
        child = start_child(CHILD, path)
        assert child.stdout is not None
        for _ in range(7 + 5 * round_number):
            acknowledged = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        for line in child.stdout.read().split("\n"):
            acknowledged = int(line) if line.strip().isdigit() else acknowledged
        child.wait()
        child.stdout.close()
        store = SqliteWitnessStore.open(path)
        held = store.latest(ORIGIN)
        store.close()
        # One more may be stored than was acknowledged; never fewer, and never another history.
        assert held is not None
        assert acknowledged <= held.size <= acknowledged + 1
        assert held.root == log.root(held.size)
