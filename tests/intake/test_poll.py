"""Polling Tive: everything the account holds is admitted, over outages, late uploads, cut answers and restarts."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.ingest_kit import NOW_MS, FixedClock, MemoryAdmit
from tests.intake.tive_kit import SECRET, FakeTive, serving

from doseway.intake.door_settings import TiveSettings
from doseway.intake.poll import TivePoller, windows
from doseway.model.errors import Pushback, Unavailable

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class MemoryCursors:
    def __init__(self) -> None:
        self.held: dict[str, int] = {}

    def get(self, name: str) -> int | None:
        return self.held.get(name)

    def put(self, name: str, at_ms: int) -> None:
        self.held[name] = at_ms


class Site:
    """A poller with its surroundings; `sleep` counts the waits and stops after `most`."""

    def __init__(self, tive: FakeTive, folder: Path) -> None:
        self.tive, self.folder = tive, folder
        self.admit, self.clock, self.cursors = MemoryAdmit(), FixedClock(), MemoryCursors()
        self.waits: list[float] = []
        self.pollers: list[TivePoller] = []
        (folder / "secret").write_text(SECRET + "\n")

    def poller(self, **changed: object) -> TivePoller:
        values = {
            "name": "acme",
            "client_id": "us",
            "client_secret_file": self.folder / "secret",
            "account_id": "478",
            "shipments": ["ship 1/2"],
            "url": self.tive.url,
            "pause_s": 0.0,
        }
        settings = TiveSettings(**values | changed)  # type: ignore[arg-type] # as TOML gives it
        poller = TivePoller(settings, self.admit, self.clock, self.cursors, sleep=self.sleep)
        self.pollers.append(poller)
        return poller

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)
        await asyncio.sleep(0)

    def round(self, poller: TivePoller | None = None) -> None:
        asyncio.run((poller or self.poller()).round())

    def seen(self) -> set[int]:
        return {one["EntryTimeEpoch"] for incoming in self.admit.taken for one in json.loads(incoming.body)}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(FakeTive()) as tive:
        tive.messages["ship 1/2"] = []
        one = Site(tive, tmp_path)
        yield one
        for poller in one.pollers:
            poller.close()


def every(minutes: int, start_ms: int, end_ms: int) -> list[int]:
    return list(range(start_ms, end_ms, minutes * 60_000))


def test_the_first_round_reads_what_there_is(site: Site) -> None:
    site.tive.messages["ship 1/2"] = every(30, NOW_MS - 5 * DAY_MS, NOW_MS)
    site.round()
    assert site.seen() == set(site.tive.messages["ship 1/2"])
    first = site.admit.taken[0]
    assert (first.door, first.format, first.name, first.by) == ("poll", "tive", "ship 1/2", "poll:acme")
    assert first.received_at_ms == NOW_MS
    assert site.tive.tokens == ["token-0"]


def test_a_later_round_asks_from_a_little_before_and_adds_only_what_is_new(site: Site) -> None:
    messages = site.tive.messages["ship 1/2"] = every(30, NOW_MS - 2 * DAY_MS, NOW_MS)
    site.round()
    packets, asked = len(site.admit.packets), len(site.tive.asked)
    site.round()
    assert len(site.admit.packets) == packets  # equal answers are equal bytes
    assert len(site.tive.asked) - asked <= 8
    # readings of five hours ago, uploaded now: the tracker was in flight
    messages += every(7, NOW_MS - 5 * HOUR_MS, NOW_MS - 4 * HOUR_MS)
    site.clock.now += 10 * 60_000
    messages.append(site.clock.now - 60_000)
    site.round()
    assert site.seen() == set(messages)


def test_after_a_long_outage_of_ours_the_gap_is_filled(site: Site) -> None:
    messages = site.tive.messages["ship 1/2"] = every(30, NOW_MS - DAY_MS, NOW_MS)
    site.round()
    site.clock.now += 9 * DAY_MS
    messages += every(30, NOW_MS, site.clock.now)
    asked = len(site.tive.asked)
    site.round(site.poller())  # a new process with the same cursors
    assert site.seen() == set(messages)
    assert min(start for _, start, _ in site.tive.asked[asked:]) >= NOW_MS - 7 * HOUR_MS


def test_an_outage_of_theirs_in_the_middle_of_a_round_loses_nothing(site: Site) -> None:
    site.tive.messages["ship 1/2"] = every(30, NOW_MS - 2 * DAY_MS, NOW_MS)
    poller = site.poller(first_back_s=2 * 24 * 3600)

    async def scenario() -> None:
        site.tive.failures = [(503, {}), (200, {}), (500, {}), (502, {})]
        task = asyncio.create_task(poller.run())
        async with asyncio.timeout(30):
            while poller.rounds < 2:  # noqa: ASYNC110 - counted, no event
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert site.seen() >= set(site.tive.messages["ship 1/2"]) - {NOW_MS - 2 * DAY_MS}
    retries = [wait for wait in site.waits if wait != 300.0]
    assert len(retries) >= 3
    assert all(1.0 <= wait <= 8.0 for wait in retries)


def test_a_token_that_is_refused_or_runs_out_is_made_anew(site: Site) -> None:
    site.tive.messages["ship 1/2"] = [NOW_MS - HOUR_MS]
    poller = site.poller()
    site.round(poller)
    site.tive.valid = "revoked"
    site.round(poller)
    assert site.tive.tokens == ["token-0", "token-1"]
    site.clock.now += 3_600_000
    site.round(poller)
    assert len(site.tive.tokens) == 3


def test_wrong_credentials_are_said_and_not_hammered(site: Site) -> None:
    with pytest.raises(Unavailable, match=r"authenticate with 401.*client_secret_file"):
        site.round(site.poller(client_id="them"))
    assert not site.cursors.held


@pytest.mark.parametrize(
    ("headers", "expected"), [({"Retry-After": "77"}, 77.0), ({}, None), ({"Retry-After": "x"}, None)]
)
def test_a_rate_limit_is_obeyed(site: Site, headers: dict[str, str], expected: float | None) -> None:
    site.tive.messages["ship 1/2"] = [NOW_MS - HOUR_MS]
    site.tive.failures = [(429, headers)]
    poller = site.poller()

    async def scenario() -> None:
        task = asyncio.create_task(poller.run())
        async with asyncio.timeout(30):
            while not poller.rounds:  # noqa: ASYNC110 - counted, no event
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert site.waits[0] == expected if expected else 1.0 <= site.waits[0] <= 2.0
    assert site.seen() == {NOW_MS - HOUR_MS}


def test_an_answer_that_may_be_cut_is_asked_again_in_halves(site: Site) -> None:
    site.tive.messages["ship 1/2"] = every(1, NOW_MS - 3 * HOUR_MS, NOW_MS)
    site.tive.most_items = 10
    site.round(site.poller(most_items=10))
    assert site.seen() == set(site.tive.messages["ship 1/2"])
    assert all(len(json.loads(incoming.body)) < 10 for incoming in site.admit.taken)


def test_a_full_log_keeps_the_cursor_where_it_was(site: Site) -> None:
    site.tive.messages["ship 1/2"] = [NOW_MS - HOUR_MS]
    site.admit.error = Pushback("full")
    with pytest.raises(Pushback):
        site.round()
    assert all(at <= NOW_MS - HOUR_MS for at in site.cursors.held.values())
    site.admit.error = None
    site.round()
    assert site.seen() == {NOW_MS - HOUR_MS}


def test_a_shipment_that_is_not_there_does_not_stop_the_others(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.tive.messages["other"] = [NOW_MS - HOUR_MS]
    site.round(site.poller(shipments=["none", "other"]))
    assert site.seen() == {NOW_MS - HOUR_MS}
    assert "no shipment none" in caplog.text


def test_shipments_can_come_from_outside(site: Site) -> None:
    site.tive.messages |= {"a": [NOW_MS - 1], "b": [NOW_MS - 2]}
    settings = TiveSettings(
        name="acme", client_id="us", client_secret_file=site.folder / "secret", account_id="478", url=site.tive.url
    )
    poller = TivePoller(
        settings, site.admit, site.clock, site.cursors, shipments=lambda: ["a", "b", "a"], sleep=site.sleep
    )
    site.pollers.append(poller)
    site.round(poller)
    assert site.seen() == {NOW_MS - 1, NOW_MS - 2}


def test_a_secret_that_is_not_there_is_said(site: Site) -> None:
    with pytest.raises(Unavailable, match="none"):
        site.poller(client_secret_file=site.folder / "none")


@given(st.integers(0, 10**13), st.integers(0, 10**9), st.integers(10_000_000, 10**9))
def test_windows_cover_a_span_without_gaps_on_a_grid(start: int, length: int, window: int) -> None:
    found = list(windows(start, start + length, window))
    assert all(begin % window == 0 and end - begin == window for begin, end in found)
    assert all(one[1] == two[0] for one, two in pairwise(found))
    if length:
        assert found[0][0] <= start
        assert found[-1][1] >= start + length
