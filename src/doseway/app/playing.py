"""Plays a planned day through the real doors of a running tower, at any speed, on a clock of its own.

The day is cut into slices of a few minutes. What several devices send within one goes out over several connections at
once, as it would in life; what one device has to say in it comes as one body of several lines where its format allows.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from doseway.app.tower.opening import Tower
from doseway.app.traffic import Binding, Day, Handed, Message
from doseway.intake.door import Incoming
from doseway.model.errors import Unavailable
from doseway.model.units import MINUTE_MS, SECOND_MS, UnixMs

BY: Final = "demo"
SLICE_MS: Final = 5 * MINUTE_MS
TICK_MS: Final = 15 * MINUTE_MS
_CONNECTIONS: Final = 8
_TIMEOUT_S: Final = 60.0
Act = Binding | Message | Handed

_LINES: Final = frozenset({"chirpstack", "tive", "traccar"})
"""Formats that take several messages in one body, a line each."""
_TAKEN: Final = frozenset({200, 202, 422})
"""422: kept, and not decodable; a day may hold such a message on purpose."""


class PlayedClock:
    """The clock of a day that is played: it stands still until the player moves it."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> UnixMs:
        """Return the instant that is being played."""
        return UnixMs(self._now_ms)

    def move(self, now_ms: int) -> None:
        """Move on; never back."""
        self._now_ms = max(now_ms, self._now_ms)


class Player:
    """Sends what a day holds.

    Args:
        day: what happens. tower: where it happens, served at `url`. clock: the tower's. files: the example files.
        speed: how much faster than life; None: as fast as it goes.
    """

    def __init__(
        self, day: Day, tower: Tower, url: str, clock: PlayedClock, files: Path, speed: float | None = None
    ) -> None:
        self._day = day
        self.tower = tower
        self.url = url
        self._address = urlsplit(url).netloc
        self._clock = clock
        self._files = files
        self._speed = speed
        self._is_over = threading.Event()
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def stop(self) -> None:
        """End the play after the slice that is under way. From any thread."""
        self._is_over.set()

    def prepare(self) -> None:
        """Put the day's documents."""
        for document in self._day.documents:
            self.tower.desk.put(document, replaces=0, by=BY)

    def play(self, on_slice: Callable[[int], None] = lambda _now_ms: None) -> bool:
        """Play the day; False when it was stopped before its end.

        Raises:
            Unavailable: the tower did not take a message.
        """
        began_s = time.monotonic()
        with ThreadPoolExecutor(_CONNECTIONS, "doseway-demo") as senders, ExitStack() as opened:
            opened.callback(self._hang_up)
            for now_ms, acts in self._slices():
                if self._wait(began_s, now_ms):
                    return False
                self._clock.move(now_ms)
                self._act(acts, senders)
                if (now_ms - self._day.start_ms) % TICK_MS < SLICE_MS:
                    self.tower.settle()  # played faster than judged, a day would hide what was mended
                    self.tower.tick_all()
                on_slice(now_ms)
        self._clock.move(self._day.end_ms)
        self.tower.settle()
        self.tower.tick_all()
        self.tower.settle()
        return True

    def _slices(self) -> Iterator[tuple[int, Sequence[Act]]]:
        day = self._day
        everything: list[Act] = [*day.bindings, *day.messages, *day.handed]
        acts = sorted(everything, key=lambda act: act.at_ms)
        place = 0
        for end_ms in range(day.start_ms, day.end_ms + SLICE_MS, SLICE_MS):
            first = place
            while place < len(acts) and acts[place].at_ms <= end_ms:
                place += 1
            yield end_ms, acts[first:place]

    def _wait(self, began_s: float, now_ms: int) -> bool:
        """Wait until a slice is due; True when the play was stopped."""
        if self._speed is None:
            return self._is_over.is_set()
        due_s = began_s + (now_ms - self._day.start_ms) / SECOND_MS / self._speed
        return self._is_over.wait(max(due_s - time.monotonic(), 0.0))

    def _act(self, acts: Sequence[Act], senders: ThreadPoolExecutor) -> None:
        for act in acts:
            if isinstance(act, Binding):
                self._bind(act)
        by_device: dict[str, list[Message]] = {}
        for act in acts:
            if isinstance(act, Message):
                by_device.setdefault(act.device, []).append(act)
        list(senders.map(self._send_all, by_device.values()))
        for act in acts:
            if isinstance(act, Handed):
                self._hand_in(act)

    def _bind(self, act: Binding) -> None:
        move = self.tower.desk.associate if act.action == "ADD" else self.tower.desk.dissociate
        move(act.shipment, act.device, at_ms=act.at_ms, by=BY)

    def _hand_in(self, act: Handed) -> None:
        """Import a logger's file, as somebody does at the page for it."""
        body = (self._files / act.name).read_bytes()
        incoming = Incoming(
            door="upload", format="", body=body, name=act.name, by=BY, received_at_ms=self._clock.now_ms()
        )
        self.tower.admit(incoming).result(_TIMEOUT_S)

    def _hang_up(self) -> None:
        for connection in self._connections:
            connection.close()

    def _send_all(self, messages: Sequence[Message]) -> None:
        """Send what one device has to say, in its order."""
        for format_id, group in groupby(messages, key=lambda one: one.format):
            same = list(group)
            if format_id in _LINES:
                same = [msgspec.structs.replace(same[0], body=b"\n".join(one.body for one in same))]
            for message in same:
                self._send(message)

    def _send(self, message: Message) -> None:
        """Send one message over a connection that the thread keeps."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
            self._connections.append(connection)
        try:
            connection.request("POST", f"/ingest/{message.format}", message.body)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the tower does not answer at {self._address}: {error}") from error
        if answer.status not in _TAKEN:
            raise Unavailable(f"the tower answered a message of {message.device} with {answer.status}: {text[:300]!r}")
