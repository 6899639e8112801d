"""Which entry is the newest about a thing: what conditional appends are checked against.

Writing each tag's newest index with every batch would cost a third of the append. So the newest ones stay in memory,
and go to the store with every so many; after a crash they are read again from the entries, which say them all.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from doseway.ledger.ports import LogReader
from doseway.model.canonical import encode

FLUSH_TAGS: Final = 8_192
FLUSH_ENTRIES: Final = 16_384
"""The store is behind by less than this; so much is read when a log is opened after a crash."""

_PAGE: Final = 1_024


class _Tagged(msgspec.Struct):
    """The tags of a fact; the rest is skipped while decoding."""

    tags: tuple[str, ...] = ()


_DECODER = msgspec.json.Decoder(_Tagged)


def tags_of(entry: bytes) -> tuple[str, ...]:
    """Return the tags of an entry, none where it is not a fact."""
    try:
        return _DECODER.decode(entry).tags
    except msgspec.DecodeError:
        return ()


class TagIndex:
    """The newest entry of each tag, for the one that writes. Not thread-safe but for `last`."""

    def __init__(self, store: LogReader, size: int) -> None:
        self._store = store
        self._through = store.tags_through()
        self._recent: dict[str, int] = {}
        for first in range(self._through, size, _PAGE):
            for index, entry in store.page(first, min(first + _PAGE, size)):
                for tag in tags_of(entry):
                    self._recent[tag] = index

    def last(self, tag: str) -> int | None:
        """Return the index of the newest entry with a tag."""
        recent = self._recent.get(tag)
        return recent if recent is not None else self._store.last_tagged(tag)

    def due(self, tags: Mapping[str, int], size: int) -> dict[str, int] | None:
        """Return what shall become durable with a batch that ends at `size`; None for nothing yet."""
        if len(self._recent) + len(tags) < FLUSH_TAGS and size - self._through < FLUSH_ENTRIES:
            return None
        return self._recent | dict(tags)

    def add(self, tags: Mapping[str, int], size: int, *, is_flushed: bool) -> None:
        """Take in the tags of a batch that was committed."""
        if is_flushed:
            self._recent, self._through = {}, size
        else:
            self._recent.update(tags)

    def rest(self) -> dict[str, int]:
        """Return what the store does not have yet."""
        return self._recent


def last_tagged(store: LogReader, tag: str, size: int) -> int | None:
    """Return the newest entry with a tag among the first `size`, for a reader beside the one that writes."""
    for start in range(store.tags_through(), size, FLUSH_ENTRIES):
        rows = store.page(start, min(start + FLUSH_ENTRIES, size), containing=encode(tag))
        for index, entry in reversed(rows):
            if tag in tags_of(entry):
                return index
    return store.last_tagged(tag)
