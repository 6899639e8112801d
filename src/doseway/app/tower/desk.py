"""The tower's `Desk`: what people do, each one fact under a condition, so that two of them cannot both be first."""

from collections.abc import Callable, Iterator
from typing import Final, get_args, get_type_hints

import msgspec

from doseway.app.board import AlertRow
from doseway.app.books import check_book
from doseway.app.tower.board import TowerBoard
from doseway.app.tower.router import Router
from doseway.app.tower.state import shipment_holder
from doseway.ledger.drafts import Draft, Unless
from doseway.ledger.sequencer import Sequencer
from doseway.model.documents import Document, Lane, Leg, Party, Product, RuleBook, Shipment, Site
from doseway.model.errors import ConflictError, DataError, Unavailable
from doseway.model.facts import (
    AlertAcknowledged,
    AlertEscalated,
    AlertSnoozed,
    AssociationRecorded,
    Body,
    DispositionDecided,
    DocumentPut,
    MilestoneReported,
)

_PATIENCE_S: Final = 10.0
MILESTONES: Final = get_args(get_type_hints(MilestoneReported)["milestone"])
DISPOSITIONS: Final = get_args(get_type_hints(DispositionDecided)["disposition"])


class TowerDesk:
    """Appends what people do. Thread-safe; each call waits for the disk.

    Args:
        sequencer: of the log. board, router: what holds now. wake: has the views take what was appended.
    """

    def __init__(self, sequencer: Sequencer, board: TowerBoard, router: Router, wake: Callable[[], None]) -> None:
        self._sequencer = sequencer
        self._board = board
        self._router = router
        self._wake = wake

    def put(self, document: Document, *, replaces: int, by: str) -> int:
        """Put a document; `replaces` is the version that was read, 0 for a new one.

        Raises:
            ConflictError: somebody else put a newer version.
        DataError: it refers to what is not there, or is a rule book that contradicts itself.
        """
        kind, tag = document.KIND, _document(document.KIND, document.id)
        after = self._seen(tag)
        stored = self._board.document(kind, document.id)
        version = stored.version if stored is not None else 0
        if version != replaces:
            raise ConflictError(
                f"{kind} {document.id} is in version {version}, not {replaces}", hint="Read it again, then change that."
            )
        for what, name in _references(document):
            self._seen(_document(what, name))
            if not self._router.library.has(what, name):
                raise DataError(f"{kind} {document.id} names the {what} {name!r}, and there is none")
        if isinstance(document, RuleBook):
            document = msgspec.structs.replace(document, version=version + 1)
            check_book(document)
        plain = msgspec.to_builtins(document)
        body = DocumentPut(kind=kind, id=document.id, version=version + 1, replaces=replaces, document=plain)
        return self._append(body, (tag, f"{kind}:{document.id}"), by, Unless((tag,), after))

    def associate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        """Put a device to a shipment from an instant on. Raises ConflictError while it is with another."""
        after = self._seen(_binding(device))
        self._check_shipment(shipment)
        held = self._router.bindings.shipment_at(device, at_ms)
        if held and held != shipment:
            raise ConflictError(
                f"the device {device} is with the shipment {held} then", hint="Take it from that shipment first."
            )
        return self._bind("ADD", shipment, device, at_ms, by, after)

    def dissociate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        """Take a device from a shipment. Raises DataError where it is not with it."""
        after = self._seen(_binding(device))
        if self._router.bindings.shipment_at(device, at_ms) != shipment:
            raise DataError(f"the device {device} is not with the shipment {shipment} then")
        return self._bind("DELETE", shipment, device, at_ms, by, after)

    def report(self, shipment: str, milestone: str, *, at_ms: int, by: str) -> int:
        """Record what a person or a partner's system says happened. Raises DataError for an unknown milestone."""
        if milestone not in MILESTONES:
            raise DataError(f"there is no milestone {milestone!r}", hint=f"Known: {', '.join(MILESTONES)}.")
        self._check_shipment(shipment)
        plain = {"shipment": shipment, "milestone": milestone, "event_time_ms": at_ms}
        return self._append(msgspec.convert(plain, MilestoneReported), (shipment_holder(shipment),), by)

    def acknowledge(self, alert: str, *, comment: str, by: str) -> int:
        """Acknowledge an alert. Raises DataError for an empty comment or an unknown alert."""
        row = self._alert(alert)
        body = AlertAcknowledged(alert=alert, shipment=row.shipment, comment=_words(comment, "comment"))
        return self._answer(body, row, by)

    def snooze(self, alert: str, *, until_ms: int, comment: str, by: str) -> int:
        """Silence an alert's notices until an instant. Raises as `acknowledge` does."""
        row = self._alert(alert)
        text = _words(comment, "comment")
        return self._answer(AlertSnoozed(alert=alert, shipment=row.shipment, until_ms=until_ms, comment=text), row, by)

    def escalate(self, alert: str, *, level: int, by: str) -> int:
        """Tell the next level, because nobody acknowledged an alert in time; a level that it has is not told again.

        Raises:
            DataError: the alert is unknown. ConflictError: it is at that level already, or was acknowledged.
        """
        after = self._seen(f"alert:{alert}")
        row = self._alert(alert)
        if row.level >= level or row.acknowledged_by:
            raise ConflictError(f"the alert {alert} is at level {row.level}, or was acknowledged")
        body = AlertEscalated(alert=alert, shipment=row.shipment, level=level)
        tags = (f"alert:{alert}", shipment_holder(row.shipment))
        return self._append(body, tags, by, Unless(tags[:1], after))

    def decide(self, shipment: str, disposition: str, *, reason: str, units: tuple[str, ...] = (), by: str) -> int:
        """Record the disposition of a shipment. Raises DataError for an empty reason or an unknown disposition."""
        if disposition not in DISPOSITIONS:
            raise DataError(f"there is no disposition {disposition!r}", hint=f"Known: {', '.join(DISPOSITIONS)}.")
        if (disposition == "partial") != bool(units):
            raise DataError("a partial disposition names its units, and no other does")
        self._check_shipment(shipment)
        body = msgspec.convert(
            {"shipment": shipment, "disposition": disposition, "reason": _words(reason, "reason"), "units": units},
            DispositionDecided,
        )
        return self._append(body, (shipment_holder(shipment),), by)

    def _bind(self, action: str, shipment: str, device: str, at_ms: int, by: str, after: int) -> int:
        body = msgspec.convert(
            {"action": action, "parent": shipment, "child": device, "event_time_ms": at_ms}, AssociationRecorded
        )
        tags = (_binding(device), shipment_holder(shipment), f"device:{device}")
        return self._append(body, tags, by, Unless(tags[:1], after))

    def _answer(self, body: Body, row: AlertRow, by: str) -> int:
        return self._append(body, (f"alert:{row.alert}", shipment_holder(row.shipment)), by)

    def _check_shipment(self, shipment: str) -> None:
        self._seen(_document(Shipment.KIND, shipment))
        if self._board.document(Shipment.KIND, shipment) is None:
            raise DataError(f"there is no shipment {shipment!r}")

    def _alert(self, alert: str) -> AlertRow:
        self._seen(f"alert:{alert}")
        row = self._board.alert(alert)
        if row is None:
            raise DataError(f"there is no alert {alert!r}")
        return row

    def _seen(self, tag: str) -> int:
        """Wait until the views have taken the newest fact with a tag, and return its index; -1 for none."""
        last = self._sequencer.log.last_tagged(tag)
        if last is None:
            return -1
        self._wake()
        if not self._board.wait_for(last, _PATIENCE_S):
            raise Unavailable("the views are too far behind the log to decide", hint="Try again in a moment.")
        return last

    def _append(self, body: Body, tags: tuple[str, ...], by: str, unless: Unless | None = None) -> int:
        receipts = self._sequencer.submit([Draft(body=body, by=by, tags=tags)], unless=unless).result()
        self._wake()
        return receipts[0].index


def _document(kind: str, name: str) -> str:
    return f"document:{kind}:{name}"


def _binding(device: str) -> str:
    return f"binding:{device}"


def _words(text: str, what: str) -> str:
    if not text.strip():
        raise DataError(f"the {what} is empty", hint="Say what is done about it.")
    return text.strip()


def _references(document: Document) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of what a document refers to."""
    match document:
        case Shipment():
            named = [
                (Product.KIND, document.product),
                (Lane.KIND, document.lane),
                ("profile", document.profile),
                ("profile", document.ambient_profile),
                ("watch", document.watch),
                *((Party.KIND, party) for party in (document.shipper, document.carrier, document.consignee)),
            ]
            yield from (one for one in named if one[1])
            yield from _sites(document.legs)
        case Lane():
            yield from _sites(document.legs)
        case Product() if document.profile:
            yield "profile", document.profile


def _sites(legs: tuple[Leg, ...]) -> Iterator[tuple[str, str]]:
    for leg in legs:
        yield from ((Site.KIND, leg.from_site), (Site.KIND, leg.to_site))
