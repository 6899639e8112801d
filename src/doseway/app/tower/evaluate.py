"""Evaluation: states and chunks in, states and effects out. Pure; it knows event time only.

Events are folded first; then every shipment that they touched is judged once, and what differs from what the log says
becomes effects: facts to append. An effect has a content id, so that one that is committed again changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from doseway.app.tower.alerts import ALARM, revise
from doseway.app.tower.history import indexes_of, union
from doseway.app.tower.journeys import watch_journey
from doseway.app.tower.judging import judge_all
from doseway.app.tower.linting import count_of
from doseway.app.tower.lost import without_lost
from doseway.app.tower.state import (
    Assigned,
    Carried,
    Decided,
    Described,
    Event,
    Failed,
    Failure,
    Found,
    Holder,
    Judged,
    Observed,
    Published,
    Reported,
    State,
    Ticked,
    Told,
    Watched,
    crash_text,
    shipment_of,
    state_of,
)
from doseway.ledger.seam import Chunk
from doseway.model.canonical import encode
from doseway.model.facts import (
    AlertClosed,
    AlertExtended,
    AlertOpened,
    AlertRetracted,
    AlertShortened,
    Body,
    RuleFailed,
)
from doseway.model.findings import Finding, Severity
from doseway.model.ids import ContentId, content_id

FINAL: Final = frozenset({"release", "reject"})
"""Dispositions after which silence says nothing any more."""
_REASONS: Final = ("time-passed", "new-reading", "late-data", "milestone-reported", "limits-changed", "device-assigned")
"""Why a judgement may differ, from the weakest to the strongest."""
_DESCRIBED: Final = frozenset({"limits-changed", "device-assigned"})
"""Why it may be watched otherwise."""


class Effect(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact to append, once; `data` becomes its blob, and gives its body the commitment that it lacks."""

    body: Body
    tags: tuple[str, ...]
    identity: ContentId
    data: bytes = b""


Watch = Callable[[Holder, int], Watched]
"""Everything but temperature: a shipment with a document, and the event time up to which silence counts."""


class Evaluator:
    """`fold` and `conclude` are its halves: recovery folds a whole log and concludes once.

    Args:
        watch: finds everything but temperature.
    """

    def __init__(self, watch: Watch = watch_journey) -> None:
        self._watch = watch

    def __call__(
        self, states: Mapping[int, State], chunks: Sequence[Chunk[Event]]
    ) -> tuple[dict[int, State], list[Effect]]:
        """Evaluate one chunk of each partition."""
        folded, touched = fold(states, chunks)
        return self.conclude(folded, touched)

    def conclude(
        self, states: Mapping[int, State], touched: Mapping[int, Mapping[str, str]]
    ) -> tuple[dict[int, State], list[Effect]]:
        """Judge what was touched (holder to reason, by partition), and return what has to be said."""
        due = {
            name: states[partition].holders[name]
            for partition, names in touched.items()
            for name, because in names.items()
            if because != "time-passed" or states[partition].holders[name].judged is None
        }
        judged = judge_all(due)
        after: dict[int, State] = dict(states)
        effects: list[Effect] = []
        for partition, names in touched.items():
            holders = dict(states[partition].holders)
            for name, because in names.items():
                holder = holders[name]
                if holder.context is None:
                    continue
                if because in _DESCRIBED or holder.judged is None:
                    holder = msgspec.structs.replace(holder, lint=count_of(holder))
                watched = self._watch(holder, max(states[partition].until_ms, holder.heard_ms))
                holder = _with_watched(holder, judged.get(name, holder.judged), watched)
                said = list(_said(name, holder, watched, because))
                holders[name] = _having_said(holder, said)
                effects += said
            after[partition] = msgspec.structs.replace(states[partition], holders=holders)
        return after, effects


def _with_watched(holder: Holder, judged: Judged | None, watched: Watched) -> Holder:
    """Return a shipment as it was judged and watched now; the same one where nothing differs."""
    if judged is not None and judged.unwatched != watched.failures:
        judged = msgspec.structs.replace(judged, unwatched=watched.failures)
    if judged is holder.judged and watched.progress == holder.progress:
        return holder
    return msgspec.structs.replace(holder, judged=judged, progress=watched.progress)


def _said(name: str, holder: Holder, watched: Watched, because: str) -> Iterable[Effect]:
    """Yield the facts that have to be told of a shipment that was judged."""
    shipment, judged = shipment_of(name), holder.judged
    failures = (*(judged.failures if judged is not None else ()), *watched.failures)
    alarms = [_alarm(holder, one) for one in failures]
    published, found = without_lost(holder, (*(judged.found if judged is not None else ()), *watched.found))
    for failure in failures:
        if failure not in holder.failures:
            body = RuleFailed(packet=holder.rests_on, rule=failure.rule, error=failure.error, shipment=shipment)
            identity = content_id("rule.failed", shipment.encode(), encode(failure))
            yield Effect(body=body, tags=(name, f"rule:{failure.rule_id}"), identity=identity)
    for revision in revise(shipment, published, [*found, *alarms], because):
        known = holder.published.get(revision.alert)
        number = known.revisions if known is not None else 0
        identity = content_id("alert", encode([revision.alert, number]), revision.TYPE.encode(), encode(revision))
        yield Effect(body=revision, tags=(name, f"alert:{revision.alert}"), identity=identity)


