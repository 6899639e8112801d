"""The embedded seam: on one machine the log itself is the durable transport and the durable record of effects.

Chunks are cut from the log by index, so that what is lost with the process is cut again, and effects are facts with
content ids. The tables of the views take rows and cursor in one commit; the states are in memory and folded anew from
the log when the tower is opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from doseway.app.tower import rows, tables
from doseway.app.tower.alerts import ALARM
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.changes import Changes
from doseway.app.tower.evaluate import Effect
from doseway.app.tower.library import Library
from doseway.app.tower.state import Carried, Event, Holder, State, shipment_holder, shipment_of
from doseway.ledger.drafts import Draft, Indexed
from doseway.ledger.projection import Cursor, Transaction, Views
from doseway.ledger.seam import PARTITIONS, Chunk, partition_of
from doseway.ledger.sequencer import Sequencer
from doseway.model.documents import DeviceCard
from doseway.model.facts import DocumentPut
from doseway.model.units import UnixMs

BY: Final = "tower"


class LogTransport:
    """Chunks that were cut from the log. They need not be kept: from the fence on they are cut again."""

    def __init__(self) -> None:
        self._chunks: dict[int, list[Chunk[Event]]] = {}

    def append(self, chunk: Chunk[Event]) -> None:
        """Take a chunk; a repetition is left out."""
        waiting = self._chunks.setdefault(chunk.partition, [])
        if not waiting or chunk.seq > waiting[-1].seq:
            waiting.append(chunk)

    def read(self, partition: int, after: int) -> Chunk[Event] | None:
        """Return the first chunk with a number above `after`."""
        return next((one for one in self._chunks.get(partition, ()) if one.seq > after), None)

    def ack(self, partition: int, seq: int) -> None:
        """Forget the chunks up to a number."""
        self._chunks[partition] = [one for one in self._chunks.get(partition, ()) if one.seq > seq]


def cut(events: Iterable[Event], seq: int) -> list[Chunk[Event]]:
    """Cut events into chunks of one partition each, all with one number."""
    by_partition: dict[int, list[Event]] = {}
    for event in events:
        holder = getattr(event, "holder", None)
        for partition in range(PARTITIONS) if holder is None else (partition_of(holder),):
            by_partition.setdefault(partition, []).append(event)
    return [Chunk(partition, seq, tuple(found)) for partition, found in sorted(by_partition.items())]


class Keeper:
    """Commits what follows from chunks: effects into the log, rows with their cursor, then the states.

    Args:
        sequencer: of the log. views: where the tables are. changes: who follows.
        bindings, library: which device was with which shipment, and the documents, as the router folds them.

    Attributes:
        states: by partition; replaced as a whole, so that any thread may read what it holds.
        end: how many facts the states have taken.
    """

    def __init__(
        self, sequencer: Sequencer, views: Views, changes: Changes, bindings: Bindings, library: Library
    ) -> None:
        self._sequencer = sequencer
        self._bindings = bindings
        self._library = library
        self._views = views
        self._changes = changes
        self._fences: dict[int, int] = {}
        self._facts: Sequence[Indexed] = ()
        self._outcomes: Sequence[Effect] = ()
        self._end = 0
        self.states: dict[int, State] = {partition: State() for partition in range(PARTITIONS)}
        self.end = 0

    def begin(self, facts: Sequence[Indexed], end: int, outcomes: Sequence[Effect]) -> None:
        """Name the facts that the next commit takes the views past, and what decoding them says."""
        self._facts, self._end, self._outcomes = facts, end, outcomes

    def load(self, partition: int) -> tuple[int, State]:
        """Return fence and state of a partition."""
        return self._fences.get(partition, -1), self.states[partition]

    def commit(self, seqs: Mapping[int, int], states: Mapping[int, State], effects: Sequence[Effect]) -> None:
        """Append effects, write rows and cursor, put states and fences in force; each step may be repeated."""
        said = [*self._outcomes, *effects]
        if said:
            self._sequencer.append(map(self._draft, said))
        changed = {
            name: holder
            for partition, state in states.items()
            for name, holder in state.holders.items()
            if self.states[partition].holders.get(name) is not holder
        }
        after = {**self.states, **states}
        self._write(changed, after)
        self.states, self.end = after, self._end
        self._fences.update(seqs)
        self._changes.publish(self._facts, self.end)

    def _draft(self, one: Effect) -> Draft:
        if not one.data:
            return Draft(body=one.body, by=BY, tags=one.tags, content_id=one.identity)
        blob = self._sequencer.stage(one.data)
        body = msgspec.structs.replace(one.body, commitment=blob.commitment.hex())
        return Draft(body=body, by=BY, tags=one.tags, content_id=one.identity, blob=blob)

    def carried(self, device: str) -> list[Carried]:
        """Return what a device observed, from all subjects that hold some of it."""
        return _carried(self.states, device, self._bindings.spans(device))

    def holder(self, name: str) -> Holder | None:
        """Return what is known of a subject."""
        return self.states[partition_of(name)].holders.get(name)

    def alarms(self) -> Iterable[str]:
        """Yield the id of each rule that crashes, for each shipment on which it does."""
        for state in self.states.values():
            for holder in state.holders.values():
                for known in holder.published.values():
                    if known.finding.rule == ALARM and known.state == "open":
                        yield known.finding.rule_id

    def _write(self, changed: Mapping[str, Holder], states: Mapping[int, State]) -> None:
        cursor = Cursor(tables.VERSION, self._end, self._sequencer.log.root(self._end))
        with self._views.transaction(tables.NAME, cursor) as tx:
            tables.apply(tx, self._facts)
            tables.put_shipments(
                tx,
                [
                    rows.shipment_row(holder)
                    for name, holder in changed.items()
                    if holder.context is not None and shipment_of(name)
                ],
            )
            self._write_devices(tx, changed, states)

    def _named(self) -> Iterable[str]:
        """Yield the devices whose cards changed."""
        for found in self._facts:
            if found.fact.type == DocumentPut.TYPE:
                body = found.fact.content()
                if isinstance(body, DocumentPut) and body.kind == DeviceCard.KIND:
                    yield body.id

    def _write_devices(self, tx: Transaction, changed: Mapping[str, Holder], states: Mapping[int, State]) -> None:
        found = []
        touched = {device for holder in changed.values() for device in holder.devices}
        for device in sorted(touched | set(self._named())):
            spans = self._bindings.spans(device)
            histories = [one.history for one in _carried(states, device, spans)]
            if not histories and device not in touched:
                continue  # it has a card, and was neither heard nor put to a shipment
            bound = self._bindings.shipment_now(device)
            found.append(rows.device_row(device, histories, self._library.card(device), bound))
        tables.put_devices(tx, found)


def _carried(states: Mapping[int, State], device: str, spans: Iterable[tuple[str, int, int | None]]) -> list[Carried]:
    names = {f"device:{device}", *(shipment_holder(shipment) for shipment, _, _ in spans)}
    holders = (states[partition_of(name)].holders.get(name) for name in sorted(names))
    return [holder.devices[device] for holder in holders if holder is not None and device in holder.devices]


def until_ms_of(states: Mapping[int, State]) -> UnixMs:
    """Return the event time up to which silence counts."""
    return UnixMs(max(state.until_ms for state in states.values()))
