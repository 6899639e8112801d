"""What every implementation of the seam must do; a subclass says how to open one.

The same traffic goes through it, and the process is killed at every step between two durable things. Afterwards every
packet has one outcome, no alert fact is there twice, and what the alerts say is what they say without a kill.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pytest
from tests.app.tower.tower_kit import TEN, Reading, body_of, journey

from doseway.app.tower.state import Event, Ticked
from doseway.ledger.drafts import Indexed
from doseway.ledger.seam import PARTITIONS, Chunk, Commit, Transport, partition_of
from doseway.model.facts import AlertOpened, PacketDecoded, PacketReceived

ALERTS = ("alert.opened", "alert.extended", "alert.shortened", "alert.closed", "alert.retracted")


class Killed(BaseException):
    """The process is gone: nothing of it runs on."""


class Fuse:
    """Kills at a step; 0: never."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Killed


class Fused:
    """Passes calls on, with a step before and after each."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self.__dict__.update(_inner=inner, _fuse=fuse)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._fuse.step()
            result = found(*args, **named)
            self._fuse.step()
            return result

        return call


class Running(Protocol):
    """A tower over an implementation of the seam, in this process."""

    @property
    def transport(self) -> Transport[Event]:
        """Carries chunks."""

    @property
    def keeper(self) -> Commit[Any, Any]:
        """Keeps what follows."""

    def plan(self) -> None:
        """Put a shipment `s1` with the devices `d1` and `d2`, unless it is there."""

    def admit(self, body: bytes) -> None:
        """Take in a packet; it is durable on return."""

    def advance(self) -> None:
        """Take everything through the seam."""

    def facts(self) -> list[Indexed]:
        """Return everything in the log."""

    def said(self) -> list[tuple[str, str, str]]:
        """Return what the alerts that are not retracted say."""


def traffic() -> list[bytes]:
    """Return an excursion that is interrupted, comes late in part, and is repeated in part."""
    readings: Sequence[Reading] = journey(hot=[*range(20, 30), *range(33, 40)])
    parts = [readings[:25], readings[40:], readings[25:40], readings[10:30]]
    cold = [(at_ms + TEN // 2, -2_000) for at_ms, _ in readings[5:15]]
    return [body_of("d1", part) for part in parts] + [body_of("d2", cold)]


class SeamSuite:
    """The tests of the seam. A subclass has a fixture `open_seam`."""

    @pytest.fixture
    def open_seam(self) -> Callable[[Fuse], AbstractContextManager[Running]]:
        """Open the same durable place again and again; a kill leaves it as it lies."""
        raise NotImplementedError

    @pytest.fixture
    def open_other(self) -> Callable[[Fuse], AbstractContextManager[Running]]:
        """Open another place, for comparison."""
        raise NotImplementedError

    def test_a_partition_is_stable(self) -> None:
        assert [partition_of(one) for one in ("shipment:s1", "shipment:s2", "device:d1", "")] == [29, 53, 44, 20]
        assert {partition_of(f"shipment:{number}") for number in range(2_000)} == set(range(PARTITIONS))

    def test_chunks_come_in_order_and_once(self, open_seam: Callable[[Fuse], AbstractContextManager[Running]]) -> None:
        with open_seam(Fuse()) as running:
            transport = running.transport
            chunks = [Chunk[Event](7, seq, (Ticked(seq),)) for seq in (1_000_003, 1_000_008, 1_000_009)]
            for chunk in [*chunks, chunks[1]]:
                transport.append(chunk)
            assert transport.read(7, -1) == chunks[0]
            assert transport.read(7, 1_000_003) == chunks[1]
            assert transport.read(8, -1) is None
            transport.ack(7, 1_000_008)
            assert transport.read(7, -1) == chunks[2]
            transport.ack(7, 1_000_009)
            assert transport.read(7, -1) is None

    def test_a_kill_at_any_step_changes_nothing(
        self,
        open_seam: Callable[[Fuse], AbstractContextManager[Running]],
        open_other: Callable[[Fuse], AbstractContextManager[Running]],
    ) -> None:
        bodies = traffic()
        with open_other(Fuse()) as running:
            running.plan()
            for body in bodies:
                running.admit(body)
                running.advance()
            expected = running.said()
        assert expected
        kills = self._drive(open_seam, bodies)
        assert kills > 2 * len(bodies)
        with open_seam(Fuse()) as running:
            running.advance()
            assert running.said() == expected
            self._check(running.facts(), packets=len(bodies))

    def _drive(self, open_seam: Callable[[Fuse], AbstractContextManager[Running]], bodies: Sequence[bytes]) -> int:
        """Send packet by packet; for each, kill at the first step, the second, … until it goes through."""
        kills = 0
        with open_seam(Fuse()) as running:
            running.plan()
            running.advance()
        for body in bodies:
            at = 1
            while self._killed(open_seam, body, at):
                kills, at = kills + 1, at + 1
        return kills

    def _killed(self, open_seam: Callable[[Fuse], AbstractContextManager[Running]], body: bytes, at: int) -> bool:
        try:
            with open_seam(Fuse(at)) as running:
                running.admit(body)
                running.advance()
        except Killed:
            return True
        return False

    def _check(self, facts: Sequence[Indexed], *, packets: int) -> None:
        bodies = [found.fact.content() for found in facts]
        received = [found.index for found in facts if isinstance(found.fact.content(), PacketReceived)]
        decoded = [body.packet for body in bodies if isinstance(body, PacketDecoded)]
        assert len(received) == packets
        assert sorted(decoded) == received
        said = [(found.fact.type, bytes(found.fact.body)) for found in facts if found.fact.type in ALERTS]
        assert len(set(said)) == len(said)
        opened = [body.alert for body in bodies if isinstance(body, AlertOpened)]
        retracted = sum(found.fact.type == "alert.retracted" for found in facts)
        assert len(opened) - len(set(opened)) <= retracted
