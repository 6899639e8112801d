"""A tower in memory behind the protocols of the real one, over a real log: what pages and API are tested against."""

import asyncio
import threading
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.ui import fixture_data as data

from doseway.app import logbook
from doseway.app.archive import LogArchive
from doseway.app.board import (
    AlertRow,
    AlertState,
    Change,
    ChannelPoints,
    Counts,
    DeviceRow,
    ShipmentQuery,
    ShipmentRow,
    Stored,
    TimelineRow,
    Tower,
    ViewLag,
)
from doseway.app.books import check_book
from doseway.app.inspecting import How
from doseway.app.packing import pack_packets
from doseway.app.plans.room import open_plans
from doseway.app.settings import Settings
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.desk import MILESTONES
from doseway.app.tower.history import Column, History
from doseway.app.tower.library import Library
from doseway.app.tower.past import Past
from doseway.app.tower.state import Carried, Holder, Published, shipment_holder
from doseway.model.documents import Document, RuleBook
from doseway.model.errors import ConflictError, DataError
from doseway.model.facts import AssociationRecorded, DocumentPut
from doseway.model.findings import Severity

ROOT = Path(__file__).parents[2]
GRAVEST = [Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO]
DISPOSITIONS = {"quarantine", "release", "reject", "partial"}


class Memory:
    """Board, desk and changes in one: rows in dictionaries, one lock."""

    def __init__(self, *, is_empty: bool = False) -> None:
        alerts = [] if is_empty else data.alert_rows()
        self.rows = {} if is_empty else {row.id: row for row in data.shipment_rows(alerts)}
        self.cases = {} if is_empty else {case.id: case for case in data.cases()}
        self.by_alert = {row.alert: row for row in alerts}
        self.by_device = {} if is_empty else {row.device: row for row in data.device_rows()}
        kept = {} if is_empty else data.documents()
        self.kept = {
            key: Stored(kind=key[0], id=key[1], version=1, index=10, document=one) for key, one in kept.items()
        }
        self.facts: list[tuple[Change, TimelineRow]] = []
        self.changed = threading.Condition()
        for number in range(200):
            shipment = f"shp-{1 + number % 60:04d}"
            self._fact(
                "packet.received" if number % 2 else "packet.decoded",
                shipment if self.rows else "",
                "door:http",
                "40 readings came in.",
            )

    def _fact(self, kind: str, shipment: str, by: str, text: str) -> int:
        with self.changed:
            index = len(self.facts)
            row = TimelineRow(index=index, at_ms=data.NOW_MS - (400 - index) * data.MINUTE, type=kind, by=by, text=text)
            self.facts.append((Change(index=index, type=kind, shipment=shipment), row))
            self.changed.notify_all()
            return index

    # Board

    def index(self) -> int:
        return len(self.facts)

    def wait_for(self, index: int, timeout_s: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.facts) > index, timeout_s)

    def shipments(self, query: ShipmentQuery) -> Sequence[ShipmentRow]:
        words = query.text.lower().split()
        found = [
            row
            for key, row in sorted(self.rows.items())
            if key > query.after
            and all(word in f"{row.id} {row.title} {row.product}".lower() for word in words)
            and (not query.phases or row.phase in query.phases)
            and (not query.is_alerting or row.open_alerts)
            and (not query.is_unready or row.lint)
        ]
        return found[: query.limit]

    def shipment(self, shipment: str) -> ShipmentRow | None:
        return self.rows.get(shipment)

    def alerts(
        self, *, shipment: str = "", states: Sequence[AlertState] = ("open",), after: str = "", limit: int = 100
    ) -> Sequence[AlertRow]:
        found = [row for row in self.by_alert.values() if row.state in states and shipment in {"", row.shipment}]
        found.sort(key=lambda row: (GRAVEST.index(row.finding.severity), -row.opened_at_ms))
        ids = [row.alert for row in found]
        first = ids.index(after) + 1 if after in ids else 0
        return found[first : first + limit]

    def alert(self, alert: str) -> AlertRow | None:
        return self.by_alert.get(alert)

    def counts(self) -> Counts:
        rows = self.rows.values()
        return Counts(
            phases=dict(Counter(row.phase for row in rows)),
            alerting=sum(row.open_alerts > 0 for row in rows),
            located=sum(row.latitude_udeg is not None for row in rows),
            late=sum(row.is_late for row in rows),
            unready=sum(row.lint > 0 for row in rows),
            open_alerts=sum(row.state == "open" for row in self.by_alert.values()),
        )

    def devices(
        self, *, text: str = "", shipment: str = "", is_silent: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[DeviceRow]:
        return [
            row
            for key, row in sorted(self.by_device.items())
            if key > after
            and shipment in {"", row.shipment}
            and (row.is_silent or not is_silent)
            and all(word in f"{row.device} {row.model}".lower() for word in text.lower().split())
        ][:limit]

    def count_silent(self) -> int:
        return sum(row.is_silent for row in self.by_device.values())

    def channels(self, shipment: str, *, first_ms: int, last_ms: int, buckets: int) -> Sequence[ChannelPoints]:
        return [_cut(one, first_ms, last_ms) for one in data.channel_points(self.cases[shipment])]

    def route(self, shipment: str, *, points: int = 500) -> Sequence[tuple[int, int, int, int | None]]:
        case = self.cases[shipment]
        steps = min(points, 60) if case.phase != "planned" else 0
        way = []
        for step in range(steps):
            latitude, longitude = data.point(case, case.part * step / (steps - 1))
            way.append(
                (case.departs_ms + step * 20 * data.MINUTE, round(latitude * 1e6), round(longitude * 1e6), 25_000)
            )
        return way

    def timeline(self, shipment: str, *, after: int = -1, limit: int = 100) -> Sequence[TimelineRow]:
        found = [row for change, row in self.facts if change.shipment == shipment and row.index > after]
        return found[:limit]

    def document(self, kind: str, document: str) -> Stored | None:
        return self.kept.get((kind, document))

    def documents(self, kind: str, *, after: str = "", limit: int = 100) -> Sequence[Stored]:
        return [one for (k, key), one in sorted(self.kept.items()) if k == kind and key > after][:limit]

    # Desk

    def put(self, document: Document, *, replaces: int, by: str) -> int:
        key = (document.KIND, document.id)
        version = self.kept[key].version if key in self.kept else 0
        if isinstance(document, RuleBook):
            document = msgspec.structs.replace(document, version=version + 1)
            check_book(document)
        if version != replaces:
            raise ConflictError(f"{key[0]} {key[1]} is at version {version} by now", hint="Read it again.")
        index = self._fact(
            "document.put",
            document.id if document.KIND == "shipment" else "",
            by,
            f"{document.KIND} {document.id} was put.",
        )
        self.kept[key] = Stored(kind=key[0], id=key[1], version=version + 1, index=index, document=document)
        if document.KIND == "shipment" and document.id not in self.rows:
            row = msgspec.structs.replace(
                next(iter(data.shipment_rows([]))), id=document.id, title=document.title, phase="planned", index=index
            )
            self.rows[document.id] = row
            self.cases[document.id] = data.cases()[3]._replace(number=99, phase="planned")
        return index

    def associate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        row = self.by_device.get(device)
        if row is not None and row.shipment not in {"", shipment}:
            raise ConflictError(f"{device} is with {row.shipment}", hint="Take it from there first.")
        known = row or DeviceRow(
            device=device, model="", is_known=False, shipment="", heard_at_ms=None, battery_milli=None, is_silent=False
        )
        self.by_device[device] = msgspec.structs.replace(known, shipment=shipment)
        return self._fact("association.recorded", shipment, by, f"{device} travels with it.")

    def dissociate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        row = self.by_device.get(device)
        if row is None or row.shipment != shipment:
            raise DataError(f"{device} is not with {shipment}")
        self.by_device[device] = msgspec.structs.replace(row, shipment="")
        return self._fact("association.recorded", shipment, by, f"{device} was taken from it.")

    def report(self, shipment: str, milestone: str, *, at_ms: int, by: str) -> int:
        if milestone not in MILESTONES:
            raise DataError(f"there is no milestone {milestone!r}")
        phase: Any = {"departed": "in-transit"}.get(milestone, milestone)
        self.rows[shipment] = msgspec.structs.replace(self.rows[shipment], phase=phase)
        return self._fact("milestone.reported", shipment, by, f"It {milestone} at {at_ms}.")

    def acknowledge(self, alert: str, *, comment: str, by: str) -> int:
        if not comment.strip():
            raise DataError("a comment says what is done about it")
        row = self.by_alert[alert]
        self.by_alert[alert] = msgspec.structs.replace(row, acknowledged_by=by, comment=comment)
        return self._fact("alert.acknowledged", row.shipment, by, comment)

    def snooze(self, alert: str, *, until_ms: int, comment: str, by: str) -> int:
        row = self.by_alert[alert]
        self.by_alert[alert] = msgspec.structs.replace(row, snoozed_until_ms=until_ms, comment=comment)
        return self._fact("alert.snoozed", row.shipment, by, comment)

    def decide(self, shipment: str, disposition: str, *, reason: str, units: tuple[str, ...] = (), by: str) -> int:
        if not reason.strip() or disposition not in DISPOSITIONS:
            raise DataError("a disposition has a reason")
        self.rows[shipment] = msgspec.structs.replace(self.rows[shipment], disposition=disposition)
        return self._fact("disposition.decided", shipment, by, f"{disposition}: {reason}")

    # Changes

    async def subscribe(self, after: int) -> AsyncIterator[Change]:
        while True:
            while after + 1 < len(self.facts):
                after += 1
                yield self.facts[after][0]
            await asyncio.sleep(0.02)


def _cut(one: ChannelPoints, first_ms: int, last_ms: int) -> ChannelPoints:
    kept = [place for place, at in enumerate(one.at_ms) if first_ms <= at <= last_ms]
    columns = {
        name: tuple(getattr(one, name)[place] for place in kept) for name in ("at_ms", "low_milli", "high_milli")
    }
    return msgspec.structs.replace(one, **columns)


def history(memory: Memory, case: data.Case) -> dict[str, Carried]:
    """What the device of a shipment observed: the channels' highest values."""
    columns = {
        f"{one.quantity}/{one.sensor}": Column(array("q", one.at_ms).tobytes(), array("i", one.high_milli).tobytes())
        for one in data.channel_points(case)
    }
    device = next((row.device for row in memory.by_device.values() if row.shipment == case.id), "")
    if not device:
        return {}
    one = History(columns)
    return {device: Carried(one, ((case.departs_ms - data.HOUR, None),), one.newest_ms)}


def past(memory: Memory) -> Past:
    """History to try rules on, from what the memory holds now."""
    bindings = Bindings()
    library = Library(bindings)
    for row in memory.by_device.values():
        if row.shipment:
            told = AssociationRecorded(action="ADD", parent=row.shipment, child=row.device, event_time_ms=0)
            bindings.record(0, told)
    for one in memory.kept.values():
        plain = msgspec.to_builtins(one.document)
        library.record(DocumentPut(kind=one.kind, id=one.id, version=one.version, replaces=0, document=plain))
    holders = {
        shipment_holder(name): Holder(
            context=context,
            devices=history(memory, memory.cases[name]) if name in memory.cases else {},
            published={
                row.alert: Published(row.finding, row.state, 1)
                for row in memory.by_alert.values()
                if row.shipment == name
            },
        )
        for name, context in library.changed().items()
    }
    return Past(holders.get, lambda: holders, bindings, library, lambda: data.NOW_MS)


@contextmanager
def fixture_tower(folder: Path, *, is_empty: bool = False) -> Iterator[tuple[Tower, Memory]]:
    """Open a tower: everything in memory but the log, which is real and holds one file for shipment 1."""
    memory = Memory(is_empty=is_empty)
    issuer = ROOT / "examples" / "issuer.pub"
    settings = Settings(store=folder / "store", origin="doseway.test/log", issuers=(issuer,))
    with logbook.writing(settings) as sequencer:
        packets: list[int] = []

        def pack(shipment: str, title: str, out: Path) -> int:
            if shipment != "shp-0001":
                raise DataError(f"nothing was received for shipment {shipment} yet")
            return pack_packets(settings, sequencer, packets, title, out).seal

        archive = LogArchive(
            settings,
            sequencer,
            pack=pack,
            past=lambda: past(memory),
            views=lambda: [
                ViewLag(name="shipments", taken=sequencer.log.size),
                ViewLag(name="packets", taken=sequencer.log.size),
            ],
            packets=lambda: {"judged": len(packets)},
        )
        with (ROOT / "examples" / "files" / "tarmac-excursion.txt").open("rb") as stream:
            packets.append(archive.take_in(stream, "tarmac-excursion.txt", How()).packet)
        with open_plans(settings, sequencer, logbook.SystemClock()) as plans:
            yield Tower(board=memory, desk=memory, changes=memory, archive=archive, plans=plans), memory
