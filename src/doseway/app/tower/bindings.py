"""Which device was with which shipment, and when: a function of the set of association facts."""

from collections.abc import Iterable
from typing import Final

from doseway.app.tower.history import History, union
from doseway.app.tower.state import Carried, Window, device_holder, shipment_holder
from doseway.model.facts import AssociationRecorded

_BEGINNING_MS: Final = -(1 << 62)
_END_MS: Final = 1 << 62


class Bindings:
    """Folds association facts.

    A device is with one shipment at a time: putting it to another takes it from the first. What it observes while it is
    with none stays with the device itself.
    """

    def __init__(self) -> None:
        self._told: dict[str, list[tuple[int, int, AssociationRecorded]]] = {}
        self._spans: dict[str, tuple[tuple[str, int, int | None], ...]] = {}

    def record(self, index: int, body: AssociationRecorded) -> None:
        """Take a fact; what is told later about the same instant holds."""
        told = self._told.setdefault(body.child, [])
        told.append((body.event_time_ms, index, body))
        self._spans[body.child] = tuple(_spans(body for _, _, body in sorted(told, key=lambda one: one[:2])))

    def spans(self, device: str) -> tuple[tuple[str, int, int | None], ...]:
        """Return (shipment, from, to) of a device in order of time."""
        return self._spans.get(device, ())

    def shipment_at(self, device: str, at_ms: int) -> str:
        """Return the shipment that a device is with at an instant; empty: none."""
        held = (one for one, start, end in self.spans(device) if start <= at_ms and (end is None or at_ms < end))
        return next(held, "")

    def shipment_now(self, device: str) -> str:
        """Return the shipment that a device is with and was not taken from; empty: none."""
        spans = self.spans(device)
        return spans[-1][0] if spans and spans[-1][2] is None else ""

    def devices_of(self, shipment: str) -> list[str]:
        """Return the devices that are or were with a shipment, sorted."""
        return sorted(device for device, spans in self._spans.items() if any(one == shipment for one, _, _ in spans))

    def sole_holder(self, device: str, oldest_ms: int) -> str:
        """Return the subject that everything from an instant on belongs to; empty where it may be several."""
        spans = self.spans(device)
        if not spans:
            return device_holder(device)
        shipment, start, end = spans[-1]
        return shipment_holder(shipment) if end is None and start <= oldest_ms else ""

    def split(self, device: str, history: History) -> dict[str, Carried]:
        """Sort observations to the subjects that they belong to; each subject with its windows."""
        spans = self.spans(device)
        if not spans:
            return {device_holder(device): Carried(history, ((_BEGINNING_MS, _END_MS),))}
        parts: dict[str, tuple[list[Window], list[History]]] = {}
        at = _BEGINNING_MS
        for shipment, start, end in spans:
            _add(parts, device_holder(device), (at, start), history)
            _add(parts, shipment_holder(shipment), (start, end), history)
            at = _END_MS if end is None else end
        _add(parts, device_holder(device), (at, _END_MS), history)
        return {
            holder: Carried(union(pieces), tuple(windows)) for holder, (windows, pieces) in parts.items() if windows
        }


def _add(parts: dict[str, tuple[list[Window], list[History]]], holder: str, window: Window, history: History) -> None:
    start, end = window
    if end is not None and start >= end:
        return
    windows, pieces = parts.setdefault(holder, ([], []))
    windows.append(window)
    pieces.append(history.between(start, end))


def _spans(told: Iterable[AssociationRecorded]) -> Iterable[tuple[str, int, int | None]]:
    shipment, since = "", 0
    for body in told:
        if body.action == "ADD" and body.parent != shipment:
            if shipment and since < body.event_time_ms:
                yield shipment, since, body.event_time_ms
            shipment, since = body.parent, body.event_time_ms
        elif body.action == "DELETE" and body.parent == shipment:
            if since < body.event_time_ms:
                yield shipment, since, body.event_time_ms
            shipment = ""
    if shipment:
        yield shipment, since, None
