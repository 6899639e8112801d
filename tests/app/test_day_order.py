"""Order leaves no trace on a whole day: sent live, late, backwards, shuffled, twice or by every door, it says the same.

Compared is everything that a tower says in the end: each alert that stands with its finding, state and limits, each
shipment's row with phase, ETA and proposed verdict, and each device's row. Two things are not, because they tell of
the way and not of the day:

- what was retracted: a gap is opened only where it is looked at before the late upload that fills it;
- an alert's id. It is the thread that a person follows, so it is given once, by the start that was known when the alert
  was opened, and kept when late data moves that start: whoever acknowledged the alert has still acknowledged it. Which
  start was known first is the order of arrival. What the alert *is* (shipment, rule, entry, device, sensor, start) is
  in its finding, and is compared.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.app.day_doors import through_doors
from tests.app.day_kit import WAYS, Final, delivered, reduced
from tests.intake.mosquitto_kit import needs_mosquitto

from doseway.app.demo_day import START_MS
from doseway.app.traffic import plan_day
from doseway.model.units import MINUTE_MS

DOORS = "split over doors"


def assert_same(found: Final, live: Final, way: str) -> None:
    for name in ("alerts", "shipments", "devices"):
        ours, theirs = getattr(found, name), getattr(live, name)
        assert len(set(ours)) == len(ours), f"{way}: something stands there twice"
        assert ours == theirs, f"{way}: {name}: {sorted({*ours} ^ {*theirs})[:4]}"


def test_an_eighth_of_the_day_says_the_same_in_whichever_order_it_comes() -> None:
    day = reduced(1)
    live, *others = (delivered(day, way, 30 * MINUTE_MS) for way in WAYS)
    assert len(live.alerts) > 30
    assert len({"theft", "cloned_device", "freeze"} & {rule for one in live.alerts for rule in one.split('"')}) == 3
    for way, found in zip(list(WAYS)[1:], others, strict=True):
        assert_same(found, live, way)
        assert found.packets["rejected"] == 0
    assert len({found.packets["received"] for found in (live, *others)}) > 2, "the ways differ"


@pytest.mark.slow
@needs_mosquitto
def test_the_whole_day_says_the_same_in_whichever_order_and_by_whichever_door_it_comes() -> None:
    """Each way in a process of its own, two at a time: a tower serves from its main thread."""
    day = plan_day(1, START_MS)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        futures = {way: pool.submit(delivered, day, way) for way in WAYS}
        futures[DOORS] = pool.submit(through_doors, day)
        found = {way: future.result() for way, future in futures.items()}
    live = found.pop("live")
    assert len(live.shipments) == len({one.shipment for one in day.bindings})
    assert len(live.alerts) > 150
    for way, one in found.items():
        assert_same(one, live, way)
