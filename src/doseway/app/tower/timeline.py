"""Facts about shipments in words for a person, in English, and as values for other languages."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from doseway.model.clock import iso_utc
from doseway.model.documents import Shipment
from doseway.model.facts import (
    AlertAcknowledged,
    AlertClosed,
    AlertEscalated,
    AlertExtended,
    AlertOpened,
    AlertRetracted,
    AlertShortened,
    AlertSnoozed,
    AssociationRecorded,
    Body,
    DispositionDecided,
    DocumentPut,
    Fact,
    MilestoneReported,
    RuleFailed,
)
from doseway.model.findings import Finding


class Told(NamedTuple):
    """What a fact says about a shipment: a sentence, and what it is made of, as `app.board.TimelineRow` has it."""

    shipment: str
    text: str
    values: dict[str, int | str]
    alert: str = ""
    finding: Finding | None = None


def told_in_words(fact: Fact, body: Body) -> Iterator[Told]:
    """Yield what a fact says; nothing for one that is about no shipment."""
    match body:
        case DocumentPut(kind=Shipment.KIND, id=shipment, version=version):
            planned = "The shipment was planned."
            text = planned if version == 1 else f"The shipment's plan is in version {version}."
            yield Told(shipment, text, {"version": version})
        case AssociationRecorded(parent=shipment, child=device, action=action, event_time_ms=at_ms):
            verb = "put to" if action == "ADD" else "taken from"
            text = f"The device {device} was {verb} the shipment at {iso_utc(at_ms)}."
            yield Told(shipment, text, {"action": action, "device": device, "at_ms": at_ms})
        case MilestoneReported(shipment=shipment, milestone=milestone, event_time_ms=at_ms):
            text = f"{fact.by} says that the shipment {_HAPPENED[milestone]} at {iso_utc(at_ms)}."
            yield Told(shipment, text, {"milestone": milestone, "at_ms": at_ms})
        case DispositionDecided(shipment=shipment, disposition=disposition, reason=reason):
            text = f"{fact.by} decided: {disposition}. {reason}"
            yield Told(shipment, text, {"disposition": disposition, "reason": reason})
        case RuleFailed(shipment=shipment, rule=rule, error=error) if shipment:
            yield Told(shipment, f"The rule {rule} failed: {error}", {"rule": rule, "error": error})
        case AlertRetracted(shipment=shipment, alert=alert, because=because):
            yield Told(shipment, f"An alert was taken back ({because}).", {"because": because}, alert)
        case AlertOpened() | AlertExtended() | AlertShortened() | AlertClosed():
            values = {} if isinstance(body, AlertClosed) else {"because": body.because}
            yield Told(body.shipment, _revision(body), {**values}, body.alert, body.finding)
        case AlertAcknowledged() | AlertSnoozed() | AlertEscalated():
            yield Told(body.shipment, *_answer(fact.by, body), body.alert)


_HAPPENED: Final = {
    "departed": "departed",
    "arrived": "arrived",
    "delivered": "was delivered",
    "closed": "was closed",
}


def _revision(body: AlertOpened | AlertExtended | AlertShortened | AlertClosed) -> str:
    text = body.finding.text or body.finding.rule_id
    match body:
        case AlertOpened():
            return f"Alert: {text}"
        case AlertClosed():
            return f"Over: {text}"
        case AlertExtended(because=because):
            return f"An alert covers more now ({because}): {text}"
        case AlertShortened(because=because):
            return f"An alert covers less now ({because}): {text}"


def _answer(by: str, body: AlertAcknowledged | AlertSnoozed | AlertEscalated) -> tuple[str, dict[str, int | str]]:
    match body:
        case AlertAcknowledged(comment=comment):
            return f"{by} acknowledged an alert: {comment}", {"comment": comment}
        case AlertSnoozed(until_ms=until_ms, comment=comment):
            text = f"{by} silenced an alert until {iso_utc(until_ms)}: {comment}"
            return text, {"until_ms": until_ms, "comment": comment}
        case AlertEscalated(level=level):
            return f"Nobody acknowledged an alert in time: it went to level {level}.", {"level": level}