def _having_said(holder: Holder, said: Sequence[Effect]) -> Holder:
    """Return a shipment that knows what was said of it: the log tells it later, maybe behind a backlog."""
    if not said:
        return holder
    published, failures = dict(holder.published), list(holder.failures)
    for effect in said:
        match effect.body:
            case RuleFailed(rule=rule, error=error):
                failures.append(Failure(rule, effect.tags[1].removeprefix("rule:"), error))
            case AlertRetracted(alert=alert):
                known = published[alert]
                published[alert] = Published(known.finding, "retracted", known.revisions + 1)
            case AlertOpened() | AlertExtended() | AlertShortened() | AlertClosed():
                alert, finding = effect.body.alert, effect.body.finding
                number = published[alert].revisions + 1 if alert in published else 1
                published[alert] = Published(finding, state_of(finding), number)
    return msgspec.structs.replace(holder, published=published, failures=tuple(failures))


def fold(
    states: Mapping[int, State], chunks: Sequence[Chunk[Event]]
) -> tuple[dict[int, State], dict[int, dict[str, str]]]:
    """Take the events of chunks; return the states, and the shipments to judge with the reason, by partition."""
    after: dict[int, State] = dict(states)
    touched: dict[int, dict[str, str]] = {}
    for chunk in chunks:
        folding = _Folding(after[chunk.partition])
        for event in chunk.events:
            folding.take(event)
        after[chunk.partition] = folding.state()
        touched[chunk.partition] = folding.touched
    return after, touched


class _Folding:
    """One partition while a chunk is folded: mutable inside, and nobody sees it."""

    def __init__(self, state: State) -> None:
        self.touched: dict[str, str] = {}
        self._holders = dict(state.holders)
        self._until_ms = state.until_ms
        self._waiting: dict[tuple[str, str], list[Carried]] = {}

    def state(self) -> State:
        self._join()
        return State(self._holders, self._until_ms)

    def take(self, event: Event) -> None:
        match event:
            case Observed():
                self._waiting.setdefault((event.holder, event.device), []).append(event.carried)
                self._put(event.holder, event.index)
            case Assigned():
                self._join()
                holder = self._holder(event.holder)
                others = {name: one for name, one in holder.devices.items() if name != event.device}
                given = {event.device: event.carried} if event.carried.windows else {}
                self._put(event.holder, event.index, devices=dict(sorted((others | given).items())))
                self._touch(event.holder, "device-assigned")
            case Described():
                self._put(event.holder, event.index, context=event.context)
                self._touch(event.holder, "limits-changed")
            case Told():
                self._tell(event)
            case Failed():
                known = dict.fromkeys((*self._holder(event.holder).failures, event.failure))
                self._put(event.holder, event.index, failures=tuple(known))
            case Decided():
                self._put(event.holder, event.index, disposition=event.disposition)
            case Reported():
                said = {*self._holder(event.holder).milestones, event.milestone}
                milestones = tuple(sorted(said, key=lambda one: (one.at_ms, one.kind)))
                self._put(event.holder, event.index, milestones=milestones)
                self._touch(event.holder, "milestone-reported")
            case Ticked():
                self._tick(event.until_ms)

    def _tick(self, until_ms: int) -> None:
        self._until_ms = max(self._until_ms, until_ms)
        for name, holder in self._holders.items():
            if holder.context is not None and holder.disposition not in FINAL:
                self._touch(name, "time-passed")

    def _holder(self, name: str) -> Holder:
        return self._holders.get(name) or Holder()

    def _put(self, name: str, index: int, **changes: object) -> None:
        holder = self._holder(name)
        self._holders[name] = msgspec.structs.replace(holder, rests_on=max(index, holder.rests_on), **changes)

    def _touch(self, name: str, because: str) -> None:
        self.touched[name] = max(because, self.touched.get(name, because), key=_REASONS.index)

    def _tell(self, event: Told) -> None:
        known = self._holder(event.holder).published
        old = known.get(event.alert)
        if old is not None and event.number <= old.revisions:
            self._put(event.holder, event.index)
            return
        finding = event.finding if event.finding is not None else old.finding if old is not None else None
        if finding is not None:
            told = Published(finding, event.state, event.number)
            self._put(event.holder, event.index, published={**known, event.alert: told})

    def _join(self) -> None:
        """Join what waits, once for each device however many packets it sent."""
        for (name, device), new in self._waiting.items():
            holder = self._holder(name)
            old = holder.devices.get(device) or Carried()
            joined = union([old.history, *(one.history for one in new)])
            heard = [one.heard_ms for one in (old, *new) if one.heard_ms is not None]
            packets = indexes_of(old.packets, *(one.packets for one in new))
            now = Carried(joined, old.windows, max(heard, default=None), packets)
            self._put(name, -1, devices=dict(sorted({**holder.devices, device: now}.items())))
            if joined is not old.history:
                self._touch(name, "late-data" if _is_late(old, new) else "new-reading")
        self._waiting.clear()


def _is_late(old: Carried, new: Iterable[Carried]) -> bool:
    newest = old.history.newest_ms
    oldest = [one.history.oldest_ms for one in new]
    return newest is not None and any(at_ms is not None and at_ms < newest for at_ms in oldest)


def _alarm(holder: Holder, failure: Failure) -> Found:
    """A rule that crashes is an alarm: its limits are not watched."""
    starts = [one.history.oldest_ms for one in holder.devices.values()]
    start_ms = min((one for one in starts if one is not None), default=0)
    return Found(
        Finding(
            rule=ALARM,
            rule_version=1,
            rule_id=failure.rule_id,
            severity=Severity.HIGH,
            start_ms=start_ms,
            raised_ms=start_ms,
            text=crash_text(failure),
        )
    )
