"""From facts to events: which subjects a fact concerns. A function of the log, folded in its order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

import msgspec
import numpy as np

from doseway.app.board import AlertState
from doseway.app.importing import DOOR as IMPORT_DOOR
from doseway.app.tower.admission import Handover
from doseway.app.tower.alerts import Revision
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.decoding import Decoded, Decoders, outcome
from doseway.app.tower.evaluate import Effect
from doseway.app.tower.history import EMPTY, History, Span, history_of, indexes_of, union
from doseway.app.tower.library import Library
from doseway.app.tower.state import (
    Assigned,
    Carried,
    Decided,
    Described,
    Event,
    Failed,
    Failure,
    Observed,
    Reported,
    Told,
    device_holder,
    shipment_holder,
    state_of,
)
from doseway.ledger.drafts import Indexed
from doseway.ledger.log import Log
from doseway.model.canonical import encode
from doseway.model.errors import DataError, UsageError
from doseway.model.facts import (
    AlertClosed,
    AlertExtended,
    AlertOpened,
    AlertRetracted,
    AlertShortened,
    AssociationRecorded,
    DispositionDecided,
    DocumentPut,
    MilestoneReported,
    PacketDecoded,
    PacketReceived,
    PacketRejected,
    RuleFailed,
)
from doseway.model.findings import Finding
from doseway.model.ids import content_id
from doseway.model.readings import Recording
from doseway.transit.phases import Milestone

Collect = Callable[[str], Sequence[Carried]]
"""Returns what a device observed, wherever it is held now."""

AHEAD_MS: Final = 15 * 60_000
"""An observation further ahead of its own arrival is a wrong clock: it is kept, and does not move event time."""
_MOST_DEVICE_TAGS: Final = 50
_DEVICE: Final = "device:"
_IN_MEMORY: Final = 8 << 20
_SMALL_BYTES: Final = 8 << 10


class _Gathered:
    """What one device observed, packet by packet."""

    __slots__ = ("heard_ms", "lost", "packets", "recordings")

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.lost: set[Span] = set()
        self.packets: list[int] = []
        self.heard_ms: int | None = None

    def history(self) -> History:
        return union([history_of(self.recordings), History(lost=tuple(sorted(self.lost)))])

    def lose(self, index: int, span: Span, received_ms: int) -> None:
        self.lost.add(span)
        self._note(index, span, received_ms)

    def add(self, index: int, recording: Recording, received_ms: int) -> None:
        self.recordings.append(recording)
        times = [max(series.observed_at_ms) for series in recording.series if series.observed_at_ms]
        if recording.fixes or recording.signals:
            times += [fix.observed_at_ms for fix in recording.fixes] + [one.observed_at_ms for one in recording.signals]
        self._note(index, times, received_ms)

    def _note(self, index: int, times: Iterable[int], received_ms: int) -> None:
        self.packets.append(index)
        newest = max((at_ms for at_ms in times if at_ms <= received_ms + AHEAD_MS), default=None)
        if newest is not None:
            self.heard_ms = newest if self.heard_ms is None else max(self.heard_ms, newest)


class Router:
    """Folds facts into events for the subjects that they concern.

    Args:
        log: where the bytes of packets are.
        decoders, handover: how a packet becomes recordings.
        collect: returns what a device observed as far as it is in the states.
        bindings, library: which device was with which shipment, and the documents; folded here.

    Attributes:
        packets: how many were received, and how many of these decoded and rejected.
    """

    def __init__(
        self,
        log: Log,
        decoders: Decoders,
        handover: Handover,
        collect: Collect,
        bindings: Bindings,
        library: Library,
    ) -> None:
        self.bindings = bindings
        self.library = library
        self._log = log
        self._decoders = decoders
        self._handover = handover
        self._collect = collect
        self._undecoded: dict[int, tuple[PacketReceived, int]] = {}
        self._unsaid: dict[int, Decoded] = {}
        self._told: dict[str, int] = {}
        self._gathered: dict[str, _Gathered] = {}
        self._ahead: dict[int, bytes] = {}
        self._events: list[Event] = []
        self.packets = dict.fromkeys(("received", "decoded", "rejected"), 0)

    def route(self, facts: Sequence[Indexed]) -> list[Event]:
        """Return the events of the next facts."""
        self._events = []
        for found in facts:
            self._take(found)
        self._sort_out()
        for shipment, context in self.library.changed().items():
            self._events.append(Described(shipment_holder(shipment), facts[-1].index, context))
        return self._events

    def read_ahead(self, start: int, end: int) -> None:
        """Read the small packets of a range at once: for whoever routes all of it, and has no handover."""
        self._ahead |= self._log.small_blobs(start, end, _SMALL_BYTES)

    def settle(self) -> tuple[list[Event], list[Effect]]:
        """Decode what no fact in the log tells the outcome of; return the events, and the facts that tell.

        A file that is being imported by hand is left to who imports it, and knows its zone.
        """
        self._events = []
        ours = [index for index, (body, _) in self._undecoded.items() if body.format or body.door != IMPORT_DOOR]
        for index in sorted(ours):
            body, at_ms = self._undecoded.pop(index)
            decoded = self._decode(index, body, None)
            self._unsaid[index] = decoded
            self._observe(index, decoded, body.received_at_ms or at_ms)
        self._sort_out()
        effects = [one for index, decoded in sorted(self._unsaid.items()) for one in self._effects(index, decoded)]
        self._unsaid.clear()
        return self._events, effects

    def _take(self, found: Indexed) -> None:
        index, body = found.index, found.fact.content()
        match body:
            case PacketReceived():
                self._receive(index, body, found.fact.at_ms)
            case PacketDecoded():
                self.packets["decoded"] += 1
                self._decoded(found, body)
            case PacketRejected():
                self.packets["rejected"] += 1
                self._undecoded.pop(body.packet, None)
                self._unsaid.pop(body.packet, None)
                self._ahead.pop(body.packet, None)
            case AssociationRecorded():
                self._associate(index, body, found.fact.at_ms + AHEAD_MS)
            case DocumentPut():
                self._put(body)
            case RuleFailed(shipment=shipment) if shipment:
                rule_id = next((tag[5:] for tag in found.fact.tags if tag.startswith("rule:")), body.rule)
                failure = Failure(body.rule, rule_id, body.error)
                self._events.append(Failed(shipment_holder(shipment), index, failure))
            case DispositionDecided() | MilestoneReported():
                self._events.append(_said_by_people(index, body))
            case AlertRetracted():
                self._tell(index, body, "retracted", None)
            case AlertOpened() | AlertExtended() | AlertShortened() | AlertClosed():
                self._tell(index, body, state_of(body.finding), body.finding)

    def _tell(self, index: int, body: Revision, state: AlertState, finding: Finding | None) -> None:
        number = self._told[body.alert] = self._told.get(body.alert, 0) + 1
        self._events.append(Told(shipment_holder(body.shipment), index, body.alert, number, state, finding))

    def _receive(self, index: int, body: PacketReceived, at_ms: int) -> None:
        self.packets["received"] += 1
        decoded = self._handover.take(body.commitment)
        if decoded is None:
            self._undecoded[index] = (body, at_ms)
        else:
            self._unsaid[index] = decoded
            self._observe(index, decoded, body.received_at_ms or at_ms)

    def _decoded(self, found: Indexed, body: PacketDecoded) -> None:
        self._unsaid.pop(body.packet, None)
        waiting = self._undecoded.pop(body.packet, None)
        devices = [tag.removeprefix(_DEVICE) for tag in found.fact.tags if tag.startswith(_DEVICE) and tag != _DEVICE]
        if waiting is None or not devices:  # what names no device is nobody's, and may be large
            return
        received, at_ms = waiting
        told = body.options if received.format else {**body.options, "format": body.format}
        decoded = self._decode(body.packet, received, told)
        self._observe(body.packet, decoded, received.received_at_ms or at_ms)
        if decoded.error is not None and body.first_at_ms is not None and body.last_at_ms is not None:
            # It was read once: the bytes were erased since, or their decoder is gone. That is no silence.
            span = (body.first_at_ms, body.last_at_ms)
            for device in devices:
                gathered = self._gathered.setdefault(device, _Gathered())
                gathered.lose(body.packet, span, received.received_at_ms or at_ms)

    def _decode(self, index: int, body: PacketReceived, told: dict[str, object] | None) -> Decoded:
        try:
            self._decoders.check(body.format)
            ahead = self._ahead.pop(index, None)
            chunks = self._log.blob(index) if ahead is None else [ahead]
        except UsageError as error:  # a plug-in that is gone, or bytes that were erased
            return Decoded(error=DataError(error.what, hint=error.hint))
        decode = partial(
            self._decoders.decode, body.format, name=body.name, received_at_ms=body.received_at_ms, told=told
        )
        if body.format:
            return decode(b"".join(chunks))
        with SpooledTemporaryFile(_IN_MEMORY) as file:  # a logger's file may be of any size
            file.writelines(chunks)
            file.seek(0)
            return decode(cast("BinaryIO", file))

    def _observe(self, index: int, decoded: Decoded, received_ms: int) -> None:
        """Gather what devices observed: joined once for each, however many packets it sent."""
        for recording in decoded.recordings:
            if not recording.device.serial:
                continue  # a record that names no device: kept and decoded, and nobody's
            self._gathered.setdefault(recording.device.serial, _Gathered()).add(index, recording, received_ms)

    def _sort_out(self) -> None:
        """Sort what was gathered to the subjects that it belongs to."""
        for device, gathered in self._gathered.items():
            history = gathered.history()
            oldest_ms = history.oldest_ms
            if oldest_ms is None:
                continue
            holder = self.bindings.sole_holder(device, oldest_ms)
            parts = {holder: history} if holder else self._parts(device, history)
            packets = np.unique(np.array(gathered.packets, "<i8")).tobytes()
            for name, part in parts.items():
                carried = Carried(part, heard_ms=gathered.heard_ms, packets=packets)
                self._events.append(Observed(name, device, gathered.packets[-1], carried))
        self._gathered.clear()

    def _parts(self, device: str, history: History) -> dict[str, History]:
        split = self.bindings.split(device, history)
        return {name: carried.history for name, carried in split.items() if carried.history.size}

    def _associate(self, index: int, body: AssociationRecorded, latest_ms: int) -> None:
        self._sort_out()
        device = body.child
        before = {shipment_holder(one): one for one, _, _ in self.bindings.spans(device)}
        self.bindings.record(index, body)
        waiting = [one.carried for one in self._events if isinstance(one, Observed | Assigned) and one.device == device]
        held = [*self._collect(device), *waiting]
        parts = self.bindings.split(device, union([EMPTY, *(one.history for one in held)]))
        packets = indexes_of(*(one.packets for one in held))
        now = {shipment_holder(one): one for one, _, _ in self.bindings.spans(device)}
        for holder in sorted(before.keys() | now.keys() | {device_holder(device)}):
            part = parts.get(holder, Carried())
            heard_ms = part.history.between(0, latest_ms + 1).newest_ms
            carried = msgspec.structs.replace(part, heard_ms=heard_ms, packets=packets if part.history.size else b"")
            self._events.append(Assigned(holder, device, index, carried))
        self.library.rebound([*before.values(), *now.values()])

    def _effects(self, index: int, decoded: Decoded) -> Iterator[Effect]:
        """Yield what became of a packet, and of a logger's file its judgement."""
        devices = sorted({f"device:{one.device.serial}" for one in decoded.recordings})[:_MOST_DEVICE_TAGS]
        tags, key = (f"packet:{index}", *devices), str(index).encode()
        yield Effect(body=outcome(index, decoded), tags=tags, identity=content_id("outcome", key))
        for recording in decoded.recordings if decoded.is_file else ():
            failed, made, data = self._decoders.judged(index, recording)
            for one in failed:
                yield Effect(body=one, tags=tags[:1], identity=content_id("rule.failed", key, encode(one)))
            yield Effect(body=made, tags=tags, identity=content_id("judgement", key), data=data)

    def _put(self, body: DocumentPut) -> None:
        try:
            self.library.record(body)
        except DataError:
            return  # a newer Doseway knows this kind; the log keeps it


def _said_by_people(index: int, body: DispositionDecided | MilestoneReported) -> Decided | Reported:
    holder = shipment_holder(body.shipment)
    if isinstance(body, DispositionDecided):
        return Decided(holder, index, body.disposition)
    return Reported(holder, index, Milestone(kind=body.milestone, at_ms=body.event_time_ms))
