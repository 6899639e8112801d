"""The shipment of the next day: one finding before its departure, and no other of the day has any."""

from pathlib import Path

from tests.app.tower.tower_kit import HandClock

from doseway.app.board import ShipmentQuery
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.app.traffic import plan_day

START_MS = 1_795_478_400_000


def test_one_rule_of_tomorrows_shipment_can_never_fire_and_that_is_all(tmp_path: Path) -> None:
    day = plan_day(1, START_MS)
    clock = HandClock(START_MS)
    with open_tower(Settings(store=tmp_path / "store"), clock=clock) as tower:
        for document in day.documents:
            tower.desk.put(document, replaces=0, by="demo")
        for one in day.bindings:
            if one.action == "ADD":
                tower.desk.associate(one.shipment, one.device, at_ms=one.at_ms, by="demo")
        clock.at_ms = day.end_ms
        tower.tick_all()
        tower.settle()
        (row,) = tower.board.shipments(ShipmentQuery(is_unready=True, limit=500))
        assert (row.id, row.phase, row.lint) == ("shp-061", "at-origin", 1)
        counted = [one for one in tower.past.lint("shp-061") if not one.is_advice]
        assert [(one.code, one.rule) for one in counted] == [("never-fires", "light")]
        assert counted[0].text == "“Light in the box” can never fire: it needs a device that measures light."
