"""De-duplication: which content ids the log may hold already, answered from memory.

A unique index over random keys would cost more than the whole append. Instead the first 8 bytes of each content id
(its fingerprint) are kept in sorted arrays: 16 bytes of memory an entry. Equal fingerprints are only a hint, which the
caller confirms against the whole content id; an attacker who makes two ids with one fingerprint gains nothing.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ID_BYTES: Final = 32
NO_ID: Final = bytes(ID_BYTES)
"""Stands for an entry without a content id, or whose id was erased."""

_WORDS: Final = ID_BYTES // 8
_RECENT: Final = 65_536
_CHUNK: Final = 1_000


def segment(content_ids: Sequence[bytes | None]) -> bytes:
    """Join the content ids of a batch, 32 bytes for each entry; empty when no entry of it has one."""
    return b"".join([content_id or NO_ID for content_id in content_ids]) if any(content_ids) else b""


class _Run(NamedTuple):
    """Fingerprints in ascending order, with the index of the entry that each belongs to."""

    keys: "NDArray[np.uint64]"
    indexes: "NDArray[np.int64]"


class FingerprintIndex:
    """Where content ids may be found: new ones in a dict, older ones in sorted runs that are merged as they grow.

    A run is merged into its neighbour when it has reached half of its size, so an id is moved O(log n) times and a
    look-up takes O(log n) searches. Not thread-safe: the sequencer owns it.
    """

    def __init__(self, segments: Iterable[tuple[int, bytes]] = ()) -> None:
        self._recent: dict[bytes, int] = {}
        self._runs: list[_Run] = []
        run = _load(segments)
        if run is not None:
            self._runs.append(run)

    def candidates(self, content_ids: Sequence[bytes | None]) -> dict[bytes, list[int]]:
        """Return, for each id that the log may hold, the indexes of the entries to confirm it against."""
        found: dict[bytes, list[int]] = {}
        wanted = [content_id for content_id in content_ids if content_id is not None]
        for content_id in filter(self._recent.__contains__, wanted):
            found[content_id] = [self._recent[content_id]]
        if wanted:
            for run in self._runs:
                _search(run, wanted, found)
        return found

    def add(self, first_index: int, content_ids: Sequence[bytes | None]) -> None:
        """Add the ids of the entries from `first_index` on."""
        indexes = range(first_index, first_index + len(content_ids))
        new = dict(zip(content_ids, indexes, strict=True))
        new.pop(None, None)
        self._recent.update(cast("dict[bytes, int]", new))
        if len(self._recent) >= _RECENT:
            self._settle()

    def forget(self, content_id: bytes) -> None:
        """Forget an erased id; older ones stay as hints that no longer confirm."""
        self._recent.pop(content_id, None)

    def _settle(self) -> None:
        """Turn the dict into a sorted run, and merge runs of like size."""
        self._runs.append(_sorted_run(b"".join(self._recent), list(self._recent.values())))
        self._recent = {}
        while len(self._runs) > 1 and len(self._runs[-1].keys) * 2 >= len(self._runs[-2].keys):
            newer, older = self._runs.pop(), self._runs.pop()
            self._runs.append(_merge(older, newer))


def _fingerprints(joined_ids: bytes) -> "NDArray[np.uint64]":
    """Cut out the first 8 bytes of each id."""
    import numpy as np  # noqa: PLC0415 - 0.1 s that a command which appends nothing does not pay

    return np.frombuffer(joined_ids, dtype=">u8")[::_WORDS].astype(np.uint64)


def _sorted_run(joined_ids: bytes, indexes: Sequence[int]) -> _Run:
    import numpy as np  # noqa: PLC0415 - see _fingerprints

    keys = _fingerprints(joined_ids)
    order = np.argsort(keys, kind="stable")
    return _Run(keys[order], np.asarray(indexes, dtype=np.int64)[order])


def _load(segments: Iterable[tuple[int, bytes]]) -> _Run | None:
    """Build one run from the segments of a store; of the ids themselves a thousand batches are in memory at a time."""
    import numpy as np  # noqa: PLC0415 - see _fingerprints

    rest = iter(segments)
    parts = [_cut(chunk) for chunk in iter(lambda: list(islice(rest, _CHUNK)), [])]
    if not parts:
        return None
    keys, indexes = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if not len(keys):
        return None  # all of them were erased
    order = np.argsort(keys, kind="stable")
    return _Run(keys[order], indexes[order])


def _cut(segments: Sequence[tuple[int, bytes]]) -> _Run:
    """Return fingerprints and indexes of the entries that have an id, in the order of the log."""
    import numpy as np  # noqa: PLC0415 - see _fingerprints

    words = np.frombuffer(b"".join([data for _, data in segments]), dtype=">u8").reshape(-1, _WORDS)
    lengths = np.asarray([len(data) // ID_BYTES for _, data in segments], dtype=np.int64)
    offsets = np.asarray([first for first, _ in segments], dtype=np.int64) - (np.cumsum(lengths) - lengths)
    indexes = np.repeat(offsets, lengths) + np.arange(len(words), dtype=np.int64)
    has_id = words.any(axis=1)
    return _Run(words[has_id, 0].astype(np.uint64), indexes[has_id])


def _merge(older: _Run, newer: _Run) -> _Run:
    import numpy as np  # noqa: PLC0415 - see _fingerprints

    keys = np.concatenate((older.keys, newer.keys))
    order = np.argsort(keys, kind="stable")
    return _Run(keys[order], np.concatenate((older.indexes, newer.indexes))[order])


def _search(run: _Run, wanted: Sequence[bytes], found: dict[bytes, list[int]]) -> None:
    """Add to `found` where the run has an entry with the same fingerprint as a wanted id."""
    import numpy as np  # noqa: PLC0415 - see _fingerprints

    keys = _fingerprints(b"".join(wanted))
    left = np.searchsorted(run.keys, keys, side="left")
    at = np.minimum(left, len(run.keys) - 1)
    for hit in np.flatnonzero(run.keys[at] == keys).tolist():
        right = int(np.searchsorted(run.keys, keys[hit], side="right"))
        found.setdefault(wanted[hit], []).extend(run.indexes[left[hit] : right].tolist())
