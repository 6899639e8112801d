"""What people do: each one fact, refused where it rests on what is not so."""

import threading
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import MINUTE, START_MS, TowerPlace, all_alerts, body_of, journey, plan

from doseway.model.documents import DeviceCard, Leg, Party, Product, Shipment
from doseway.model.errors import ConflictError, DataError


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


def test_a_document_is_put_in_versions_and_an_old_one_is_not_overwritten(place: TowerPlace) -> None:
    with place.open() as tower:
        first = tower.desk.put(Party(id="acme", title="Acme"), replaces=0, by="user:q")
        second = tower.desk.put(Party(id="acme", title="Acme AG"), replaces=1, by="user:q")
        with pytest.raises(ConflictError, match="version 2, not 1"):
            tower.desk.put(Party(id="acme", title="Other"), replaces=1, by="user:r")
        assert tower.board.wait_for(second, 5)
        stored = tower.board.document("party", "acme")
        assert stored is not None
        assert (stored.version, stored.index, stored.document.title) == (2, second, "Acme AG")
        assert first < second
        assert [one.id for one in tower.board.documents("party")] == ["acme"]


def test_of_two_who_change_the_same_version_one_is_told(place: TowerPlace) -> None:
    with place.open() as tower:
        tower.desk.put(Party(id="acme"), replaces=0, by="user:q")
        outcomes: list[str] = []

        def put(title: str) -> None:
            try:
                tower.desk.put(Party(id="acme", title=title), replaces=1, by="user:q")
                outcomes.append("put")
            except ConflictError:
                outcomes.append("told")

        threads = [threading.Thread(target=put, args=(f"t{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["put", "told", "told", "told"]


@pytest.mark.parametrize(
    "document",
    [
        Shipment(id="s1", product="nothing"),
        Shipment(id="s1", profile="nothing"),
        Shipment(id="s1", watch="nothing"),
        Shipment(id="s1", carrier="nobody"),
        Shipment(id="s1", lane="nowhere"),
        Shipment(id="s1", legs=(Leg(mode="road", from_site="a", to_site="b", depart_at_ms=0, arrive_at_ms=1),)),
        Product(id="p", profile="nothing"),
    ],
)
def test_what_refers_to_nothing_is_refused(place: TowerPlace, document: Shipment | Product) -> None:
    with place.open() as tower, pytest.raises(DataError, match="and there is none"):
        tower.desk.put(document, replaces=0, by="user:q")


def test_a_device_is_with_one_shipment_at_a_time(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        plan(tower, "s2", devices=())
        with pytest.raises(ConflictError, match="with the shipment s1"):
            tower.desk.associate("s2", "d1", at_ms=START_MS + 1, by="user:q")
        with pytest.raises(DataError, match="no shipment"):
            tower.desk.associate("s9", "d9", at_ms=START_MS, by="user:q")
        with pytest.raises(DataError, match="is not with"):
            tower.desk.dissociate("s2", "d1", at_ms=START_MS + 1, by="user:q")


def test_an_alert_is_acknowledged_snoozed_escalated_and_the_shipment_decided(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(50, 60))))
        alert = next(one for one in all_alerts(tower) if one.state == "open").alert
        with pytest.raises(DataError, match="comment is empty"):
            tower.desk.acknowledge(alert, comment=" ", by="user:q")
        with pytest.raises(DataError, match="no alert"):
            tower.desk.acknowledge("nothing", comment="seen", by="user:q")
        tower.desk.escalate(alert, level=1, by="system")
        with pytest.raises(ConflictError):
            tower.desk.escalate(alert, level=1, by="system")
        tower.desk.snooze(alert, until_ms=START_MS + MINUTE, comment="driver called", by="user:q")
        tower.desk.acknowledge(alert, comment="cooling repaired", by="user:q")
        with pytest.raises(ConflictError):
            tower.desk.escalate(alert, level=2, by="system")
        last = tower.desk.decide("s1", "quarantine", reason="until QA has looked", by="user:q")
        assert tower.board.wait_for(last, 5)
        row = tower.board.alert(alert)
        assert row is not None
        assert (row.acknowledged_by, row.comment, row.level) == ("user:q", "cooling repaired", 1)
        assert row.snoozed_until_ms == START_MS + MINUTE
        shipment = tower.board.shipment("s1")
        assert shipment is not None
        assert (shipment.disposition, shipment.phase) == ("quarantine", "at-origin")
        texts = [one.text for one in tower.board.timeline("s1")]
        assert "user:q acknowledged an alert: cooling repaired" in texts
        assert "user:q decided: quarantine. until QA has looked" in texts


@pytest.mark.parametrize(
    ("disposition", "reason", "units"),
    [("release", "", ()), ("throw-away", "x", ()), ("partial", "x", ()), ("release", "x", ("106141412345678908",))],
)
def test_a_disposition_is_a_known_one_with_a_reason(
    place: TowerPlace, disposition: str, reason: str, units: tuple[str, ...]
) -> None:
    with place.open() as tower:
        plan(tower)
        with pytest.raises(DataError):
            tower.desk.decide("s1", disposition, reason=reason, units=units, by="user:q")


def test_a_released_shipment_is_closed_and_late_data_still_revises_it(place: TowerPlace) -> None:
    readings = journey(hot=range(20, 40))
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", readings[:20] + readings[40:]))
        tower.desk.decide("s1", "release", reason="all in range", by="user:q")
        tower.settle()
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.phase == "closed"
        place.send(tower, body_of("d1", readings[20:40]))
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"


def test_limits_that_change_are_judged_by_at_once(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey()))
        assert {one.finding.rule for one in all_alerts(tower)} & {"excursion", "tier"} == set()
        tower.desk.put(Product(id="vaccine", profile="frozen"), replaces=1, by="user:q")
        tower.settle()
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"
        tower.desk.put(DeviceCard(id="d1", model="T2"), replaces=1, by="user:q")
        tower.settle()
        assert tower.board.devices()[0].device == "d1"
        assert tower.board.shipment("s1") is not None
