"""From facts to notices: each once over replays, revisions followed, late acknowledgements obeyed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.notify.notify_kit import HOUR_MS, MINUTE_MS, NOW_MS, policy, story

from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.model import facts
from doseway.model.facts import Body, Fact, decode_fact, encode_fact
from doseway.model.findings import Severity
from doseway.notify.notifier import Card, Notifier
from doseway.notify.outbox import read_entry
from doseway.notify.timeline import Notice, Story

ALERT = {"alert": "a1" * 32, "shipment": "S-4711"}
FINDING = story().finding


def fact(kind: type[Body], at_ms: int, **members: Any) -> Fact:
    return decode_fact(encode_fact(kind(**(ALERT | members)), at_ms=at_ms, by="t"))


OPENED = fact(facts.AlertOpened, NOW_MS, finding=FINDING, limits={"above_milli": 8000}, because="new-reading")


class Room:
    def __init__(self, folder: Path) -> None:
        self.outbox = SqliteOutbox(folder / "outbox.sqlite")
        self.escalated: list[tuple[int, str]] = []
        self.notifier = self.make()

    def make(self) -> Notifier:
        card = Card(title="Insulin", parties=frozenset({"carrier:acme"}), place="Zurich airport")
        return Notifier(policy(), self.outbox, lambda _: card, url="https://t/", escalated=self.note)

    def note(self, notice: Notice, one: Story) -> None:
        self.escalated.append((notice.level, one.alert))

    def waiting(self) -> list[tuple[str, str, str]]:
        """What is in the outbox: recipient, revision, the first line of the message."""
        claimed = [read_entry(one.payload) for one in self.outbox.claim(NOW_MS * 2, until_ms=0, most=100)]
        mails = [one for one in claimed if one.notice.address.channel != "apprise"]
        return [(one.notice.recipient, one.notice.revision, one.message.text.splitlines()[0]) for one in mails]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    one = Room(tmp_path)
    with closing(one.outbox):
        yield one


def test_an_opened_alert_is_told_once_also_after_a_restart(room: Room) -> None:
    room.notifier.take(OPENED)
    assert room.notifier.tick(NOW_MS) == 2
    assert room.notifier.tick(NOW_MS + 1) == 0
    restarted = room.make()
    restarted.take(OPENED)
    assert restarted.tick(NOW_MS + 2) == 0
    assert room.waiting() == [("qa-duty", "level-0", f"Alert: {FINDING.text}")]


def test_it_escalates_by_the_clock_and_says_so(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.tick(NOW_MS)
    assert room.notifier.tick(NOW_MS + 29 * MINUTE_MS) == 0
    assert room.notifier.tick(NOW_MS + 30 * MINUTE_MS) == 1
    assert room.escalated == [(1, ALERT["alert"])]


def test_an_acknowledgement_stops_what_is_to_come(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.tick(NOW_MS)
    room.notifier.take(fact(facts.AlertAcknowledged, NOW_MS + MINUTE_MS, comment="driver called"))
    room.notifier.take(fact(facts.AlertAcknowledged, NOW_MS + 9 * HOUR_MS, comment="again"))
    assert room.notifier.tick(NOW_MS + 8 * HOUR_MS) == 0


def test_a_retraction_is_told_to_who_was_told(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.tick(NOW_MS)
    room.notifier.take(fact(facts.AlertRetracted, NOW_MS + MINUTE_MS, because="late-data"))
    assert room.notifier.tick(NOW_MS + MINUTE_MS) == 2
    assert ("qa-duty", "end") in [(who, revision) for who, revision, _ in room.waiting()]


def test_a_revision_that_makes_it_graver_reaches_the_route_for_that(room: Room) -> None:
    mild = replace(FINDING, severity=Severity.WARNING)
    room.notifier.take(fact(facts.AlertOpened, NOW_MS, finding=mild, limits={}, because="new-reading"))
    assert room.notifier.tick(NOW_MS) == 0
    room.notifier.take(fact(facts.AlertExtended, NOW_MS + MINUTE_MS, finding=FINDING, because="late-data"))
    assert room.notifier.tick(NOW_MS + MINUTE_MS) == 2


def test_an_alert_that_ended_and_goes_on_is_told_again_as_open(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.take(fact(facts.AlertClosed, NOW_MS + MINUTE_MS, finding=replace(FINDING, end_ms=NOW_MS)))
    room.notifier.take(fact(facts.AlertExtended, NOW_MS + 2 * MINUTE_MS, finding=FINDING, because="late-data"))
    room.notifier.tick(NOW_MS + 40 * MINUTE_MS)
    assert ("qa-head", "level-1") in [(who, revision) for who, revision, _ in room.waiting()]


def test_snoozing_is_followed(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.tick(NOW_MS)
    room.notifier.take(
        fact(facts.AlertSnoozed, NOW_MS + MINUTE_MS, until_ms=NOW_MS + 2 * HOUR_MS, comment="being looked at")
    )
    assert room.notifier.tick(NOW_MS + 119 * MINUTE_MS) == 0
    assert room.notifier.tick(NOW_MS + 120 * MINUTE_MS) >= 1


def test_facts_about_other_things_and_unknown_alerts_change_nothing(room: Room) -> None:
    room.notifier.take(fact(facts.AlertAcknowledged, NOW_MS, comment="of what?"))
    room.notifier.take(decode_fact(encode_fact(facts.RuleFailed(packet=1, rule="r", error="e"), at_ms=1, by="t")))
    assert room.notifier.tick(NOW_MS) == 0


def test_what_ended_long_ago_is_forgotten(room: Room) -> None:
    room.notifier.take(OPENED)
    room.notifier.take(fact(facts.AlertClosed, NOW_MS + 1, finding=replace(FINDING, end_ms=NOW_MS)))
    room.notifier.tick(NOW_MS + 2)
    assert room.notifier._stories
    assert room.notifier.tick(NOW_MS + 30 * HOUR_MS) == 0
    assert not room.notifier._stories
