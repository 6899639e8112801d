"""Time, faults and followers of a live tower."""

import threading
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest
from tests.app.tower.tower_kit import MINUTE, START_MS, TEN, TowerPlace, all_alerts, body_of, journey, plan, said

from doseway.app.importing import import_stream
from doseway.app.inspecting import How
from doseway.app.live import seen
from doseway.app.tower import worker
from doseway.app.tower.admission import AdmissionSettings
from doseway.app.tower.journeys import watch_journey
from doseway.app.tower.judging import judge_all
from doseway.app.tower.opening import Tower, open_tower
from doseway.app.tower.state import Context, Failure, Holder, Watched
from doseway.coldchain.judgement import Verdict
from doseway.intake.port import DecodeOptions
from doseway.ledger.projection import Cursor, Transaction
from doseway.model.documents import Shipment
from doseway.model.errors import DataError, Pushback, Unavailable, UsageError
from doseway.model.facts import AlertOpened, PacketDecoded, RuleFailed
from doseway.model.readings import Recording


@pytest.fixture
def place(tmp_path: Path) -> TowerPlace:
    return TowerPlace(tmp_path)


def test_silence_is_an_alert_when_time_goes_by_and_over_when_the_device_speaks(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(count=6)))
        assert all_alerts(tower) == []
        place.clock.at_ms = START_MS + 24 * 60 * MINUTE
        for _ in range(64):
            tower.tick()
        tower.settle()
        silent = all_alerts(tower)
        assert [(one.finding.rule, one.state) for one in silent] == [("no_signal", "open")]
        assert tower.board.devices()[0].is_silent
    with place.open() as tower:
        assert all_alerts(tower) == silent, "opening again neither takes back nor repeats what silence said"
        late = [(START_MS + number * TEN, 5_000) for number in range(6, 145)]
        place.send(tower, body_of("d1", late))
        assert [(one.finding.rule, one.state) for one in all_alerts(tower)] == []
        assert [one.state for one in all_alerts(tower, ("retracted",))] == ["retracted"]
        assert not tower.board.devices()[0].is_silent


def test_a_device_whose_clock_is_ahead_does_not_move_time(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower, devices=("d1", "d2"))
        place.send(tower, body_of("d1", [(START_MS + 365 * 24 * 60 * MINUTE, 5_000)]), body_of("d2", journey(count=1)))
        assert [one.finding.rule for one in all_alerts(tower) if one.finding.device == "d2"] == []
        channels = tower.board.channels("s1", first_ms=START_MS, last_ms=START_MS * 2, buckets=10)
        assert {one.device for one in channels} == {"d1", "d2"}, "it is kept and shown"


def test_a_rule_that_crashes_is_a_fact_and_an_alarm_once_and_the_others_go_on(place: TowerPlace) -> None:
    def crashing(holder: Holder, until_ms: int) -> Watched:
        failure = Failure("shock", "hard-shock", "ZeroDivisionError: a fault")
        return msgspec.structs.replace(watch_journey(holder, until_ms), failures=(failure,))

    place.watch = crashing
    with place.open() as tower:
        plan(tower)
        readings = journey(hot=range(20, 40))
        place.send(tower, body_of("d1", readings[:30]), body_of("d1", readings[30:]))
    with place.open() as tower:
        failed = [f.fact.content() for f in tower.sequencer.log.facts(kind="rule.failed")]
        assert [(one.rule, one.shipment) for one in failed if isinstance(one, RuleFailed)] == [("shock", "s1")]
        rules = {one.finding.rule: one.state for one in all_alerts(tower)}
        assert rules["rule_failed"] == "open"
        assert rules["excursion"] == "closed"
        assert [one.finding.rule for one in all_alerts(tower)].count("rule_failed") == 1
        assert seen(place.settings, tower).archive.status().failing == {"hard-shock": 1}
    place.watch = watch_journey
    with place.open() as tower:
        tower.settle()
        assert seen(place.settings, tower).archive.status().failing == {}
        assert "rule_failed" not in {one.finding.rule for one in all_alerts(tower)}, "repaired, it is taken back"


def test_a_watch_rule_that_crashes_leaves_the_shipment_undecided_until_it_is_mended(place: TowerPlace) -> None:
    """Unknown is not yes: temperature alone is within its label, and what the rule watches nobody knows."""
    failure = Failure("shock", "hard-shock", "ZeroDivisionError: a fault")

    def verdict(tower: Tower) -> str:
        row = tower.board.shipment("s1")
        assert row is not None
        return row.verdict

    def crashing(holder: Holder, until_ms: int) -> Watched:
        return msgspec.structs.replace(watch_journey(holder, until_ms), failures=(failure,))

    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey()))
        assert verdict(tower) == "within-label"
    place.watch = crashing
    with place.open() as tower:
        tower.settle()
        assert verdict(tower) == "undecided", "found when it is judged anew at its opening"
    place.watch = watch_journey
    with place.open() as tower:
        tower.settle()
        assert verdict(tower) == "within-label", "mended, it is right again"
    place.watch = crashing
    with place.open() as tower:
        place.send(tower, body_of("d1", journey(hot=range(20, 40), value=30_000)))
        assert Verdict(verdict(tower)).rank > Verdict.UNDECIDED.rank, "what was found is no better for it"


