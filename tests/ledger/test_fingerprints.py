"""The fingerprint index: never misses an id, whatever the order, the merges and the collisions."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.ledger import fingerprints
from doseway.ledger.fingerprints import NO_ID, FingerprintIndex, segment

IDS = st.lists(st.one_of(st.none(), st.binary(min_size=32, max_size=32)), max_size=12)
FEW_FINGERPRINTS = st.builds(lambda a, b: bytes([a]) * 8 + bytes([b]) * 24, st.integers(0, 3), st.integers(1, 3))


def content(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def test_a_batch_without_ids_has_no_segment() -> None:
    assert segment([None, None]) == b""
    assert segment([None, b"\x07" * 32]) == NO_ID + b"\x07" * 32


@settings(max_examples=150, deadline=None)
@given(
    batches=st.lists(st.lists(st.one_of(st.none(), FEW_FINGERPRINTS), max_size=12), max_size=12), split=st.integers()
)
def test_every_id_is_found_at_every_place_it_may_be(batches: list[list[bytes | None]], split: int) -> None:
    """Loaded from segments or added since, merged or not, with colliding fingerprints."""
    at, cut = 0, split % (len(batches) + 1)
    loaded: list[tuple[int, list[bytes | None]]] = []
    added: list[tuple[int, list[bytes | None]]] = []
    where: dict[bytes, int] = {}
    for number, batch in enumerate(batches):
        (loaded if number < cut else added).append((at, batch))
        where |= {content_id: index for index, content_id in enumerate(batch, start=at) if content_id is not None}
        at += len(batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "_RECENT", 4)
        index_ = FingerprintIndex((first, segment(ids)) for first, ids in loaded if segment(ids))
        for first, ids in added:
            index_.add(first, ids)
        found = index_.candidates([*where, None, b"\xee" * 32])
    assert set(found) == set(where)
    assert all(where[content_id] in indexes for content_id, indexes in found.items())


def test_runs_stay_few_and_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_RECENT", 16)
    index = FingerprintIndex()
    for number in range(4_000):
        index.add(number, [content(number)])
    assert len(index._runs) <= 8
    assert all((run.keys[:-1] <= run.keys[1:]).all() for run in index._runs)
    wanted = [content(number) for number in range(0, 4_000, 7)]
    assert [index.candidates([one]) for one in wanted] == [{one: [number * 7]} for number, one in enumerate(wanted)]


def test_a_forgotten_id_is_no_longer_recent() -> None:
    index = FingerprintIndex()
    index.add(0, [content(1)])
    index.forget(content(1))
    index.forget(content(2))
    assert index.candidates([content(1)]) == {}


def test_nothing_asked_nothing_found() -> None:
    index = FingerprintIndex([(0, segment([content(1)]))])
    assert index.candidates([]) == index.candidates([None]) == {}
