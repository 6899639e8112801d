"""Bytes that were erased take nothing back: what was found in them stands, marked, and the rest goes on."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import (
    MINUTE,
    START_MS,
    TEN,
    Reading,
    TowerPlace,
    all_alerts,
    body_of,
    journey,
    plan,
)

from doseway.app.board import AlertRow
from doseway.app.logbook import writing
from doseway.app.shipment_packing import pack_shipment
from doseway.app.tower.judging import LOST
from doseway.app.tower.opening import Tower, open_tower
from doseway.model.units import HOUR_MS

HOT = range(20, 32)


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


def sent(place: TowerPlace, readings: list[Reading], size: int) -> list[int]:
    """Send readings in packets of so many; return their indexes."""
    place.clock.at_ms = readings[-1][0] + MINUTE
    bodies = [body_of("d1", readings[at : at + size]) for at in range(0, len(readings), size)]
    with place.open() as tower:
        plan(tower)
        packets = [one.packet for one in place.send(tower, *bodies)]
        tick(tower)
    return packets


def erase(place: TowerPlace, *packets: int) -> None:
    with writing(place.settings, clock=place.clock) as sequencer:
        for packet in packets:
            sequencer.erase(packet, reason="request 17", by="test")


def tick(tower: Tower) -> None:
    tower.tick_all()
    tower.settle()


def rows(tower: Tower) -> dict[str, AlertRow]:
    return {one.finding.rule_id: one for one in all_alerts(tower, ("open", "closed", "retracted"))}


def said_since(tower: Tower, size: int) -> list[str]:
    return [found.fact.type for found in tower.sequencer.log.facts(size)]


@pytest.mark.parametrize("lost", [range(60), HOT, range(25, 27), range(24, 60), [20], [31], range(10, 15)])
@pytest.mark.parametrize("size", [1, 60])
def test_an_erased_packet_takes_back_nothing_and_says_nothing(place: TowerPlace, lost: list[int], size: int) -> None:
    packets = sent(place, journey(hot=HOT), size)
    with place.open() as tower:
        before, length = rows(tower), tower.sequencer.log.size
        assert before["above-8"].finding.end_ms is not None
        assert not any(one.is_on_erased for one in before.values())
    erased = packets if size == 60 else [packets[number] for number in lost]
    erase(place, *erased)
    for _ in range(2):
        with place.open() as tower:
            tick(tower)
            assert said_since(tower, length) == ["blob.erased"] * len(erased)
            after = rows(tower)
            assert {name: one.finding for name, one in after.items()} == {n: o.finding for n, o in before.items()}
            touches = size == 60 or bool(set(lost) & {*HOT, 32})
            assert after["above-8"].is_on_erased is touches
            holder = tower.holder("s1")
            assert holder is not None
            assert holder.judged is not None
            assert LOST in holder.judged.judgement.reasons
            assert holder.judged.verdict.rank >= 1
            assert set(tower.packets_of("s1")) == set(packets), "the proof keeps its place"


def test_what_comes_later_is_judged_as_ever(place: TowerPlace) -> None:
    packets = sent(place, journey(hot=HOT, count=40), 1)
    erase(place, *packets[18:40])
    later = [(START_MS + number * TEN, 15_000 if number >= 60 else 5_000) for number in range(40, 80)]
    with place.open() as tower:
        before = rows(tower)["above-8"]
        place.clock.at_ms = later[-1][0]
        place.send(tower, body_of("d1", later))
        tick(tower)
        found = [one for one in all_alerts(tower) if one.finding.rule_id == "above-8"]
        assert [one.finding.start_ms for one in found] == [later[20][0], before.finding.start_ms]
        assert [one.is_on_erased for one in found] == [False, True]
        place.clock.at_ms += 8 * HOUR_MS
        tick(tower)
        silences = [one for one in all_alerts(tower) if one.finding.rule_id == "no_signal"]
        assert [one.finding.start_ms for one in silences] == [later[-1][0]], "silence since the last word is told"


def test_silence_that_began_with_an_erased_word_ends_with_the_next(place: TowerPlace) -> None:
    packets = sent(place, journey(count=30), 1)
    with place.open() as tower:
        place.clock.at_ms += 4 * HOUR_MS
        tick(tower)
        (before,) = all_alerts(tower)
        assert (before.finding.rule_id, before.state) == ("no_signal", "open")
    erase(place, *packets[20:])
    with place.open() as tower:
        assert [one.finding for one in all_alerts(tower)] == [before.finding]
        place.send(tower, body_of("d1", [(place.clock.at_ms, 5_000)]))
        (after,) = all_alerts(tower)
        assert (after.alert, after.state, after.finding.end_ms) == (before.alert, "closed", place.clock.at_ms)


def test_a_warm_hour_among_what_is_left_is_told_although_it_reaches_over_a_loss(place: TowerPlace) -> None:
    """Unknown is not yes: only silence is not told of a loss."""
    packets = sent(place, journey(count=30), 1)
    erase(place, packets[15])
    with place.open() as tower:
        warm = [(START_MS + number * TEN + MINUTE, 20_000) for number in range(10, 20)]
        place.send(tower, body_of("d1", warm, s="second"))
        assert rows(tower)["above-8"].finding.sensor == "second"


def test_the_evidence_of_the_shipment_still_has_the_erased_packets_place(tmp_path: Path) -> None:
    place = TowerPlace(tmp_path / "one")
    readings = [(START_MS + number * TEN, 12.0 if number in HOT else 5.0) for number in range(60)]
    pieces = [readings[at : at + 20] for at in range(0, 60, 20)]
    place.clock.at_ms = readings[-1][0]
    with open_tower(place.settings, clock=place.clock) as tower:
        plan(tower)
        incoming = [place.incoming(_senml(piece), form="senml") for piece in pieces]
        packets = [tower.admit(one).result(timeout=20).packet for one in incoming]
        tower.settle()
    erase(place, packets[1])
    out = tmp_path / "s1.zip"
    with open_tower(place.settings, clock=place.clock) as tower:
        assert rows(tower)["above-8"].is_on_erased
        pack_shipment(place.settings, tower, "s1", title="s1", out=out)
    done = subprocess.run([sys.executable, "-m", "doseway", "evidence", "verify", str(out), "--json"],
                          capture_output=True, check=False, cwd=tmp_path)  # fmt: skip
    found = json.loads(done.stdout)
    assert found["tampered"] == []
    assert any(f"packet {packets[1]}" in gap and "request 17" in gap for gap in found["gaps"]), found["gaps"]


def _senml(readings: Sequence[tuple[int, float]]) -> bytes:
    records = [{"bn": "d1:", "n": "temp", "u": "Cel", "t": at_ms / 1000, "v": v} for at_ms, v in readings]
    return json.dumps(records).encode()
