"""Projections: rows and cursor together, in order, once; a crash is one's own; another history starts anew."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.log_kit import Place, failure, failures

from doseway.engines.sqlite_views import SqliteViews
from doseway.ledger.drafts import Indexed
from doseway.ledger.projection import Cursor, ProjectionRunner, Transaction
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import IntegrityError, Unavailable, UsageError


class Counting:
    """Keeps the index and type of each fact; crashes where it is told to."""

    def __init__(self, name: str = "counting", version: int = 1, crash_at: int | None = None) -> None:
        self.name = name
        self.version = version
        self.crash_at = crash_at

    def reset(self, tx: Transaction) -> None:
        tx.execute(f"DROP TABLE IF EXISTS {self.name}_fact")
        tx.execute(f"CREATE TABLE {self.name}_fact (idx INTEGER PRIMARY KEY, version INTEGER)")

    def apply(self, tx: Transaction, facts: Sequence[Indexed]) -> None:
        for found in facts:
            if found.index == self.crash_at:
                raise ZeroDivisionError("a rule with a hole")
            tx.execute(f"INSERT INTO {self.name}_fact VALUES (?, ?)", (found.index, self.version))


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with Place(tmp_path / "log").open() as sequencer:
        yield sequencer


@pytest.fixture
def views(tmp_path: Path) -> Iterator[SqliteViews]:
    views = SqliteViews(tmp_path / "views.sqlite")
    yield views
    views.close()


def rows(views: SqliteViews, name: str = "counting") -> list[tuple[object, ...]]:
    return views.query(f"SELECT idx, version FROM {name}_fact ORDER BY idx")


def test_every_fact_is_applied_once_and_in_order(sequencer: Sequencer, views: SqliteViews) -> None:
    runner = ProjectionRunner(sequencer.log, views, [Counting()])
    for size in (3, 0, 1_500, 1):
        sequencer.append([failure(n) for n in range(size)])
        (status,) = runner.catch_up()
        assert (status.size, status.behind, status.error) == (sequencer.log.size, 0, "")
        assert rows(views) == [(index, 1) for index in range(sequencer.log.size)]


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(1, 40), max_size=6))
def test_any_batching_and_reopening_gives_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("views")
    with Place(folder / "log").open() as sequencer:
        for cut in cuts:
            sequencer.append([failure(n) for n in range(cut)])
            views = SqliteViews(folder / "views.sqlite")
            ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()
            views.close()
        views = SqliteViews(folder / "views.sqlite")
        ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()
        assert rows(views) == [(index, 1) for index in range(sequencer.log.size)]
        views.close()


def test_a_crash_stops_one_at_its_fact_and_nobody_else(sequencer: Sequencer, views: SqliteViews) -> None:
    crashing, sound = Counting("crashing", crash_at=7), Counting("sound")
    runner = ProjectionRunner(sequencer.log, views, [crashing, sound])
    sequencer.append([failure(n) for n in range(20)])
    failed, fine = runner.catch_up()
    assert (failed.size, failed.behind, failed.failed_at) == (7, 14, 7)
    assert failed.error == "ZeroDivisionError: a rule with a hole"
    assert (fine.size, fine.behind, fine.failed_at) == (21, 0, None)
    assert rows(views, "crashing") == [(index, 1) for index in range(7)]
    assert runner.catch_up()[0] == failed, "it is left alone"
    crashing.crash_at = None
    runner.retry("crashing")
    assert runner.catch_up()[0].behind == 0
    assert rows(views, "crashing") == rows(views, "sound")


def test_a_crash_while_making_tables_is_reported(sequencer: Sequencer, views: SqliteViews) -> None:
    class Broken(Counting):
        def reset(self, tx: Transaction) -> None:
            tx.execute("CREATE TABLE (")

    (status,) = ProjectionRunner(sequencer.log, views, [Broken()]).catch_up()
    assert (status.failed_at, status.size) == (0, 0)
    assert "OperationalError" in status.error


def test_another_version_is_computed_anew(sequencer: Sequencer, views: SqliteViews) -> None:
    sequencer.append(failures(range(5)))
    ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()
    (status,) = ProjectionRunner(sequencer.log, views, [Counting(version=2)]).catch_up()
    assert (status.version, status.size) == (2, 6)
    assert rows(views) == [(index, 2) for index in range(6)]


def test_a_view_of_another_history_is_computed_anew(tmp_path: Path, views: SqliteViews) -> None:
    for name, count in (("a", 9), ("b", 4), ("c", 12)):
        with Place(tmp_path / name).open() as sequencer:
            sequencer.append([failure(count) for _ in range(count)])
            (status,) = ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()
            assert status.size == count + 1
            assert rows(views) == [(index, 1) for index in range(count + 1)]


def test_rows_and_cursor_are_committed_together(sequencer: Sequencer, views: SqliteViews) -> None:
    sequencer.append(failures(range(3)))
    ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()
    before = views.cursor("counting")

    def interrupted() -> None:
        with views.transaction("counting", Cursor(1, 99, b"r")) as tx:
            tx.execute("DELETE FROM counting_fact")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert views.cursor("counting") == before
    assert len(rows(views)) == 4


def test_whoever_wrote_a_fact_sees_it_in_the_view(sequencer: Sequencer, views: SqliteViews) -> None:
    runner = ProjectionRunner(sequencer.log, views, [Counting(), Counting("crashing", crash_at=2)])
    sequencer.append(failures(range(4)))
    runner.at_least(1, "counting")
    assert len(rows(views)) == 5
    runner.at_least(1, "crashing")
    with pytest.raises(Unavailable, match="stopped at fact 2: ZeroDivisionError"):
        runner.at_least(2, "crashing")
    for index, name in ((5, "counting"), (1, "nobody")):
        with pytest.raises(UsageError):
            runner.at_least(index, name)


def test_a_rebuild_repairs_what_somebody_changed(sequencer: Sequencer, views: SqliteViews) -> None:
    runner = ProjectionRunner(sequencer.log, views, [Counting()])
    sequencer.append(failures(range(4)))
    runner.catch_up()
    views.query("DELETE FROM counting_fact")
    runner.rebuild("counting")
    assert len(rows(views)) == 5


def test_a_damaged_log_is_not_blamed_on_a_projection(tmp_path: Path, views: SqliteViews) -> None:
    place = Place(tmp_path / "log")
    with place.open() as sequencer:
        sequencer.append(failures(range(4)))
        connection = sqlite3.connect(place.log_path)
        connection.execute("DELETE FROM entry WHERE idx = 2")
        connection.commit()
        connection.close()
        with pytest.raises(IntegrityError, match="entry 2 is missing"):
            ProjectionRunner(sequencer.log, views, [Counting()]).catch_up()


def test_views_that_cannot_be_opened_are_unavailable(tmp_path: Path) -> None:
    (tmp_path / "views.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(Unavailable, match="can be deleted"):
        SqliteViews(tmp_path / "views.sqlite")