def test_a_judgement_says_which_rules_do_not_watch() -> None:
    judged = judge_all({"shipment:s1": Holder(context=Context(shipment=Shipment(id="s1"), limits=b""))})["shipment:s1"]
    crashed = msgspec.structs.replace(judged, unwatched=(Failure("shock", "hard-shock", "KeyError: 'x'"),))
    assert crashed.verdict is Verdict.UNDECIDED
    assert "“hard-shock” failed (KeyError: 'x')" in crashed.reasons[-1]


def test_a_follower_that_comes_back_misses_nothing(place: TowerPlace) -> None:
    with place.open() as tower:
        ends: list[int] = []
        stop = tower.changes.listen(ends.append)
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(20, 40))))
        seen = tower.changes.after(-1)
        assert [one.index for one in seen] == list(range(tower.sequencer.log.size))
        assert ends[-1] == tower.sequencer.log.size
        stop()
        count = len(ends)
        place.send(tower, body_of("d1", [(START_MS - 1, 5_000)]))
        assert len(ends) == count
        opened = [one for one in seen if one.type == "alert.opened"]
        assert "shipment:s1" in opened[0].about
        received = [one for one in seen if one.type == "packet.received"]
        assert received[0].about == ("device:d1", "shipment:s1")
    with place.open() as tower:
        again = tower.changes.after(-1, limit=10_000)
        assert [one.index for one in again] == list(range(tower.sequencer.log.size))
        assert again[: len(seen)] == seen
        assert tower.changes.after(again[-1].index) == ()
        assert tower.changes.after(3, limit=2) == again[4:6]
        assert not tower.board.wait_for(tower.sequencer.log.size, 0.01)


class SlowFormat:
    """Waits until it may go on."""

    id = "slow"
    version = 1
    title = "Slow"

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        del body, options
        assert self.may_go_on.wait(10)
        return ()


def test_a_full_tower_pushes_back_and_loses_nothing_that_it_took(place: TowerPlace) -> None:
    slow = SlowFormat()
    few = AdmissionSettings(max_packets=3)
    with open_tower(place.settings, messages={"slow": slow}, clock=place.clock, admission=few) as tower:
        taken = [tower.admit(place.incoming(b"%d" % number, form="slow")) for number in range(3)]
        with pytest.raises(Pushback, match="3 packets"):
            tower.admit(place.incoming(b"9", form="slow"))
        slow.may_go_on.set()
        assert len({one.result(timeout=10).packet for one in taken}) == 3
        tower.admit(place.incoming(b"9", form="slow")).result(timeout=10)
    with pytest.raises(Unavailable, match="closed"):
        tower.admit(place.incoming(b"9", form="slow"))


def test_closing_writes_and_judges_what_was_taken_in(place: TowerPlace) -> None:
    with place.open() as tower:
        plan(tower)
        futures = [tower.admit(place.incoming(body_of("d1", [one]))) for one in journey(hot=range(20, 40))]
    assert all(future.result(timeout=0).packet for future in futures)
    with place.open() as tower:
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"


def test_what_no_door_should_hand_in_is_refused(place: TowerPlace) -> None:
    with place.open() as tower:
        with pytest.raises(UsageError, match="no message format 'morse'"):
            tower.admit(place.incoming(b"", form="morse"))
        with pytest.raises(DataError, match="at most"):
            tower.admit(msgspec.structs.replace(place.incoming(b""), name="x" * 5_000))


def test_a_logger_file_by_upload_is_judged_with_the_shipment(place: TowerPlace, examples: Path) -> None:
    body = (examples / "tarmac-excursion.txt").read_bytes()
    with place.open() as tower:
        upload = msgspec.structs.replace(place.incoming(body, form="", door="upload"), name="tarmac-excursion.txt")
        admitted = tower.admit(upload).result(timeout=10)
        assert admitted.readings == 672
        tower.settle()
        device = tower.board.devices()[0].device
        assert device == "990400100002"
        plan(tower, devices=())
        tower.desk.associate("s1", device, at_ms=1_700_000_000_000, by="user:q")
        tower.settle()
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"
    with place.open() as tower:
        assert tower.board.shipment("s1") == row


