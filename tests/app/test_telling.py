"""Telling people while a tower runs: by real mail, escalated once, and through an outbox that fails for a while."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import MINUTE, TowerPlace, all_alerts, body_of, journey, plan
from tests.notify.channels.test_email import Mailbox, serving

from doseway.app import telling
from doseway.app.notifying import SYSTEM, Office, describe_by, open_office
from doseway.app.settings import NotifySettings, Settings
from doseway.app.telling import tell
from doseway.app.tower.opening import Tower
from doseway.model.errors import Unavailable
from doseway.model.facts import AlertEscalated

POLICY = """
[[recipient]]
id = "duty"
addresses = [{ channel = "email", to = "duty@example.org" }]
[[recipient]]
id = "head"
addresses = [{ channel = "email", to = "head@example.org" }]
[[recipient]]
id = "deputy"
addresses = [{ channel = "email", to = "deputy@example.org" }]
[[route]]
severity = "warning"
rules = ["above-8"]
levels = [{ to = ["duty"] }, { to = ["head", "deputy"], after_min = 30 }]
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_EVERY_S", 0.01)


@contextmanager
def office_of(place: TowerPlace, tower: Tower, port: int) -> Iterator[Office]:
    (place.folder / "notify.toml").write_text(POLICY)
    email = {"host": "127.0.0.1", "port": port, "sender": "tower@example.org", "security": "none", "timeout_s": 5}
    notify = NotifySettings(policy=place.folder / "notify.toml", channels={"email": email})
    settings = Settings(store=place.settings.store, notify=notify)
    office = open_office(settings, tower.sequencer, describe_by(tower.board), place.clock, tower.desk.escalate)
    assert office is not None
    with office:
        yield office


def until(office: Office, tower: Tower, place: TowerPlace, is_done: Callable[[], bool]) -> None:
    """Tell people until something is so."""

    async def run() -> None:
        task = asyncio.create_task(tell(office, tower.sequencer.log, place.clock))
        async with asyncio.timeout(30):
            while not is_done():
                assert not task.done(), task
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def escalated(tower: Tower) -> list[tuple[int, str]]:
    found = tower.sequencer.log.facts(kind=AlertEscalated.TYPE)
    return [(body.level, one.fact.by) for one in found if isinstance(body := one.fact.content(), AlertEscalated)]


def test_an_alert_that_nobody_takes_goes_to_the_next_level_and_the_log_says_so_once(tmp_path: Path) -> None:
    place, mailbox = TowerPlace(tmp_path), Mailbox()
    with serving(mailbox) as port, place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(50, 60))))
        with office_of(place, tower, port) as office:
            until(office, tower, place, lambda: len(mailbox.mails) == 1)
            place.clock.at_ms += 31 * MINUTE
            until(office, tower, place, lambda: len(mailbox.mails) == 3)
        assert escalated(tower) == [(1, SYSTEM)], "two people of one level, one fact"
        with office_of(place, tower, port) as office:  # opened again, it goes through the log from its beginning
            until(office, tower, place, lambda: bool(office.notifier._stories))
        tower.settle()
        assert escalated(tower) == [(1, SYSTEM)]
        (row,) = [one for one in all_alerts(tower) if one.finding.rule_id == "above-8"]
        assert row.level == 1
    assert {address for to, _ in mailbox.mails for address in to} == {
        f"{who}@example.org" for who in ("duty", "head", "deputy")
    }


def test_what_was_acknowledged_meanwhile_is_not_escalated(tmp_path: Path) -> None:
    """The notifier may not have heard of it yet; the desk has."""
    place, mailbox = TowerPlace(tmp_path), Mailbox()
    with serving(mailbox) as port, place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(50, 60))))
        with office_of(place, tower, port) as office:
            for found in tower.sequencer.log.facts():
                office.notifier.take(found.fact)
            (row,) = [one for one in all_alerts(tower) if one.finding.rule_id == "above-8"]
            tower.desk.acknowledge(row.alert, comment="seen", by="user:q")
            place.clock.at_ms += 31 * MINUTE
            office.notifier.tick(place.clock.at_ms)
        assert escalated(tower) == []


def test_an_outbox_that_fails_for_a_while_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, mailbox, failures = TowerPlace(tmp_path), Mailbox(), [Unavailable("the disk is full")] * 3
    with serving(mailbox) as port, place.open() as tower:
        plan(tower)
        place.send(tower, body_of("d1", journey(hot=range(50, 60))))
        with office_of(place, tower, port) as office:
            put = office.outbox.put

            def fails(items: object) -> int:
                if failures:
                    raise failures.pop()
                return put(items)  # type: ignore[arg-type]

            monkeypatch.setattr(office.outbox, "put", fails)
            until(office, tower, place, lambda: len(mailbox.mails) == 1)
    assert not failures


def test_a_dead_mail_server_holds_up_nothing_and_every_notice_comes_when_it_is_back(tmp_path: Path) -> None:
    """The outbox fills while nobody takes mail; the tower goes on, and then all are told once."""
    place, mailbox = TowerPlace(tmp_path), Mailbox()
    devices = [f"d{number}" for number in range(40)]
    with place.open() as tower:
        for device in devices:
            plan(tower, shipment=f"s-{device}", devices=(device,))
        place.send(tower, *(body_of(device, journey(hot=range(50, 60))) for device in devices))
        with serving(mailbox) as port:
            pass  # from here on nobody listens there
        with office_of(place, tower, port) as office:
            refused = lambda: _attempts(office) >= len(devices)  # noqa: E731
            until(office, tower, place, refused)
            (admitted,) = place.send(tower, body_of("d0", [(journey()[0][0], 5_001)]))
            assert admitted.readings == 1
        assert not mailbox.mails
        place.clock.at_ms += 25 * MINUTE  # within the first level's time
        with serving(mailbox) as port, office_of(place, tower, port) as office:
            until(office, tower, place, lambda: len(mailbox.mails) == len(devices))
            until(
                office, tower, place, lambda: len(list(tower.sequencer.log.facts(kind="notification.delivered"))) == 40
            )
    assert len({str(mail["Message-ID"]) for _, mail in mailbox.mails}) == len(devices)


def _attempts(office: Office) -> int:
    rows = office.outbox._connection.execute("SELECT count(*) FROM notice WHERE attempts > 0 AND state = 'waiting'")
    return int(rows.fetchone()[0])
