"""The log against pymerkle's `SqliteTree`: appended one at a time and in bulk, and a proof that an entry is included.

Ours is what admission does: facts are encoded, de-duplicated by content id, put under the tree, and a checkpoint is
signed; each commit is synced to the disk. `single` hands over one fact at a time and waits for none before the next, as
many senders at once do, so that the sequencer commits what gathers; pymerkle has no such thing, and commits each. In
`one_waiting` both wait for each. `bulk` gives both a thousand at a time; pymerkle hashes the leaves and inserts them,
and makes no root unless it is asked to, which `rooted` does. pymerkle gets the bytes of our entries and keeps SQLite's
own settings. It is GPL, so it runs as a program of its own, and comes with the group `bench` only.

The ratios with an aim are of wall seconds, for a single append waits for the disk; beside them those of CPU seconds.
"""

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.log_append import BATCH, ENTRY_BYTES, drafts, open_log
from benchmarks.row import Row, row, without_figure
from doseway.ledger.drafts import Draft
from doseway.ledger.sequencer import Sequencer

ROUNDS = 7
SINGLES = 20 * BATCH
ALONE = 200
PROOFS = 500
T = TypeVar("T")
TREE = "pymerkle SqliteTree"
NAMES = ("log_vs_pymerkle_single", "log_vs_pymerkle_bulk", "log_inclusion_proof")

# Reads commands: what to do and the file with the entries; answers with the seconds that it took.
PEER = """
import sys, time
import pymerkle
tree = pymerkle.SqliteTree(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    what, path, size = line.split()
    data, width = open(path, "rb").read(), int(size)
    entries = [data[at : at + width] for at in range(0, len(data), width)]
    start, cpu = time.perf_counter(), time.process_time()
    if what == "single":
        for entry in entries:
            tree.append_entry(entry)
    elif what == "proof":
        last = tree.get_size()
        for number in range(1, 501):
            tree.prove_inclusion(number * (last // 500), last)
    else:
        for first in range(0, len(entries), 1000):
            tree.append_entries(entries[first : first + 1000])
            if what == "rooted":
                tree.get_root()
    print(time.perf_counter() - start, time.process_time() - cpu, flush=True)
"""


class Spent(NamedTuple):
    """Seconds of the clock, and of the processor, for one entry."""

    wall: float
    cpu: float


class Peer:
    """pymerkle, as another process."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", PEER, str(folder / "peer.sqlite")]
        self._path = folder / "entries"
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._ask("") == "ready"

    def __call__(self, what: str, entries: Sequence[bytes]) -> Spent:
        """Have entries appended, or proofs made where there are none; return what one took."""
        self._path.write_bytes(b"".join(entries))
        wall, cpu = map(float, self._ask(f"{what} {self._path} {ENTRY_BYTES}\n").split())
        return Spent(wall / (len(entries) or PROOFS), cpu / (len(entries) or PROOFS))

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def together(log: Sequencer, made: Sequence[Draft]) -> None:
    """Hand over facts one by one, then wait for all."""
    for receipts in [log.submit([one]) for one in made]:
        receipts.result()


def waiting(log: Sequencer, made: Sequence[Draft]) -> None:
    """Wait for each fact before the next."""
    for one in made:
        log.append([one])


def in_bulk(log: Sequencer, made: Sequence[Draft]) -> None:
    """Append a thousand facts at a time."""
    for first in range(0, len(made), BATCH):
        log.append(made[first : first + BATCH])


def prove(log: Sequencer, made: Sequence[int]) -> None:
    """Make proofs of entries."""
    for index in made:
        log.log.inclusion_proof(index)


def timed(log: Sequencer, do: Callable[[Sequencer, Sequence[T]], None], made: Sequence[T]) -> Spent:
    """Do it; return what one took."""
    start, cpu = time.perf_counter(), time.process_time()
    do(log, made)
    return Spent((time.perf_counter() - start) / len(made), (time.process_time() - cpu) / len(made))


def run() -> list[Row]:
    """Return the rates and the time of a proof, medians of interleaved rounds."""
    if importlib.util.find_spec("pymerkle") is None:
        why = "not run: pymerkle is not installed (uv sync --group bench)"
        return [without_figure(name, why, TREE) for name in NAMES]
    found: dict[str, list[Spent]] = {}

    def note(name: str, spent: Spent) -> None:
        found.setdefault(name, []).append(spent)

    with tempfile.TemporaryDirectory() as name:
        peer = Peer(Path(name))
        with open_log(Path(name)) as log:
            for number in range(ROUNDS):
                made = [one for part in range(23) for one in drafts(number * 23 + part)]
                first = log.log.size
                note("together", timed(log, together, made[:SINGLES]))
                entries = list(log.log.entries(first))
                note("waiting", timed(log, waiting, made[SINGLES : SINGLES + ALONE]))
                note("in_bulk", timed(log, in_bulk, made[SINGLES + BATCH :]))
                for what, count in (("single", ALONE), ("bulk", SINGLES), ("rooted", SINGLES)):
                    note(what, peer(what, entries[:count]))
                step = log.log.size // PROOFS
                note("prove", timed(log, prove, range(0, PROOFS * step, step)))
                note("proof", peer("proof", []))
        peer.close()
    return list(_rows(found))


def _rows(found: dict[str, list[Spent]]) -> Iterator[Row]:
    wall = {name: statistics.median(one.wall for one in spent) for name, spent in found.items()}
    cpu = {name: statistics.median(one.cpu for one in spent) for name, spent in found.items()}
    for name, ours, theirs, how in (
        ("single", "together", "single", "append_entry"),
        ("one_waiting", "waiting", "single", "append_entry"),
        ("bulk", "in_bulk", "bulk", "append_entries of 1,000"),
        ("bulk_rooted", "in_bulk", "rooted", "append_entries of 1,000 and its root"),
    ):
        row_name, peer = f"log_vs_pymerkle_{name}", f"{TREE}, {how}"
        yield row(row_name, round(1 / wall[ours]), "facts/s durable", peer, round(1 / wall[theirs]))
        yield row(f"{row_name}_cpu", round(1 / cpu[ours]), "facts/CPU-s durable", peer, round(1 / cpu[theirs]))
    peer = f"{TREE}, prove_inclusion"
    yield row("log_inclusion_proof", wall["prove"] * 1000, "ms a proof", peer, wall["proof"] * 1000)
    yield row("log_inclusion_proof_cpu", cpu["prove"] * 1000, "CPU-ms a proof", peer, cpu["proof"] * 1000)
