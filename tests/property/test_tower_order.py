"""Order leaves no trace: the same readings in any order, batches, repetition and doors give the same alerts."""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
    said,
)

from doseway.app.tower.opening import Tower

Batch = tuple[str, Sequence[Reading]]


@st.composite
def days(draw: st.DrawFn) -> dict[str, list[Reading]]:
    """Draw the readings of two devices: excursions up and down, gaps, and readings that contradict."""
    found: dict[str, list[Reading]] = {}
    for device in ("d1", "d2"):
        values = st.sampled_from([-1_000, 1_900, 5_000, 5_100, 9_000, 30_000])
        pieces = draw(st.lists(st.tuples(values, st.integers(1, 12), st.integers(0, 9)), min_size=1, max_size=8))
        at, readings = START_MS, []
        for value, count, gap in pieces:
            for _ in range(count):
                readings.append((at, value))
                at += TEN
            at += gap * TEN
        found[device] = readings
    return found


@st.composite
def deliveries(draw: st.DrawFn, day: dict[str, list[Reading]]) -> list[Batch]:
    """Draw a way to send a day: shuffled, cut into batches, some of them twice."""
    batches: list[Batch] = []
    chance = random.Random(draw(st.integers(0, 1 << 30)))
    for device, readings in day.items():
        order = list(readings)
        how = draw(st.sampled_from(["oldest", "newest", "shuffled"]))
        if how == "newest":
            order.reverse()
        elif how == "shuffled":
            chance.shuffle(order)
        size = draw(st.integers(1, 30))
        batches += [(device, order[start : start + size]) for start in range(0, len(order), size)]
    batches += draw(st.lists(st.sampled_from(batches), max_size=3))
    chance.shuffle(batches)
    return batches


def deliver(tower: Tower, place: TowerPlace, batches: Sequence[Batch]) -> None:
    for number, (device, readings) in enumerate(batches):
        door = ("http", "mqtt", "poll")[number % 3]
        tower.admit(place.incoming(body_of(device, readings), door=door)).result(timeout=10)
        if number % 2:
            tower.settle()
    tower.settle()


def outcome_of(batches: Sequence[Batch]) -> tuple[list[tuple[str, str, str]], str]:
    with tempfile.TemporaryDirectory() as folder:
        place = TowerPlace(Path(folder))
        with place.open() as tower:
            plan(tower, devices=("d1", "d2"))
            deliver(tower, place, batches)
            row = tower.board.shipment("s1")
            assert row is not None
            live = said(all_alerts(tower))
            assert row.open_alerts == sum(state == "open" for _, state, _ in live)
            return live, row.verdict


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_delivery_gives_the_alerts_of_the_readings(data: st.DataObject) -> None:
    day = data.draw(days())
    at_once = outcome_of([(device, readings) for device, readings in day.items()])
    assert outcome_of(data.draw(deliveries(day))) == at_once


def test_a_start_that_moves_splits_and_joins_is_followed_by_one_alert() -> None:
    """Newest first, one by one: the excursion's start moves with every reading, and its alert is opened once."""
    readings = journey(hot=range(20, 40))
    at_once = outcome_of([("d1", readings)])
    assert outcome_of([("d1", [one]) for one in reversed(readings)]) == at_once
    middle = [*readings[:30], *readings[31:], readings[30]]
    assert outcome_of([("d1", [one]) for one in middle]) == at_once


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_positions_signals_and_silence_leave_no_trace_of_their_order_either(data: st.DataObject) -> None:
    """A lorry that stops, a signal, a hole: the watch's alerts are those of what was observed, and of the time."""
    minutes = sorted(data.draw(st.sets(st.integers(0, 400), min_size=3, max_size=25)))
    messages = [
        body_of(
            "d1",
            [(START_MS + minute * MINUTE, 5_000)],
            f=[[START_MS + minute * MINUTE, 45_000_000 + (minute // 60) * 200_000, 9_000_000]],
            g=[[START_MS + minute * MINUTE, "tampering"]] if minute % 7 == 0 else [],
        )
        for minute in minutes
    ]
    shuffled = [*messages, *messages[::3]]
    random.Random(data.draw(st.integers(0, 1 << 30))).shuffle(shuffled)
    assert watched(shuffled) == watched(messages)


def watched(messages: Sequence[bytes]) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        place = TowerPlace(Path(folder))
        with place.open() as tower:
            plan(tower)
            for number, message in enumerate(messages):
                tower.admit(place.incoming(message, at_ms=START_MS + 500 * MINUTE)).result(timeout=10)
                if number % 3 == 0:
                    tower.settle()
            tower.settle()
            place.clock.at_ms = START_MS + 500 * MINUTE
            tower.tick_all()
            tower.settle()
            return said(all_alerts(tower))
