"""Emptying the outbox: sent, tried again, given up, recorded once, and no address in a fact."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.api.ingest_kit import FixedClock
from tests.notify.notify_kit import NOW_MS, MemoryChannel, policy, story

from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.model.errors import DataError, Pushback, Unavailable
from doseway.model.facts import NotificationDelivered, NotificationFailed
from doseway.model.ids import ContentId
from doseway.notify.dispatch import Dispatcher
from doseway.notify.outbox import MAX_ATTEMPTS, Entry, next_attempt_ms
from doseway.notify.timeline import Notice, due
from doseway.notify.wording import compose

ADDRESS = "qa-duty@example.org"


class Office:
    """A dispatcher with its surroundings."""

    def __init__(self, folder: Path) -> None:
        self.outbox = SqliteOutbox(folder / "outbox.sqlite")
        self.email = MemoryChannel()
        self.clock = FixedClock()
        self.facts: dict[ContentId, NotificationDelivered | NotificationFailed] = {}
        self.log_error: Unavailable | None = None
        self.dispatcher = Dispatcher(self.outbox, {"email": self.email}, self.record, self.clock, chance=0.5)

    def record(self, identity: ContentId, body: NotificationDelivered | NotificationFailed) -> None:
        if self.log_error is not None:
            raise self.log_error
        assert self.facts.setdefault(identity, body) == body

    def put(self) -> list[Notice]:
        """Put what is due about an alert, its e-mail alone."""
        found = [one for one in due(policy(), story(), NOW_MS) if one.address.channel == "email"]
        recipient = policy().recipient_of("qa-duty")
        self.outbox.put(
            [
                Entry(notice=one, message=compose(one, story(), recipient, title="", place="", url="")).item()
                for one in found
            ]
        )
        return found

    def once(self) -> int:
        return asyncio.run(self.dispatcher.once())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path)
    with closing(one.outbox):
        yield one


def test_a_notice_is_sent_once_and_recorded_without_its_address(office: Office) -> None:
    (notice,) = office.put()
    assert office.once() == 2
    office.put()
    assert office.once() == 0
    ((message, address),) = office.email.sent
    assert (message.id, address) == (notice.id, ADDRESS)
    (fact,) = office.facts.values()
    assert isinstance(fact, NotificationDelivered)
    assert (fact.alert, fact.revision, fact.channel, fact.attempts) == (notice.alert, "level-0", "email", 1)
    assert fact.recipient_commitment == office.outbox.commitment_of(ADDRESS)
    assert ADDRESS not in repr(fact)


def test_a_failure_is_tried_again_later_each_time_and_given_up_in_the_end(office: Office) -> None:
    office.put()
    office.email.error = Unavailable(f"421 busy, {ADDRESS} must wait")
    waits: list[int] = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert office.once() >= 1
        wait = next_attempt_ms(attempt, office.clock.now, 0.5)
        if wait is not None:
            waits.append(wait - office.clock.now)
            assert office.once() == 0
            office.clock.now = wait
    assert waits == sorted(waits)
    assert 3 * 3_600_000 < sum(waits) < 6 * 3_600_000
    (fact,) = office.facts.values()
    assert isinstance(fact, NotificationFailed)
    assert fact.attempts == MAX_ATTEMPTS
    assert "421 busy" in fact.error
    assert ADDRESS not in fact.error


def test_a_refusal_is_not_tried_again(office: Office) -> None:
    office.put()
    office.email.error = DataError("550 no such user")
    office.once()
    office.clock.now += 10**9
    assert office.once() == 0
    (fact,) = office.facts.values()
    assert isinstance(fact, NotificationFailed)
    assert fact.attempts == 1


def test_a_channel_that_crashes_or_is_not_set_up_is_tried_again(office: Office) -> None:
    office.put()
    office.email.error = ZeroDivisionError("a plug-in's fault")
    office.once()
    office.email.error = None
    without = Dispatcher(office.outbox, {}, office.record, office.clock, chance=0.5)
    office.clock.now += 3_600_000
    asyncio.run(without.once())
    office.clock.now += 3_600_000
    office.once()
    (fact,) = office.facts.values()
    assert isinstance(fact, NotificationDelivered)
    assert fact.attempts == 3


def test_a_log_that_is_full_gets_the_record_later_and_nothing_is_sent_again(office: Office) -> None:
    office.put()
    office.log_error = Pushback("full")
    with pytest.raises(Pushback):
        office.once()
    assert not office.facts
    office.log_error = None
    assert office.once() == 1
    assert len(office.email.sent) == len(office.facts) == 1


def test_a_crash_between_sending_and_settling_sends_again_and_records_once(office: Office, tmp_path: Path) -> None:
    office.put()
    claimed = office.outbox.claim(office.clock.now, until_ms=office.clock.now + 120_000, most=5)
    assert len(claimed) == 1  # sent by a process that died here
    assert office.once() == 0
    office.clock.now += 120_000
    office.once()
    assert len(office.email.sent) == len(office.facts) == 1


def test_a_crash_between_recording_and_settling_records_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.put()

    def crash(_item: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(office.outbox, "recorded", crash)
        with pytest.raises(KeyboardInterrupt):
            office.once()
    assert office.once() == 1
    assert len(office.email.sent) == len(office.facts) == 1


def test_it_runs_until_it_is_stopped_and_waits_only_when_there_is_nothing(office: Office) -> None:
    office.put()
    waits: list[float] = []

    async def scenario() -> None:
        done = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            office.log_error = None
            if office.facts:
                done.set()
            await asyncio.sleep(0)

        office.log_error = Unavailable("the disk is full")
        task = asyncio.create_task(office.dispatcher.run(every_s=7.0, sleep=sleep))
        async with asyncio.timeout(20):
            await done.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert set(waits) == {7.0}
    assert len(office.facts) == 1


def test_attempts_are_spread() -> None:
    assert next_attempt_ms(1, 0, 0.0) == 7_500
    assert next_attempt_ms(1, 0, 1.0) == 15_000
    assert next_attempt_ms(MAX_ATTEMPTS - 1, 0, 1.0) == 3_600_000
    assert next_attempt_ms(MAX_ATTEMPTS, 0) is None
