"""A store and an anchor that fail on demand, and the check that a log is whole."""

from tests.ledger.log_kit import Place

from doseway.engines.anchor_file import FileAnchor, FileAnchorReader
from doseway.engines.sqlite import SqliteReader, SqliteStore
from doseway.ledger.fsck import Against, check
from doseway.ledger.ports import Commit, Head, Published
from doseway.model.errors import Unavailable


class FailingStore(SqliteStore):
    """Fails on demand: before anything is written, or after all of it was; and then it may not even say its head."""

    fails = ""
    is_gone = False

    def commit(self, commit: Commit) -> None:
        if self.fails == "before":
            raise Unavailable("the cable was pulled")
        super().commit(commit)
        if self.fails == "after":
            raise Unavailable("the cable was pulled")

    def head(self) -> Head | None:
        if self.is_gone:
            raise Unavailable("there is no cable")
        return super().head()


class FailingAnchor(FileAnchor):
    """Fails on demand, before or after its write, a number of times."""

    fails = ""
    times = 0

    def advance(self, expected: Published | None, new: Published) -> None:
        if self.fails == "before" and self._is_due():
            raise Unavailable("the stick was pulled")
        super().advance(expected, new)
        if self.fails == "after" and self._is_due():
            raise Unavailable("the stick was pulled")

    def _is_due(self) -> bool:
        self.times -= 1
        return self.times >= 0


def assert_sound(place: Place) -> None:
    store = SqliteReader(place.log_path)
    assert check(store, Against(anchor=FileAnchorReader(place.anchor_path))).findings == ()
    store.close()
