"""A broker killed with `kill -9` under a whole tower: what it took is in the log once, and alerts are as without."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest
from tests.faults.whole_kit import WholePlace, body, running
from tests.intake.mosquitto_kit import Mosquitto, Publisher, needs_mosquitto

from doseway.app.accounts import open_accounts
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.intake.door import Incoming
from doseway.model.facts import PacketReceived

BATCHES, EACH = 8, 60
_DOOR = """
[[doors.mqtt]]
name = "site"
host = "127.0.0.1"
port = {port}
routes = [{{ topic = "t/#", format = "traccar" }}]
"""


class BrokerPlace(WholePlace):
    """A store whose tower listens to a broker, without anybody to be told."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, smtp=9, hook="http://127.0.0.1:9")
        (folder / "doseway.toml").write_text(_DOOR.format(port=port))
        accounts = open_accounts(self.settings)
        self.reader = {"authorization": f"Bearer {accounts.create_key('reader', roles=('viewer',))[1]}"}
        accounts.store.close()

    @property
    def settings(self) -> Settings:
        return Settings(store=self.store)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not condition():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


def must_say_so(client: httpx.Client) -> None:
    """The tower answers all the same, and its figures and the log's page say that the broker is away."""
    assert client.get("/readyz").json()["is_ready"]
    assert 'doseway_door_is_connected{door="mqtt:site"} 0.0' in client.get("/metrics").text
    page = client.get("/log").text
    assert "Away" in page
    assert "mqtt:site" in page


async def send_over_kills(broker: Mosquitto, client: httpx.Client, sent: Sequence[bytes]) -> int:
    """Publish in batches, every second of them over a kill; return how often the tower was seen to say so."""
    seen_away = 0
    await until(lambda: client.get("/readyz").json()["away"] == [])
    await broker.save()
    for batch in range(BATCHES):
        part = sent[batch * EACH : (batch + 1) * EACH]
        if batch % 2:
            await until(lambda: client.get("/readyz").json()["away"] == [])
            publishing = asyncio.create_task(Publisher(broker.port).try_to_publish("t/x", part))
            await asyncio.sleep(0.01 * batch)
            broker.kill()
            await publishing
            await until(lambda: client.get("/readyz").json()["away"] == ["mqtt:site"])
            must_say_so(client)
            seen_away += 1
            broker.start()
        await Publisher(broker.port).publish("t/x", part)
        await broker.save()
    await until(lambda: client.get("/v1/log").json()["doors"][0]["admitted"] >= len(sent))
    return seen_away


def incoming(payload: bytes) -> Incoming:
    return Incoming(door="http", format="traccar", body=payload, name="", by="test", received_at_ms=0)


def known(place: BrokerPlace) -> tuple[list[bytes], list[str]]:
    """Return the packets of a log, and its final alerts in words."""
    with open_tower(place.settings) as tower:
        tower.settle()
        log = tower.sequencer.log
        packets = [b"".join(log.blob(one.index)) for one in log.facts(kind=PacketReceived.TYPE)]
        found = tower.board.alerts(states=("open", "closed"), limit=1_000)
        return packets, sorted(f"{one.state} {one.finding}" for one in found if one.finding.rule != "no_signal")


@pytest.mark.slow
@needs_mosquitto
def test_a_broker_killed_four_times_under_a_whole_tower(tmp_path: Path) -> None:
    sent = [body(number) for number in range(BATCHES * EACH)]
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    place = BrokerPlace(tmp_path / "store", broker.port)
    with running(place) as tower, httpx.Client(base_url=tower.url, headers=place.reader) as client:
        seen_away = asyncio.run(send_over_kills(broker, client, sent))
        door = client.get("/v1/log").json()["doors"][0]
        deadline = time.monotonic() + 60
        while client.get("/readyz").json()["away"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client.get("/readyz").json() == {"is_ready": True, "why_not": [], "away": []}
    broker.stop()
    assert seen_away == BATCHES // 2
    assert (door["breaks"], door["sessions_lost"], door["lost"]) == (BATCHES // 2, 0, 0)

    packets, alerts = known(place)
    assert len(packets) == len(set(packets))
    assert set(packets) == set(sent)

    undisturbed = BrokerPlace(tmp_path / "undisturbed", broker.port)
    with open_tower(undisturbed.settings) as other:
        for one in sent:
            other.admit(incoming(one)).result(timeout=30)
    assert alerts == known(undisturbed)[1]
    assert any("excursion" in one for one in alerts)
