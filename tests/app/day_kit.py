"""The demonstration's day delivered to a fresh tower in one of several ways, and what stands there in the end."""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from doseway.app.board import ShipmentQuery
from doseway.app.demo_day import START_MS, all_alerts
from doseway.app.demo_files import example_files
from doseway.app.playing import SLICE_MS, TICK_MS, PlayedClock
from doseway.app.settings import DoorSettings, Settings
from doseway.app.tower.opening import Tower, open_tower
from doseway.app.traffic import Binding, Day, Handed, Message, plan_day
from doseway.intake.door import Incoming
from doseway.model.documents import DeviceCard, Shipment
from doseway.model.units import HOUR_MS

BATCH_MS = 4 * HOUR_MS
LINES = frozenset({"chirpstack", "tive", "traccar"})
"""Formats that take several messages in one body, a line each."""


class Final(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the end; all of it sorted and plain.

    Attributes:
        alerts: shipment, state, limits and the whole finding (rule, version, entry, device, sensor, start, end, when it
            could be known, peak, severity, text, details) of every alert that was not retracted.
        shipments, devices: their rows, without the index that they rest on.
        packets: received and rejected; these are the sender's doing, and no part of what is compared.
    """

    alerts: list[str]
    shipments: list[str]
    devices: list[str]
    packets: dict[str, int]


class Delivery:
    """One tower that a day is delivered to; `slice_ms`: how finely, where it is sent live."""

    def __init__(self, folder: Path, day: Day, *, doors: DoorSettings | None = None, slice_ms: int = SLICE_MS) -> None:
        files, issuer = example_files()
        self.day = day
        self.slice_ms = slice_ms
        self.clock = PlayedClock(day.start_ms)
        self.settings = Settings(
            store=folder / "log", zone="UTC", issuers=(issuer,), port=0, doors=doors or DoorSettings()
        )
        self._files = files[0].parent
        self._bound: set[Binding] = set()

    @contextmanager
    def opened(self) -> Iterator[Tower]:
        with open_tower(self.settings, clock=self.clock) as tower:
            yield tower

    def prepare(self, tower: Tower) -> None:
        for document in self.day.documents:
            tower.desk.put(document, replaces=0, by="test")

    def bind(self, tower: Tower, until_ms: int | None = None) -> None:
        """Put devices to shipments and take them off, in their order, as far as it was not done."""
        for one in self.day.bindings:
            if one not in self._bound and (until_ms is None or one.at_ms <= until_ms):
                self._bound.add(one)
                move = tower.desk.associate if one.action == "ADD" else tower.desk.dissociate
                move(one.shipment, one.device, at_ms=one.at_ms, by="test")

    def admit(self, tower: Tower, sent: Sequence[Message | Handed], door: str = "http") -> None:
        """Admit messages and files one by one; on return they are durable."""
        futures = [tower.admit(self._incoming(one, door)) for one in sent]
        for future in futures:
            assert not future.result(timeout=120).error

    def file(self, one: Handed) -> Path:
        return self._files / one.name

    def end(self, tower: Tower) -> None:
        """Let the day's end come, for everybody."""
        self.clock.move(self.day.end_ms)
        tower.settle()
        tower.tick_all()
        tower.settle()

    def _incoming(self, one: Message | Handed, door: str) -> Incoming:
        now_ms = self.clock.now_ms()
        if isinstance(one, Message):
            return Incoming(door=door, format=one.format, body=one.body, name=one.name, by="t", received_at_ms=now_ms)
        body = self.file(one).read_bytes()
        return Incoming(door="upload", format="", body=body, name=one.name, by="t", received_at_ms=now_ms)


def sent_in(day: Day, first_ms: int, end_ms: int) -> list[Message | Handed]:
    """Return what is sent from an instant up to, and without, another."""
    everything: list[Message | Handed] = [*day.messages, *day.handed]
    return [one for one in everything if first_ms <= one.at_ms < end_ms]


def batches(day: Day) -> list[list[Message | Handed]]:
    """Cut a day into pieces of four hours, the oldest first, each as uploads: a body for each device's lines."""
    starts = range(day.start_ms, day.end_ms, BATCH_MS)
    return [list(as_uploads(sent_in(day, start, start + BATCH_MS))) for start in starts]


def as_uploads(sent: Sequence[Message | Handed]) -> Iterator[Message | Handed]:
    """Join what one device sent, where its format has lines."""
    yield from (one for one in sent if isinstance(one, Handed))
    messages = sorted((one for one in sent if isinstance(one, Message)), key=lambda one: (one.device, one.at_ms))
    for (_, form), group in groupby(messages, key=lambda one: (one.device, one.format)):
        same = list(group)
        if form in LINES:
            yield msgspec.structs.replace(same[0], body=b"\n".join(one.body for one in same))
        else:
            yield from same


def live(delivery: Delivery, tower: Tower) -> None:
    """Everything when it happens, judged slice by slice, with time passing every quarter of an hour or rarer."""
    day, slice_ms = delivery.day, delivery.slice_ms
    delivery.prepare(tower)
    for end_ms in range(day.start_ms, day.end_ms + slice_ms, slice_ms):
        delivery.clock.move(min(end_ms, day.end_ms))
        delivery.bind(tower, end_ms)
        delivery.admit(tower, sent_in(day, end_ms - slice_ms, end_ms))
        tower.settle()
        if (end_ms - day.start_ms) % TICK_MS == 0:
            tower.tick_all()


def oldest_first(delivery: Delivery, tower: Tower) -> None:
    """Uploads of four hours, each when it is over."""
    delivery.prepare(tower)
    for number, batch in enumerate(batches(delivery.day), start=1):
        end_ms = delivery.day.start_ms + number * BATCH_MS
        delivery.clock.move(end_ms)
        delivery.bind(tower, end_ms)
        delivery.admit(tower, batch)
        tower.settle()
        tower.tick_all()


def newest_first(delivery: Delivery, tower: Tower) -> None:
    """The newest four hours first, and devices put to their shipments when all is there."""
    delivery.prepare(tower)
    delivery.clock.move(delivery.day.end_ms)
    for batch in reversed(batches(delivery.day)):
        delivery.admit(tower, batch)
        tower.settle()
        tower.tick_all()
    delivery.bind(tower)


def shuffled(delivery: Delivery, tower: Tower) -> None:
    """Message by message in no order, devices put to shipments in the midst of it."""
    delivery.prepare(tower)
    delivery.clock.move(delivery.day.end_ms)
    for place, lot in enumerate(_lots(delivery.day, 24)):
        if place == 9:
            delivery.bind(tower)
        delivery.admit(tower, lot)
        tower.settle()
        tower.tick_all()


def duplicated(delivery: Delivery, tower: Tower) -> None:
    """Every message twice at least: as uploads, then one by one in no order by another door, some again."""
    delivery.prepare(tower)
    delivery.bind(tower)
    delivery.clock.move(delivery.day.end_ms)
    for batch in batches(delivery.day):
        delivery.admit(tower, batch)
        delivery.admit(tower, batch[::3])
    tower.settle()
    for lot in _lots(delivery.day, 8):
        delivery.admit(tower, [*lot, *lot[::5]], door="mqtt")
        tower.settle()


def _lots(day: Day, count: int) -> Iterator[list[Message | Handed]]:
    everything: list[Message | Handed] = [*day.messages, *day.handed]
    random.Random(f"{day.seed} shuffled").shuffle(everything)
    yield from (everything[place::count] for place in range(count))


WAYS: dict[str, Callable[[Delivery, Tower], None]] = {
    "live": live,
    "oldest first": oldest_first,
    "newest first": newest_first,
    "shuffled": shuffled,
    "duplicated": duplicated,
}


def delivered(day: Day, way: str, slice_ms: int = SLICE_MS) -> Final:
    """Deliver a day to a fresh tower; it is then closed, opened again and compared with itself."""
    with tempfile.TemporaryDirectory(prefix="doseway-day-") as folder:
        delivery = Delivery(Path(folder), day, slice_ms=slice_ms)
        with delivery.opened() as tower:
            WAYS[way](delivery, tower)
            delivery.end(tower)
            found = final(tower)
        with delivery.opened() as tower:
            assert final(tower) == found, f"{way}: opened again, the tower says something else"
    return found


def final(tower: Tower) -> Final:
    """Return what stands at a tower."""
    shipments = tower.board.shipments(ShipmentQuery(limit=1_000))
    devices = tower.board.devices(limit=1_000)
    alerts = [one for one in all_alerts(tower) if one.state != "retracted"]
    return Final(
        alerts=sorted(_plain([one.shipment, one.state, one.finding, one.limits]) for one in alerts),
        shipments=[_plain(msgspec.structs.replace(one, index=0)) for one in shipments],
        devices=[_plain(one) for one in devices],
        packets={state: tower.packets[state] for state in ("received", "rejected")},
    )


def _plain(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def reduced(seed: int) -> Day:
    """Return an eighth of a day: the shipments that something befalls, and one that nothing does."""
    day = plan_day(seed, START_MS)
    kept = {one.shipment for one in day.expected} | {"shp-001"}
    bindings = tuple(one for one in day.bindings if one.shipment in kept)
    devices = {one.device for one in bindings}
    others = tuple(one for one in day.documents if not isinstance(one, Shipment | DeviceCard))
    ours = tuple(
        one
        for one in day.documents
        if (isinstance(one, Shipment) and one.id in kept) or (isinstance(one, DeviceCard) and one.id in devices)
    )
    return msgspec.structs.replace(
        day,
        documents=(*others, *ours),
        bindings=bindings,
        messages=tuple(one for one in day.messages if one.device in devices),
    )