def test_times_that_no_device_can_have_are_kept_as_a_rejected_packet(place: TowerPlace) -> None:
    with place.open() as tower:
        admitted = place.send(tower, body_of("d1", [(-5, 5_000)]))[0]
        assert "1970 to 2200" in admitted.error


def test_channels_keep_the_extremes_and_show_gaps_and_limits(place: TowerPlace) -> None:
    readings = journey(hot=[7], count=100)
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", readings[:40] + readings[60:]))
        channel = tower.board.channels("s1", first_ms=START_MS, last_ms=START_MS + 99 * TEN, buckets=10)[0]
        assert len(channel.at_ms) <= 10
        assert (max(channel.high_milli), min(channel.low_milli)) == (12_000, 5_000)
        assert channel.gaps_ms == ((START_MS + 39 * TEN, START_MS + 60 * TEN),)
        assert channel.limits_milli == (2_000, 8_000)
        whole = tower.board.channels("s1", first_ms=0, last_ms=1 << 62, buckets=10)[0]
        assert len(whole.at_ms) == 8, "all time is what there is, in ten parts, two of them in the gap"
        assert tower.board.channels("nothing", first_ms=0, last_ms=1, buckets=5) == []


def test_a_route_is_thinned_and_keeps_its_ends(place: TowerPlace) -> None:
    fixes = [[START_MS + number * TEN, 45_000_000 + number, 9_000_000] for number in range(100)]
    with place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", [], f=fixes))
        route = tower.board.route("s1", points=10)
        assert len(route) == 10
        assert (route[0][1], route[-1][1]) == (45_000_000, 45_000_099)
        row = tower.board.shipment("s1")
        assert row is not None
        assert (row.latitude_udeg, row.located_at_ms) == (45_000_099, START_MS + 99 * TEN)


def test_behind_a_backlog_nothing_is_said_twice(place: TowerPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of an alert lies behind the backlog in the log when the next chunk is judged."""
    monkeypatch.setattr(worker, "CHUNK_FACTS", 3)
    warming = [(at, value + number) for number, (at, value) in enumerate(journey(hot=range(20, 40)))]
    readings = [*warming, *((at + 60 * TEN, value) for at, value in journey(hot=[3, 4, 5, 6]))]
    with place.open() as tower:
        plan(tower)
        with tower._worker._lock:  # evaluation waits
            futures = [tower.admit(place.incoming(body_of("d1", [one]))) for one in readings]
            assert all(future.result(timeout=10).readings for future in futures)
        tower.settle()
        opened = [f.fact.content() for f in tower.sequencer.log.facts(kind="alert.opened")]
        alerts = [one.alert for one in opened if isinstance(one, AlertOpened)]
        assert len(alerts) == len(set(alerts))
        live = said(all_alerts(tower))
    other = TowerPlace(place.folder / "other")
    with other.open() as tower:
        plan(tower)
        other.send(tower, body_of("d1", readings))
        assert said(all_alerts(tower)) == live


def test_views_that_fail_are_tried_again_and_nothing_is_said_twice(
    place: TowerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = journey(hot=range(20, 40))
    with place.open() as tower:
        plan(tower)
        views = tower._keeper._views
        failures = iter([True, True, True])
        transaction = views.transaction

        def failing(name: str, cursor: Cursor) -> AbstractContextManager[Transaction]:
            if next(failures, False):
                raise Unavailable("the disk is full")
            return transaction(name, cursor)

        monkeypatch.setattr(views, "transaction", failing)
        first = tower.admit(place.incoming(body_of("d1", readings[:30]))).result(timeout=10)
        second = tower.admit(place.incoming(body_of("d1", readings[30:]))).result(timeout=10)
        assert tower.board.wait_for(max(first.packet, second.packet), 10)
        tower.settle()
        assert tower.failure is None
        opened = [f.fact.content() for f in tower.sequencer.log.facts(kind="alert.opened")]
        alerts = [one.alert for one in opened if isinstance(one, AlertOpened)]
        assert len(alerts) == len(set(alerts))
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.verdict == "qa-review"
        assert row.open_alerts == 0


def test_a_file_imported_by_hand_is_read_as_who_imports_it_says(place: TowerPlace, examples: Path) -> None:
    file = examples / "tarmac-excursion.txt"
    with place.open() as tower:
        with file.open("rb") as stream:
            import_stream(tower.sequencer, stream, file.name, How(zone="+05:00"))
        tower.settle()
        decoded = [f.fact.content() for f in tower.sequencer.log.facts(kind="packet.decoded")]
        assert [one.zone for one in decoded if isinstance(one, PacketDecoded)] == ["+05:00"]
        heard = tower.board.devices()[0].heard_at_ms
    with place.open() as tower:
        assert tower.board.devices()[0].heard_at_ms == heard
        assert tower.packets == {"received": 1, "decoded": 1, "rejected": 0}
