"""The whole tower killed with `kill -9` under load, with people to tell: nothing is lost, repeated, or left untold."""

import asyncio
import itertools
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.faults.whole_kit import WholePlace, body, load, running
from tests.notify.channels.test_email import Mailbox
from tests.notify.channels.test_email import serving as mail_server
from tests.notify.channels.test_webhook import Receiver, receiving

from doseway.app.demo_day import all_alerts
from doseway.app.tower.opening import open_tower
from doseway.model.facts import NotificationDelivered, NotificationFailed, PacketReceived
from doseway.model.findings import Severity
from doseway.notify.policy import Address
from doseway.notify.timeline import Notice

TOLD = (Address(channel="email", to="qa@example.org"), Address(channel="webhook", to=""))
_AHEAD_S = 150
"""A killed sender's claim is let go of after two minutes: each start is later by more than that."""


def kill(tmp_path: Path, times: int) -> None:
    mailbox, receiver, chance = Mailbox(), Receiver(), random.Random(20261125)
    acknowledged: dict[int, int] = {}
    with mail_server(mailbox) as port, receiving(receiver):
        place = WholePlace(tmp_path / "store", smtp=port, hook=receiver.url)
        for number in range(times):
            first = max(max(acknowledged, default=0) - 5, 0)  # some are sent again
            with running(place, number * _AHEAD_S) as tower:
                killer = threading.Timer(chance.uniform(0.05, 1.2), tower.kill)
                acknowledged |= asyncio.run(load(tower.url, place.key, itertools.count(first), killer))
                killer.join()
                assert tower.ended() == -9, "it was killed; it did not fail"
        with running(place, times * _AHEAD_S) as tower:
            wait_until_told(place)
            tower.popen.terminate()
            assert tower.ended() == 0
    check(place, acknowledged, mailbox, receiver)


def wait_until_told(place: WholePlace) -> None:
    """Wait until every notice that is due was sent and recorded, and none came for a while."""
    quiet = 0
    for _ in range(1_200):
        with closing(sqlite3.connect(place.store / "outbox.sqlite")) as outbox:
            states = Counter(state for (state,) in outbox.execute("SELECT state FROM notice"))
        quiet = quiet + 1 if states["recorded"] and set(states) == {"recorded"} else 0
        if quiet > 40:
            return
        time.sleep(0.1)
    raise AssertionError(f"notices are left: {states}")


def check(place: WholePlace, acknowledged: dict[int, int], mailbox: Mailbox, receiver: Receiver) -> None:
    with open_tower(place.settings) as tower:
        log = tower.sequencer.log
        bodies = [b"".join(log.blob(one.index)) for one in log.facts(kind=PacketReceived.TYPE)]
        opened = [bytes(one.fact.body) for one in log.facts(kind="alert.opened")]
        delivered = [one.fact.content() for one in log.facts(kind=NotificationDelivered.TYPE)]
        failed = list(log.facts(kind=NotificationFailed.TYPE))
        alerts = all_alerts(tower)
    assert len(set(bodies)) == len(bodies), "no packet is there twice"
    assert {body(number) for number in acknowledged} <= set(bodies), "every acknowledged packet is there"
    assert len(set(opened)) == len(opened), "no alert is opened twice"
    assert not failed
    recorded = Counter(
        (one.alert, one.revision, one.channel) for one in delivered if isinstance(one, NotificationDelivered)
    )
    assert set(recorded.values()) == {1}, "every notice is recorded once"
    mails = Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for _, mail in mailbox.mails)
    calls = Counter(headers["webhook-id"] for _, headers, _ in receiver.calls)
    standing = [one.alert for one in alerts if one.state != "retracted" and one.finding.severity is not Severity.INFO]
    assert len(standing) > 2
    for alert in standing:
        assert mails[notice(alert, TOLD[0])] >= 1, "every alert is sent"
        assert calls[notice(alert, Address(channel="webhook", to=f"{receiver.url}/told"))] >= 1
        assert (alert, "level-0", "email") in recorded
        assert (alert, "level-0", "webhook") in recorded
    assert len(recorded) == len(mails) + len(calls), "what was sent is recorded, and nothing else"


def notice(alert: str, address: Address) -> str:
    """Return the id of the first notice about an alert to an address."""
    first = Notice(
        alert=alert, revision="level-0", recipient="qa", address=address, kind="opened", level=0, due_at_ms=0
    )
    return first.id


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, 50])
def test_a_tower_killed_under_load_loses_nothing_and_tells_everybody(tmp_path: Path, times: int) -> None:
    kill(tmp_path, times)
