"""The outbox on SQLite: each item once, claims that run out, and fates that survive."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.ledger.outbox import Item
from doseway.model.errors import IntegrityError, Unavailable


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[SqliteOutbox]:
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite")) as one:
        yield one


def items(*names: str, due_at_ms: int = 100) -> list[Item]:
    return [Item(id=name, due_at_ms=due_at_ms, payload=name.encode()) for name in names]


def names(outbox: SqliteOutbox, now_ms: int, *, until_ms: int = 10**6, most: int = 10) -> list[str]:
    return [one.id for one in outbox.claim(now_ms, until_ms=until_ms, most=most)]


def test_an_item_is_put_once_also_after_it_was_recorded(outbox: SqliteOutbox) -> None:
    assert outbox.put(items("a", "b")) == 2
    assert outbox.put(items("b", "c")) == 1
    outbox.settle("a", "delivered", attempts=1)
    outbox.recorded("a")
    assert outbox.put(items("a")) == 0
    assert names(outbox, 100) == ["b", "c"]


def test_a_claim_is_nobody_elses_until_it_runs_out(outbox: SqliteOutbox) -> None:
    outbox.put(items("a", "b"))
    assert names(outbox, 99) == []
    assert names(outbox, 100, until_ms=200, most=1) == ["a"]
    assert names(outbox, 150, until_ms=300) == ["b"]
    assert names(outbox, 199) == []
    assert names(outbox, 200) == ["a"]


def test_a_retry_is_due_later_and_counted(outbox: SqliteOutbox) -> None:
    outbox.put(items("a"))
    names(outbox, 100)
    outbox.retry("a", attempts=1, at_ms=500, error="busy")
    assert names(outbox, 499) == []
    (claimed,) = outbox.claim(500, until_ms=600, most=1)
    assert (claimed.id, claimed.payload, claimed.attempts) == ("a", b"a", 1)


def test_fates_wait_for_the_log_and_are_then_forgotten(outbox: SqliteOutbox, tmp_path: Path) -> None:
    outbox.put(items("secret-address", "b"))
    outbox.settle("secret-address", "delivered", attempts=2)
    outbox.settle("b", "failed", attempts=12, error="refused")
    outbox.settle("b", "delivered", attempts=13)  # too late: its fate is known
    settled = {one.id: one for one in outbox.unrecorded(10)}
    assert settled["secret-address"].payload == b"secret-address"
    assert (settled["b"].outcome, settled["b"].attempts, settled["b"].error) == ("failed", 12, "refused")
    assert outbox.waiting() == 2
    for name in settled:
        outbox.recorded(name)
    assert outbox.unrecorded(10) == []
    assert outbox.waiting() == 0
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite")) as plain:
        assert plain.execute("SELECT count(*) FROM notice WHERE payload IS NOT NULL").fetchone() == (0,)


def test_everything_survives_a_new_process(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(SqliteOutbox(path)) as first:
        first.put(items("a", "b"))
        first.settle("a", "delivered", attempts=1)
        named = first.commitment_of("qa@example.org")
    with closing(SqliteOutbox(path)) as second:
        assert [one.id for one in second.unrecorded(10)] == ["a"]
        assert names(second, 100) == ["b"]
        assert second.commitment_of("qa@example.org") == named
        assert second.commitment_of("qa@example.com") != named
        assert len(bytes.fromhex(named)) == 32
    assert path.stat().st_mode & 0o077 == 0


def test_a_commitment_differs_between_outboxes(tmp_path: Path) -> None:
    with closing(SqliteOutbox(tmp_path / "a")) as one, closing(SqliteOutbox(tmp_path / "b")) as other:
        assert one.commitment_of("qa@example.org") != other.commitment_of("qa@example.org")


def test_many_senders_never_claim_the_same(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(SqliteOutbox(path)) as first:
        first.put(items(*(f"{number:03}" for number in range(200))))
    claimed: list[str] = []

    def work() -> None:
        with closing(SqliteOutbox(path)) as mine:
            while found := names(mine, 100, most=7):
                claimed.extend(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [f"{number:03}" for number in range(200)]


def test_what_is_no_outbox_is_said(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as plain:
        plain.execute("CREATE TABLE x (y)")
    with pytest.raises(IntegrityError, match="not an outbox"):
        SqliteOutbox(other)
    (tmp_path / "noise").write_bytes(b"noise " * 1000)
    with pytest.raises(IntegrityError, match="damaged"):
        SqliteOutbox(tmp_path / "noise")
    with pytest.raises(Unavailable):
        SqliteOutbox(tmp_path / "none" / "outbox.sqlite")
    closed = SqliteOutbox(tmp_path / "closed")
    closed.close()
    with pytest.raises(Unavailable, match="closed"):
        closed.waiting()
