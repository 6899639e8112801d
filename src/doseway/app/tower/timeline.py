"""Facts about shipments in words for a person, in English."""

from collections.abc import Iterator
from typing import Final

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


def told_in_words(fact: Fact, body: Body) -> Iterator[tuple[str, str]]:
    """Yield (shipment, sentence) of a fact; nothing for one that is about no shipment."""
    match body:
        case DocumentPut(kind=Shipment.KIND, id=shipment, version=version):
            planned = "The shipment was planned."
            yield shipment, planned if version == 1 else f"The shipment's plan is in version {version}."
        case AssociationRecorded(parent=shipment, child=device, action=action):
            verb = "put to" if action == "ADD" else "taken from"
            yield shipment, f"The device {device} was {verb} the shipment at {iso_utc(body.event_time_ms)}."
        case MilestoneReported(shipment=shipment, milestone=milestone, event_time_ms=at_ms):
            yield shipment, f"{fact.by} says that the shipment {_HAPPENED[milestone]} at {iso_utc(at_ms)}."
        case DispositionDecided(shipment=shipment, disposition=disposition, reason=reason):
            yield shipment, f"{fact.by} decided: {disposition}. {reason}"
        case RuleFailed(shipment=shipment, rule=rule, error=error) if shipment:
            yield shipment, f"The rule {rule} failed: {error}"
        case AlertOpened() | AlertExtended() | AlertShortened() | AlertRetracted() | AlertClosed():
            yield body.shipment, _revision(body)
        case AlertAcknowledged() | AlertSnoozed() | AlertEscalated():
            yield body.shipment, _answer(fact.by, body)


_HAPPENED: Final = {
    "departed": "departed",
    "arrived": "arrived",
    "delivered": "was delivered",
    "closed": "was closed",
}


def _revision(body: AlertOpened | AlertExtended | AlertShortened | AlertRetracted | AlertClosed) -> str:
    if isinstance(body, AlertRetracted):
        return f"An alert was taken back ({body.because})."
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


def _answer(by: str, body: AlertAcknowledged | AlertSnoozed | AlertEscalated) -> str:
    match body:
        case AlertAcknowledged(comment=comment):
            return f"{by} acknowledged an alert: {comment}"
        case AlertSnoozed(until_ms=until_ms, comment=comment):
            return f"{by} silenced an alert until {iso_utc(until_ms)}: {comment}"
        case AlertEscalated(level=level):
            return f"Nobody acknowledged an alert in time: it went to level {level}."
