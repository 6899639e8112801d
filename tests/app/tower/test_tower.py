"""From an admitted packet to alerts and views, end to end."""

from collections import Counter
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import START_MS, TEN, TowerPlace, all_alerts, body_of, journey, plan

from doseway.app.board import ShipmentQuery
from doseway.model.documents import DeviceCard
from doseway.model.facts import AlertClosed, AlertOpened, PacketDecoded, PacketReceived, PacketRejected


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


def test_a_packet_becomes_readings_a_verdict_and_an_alert(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        admitted = place.send(tower, body_of("d1", journey(hot=range(20, 40))))[0]
        assert (admitted.readings, admitted.is_duplicate, admitted.error) == (60, False, "")
        row = tower.board.shipment("s1")
        assert row is not None
        assert (row.verdict, row.temperature_milli, row.temperature_at_ms) == ("qa-review", 5_000, START_MS + 59 * TEN)
        alerts = all_alerts(tower)
        assert {one.finding.start_ms for one in alerts if one.finding.rule == "excursion"} == {START_MS + 20 * TEN}
        assert all(one.limits["rule"] == one.finding.rule for one in alerts)
        kinds = [type(found.fact.content()) for found in tower.sequencer.log.facts()]
        assert kinds.count(PacketReceived) == kinds.count(PacketDecoded) == 1
        assert AlertOpened in kinds
        assert tower.board.wait_for(tower.sequencer.log.size - 1, 5)
        assert tower.board.timeline("s1")[0].text == "The shipment was planned."


def test_an_open_excursion_is_told_once_and_closed_once(place: TowerPlace) -> None:
    readings = journey(hot=range(20, 40))
    with place.open() as tower:
        plan(tower)
        for one in readings:
            place.send(tower, body_of("d1", [one]))
        bodies = [found.fact.content() for found in tower.sequencer.log.facts()]
        above = [one for one in bodies if isinstance(one, AlertOpened) and one.finding.rule == "excursion"]
        closed = [one for one in bodies if isinstance(one, AlertClosed) and one.alert == above[0].alert]
        assert len({one.alert for one in above}) == len(above)
        assert len(closed) == 1
        assert closed[0].finding.end_ms == START_MS + 40 * TEN
        row = tower.board.alert(above[0].alert)
        assert row is not None
        assert row.state == "closed"


def test_what_cannot_be_decoded_is_kept_and_shown(place: TowerPlace) -> None:
    with place.open() as tower:
        bad = tower.admit(place.incoming(b"no json")).result(timeout=10)
        crashed = tower.admit(place.incoming(b"[]", form="crash")).result(timeout=10)
        tower.settle()
        assert "no tiny message" in bad.error
        assert "ZeroDivisionError" in crashed.error
        rejected = [b for f in tower.sequencer.log.facts() if isinstance(b := f.fact.content(), PacketRejected)]
        assert [one.packet for one in rejected] == [bad.packet, crashed.packet]
        assert b"".join(tower.sequencer.log.blob(bad.packet)) == b"no json"


def test_the_same_bytes_are_one_packet_by_whichever_door(place: TowerPlace) -> None:
    body = body_of("d1", journey())
    with place.open() as tower:
        first = place.send(tower, body)[0]
        again = place.send(tower, body, door="mqtt")[0]
        assert (again.packet, again.is_duplicate) == (first.packet, True)


def test_bytes_without_a_time_of_their_own_are_new_at_another_time(place: TowerPlace) -> None:
    body = b'[{"d": "d1", "t": [[null, 5000]]}]'
    with place.open() as tower:
        first = tower.admit(place.incoming(body)).result(timeout=10)
        again = tower.admit(place.incoming(body, at_ms=START_MS + 1)).result(timeout=10)
        assert not again.is_duplicate
        assert first.packet != again.packet


def test_an_unknown_device_is_kept_and_its_readings_follow_it_to_a_shipment(place: TowerPlace) -> None:
    with place.open() as tower:
        place.send(tower, body_of("stray", journey(hot=range(20, 40))))
        stray = tower.board.devices()[0]
        assert (stray.device, stray.is_known, stray.shipment) == ("stray", False, "")
        tower.desk.put(DeviceCard(id="stray", model="T9"), replaces=0, by="user:q")
        tower.settle()
        (known,) = [one for one in tower.board.devices() if one.device == "stray"]
        assert (known.is_known, known.model) == (True, "T9")
        plan(tower, devices=("stray",))
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"
        assert tower.board.devices()[0].shipment == "s1"


def test_a_corrected_association_takes_readings_and_alerts_along(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        plan(tower, "s2", devices=())
        place.send(tower, body_of("d1", journey(hot=range(20, 40))))
        assert {one.shipment for one in all_alerts(tower)} == {"s1"}
        tower.desk.dissociate("s1", "d1", at_ms=START_MS + 10 * TEN, by="user:q")
        tower.desk.associate("s2", "d1", at_ms=START_MS + 10 * TEN, by="user:q")
        tower.settle()
        assert {one.shipment for one in all_alerts(tower)} == {"s2"}
        assert {one.shipment for one in all_alerts(tower, ("retracted",))} == {"s1"}
        first = tower.board.channels("s1", first_ms=START_MS, last_ms=START_MS + 60 * TEN, buckets=1_000)
        second = tower.board.channels("s2", first_ms=START_MS, last_ms=START_MS + 60 * TEN, buckets=1_000)
        assert (len(first[0].at_ms), len(second[0].at_ms)) == (10, 50)
        assert max(second[0].high_milli) == 12_000


def test_everything_is_there_when_it_is_opened_again_and_nothing_is_said_twice(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(20, 40))), b"garbage")
        size, rows = tower.sequencer.log.size, all_alerts(tower)
        shipment = tower.board.shipment("s1")
    (place.settings.store / "tower.sqlite").unlink()
    with place.open() as tower:
        assert tower.sequencer.log.size == size
        assert all_alerts(tower) == rows
        again = tower.board.shipment("s1")
        assert again is not None
        assert shipment is not None
        assert (again.verdict, again.open_alerts) == (shipment.verdict, shipment.open_alerts)
    with place.open() as tower:
        assert tower.sequencer.log.size == size
        assert [one.id for one in tower.board.shipments(ShipmentQuery(text="LOT"))] == ["s1"]
        assert tower.board.shipments(ShipmentQuery(text="nothing")) == []


def test_pages_are_counted_and_devices_searched_in_the_tables(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        plan(tower, "s2", ("d2", "d3"))
        place.send(tower, body_of("d1", journey(hot=range(20, 40))), body_of("d2", journey(count=3)))
        counts = tower.board.counts()
        rows = tower.board.shipments(ShipmentQuery())
        assert counts.shipments == 2
        assert counts.phases == dict(Counter(row.phase for row in rows))
        assert counts.alerting == sum(row.open_alerts > 0 for row in rows)
        assert counts.open_alerts == len(tower.board.alerts())
        assert (counts.located, counts.late) == (0, 0)
        assert [one.device for one in tower.board.devices(shipment="s2")] == ["d2", "d3"]
        assert [one.device for one in tower.board.devices(text="T1 D1")] == ["d1"]
        assert tower.board.devices(text="t9") == []
        silent = [one.device for one in tower.board.devices() if one.is_silent]
        assert [one.device for one in tower.board.devices(is_silent=True)] == silent
        assert tower.board.count_silent() == len(silent)
        assert "d3" in silent, "it was never heard"
        assert [one.device for one in tower.board.devices(is_silent=True, limit=1)] == silent[:1]
        assert [one.device for one in tower.board.devices(is_silent=True, after=silent[0])] == silent[1:]
