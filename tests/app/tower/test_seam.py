"""The embedded seam: chunks cut from the log, effects as facts, rows in SQLite."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from tests.app.tower.tower_kit import START_MS, TinyFormat, TowerPlace, all_alerts, plan, said
from tests.contracts.seam_suite import Fuse, Fused, Running, SeamSuite

from doseway.app.logbook import writing
from doseway.app.tower.admission import Handover
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.board import TowerBoard
from doseway.app.tower.changes import Changes
from doseway.app.tower.decoding import Decoders
from doseway.app.tower.evaluate import Evaluator
from doseway.app.tower.keeper import Keeper, LogTransport
from doseway.app.tower.library import Library
from doseway.app.tower.router import Router
from doseway.app.tower.worker import Worker
from doseway.engines.sqlite_views import SqliteViews
from doseway.ledger.drafts import Draft, Indexed
from doseway.ledger.pool import PoolSettings
from doseway.ledger.sequencer import Sequencer
from doseway.model.facts import PacketReceived
from doseway.model.ids import content_id


@dataclass
class Embedded:
    """The parts of a tower, without its threads, so that a step is where the test says it is."""

    place: TowerPlace
    sequencer: Sequencer
    transport: Any
    keeper: Any
    worker: Worker
    board: TowerBoard

    def plan(self) -> None:
        """Planned by a tower of its own before: see `opening`."""

    def admit(self, body: bytes) -> None:
        blob = self.sequencer.stage(body)
        received = PacketReceived(
            door="test",
            name="",
            size_bytes=blob.size,
            commitment=blob.commitment.hex(),
            format="tiny",
            received_at_ms=START_MS,
        )
        identity = content_id("message", blob.sha256)
        self.sequencer.append([Draft(body=received, by="test", content_id=identity, blob=blob)])

    def advance(self) -> None:
        self.worker.advance()

    def facts(self) -> list[Indexed]:
        return list(self.sequencer.log.facts())

    def said(self) -> list[tuple[str, str, str]]:
        return said(all_alerts(cast("Any", self)))


def opening(place: TowerPlace) -> Callable[[Fuse], AbstractContextManager[Running]]:
    """Return how to open the embedded seam in a folder."""
    with place.open() as tower:
        plan(tower, devices=("d1", "d2"))

    @contextmanager
    def open_seam(fuse: Fuse) -> Iterator[Running]:
        settings = place.settings
        with writing(settings, clock=place.clock, pool=PoolSettings(linger_ms=1)) as sequencer:
            views = SqliteViews(settings.store / "tower.sqlite")
            try:
                bindings = Bindings()
                library = Library(bindings)
                changes = Changes(sequencer.log)
                appending = cast("Sequencer", FusedAppend(sequencer, fuse))
                keeper = Keeper(appending, FusedViews(views, fuse), changes, bindings, library)
                decoders = Decoders({"tiny": TinyFormat()})
                router = Router(sequencer.log, decoders, Handover(), keeper.carried, bindings, library)
                transport = Fused(LogTransport(), fuse)
                fused = cast("Any", Fused(keeper, fuse))
                worker = Worker(sequencer.log, views, router, Evaluator(), cast("Any", transport), fused, place.clock)
                worker.recover()
                board = TowerBoard(views, keeper, changes, library)
                yield cast("Running", Embedded(place, sequencer, transport, fused, worker, board))
            finally:
                views.close()

    return open_seam


class FusedAppend:
    """A sequencer that may be killed before and after an append."""

    def __init__(self, inner: Sequencer, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        self.log = inner.log

    def append(self, drafts: Any) -> Any:
        self._fuse.step()
        receipts = self._inner.append(drafts)
        self._fuse.step()
        return receipts


class FusedViews:
    """Views that may be killed before a transaction, within it and after it."""

    def __init__(self, inner: SqliteViews, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def cursor(self, name: str) -> Any:
        return self._inner.cursor(name)

    @contextmanager
    def transaction(self, name: str, cursor: Any) -> Iterator[Any]:
        self._fuse.step()
        with self._inner.transaction(name, cursor) as tx:
            yield tx
            self._fuse.step()
        self._fuse.step()


class TestEmbedded(SeamSuite):
    @pytest.fixture
    def open_seam(self, tmp_path: Path) -> Callable[[Fuse], AbstractContextManager[Running]]:
        return opening(TowerPlace(tmp_path / "one"))

    @pytest.fixture
    def open_other(self, tmp_path: Path) -> Callable[[Fuse], AbstractContextManager[Running]]:
        return opening(TowerPlace(tmp_path / "other"))
