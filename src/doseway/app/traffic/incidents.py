"""What goes wrong on the day, and the alerts that have to result from it."""

from collections.abc import Iterator
from typing import Final

from doseway.app.traffic.company import Incident
from doseway.app.traffic.model import Expected
from doseway.app.traffic.plans import Plan
from doseway.model.findings import Severity
from doseway.model.units import HOUR_MS, MINUTE_MS

TARMAC_MS: Final = 3 * HOUR_MS
TARMAC_LEAK_H: Final = 14.0
"""How fast the product follows the air without the pallet's cover."""
SPENT_MS: Final = 5 * HOUR_MS
"""From the beginning of the incident on the tarmac until fresh coolant is put in."""
FREEZING_MS: Final = 7 * HOUR_MS
FREEZING_C: Final = -9.0
"""Gel packs straight from the freezer, as a wrong pack-out has them."""
STOP_MS: Final = 40 * MINUTE_MS
OPENED_MS: Final = (10 * MINUTE_MS, 36 * MINUTE_MS)
"""From and to when the box is open, after the stop began."""
OPEN_LUX: Final = 260.0
VANISH_MS: Final = 80 * MINUTE_MS
MOCK_MS: Final = HOUR_MS
CLONE_MS: Final = 2 * HOUR_MS
SILENT_MS: Final = 3 * HOUR_MS + 10 * MINUTE_MS
CATCH_UP_MS: Final = 25 * MINUTE_MS
"""How long after it is heard again a device sends what it kept."""

_WHY: Final[dict[Incident, str]] = {
    "tarmac": "The pallet stood in the sun between two flights, with its coolant spent.",
    "freezing": "The gel packs were packed straight from the freezer.",
    "theft": "The lorry stopped where it should not, the box was opened, and the tracker went silent.",
    "spoof": "An app on the driver's phone set the position.",
    "clone": "A second device sends under the same id from another country.",
    "late-upload": "No network for three hours; the device sent later what it had kept.",
}
_ALERTS: Final[dict[Incident, tuple[tuple[str, Severity, int, int], ...]]] = {
    # rule id, severity, minutes after the incident began, within minutes
    "tarmac": (
        ("above-8", Severity.WARNING, 40, 40),
        ("above-15", Severity.HIGH, 150, 60),
        ("mkt-24h", Severity.HIGH, -420, 240),
    ),
    "freezing": (("below-2", Severity.HIGH, 60, 60), ("freeze", Severity.CRITICAL, 120, 90)),
    "theft": (
        ("theft", Severity.CRITICAL, 0, 20),
        ("first_miles_stop", Severity.HIGH, 0, 20),
        ("light", Severity.WARNING, 12, 15),
        ("door_open", Severity.HIGH, 12, 15),
        ("no_signal", Severity.WARNING, 75, 15),
    ),
    "spoof": (("spoofed_position", Severity.HIGH, 0, 15),),
    "clone": (("cloned_device", Severity.CRITICAL, 0, 20), ("spoofed_position", Severity.HIGH, 0, 20)),
}
_RETRACTED: Final = (("no_signal", Severity.WARNING, -5, 15), ("gap", Severity.WARNING, -5, 15))


def expected(plan: Plan) -> Iterator[Expected]:
    """Give the alerts of severity `warning` and above that a shipment has to have."""
    for alerts, is_retracted in ((_ALERTS.get(plan.incident, ()), False), (_RETRACTED, True)):
        if is_retracted and plan.incident != "late-upload":
            continue
        for rule_id, severity, after, within in alerts:
            yield Expected(
                shipment=plan.shipment.id,
                rule_id=rule_id,
                severity=severity,
                start_ms=plan.hit_ms + after * MINUTE_MS,
                within_ms=within * MINUTE_MS,
                why=_WHY[plan.incident],
                is_retracted=is_retracted,
            )
