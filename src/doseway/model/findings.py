"""What a rule finds on a journey, whatever the rule looks at. Alerts are made of findings."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How much it matters, from least to most."""

    INFO = "info"
    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One finding of one rule on one shipment: a function of the readings, never of the order of their arrival.

    Attributes:
        rule, rule_version: the rule; `rule_id` is the rule set's own name of its entry.
        device, sensor: what saw it; empty where it concerns the shipment as a whole.
        start_ms: the first observation out of order; raised_ms: the observation at which the rule's delay was over;
            end_ms: the first observation in order again; None while it lasts.
        peak_milli, peak_at_ms: the worst value, in thousandths of the quantity's unit; None for rules without values.
        latitude_udeg, longitude_udeg: where; None where unknown.
        text: one sentence for a person, in English; `details` the rule's own figures.
    """

    rule: str
    rule_version: int
    rule_id: str
    severity: Severity
    start_ms: int
    raised_ms: int
    end_ms: int | None = None
    device: str = ""
    sensor: str = ""
    peak_milli: int | None = None
    peak_at_ms: int | None = None
    latitude_udeg: int | None = None
    longitude_udeg: int | None = None
    text: str = ""
    details: dict[str, int | str] = {}
