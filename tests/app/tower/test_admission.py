"""A lot of messages: admitted as one, each with its own outcome; one that cannot be kept spoils nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.tower.tower_kit import START_MS, TinyFormat, TowerPlace, body_of

from doseway.app.tower.admission import AdmissionSettings
from doseway.app.tower.opening import Tower, open_tower
from doseway.intake.door import Admitted, Incoming, Outcome
from doseway.ledger.pool import PoolSettings
from doseway.model.errors import DataError, Pushback, Unavailable, UsageError
from doseway.model.facts import PacketDecoded, PacketReceived

GOOD = "good"
KINDS = (GOOD, "repeated", "huge", "unknown", "named", "broken", "surrogate")


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


@pytest.fixture
def tower(place: TowerPlace) -> Iterator[Tower]:
    with place.open() as tower:
        yield tower


def message(place: TowerPlace, kind: str, number: int) -> Incoming:
    """Return a message: good, or wrong in one of many ways."""
    good = place.incoming(body_of("d1", [(START_MS + number, 5_000)]))
    repeated = place.incoming(body_of("d1", [(START_MS - 1, 5_000)]))
    # Fifty devices with long names: their tags are more than an entry can hold.
    many = [{"d": f"{device:02}{number}" + "x" * 2_000, "t": [[START_MS, 1]]} for device in range(50)]
    odd = json.dumps([{"d": f"{number}\ud800", "t": [[START_MS, 1]]}]).encode()
    return {
        GOOD: good,
        "repeated": repeated,
        "huge": place.incoming(json.dumps(many).encode()),
        "unknown": msgspec.structs.replace(good, format="nobody's"),
        "named": msgspec.structs.replace(good, name="n" * 1_001),
        "broken": place.incoming(b"no JSON %d" % number),
        "surrogate": place.incoming(odd),
    }[kind]


def check(kind: str, outcome: Outcome) -> None:
    match kind:
        case "good" | "repeated":
            assert isinstance(outcome, Admitted)
            assert (outcome.readings, outcome.error) == (1, "")
        case "broken":
            assert isinstance(outcome, Admitted)
            assert "no tiny message" in outcome.error
        case "unknown":
            assert isinstance(outcome, UsageError)
        case _:
            assert isinstance(outcome, DataError)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.sampled_from(KINDS), max_size=8), min_size=1, max_size=4))
def test_any_lots_have_an_outcome_for_each_and_keep_what_can_be_kept(
    tmp_path_factory: pytest.TempPathFactory, lots: list[list[str]]
) -> None:
    place = TowerPlace(tmp_path_factory.mktemp("tower"))
    with place.open() as tower:
        number = 0
        kept: dict[bytes, int] = {}
        sent = []
        for kinds in lots:
            lot = [message(place, kind, number := number + 1) for kind in kinds]
            sent.append((kinds, lot, tower.admit.lot(lot)))
        for kinds, lot, future in sent:
            outcomes = future.result(timeout=20)
            for kind, incoming, outcome in zip(kinds, lot, outcomes, strict=True):
                check(kind, outcome)
                if isinstance(outcome, Admitted):
                    assert outcome.is_duplicate == (incoming.body in kept)
                    assert kept.setdefault(incoming.body, outcome.packet) == outcome.packet
        tower.settle()
        log = tower.sequencer.log
        held = {b"".join(log.blob(one.index)): one.index for one in log.facts(kind=PacketReceived.TYPE)}
        assert held == kept
        decoded = [one.fact.content() for one in log.facts(kind=PacketDecoded.TYPE)]
        good = [packet for body, packet in kept.items() if body.startswith(b"[")]
        assert sorted(one.packet for one in decoded if isinstance(one, PacketDecoded)) == sorted(good)


def test_what_is_refused_leaves_no_trace_in_what_waits(tower: Tower, place: TowerPlace) -> None:
    lot = [message(place, kind, number) for number, kind in enumerate(KINDS)]
    for _ in range(3):
        tower.admit.lot(lot).result(timeout=20)
    assert tower.admit._packets == tower.admit._bytes == 0
    tower.settle()
    assert tower.admit._handover._decoded == {}


def test_a_single_message_is_refused_at_once(tower: Tower, place: TowerPlace) -> None:
    with pytest.raises(UsageError, match="no message format"):
        tower.admit(message(place, "unknown", 1))
    with pytest.raises(DataError, match="at most 1000 characters"):
        tower.admit(message(place, "named", 1))
    with pytest.raises(DataError, match="does not fit"):
        tower.admit(message(place, "huge", 1)).result(timeout=20)


def test_a_full_queue_pushes_a_whole_lot_back_and_takes_nothing_of_it(place: TowerPlace) -> None:
    few, slow = AdmissionSettings(max_packets=5), PoolSettings(linger_ms=60_000)
    formats = {"tiny": TinyFormat()}
    with open_tower(place.settings, messages=formats, clock=place.clock, admission=few, pool=slow) as tower:
        first = tower.admit.lot([message(place, GOOD, number) for number in range(8)])  # alone it is always taken
        with pytest.raises(Pushback, match="8 packets are waiting"):
            tower.admit.lot([message(place, GOOD, 100)])
        assert not first.done()
    assert len(first.result(timeout=20)) == 8
    with place.open() as tower:
        assert len(list(tower.sequencer.log.facts(kind=PacketReceived.TYPE))) == 8


def test_after_closing_no_lot_is_taken(place: TowerPlace) -> None:
    with place.open() as tower:
        admit = tower.admit
    with pytest.raises(Unavailable, match="closed"):
        admit.lot([message(place, GOOD, 1)])
