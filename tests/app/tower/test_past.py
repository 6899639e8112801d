"""Rules tried on history find what the tower found, and say what would have been otherwise; live and from the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import MINUTE, START_MS, TEN, TinyFormat, TowerPlace, all_alerts, body_of, journey, plan

from doseway.app.board import ShipmentQuery
from doseway.app.books import amended, builtin, document_of
from doseway.app.rule_names import meant
from doseway.app.tower.opening import Tower
from doseway.app.tower.past import Past
from doseway.app.tower.reading import reading_past
from doseway.app.trial import Trial, Where
from doseway.model.documents import DeviceCard, Lane, Leg, Product, Shipment, Site, WatchBook
from doseway.model.errors import ConflictError, DataError, ProfileError, UsageError
from doseway.model.places import Circle
from doseway.model.readings import Quantity

HOT = range(20, 30)


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


@pytest.fixture
def tower(place: TowerPlace) -> Iterator[Tower]:
    with place.open() as tower:
        plan(tower, "s1", ["d1"])
        place.clock.at_ms = START_MS + 60 * TEN
        place.send(tower, body_of("d1", journey(HOT, value=9_000)))
        yield tower


def tried(past: Past, name: str, where: Where, **changes: str) -> list[Trial]:
    book, _ = meant(name, changes, past.book)
    return past.try_out(book, where)


def windows(trial: Trial) -> list[tuple[str, int, int | None, str]]:
    def minute(at_ms: int | None) -> int | None:
        return None if at_ms is None else (at_ms - START_MS) // TEN

    return [
        (one.finding.rule_id, minute(one.finding.start_ms) or 0, minute(one.finding.end_ms), one.compared)
        for one in trial.fired
    ]


def test_the_rules_in_force_would_have_found_what_they_did(tower: Tower) -> None:
    (trial,) = tried(tower.past, "usp-cct", Where(shipment="s1"))
    assert trial.gone == ()
    assert {one.compared for one in trial.fired} == {"same"}
    assert len(trial.fired) == len(all_alerts(tower))
    assert (trial.observations, trial.verdict) == (60, "within-budget")


def test_a_changed_limit_says_what_is_new_gone_or_at_another_time(tower: Tower) -> None:
    (lower,) = tried(tower.past, "usp-cct/above-8", Where(shipment="s1"), limit_c="4.5")
    assert windows(lower) == [("above-8", 0, None, "changed")]
    assert lower.fired[0].was is not None
    (higher,) = tried(tower.past, "usp-cct/above-8", Where(shipment="s1"), limit_c="9")
    assert (higher.fired, [one.rule_id for one in higher.gone]) == ((), ["above-8"])
    (delayed,) = tried(tower.past, "usp-cct/above-8", Where(shipment="s1"), raise_after_s="3600")
    assert windows(delayed) == [("above-8", 20, 30, "changed")]
    assert [one.finding.raised_ms for one in delayed.fired] == [START_MS + 25 * TEN]
    (spike,) = tried(tower.past, "excursion", Where(shipment="s1"), side="high", limit_c="8.5")
    assert windows(spike) == [("excursion", 20, 30, "same")], "by another entry, which the tried rules do not have"


def test_a_span_leaves_out_what_lies_outside_and_cuts_nothing_in_two(tower: Tower) -> None:
    rules = "usp-cct/above-8"
    (inside,) = tried(
        tower.past, rules, Where(shipment="s1", first_ms=START_MS + 25 * TEN, last_ms=START_MS + 26 * TEN)
    )
    assert windows(inside) == [("above-8", 20, 30, "same")]
    (before,) = tried(tower.past, rules, Where(shipment="s1", last_ms=START_MS + 19 * TEN))
    assert (before.fired, before.gone) == ((), ())
    (after,) = tried(tower.past, rules, Where(shipment="s1", first_ms=START_MS + 30 * TEN + 1))
    assert (after.fired, after.gone) == ((), ())


def test_a_device_is_tried_on_every_shipment_that_it_was_with_and_alone(place: TowerPlace, tower: Tower) -> None:
    place.send(tower, body_of("d2", journey(HOT, value=9_000)))
    plan(tower, "s2", ["d3"])
    (with_it,) = tried(tower.past, "usp-cct/above-8", Where(device="d1"))
    assert (with_it.subject, len(with_it.fired)) == ("s1", 1)
    (alone,) = tried(tower.past, "usp-cct/above-8", Where(device="d2"))
    assert (alone.subject, windows(alone)) == ("device d2", [("above-8", 20, 30, "new")])
    heard = tried(tower.past, "usp-cct/above-8", Where(first_ms=START_MS))
    assert [one.subject for one in heard] == ["s1"], "s2 was not heard"
    assert tried(tower.past, "usp-cct/above-8", Where(first_ms=START_MS + 99 * TEN)) == []
    with pytest.raises(DataError, match="no shipment 'nobody'"):
        tried(tower.past, "light", Where(shipment="nobody"))
    with pytest.raises(DataError, match="ever heard of a device 'nobody'"):
        tried(tower.past, "light", Where(device="nobody"))


def test_the_log_alone_gives_the_same_trials_as_the_tower(place: TowerPlace, tower: Tower) -> None:
    light = body_of("d1", [(START_MS + number * TEN, 40_000) for number in range(5)], q="light")
    place.send(tower, light)
    names = ("usp-cct", "usp-crt", "standard", "light")
    live = [tried(tower.past, name, Where(shipment="s1")) for name in names]
    with reading_past(place.settings, {"tiny": TinyFormat()}) as past:
        assert [tried(past, name, Where(shipment="s1")) for name in names] == live
        assert past.lint("s1") == tower.past.lint("s1")


def test_what_the_product_used_of_its_budget_before_counts_in_a_trial(place: TowerPlace, tower: Tower) -> None:
    (unused,) = tried(tower.past, "tier", Where(shipment="s1"), above_c="8", budget_s=str(2 * 3600))
    tower.desk.put(Product(id="vaccine", profile="usp-cct", budget_used_before_s=3600), replaces=1, by="user:q")
    tower.settle()
    (used,) = tried(tower.past, "tier", Where(shipment="s1"), above_c="8", budget_s=str(2 * 3600))
    assert (unused.verdict, used.verdict) == ("within-budget", "qa-review")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("usp-ccd", {}, "usp-cct"),
        ("usp-cct/above-9", {}, "above-8"),
        ("usp-cct", {"limit_x": "1"}, "limit_c"),
        ("excursion", {"side": "high"}, "limit_c is missing"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(name: str, changes: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        meant(name, changes)
    assert words in str(caught.value)


def test_own_books_are_put_judged_by_and_refused_where_they_are_none(place: TowerPlace, tower: Tower) -> None:
    own = document_of(amended(builtin("profile", "usp-cct"), {"above-8.limit_c": "9.5"}, ["above-8"]))
    tower.desk.put(own, replaces=0, by="user:q")
    tower.settle()
    stored = tower.board.document("profile", "usp-cct")
    assert stored is not None
    assert (stored.version, [one.id for one in tower.board.documents("profile")]) == (1, ["usp-cct"])
    assert [one.finding.rule_id for one in all_alerts(tower)] == [], "the own one takes the built-in one's place"
    with pytest.raises(ConflictError):
        tower.desk.put(own, replaces=0, by="user:q")
    tower.desk.put(own, replaces=1, by="user:q")
    tower.settle()
    again = tower.board.document("profile", "usp-cct")
    assert again is not None
    assert again.document.version == 2  # type: ignore[attr-defined]
    with pytest.raises(ProfileError, match="no rule"):
        tower.desk.put(WatchBook(id="none"), replaces=0, by="user:q")
    with pytest.raises(ProfileError, match="limit_millilux"):
        tower.desk.put(WatchBook(id="w", rules=({"rule": "light", "id": "l", "rule_version": 1},)), replaces=0, by="q")


def sites_and_lane(tower: Tower) -> None:
    for name, latitude in (("plant", 45_000_000), ("clinic", 46_000_000)):
        area = Circle(latitude_udeg=latitude, longitude_udeg=9_000_000, radius_m=500)
        tower.desk.put(Site(id=name, area=area), replaces=0, by="user:q")
    leg = Leg(mode="road", from_site="plant", to_site="clinic", depart_at_ms=0, arrive_at_ms=6 * TEN)
    tower.desk.put(Lane(id="way", legs=(leg,)), replaces=0, by="user:q")


def test_a_lane_counts_from_the_planned_departure_else_back_from_the_promise(tower: Tower) -> None:
    sites_and_lane(tower)
    promised = START_MS + 100 * TEN
    tower.desk.put(Shipment(id="p1", lane="way", promised_at_ms=promised), replaces=0, by="user:q")
    planned = Shipment(id="p2", lane="way", promised_at_ms=promised, depart_at_ms=START_MS + 50 * TEN)
    tower.desk.put(planned, replaces=0, by="user:q")
    tower.desk.put(Shipment(id="p3", lane="way", depart_at_ms=START_MS + 50 * TEN), replaces=0, by="user:q")
    tower.settle()
    rows = [tower.board.shipment(name) for name in ("p1", "p2", "p3")]
    assert [row.eta_at_ms for row in rows if row] == [promised, START_MS + 56 * TEN, START_MS + 56 * TEN]


def test_what_people_report_moves_the_phases_whatever_the_order(place: TowerPlace, tower: Tower) -> None:
    sites_and_lane(tower)
    tower.desk.put(Shipment(id="p1", lane="way", depart_at_ms=START_MS + 90 * TEN), replaces=0, by="user:q")
    tower.desk.associate("p1", "d9", at_ms=START_MS, by="user:q")

    def phase() -> str:
        tower.settle()
        row = tower.board.shipment("p1")
        assert row is not None
        return row.phase

    place.send(tower, body_of("d9", journey()))
    assert phase() == "at-origin"
    tower.desk.report("p1", "arrived", at_ms=START_MS + 40 * TEN, by="key:carrier")
    assert phase() == "arrived"
    tower.desk.report("p1", "departed", at_ms=START_MS + 20 * TEN, by="key:carrier")
    assert phase() == "arrived"
    tower.desk.report("p1", "delivered", at_ms=START_MS + 41 * TEN, by="key:carrier")
    assert phase() == "delivered"
    tower.desk.report("p1", "delivered", at_ms=START_MS + 41 * TEN, by="key:carrier")
    told = [row.text for row in tower.board.timeline("p1") if row.type == "milestone.reported"]
    assert told[0] == "key:carrier says that the shipment arrived at 2025-11-24T22:40:00.000Z."
    with pytest.raises(DataError, match="no milestone 'sunk'"):
        tower.desk.report("p1", "sunk", at_ms=START_MS, by="x")
    with pytest.raises(DataError, match="no shipment"):
        tower.desk.report("nobody", "arrived", at_ms=START_MS, by="x")


def test_the_phases_are_the_same_after_opening_anew(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower, "s1", ["d1"])
        tower.desk.report("s1", "departed", at_ms=START_MS + MINUTE, by="user:q")
        tower.desk.report("s1", "closed", at_ms=START_MS + 2 * MINUTE, by="user:q")
        place.clock.at_ms = START_MS + TEN
        tower.tick_all()
    with place.open() as tower:
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.phase == "closed"


@pytest.mark.parametrize(
    ("ambient", "card", "hot_alerts"),
    [
        ("", DeviceCard(id="d1"), {"internal", "probe"}),
        ("usp-crt", DeviceCard(id="d1"), {"probe"}),
        ("", DeviceCard(id="d1", product_sensors=("probe",)), {"probe"}),
        ("", DeviceCard(id="d1", product_sensors=("internal",)), {"internal"}),
        ("usp-crt", DeviceCard(id="d1", product_sensors=("internal", "probe")), {"internal", "probe"}),
    ],
)
def test_a_card_says_which_sensor_is_in_the_product(
    place: TowerPlace, ambient: str, card: DeviceCard, hot_alerts: set[str]
) -> None:
    with place.open() as tower:
        tower.desk.put(card, replaces=0, by="user:q")
        tower.desk.put(Shipment(id="s1", profile="usp-cct", ambient_profile=ambient), replaces=0, by="user:q")
        tower.desk.associate("s1", "d1", at_ms=START_MS, by="user:q")
        place.clock.at_ms = START_MS + 60 * TEN
        place.send(tower, *(body_of("d1", journey(range(60), value=22_000), s=name) for name in ("internal", "probe")))
        found = {one.finding.sensor for one in all_alerts(tower) if one.finding.rule_id == "above-8"}
        assert found == hot_alerts
        (trial,) = tried(tower.past, "usp-cct/above-8", Where(shipment="s1"))
        assert {one.finding.sensor for one in trial.fired} == hot_alerts
        assert {one.compared for one in trial.fired} == {"same"}
        if ambient:
            (air,) = tried(tower.past, "usp-crt", Where(shipment="s1"))
            assert not {one.finding.sensor for one in air.fired} & hot_alerts


def test_findings_before_a_departure_are_counted_until_it_has_left(place: TowerPlace) -> None:
    def lint(tower: Tower) -> tuple[int, list[str]]:
        tower.settle()
        row = tower.board.shipment("s1")
        assert row is not None
        return row.lint, [one.code for one in tower.past.lint("s1") if not one.is_advice]

    with place.open() as tower:
        plan(tower, "s1", [])
        assert lint(tower) == (1, ["no-device"])
        blind = DeviceCard(id="d1", interval_s=60, measures=(Quantity.LIGHT,))
        tower.desk.put(blind, replaces=0, by="user:q")
        tower.desk.associate("s1", "d1", at_ms=START_MS, by="user:q")
        assert "no-thermometer" in lint(tower)[1]
        own = WatchBook(id="w", rules=({"rule": "light", "id": "l", "rule_version": 1, "limit_millilux": 5_000},))
        tower.desk.put(own, replaces=0, by="user:q")
        tower.desk.put(DeviceCard(id="d1", interval_s=60, measures=(Quantity.TEMPERATURE,)), replaces=1, by="q")
        tower.desk.put(Shipment(id="s1", product="vaccine", watch="w"), replaces=1, by="user:q")
        assert lint(tower) == (1, ["never-fires"])
        assert [row.id for row in tower.board.shipments(unready())] == ["s1"]
        tower.desk.put(DeviceCard(id="d1", interval_s=60), replaces=2, by="user:q")
        assert lint(tower) == (0, [])
        tower.desk.put(DeviceCard(id="d1", interval_s=60, measures=(Quantity.TEMPERATURE,)), replaces=3, by="q")
        assert lint(tower)[0] == 1
        tower.desk.report("s1", "departed", at_ms=START_MS, by="user:q")
        assert lint(tower) == (0, ["never-fires"])
        assert list(tower.board.shipments(unready())) == []


def unready() -> ShipmentQuery:
    return ShipmentQuery(is_unready=True)
