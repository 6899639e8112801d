"""A sender killed with `kill -9` between handing over and saying so: sent at least once, recorded once."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks.log_admit import open_log
from tests.notify.notify_kit import NOW_MS, policy, story

from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.model.facts import AlertOpened, NotificationDelivered, decode_fact, encode_fact
from doseway.notify.notifier import Card, Notifier

SCRIPT = """
import asyncio, os, signal, sys
from pathlib import Path
from benchmarks.log_admit import open_log
from doseway.app.notifying import record_in
from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.notify.dispatch import Dispatcher
from tests.api.ingest_kit import FixedClock
folder, now_ms, kill_at = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
outbox, sequencer = SqliteOutbox(folder / "outbox.sqlite"), open_log(folder)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Channel:
    def send(self, message, address):
        with (folder / "sent").open("a") as file:
            file.write(message.id + "\\n")

if kill_at != "never":
    setattr(outbox, kill_at, die)
dispatcher = Dispatcher(outbox, {"email": Channel(), "apprise": Channel()}, record_in(sequencer), FixedClock(now_ms))
while asyncio.run(dispatcher.once()):
    pass
sequencer.close()
outbox.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", ["settle", "unrecorded", "recorded", "commitment_of"])
def test_a_notice_is_sent_at_least_once_and_recorded_once(tmp_path: Path, kill_at: str) -> None:
    one = story()
    opened = AlertOpened(alert=one.alert, shipment=one.shipment, finding=one.finding, limits={}, because="new-reading")
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite")) as outbox:
        notifier = Notifier(policy(), outbox, lambda _: Card())
        notifier.take(decode_fact(encode_fact(opened, at_ms=NOW_MS, by="t")))
        assert notifier.tick(NOW_MS) == 2
    for number in range(3):
        now = str(NOW_MS + number * 130_000)
        assert subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path), now, kill_at], check=False).returncode == -9
    last = [sys.executable, "-c", SCRIPT, str(tmp_path), str(NOW_MS + 600_000), "never"]
    subprocess.run(last, check=True)
    subprocess.run(last, check=True)
    sent = (tmp_path / "sent").read_text().split()
    assert len(set(sent)) == 2
    assert len(sent) == (2 if kill_at in {"unrecorded", "recorded", "commitment_of"} else len(sent))
    with open_log(tmp_path) as sequencer:
        facts = [one.fact.content() for one in sequencer.log.facts(kind=NotificationDelivered.TYPE)]
    assert len(facts) == 2
